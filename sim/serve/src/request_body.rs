//! The body of a request: bounded in length, in time and, with all other bodies, in memory.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{self, Bytes, HttpBody as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use turingos_protocols::refusal::{Reason, Refusal};
use turingos_protocols::request::MAX_REQUEST_BYTES;

/// How long a request's body may take to arrive.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// How much of a refused body is read and discarded, and for how long, so that a client that writes
/// before it reads gets its answer.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;
const DISCARD_LIMIT: Duration = Duration::from_secs(1);

/// The memory of a body grows from here on, by this factor: few steps leave few holes in the heap.
const FIRST_BYTES: usize = 16 * 1024;
const GROWTH: usize = 4;

/// The body of a request, which counts among those in memory as long as it is there.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// As many permits as there is capacity.
    held: Option<OwnedSemaphorePermit>,
}

impl Body {
    /// Reads a request's body. `room` has a permit for each byte that all bodies may still take.
    ///
    /// # Errors
    /// [`Refusal`]: it is too long, takes too long, ends early, or there is no room for it.
    pub(super) async fn read(
        mut source: body::Body,
        room: &Arc<Semaphore>,
    ) -> Result<Self, Refusal> {
        let mut body = Self {
            bytes: Vec::new(),
            held: None,
        };
        match timeout(BODY_LIMIT, body.read_all(&mut source, room)).await {
            Ok(Ok(())) => Ok(body),
            Ok(Err(refusal)) => {
                drop(body);
                // What counts is the refusal.
                let _ = timeout(DISCARD_LIMIT, discard(&mut source)).await;
                Err(refusal)
            }
            Err(_) => Err(Refusal::new(
                Reason::TooSlow,
                format!("the body did not arrive within {} s", BODY_LIMIT.as_secs()),
            )),
        }
    }

    async fn read_all(
        &mut self,
        source: &mut body::Body,
        room: &Arc<Semaphore>,
    ) -> Result<(), Refusal> {
        while let Some(data) = next(source).await? {
            let length = self.bytes.len() + data.len();
            if length > MAX_REQUEST_BYTES {
                return Err(Refusal::new(
                    Reason::TooLarge,
                    format!("the body is longer than {MAX_REQUEST_BYTES} bytes"),
                ));
            }
            self.make_room(length, room)?;
            self.bytes.extend_from_slice(&data);
        }
        Ok(())
    }

    /// Makes the memory large enough for `length` bytes.
    fn make_room(&mut self, length: usize, room: &Arc<Semaphore>) -> Result<(), Refusal> {
        let capacity = self
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        if length <= capacity {
            return Ok(());
        }
        let grown = (capacity * GROWTH)
            .clamp(FIRST_BYTES, MAX_REQUEST_BYTES)
            .max(length);
        let more = u32::try_from(grown - capacity).unwrap_or(u32::MAX);
        let Ok(permit) = Arc::clone(room).try_acquire_many_owned(more) else {
            return Err(Refusal::new(
                Reason::Busy,
                "the bodies of other requests fill the memory for them; send it again later",
            ));
        };
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        self.bytes.reserve_exact(grown - self.bytes.len());
        Ok(())
    }
}

async fn discard(source: &mut body::Body) -> Result<(), Refusal> {
    let mut discarded = 0;
    while discarded <= MAX_DISCARDED_BYTES
        && let Some(data) = next(source).await?
    {
        discarded += data.len();
    }
    Ok(())
}

/// The next bytes; `None` at the end. Trailers say nothing that matters here.
async fn next(source: &mut body::Body) -> Result<Option<Bytes>, Refusal> {
    while let Some(frame) = poll_fn(|context| Pin::new(&mut *source).poll_frame(context)).await {
        let frame = frame.map_err(|error| {
            Refusal::new(Reason::Malformed, format!("the body ended early: {error}"))
        })?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    }

    #[test]
    fn body_holds_as_much_room_as_memory() {
        runtime().block_on(async {
            let room = Arc::new(Semaphore::new(3 * MAX_REQUEST_BYTES));
            for length in [0, 1, FIRST_BYTES, FIRST_BYTES + 1, MAX_REQUEST_BYTES] {
                let body = Body::read(vec![b' '; length].into(), &room).await.unwrap();
                assert_eq!(body.bytes.len(), length);
                let held = 3 * MAX_REQUEST_BYTES - room.available_permits();
                assert_eq!(held, body.bytes.capacity());
                drop(body);
                assert_eq!(room.available_permits(), 3 * MAX_REQUEST_BYTES);
            }
            let long = vec![b' '; MAX_REQUEST_BYTES + 1];
            let refusal = Body::read(long.into(), &room).await.unwrap_err();
            assert_eq!(refusal.reason, Reason::TooLarge);
        });
    }

    #[test]
    fn full_room_refuses_the_next_body() {
        runtime().block_on(async {
            let room = Arc::new(Semaphore::new(MAX_REQUEST_BYTES));
            let whole = || vec![b' '; MAX_REQUEST_BYTES];
            let held = Body::read(whole().into(), &room).await.unwrap();
            let refusal = Body::read(whole().into(), &room).await.unwrap_err();
            assert_eq!(
                (refusal.reason, refusal.reason.status()),
                (Reason::Busy, 503)
            );
            drop(held);
            assert!(Body::read(whole().into(), &room).await.is_ok());
        });
    }
}
