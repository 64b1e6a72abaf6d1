//! The body of a request: bounded in length, in time and, with all other bodies, in memory.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The most bytes of request bodies in memory, of all connections together.
pub const MAX_BODIES_BYTES: usize = 256 * 1024 * 1024;

/// The room for all bodies: one permit for each byte that may still be held.
#[must_use]
pub fn room_for_bodies() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MAX_BODIES_BYTES))
}

/// How long a request's body may take to arrive.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// How much of a refused body is read and discarded, and for how long, so that a client that writes
/// before it reads gets its answer.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;
const DISCARD_LIMIT: Duration = Duration::from_secs(1);

/// The memory of a body grows from here on, by this factor: few steps leave few holes in the heap.
const FIRST_BYTES: usize = 16 * 1024;
const GROWTH: usize = 4;

/// Why a request's body was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// It is longer than so many bytes.
    TooLarge(usize),
    /// It did not arrive in time.
    TooSlow,
    /// The bodies of other requests fill the memory for them.
    Busy,
    /// It ended early, for this reason.
    Broken(String),
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit) => write!(f, "the body is longer than {limit} bytes"),
            Self::TooSlow => {
                let limit = BODY_LIMIT.as_secs();
                write!(f, "the body did not arrive within {limit} s")
            }
            Self::Busy => f.write_str(
                "the bodies of other requests fill the memory for them; send it again later",
            ),
            Self::Broken(reason) => write!(f, "the body ended early: {reason}"),
        }
    }
}

/// The body of a request, which counts among those in memory as long as it is there.
#[derive(Debug)]
pub struct HeldBody {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// As many permits as there is capacity.
    held: Option<OwnedSemaphorePermit>,
    limit: usize,
}

impl HeldBody {
    /// Reads a request's body of at most `limit` bytes. `room` has a permit for each byte that all
    /// bodies may still take.
    ///
    /// # Errors
    /// [`BodyFault`]: it is too long, takes too long, ends early, or there is no room for it.
    pub async fn read<B>(
        mut source: B,
        limit: usize,
        room: &Arc<Semaphore>,
    ) -> Result<Self, BodyFault>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        let mut body = Self {
            bytes: Vec::new(),
            held: None,
            limit,
        };
        if source.size_hint().lower() > limit as u64 {
            let _ = timeout(DISCARD_LIMIT, discard(&mut source)).await;
            return Err(BodyFault::TooLarge(limit));
        }
        match timeout(BODY_LIMIT, body.read_all(&mut source, room)).await {
            Ok(Ok(())) => Ok(body),
            Ok(Err(fault)) => {
                drop(body);
                // What counts is the fault.
                let _ = timeout(DISCARD_LIMIT, discard(&mut source)).await;
                Err(fault)
            }
            Err(_) => Err(BodyFault::TooSlow),
        }
    }

    async fn read_all<B>(&mut self, source: &mut B, room: &Arc<Semaphore>) -> Result<(), BodyFault>
    where
        B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
    {
        while let Some(data) = next(source).await? {
            let length = self.bytes.len() + data.len();
            if length > self.limit {
                return Err(BodyFault::TooLarge(self.limit));
            }
            self.make_room(length, room)?;
            self.bytes.extend_from_slice(&data);
        }
        Ok(())
    }

    /// Makes the memory large enough for `length` bytes.
    fn make_room(&mut self, length: usize, room: &Arc<Semaphore>) -> Result<(), BodyFault> {
        let capacity = self
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        if length <= capacity {
            return Ok(());
        }
        let grown = (capacity * GROWTH)
            .clamp(FIRST_BYTES, self.limit.max(FIRST_BYTES))
            .max(length);
        let more = u32::try_from(grown - capacity).unwrap_or(u32::MAX);
        let Ok(permit) = Arc::clone(room).try_acquire_many_owned(more) else {
            return Err(BodyFault::Busy);
        };
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        self.bytes.reserve_exact(grown - self.bytes.len());
        Ok(())
    }
}

async fn discard<B>(source: &mut B) -> Result<(), BodyFault>
where
    B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
{
    let mut discarded = 0;
    while discarded <= MAX_DISCARDED_BYTES
        && let Some(data) = next(source).await?
    {
        discarded += data.len();
    }
    Ok(())
}

/// The next bytes; `None` at the end. Trailers say nothing that matters here.
async fn next<B>(source: &mut B) -> Result<Option<Bytes>, BodyFault>
where
    B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
{
    while let Some(frame) = poll_fn(|context| Pin::new(&mut *source).poll_frame(context)).await {
        let frame = frame.map_err(|error| BodyFault::Broken(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TimedBody;

    const LIMIT: usize = 16 * 1024 * 1024;

    fn body(length: usize) -> TimedBody {
        // Pieces hide the length, which would refuse a long body before it is read.
        let piece = |bytes: &[u8]| (None, Bytes::copy_from_slice(bytes));
        let bytes = vec![b' '; length];
        TimedBody::new(bytes.chunks(64 * 1024).map(piece))
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    }

    #[test]
    fn body_holds_as_much_room_as_memory() {
        runtime().block_on(async {
            let room = Arc::new(Semaphore::new(3 * LIMIT));
            for length in [0, 1, FIRST_BYTES, FIRST_BYTES + 1, LIMIT] {
                let read = HeldBody::read(body(length), LIMIT, &room).await.unwrap();
                assert_eq!(read.bytes.len(), length);
                let held = 3 * LIMIT - room.available_permits();
                assert_eq!(held, read.bytes.capacity());
                drop(read);
                assert_eq!(room.available_permits(), 3 * LIMIT);
            }
            let long = HeldBody::read(body(LIMIT + 1), LIMIT, &room).await;
            assert_eq!(long.unwrap_err(), BodyFault::TooLarge(LIMIT));
        });
    }

    #[test]
    fn full_room_refuses_the_next_body() {
        runtime().block_on(async {
            let room = Arc::new(Semaphore::new(LIMIT));
            let held = HeldBody::read(body(LIMIT), LIMIT, &room).await.unwrap();
            let refused = HeldBody::read(body(LIMIT), LIMIT, &room).await;
            assert_eq!(refused.unwrap_err(), BodyFault::Busy);
            drop(held);
            assert!(HeldBody::read(body(LIMIT), LIMIT, &room).await.is_ok());
        });
    }
}
