//! A stateless provider: an answer depends on the tick and the attempt only, so a restarted caller
//! gets the same one.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use turingos::Digest;
use turingos::bus::Provider;
use turingos::dispatch::Lane;
use turingos_agents::{Oracle, RawReply, Request, TransportFault};

#[derive(Clone, Debug, Default)]
pub(crate) struct Scripted {
    /// How often it was called.
    pub(crate) calls: Rc<Cell<u64>>,
    /// Whether lane E cuts its reply in every third tick.
    pub(crate) cuts_replies: bool,
}

/// The request body of these tests: everything that the model sees.
pub(crate) fn encode(request: &Request<'_>) -> Vec<u8> {
    let messages = json!([
        {"role": "system", "content": request.system_prompt},
        {"role": "user", "content": format!("{}\n{}", request.q, request.frame)},
    ]);
    json!({"model": "scripted", "messages": messages})
        .to_string()
        .into_bytes()
}

/// A short request body, for short tapes.
pub(crate) fn short_encode(request: &Request<'_>) -> Vec<u8> {
    Digest::of(&encode(request)).short(16).into_bytes()
}

fn action(tick: u64) -> serde_json::Value {
    let round = tick / 6;
    match tick % 6 {
        0 => json!({"op": "SYS_GOTO", "pointer": format!("notes/{round}.txt")}),
        1 => json!({"op": "SYS_WRITE", "payload": format!("round {round}\n")}),
        2 => json!({"op": "SYS_EXEC", "cmd": format!("wc -l notes/{round}.txt")}),
        3 => json!({"op": "SYS_PUSH", "task": format!("task {round}")}),
        4 => json!({"op": "SYS_GOTO", "pointer": "sys://append/log.txt"}),
        _ => json!({"op": "SYS_WRITE", "payload": format!("entry {round}")}),
    }
}

impl Oracle for Scripted {
    async fn call(&mut self, request: Request<'_>) -> Result<RawReply, TransportFault> {
        self.calls.set(self.calls.get() + 1);
        let tick = request.tick;
        tokio::time::sleep(Duration::from_micros(1_500 + tick * 7)).await;
        if request.attempt == 0 && tick % 5 == 3 {
            return Err(TransportFault::Reset);
        }
        if request.attempt == 0 && tick % 11 == 7 {
            std::future::pending::<()>().await;
        }
        let limited = request.attempt == 0 && tick % 7 == 4;
        let mut text = json!({"q_next": format!("state {tick}"), "a_t": action(tick)}).to_string();
        if self.cuts_replies && request.lane == Lane::E && tick % 3 == 2 {
            text.pop();
        }
        let body = match limited {
            true => json!({"error": {"message": "slow down", "type": "requests", "code": null}}),
            false => json!({
                "id": "x", "object": "chat.completion", "created": 0, "model": "scripted",
                "choices": [{
                    "index": 0, "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text, "refusal": null},
                }],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }),
        };
        Ok(RawReply {
            provider: Provider::OpenAi,
            status: if limited { 429 } else { 200 },
            retry_after_us: limited.then_some(2_000_000),
            headers: match limited {
                true => vec![("retry-after".into(), "2".into())],
                false => vec![("content-type".into(), "application/json".into())],
            },
            body: body.to_string().into_bytes(),
        })
    }
}
