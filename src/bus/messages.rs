//! Anthropic messages, whole or streamed, as Kimi's coding endpoint serves them too.
//!
//! Only `end_turn` and `stop_sequence` are whole replies, or a body that was not streamed and has no
//! `stop_reason`. Shapes: anthropic-sdk-python.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::envelope::{ErrorInfo, Record, read};
use super::fault::{BusFault, BusFaultCode};
use super::outcome::{Draft, end_of_whole, unfinished};
use super::stream::{Events, is_event_stream};
use super::values::Field;
use super::{Finish, Reply, Usage};

pub(super) fn parse(status: u16, body: &str) -> Result<Reply, BusFault> {
    if is_event_stream(body) {
        return parse_stream(status, body);
    }
    let message: Message<'_> = read(body)?;
    if let Some(error) = message.error {
        return Err(BusFault::reported(status, &error));
    }
    if let Some(kind) = message.kind.as_deref().filter(|kind| *kind != "message") {
        return Err(BusFault::new(
            BusFaultCode::WrongType,
            format_args!("the body is of type `{kind}`"),
        ));
    }
    let mut draft = Draft::default();
    if let Some(usage) = message.usage {
        draft.usage = usage.0;
    }
    draft.finish = end_of_whole(message.stop_reason, finish);
    for block in message.content.ok_or_else(|| missing("content"))? {
        absorb(&mut draft, block)?;
    }
    draft.conclude()
}

/// Where a stream stands; events that do not fit are refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    Between,
    InBlock {
        index: u64,
        kind: BlockKind,
    },
    /// The reason for the end is known; no block may follow.
    Ending,
    After,
}

/// What a content block holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockKind {
    Text,
    Reasoning,
    ToolCall,
}

impl BlockKind {
    /// The kind of block that a kind of delta adds to, if it is known.
    fn of_delta(kind: &str) -> Option<Self> {
        match kind {
            "text_delta" | "citations_delta" => Some(Self::Text),
            "thinking_delta" | "signature_delta" => Some(Self::Reasoning),
            "input_json_delta" => Some(Self::ToolCall),
            _ => None,
        }
    }
}

fn parse_stream(status: u16, body: &str) -> Result<Reply, BusFault> {
    let mut draft = Draft::default();
    let mut stage = Stage::Before;
    for event in Events::of(body) {
        let data: StreamEvent<'_> = read(&event.data).map_err(|fault| event.blame(fault))?;
        if let Some(error) = data.error {
            return Err(BusFault::reported(status, &error));
        }
        let kind = data.kind.ok_or_else(|| missing("type"))?;
        if event.name.is_some_and(|name| name != kind) {
            return Err(misplaced(&kind));
        }
        stage = match (&*kind, stage) {
            ("message_start", Stage::Before) => {
                if let Some(usage) = data.message.and_then(|message| message.usage) {
                    draft.usage = usage.0;
                }
                Stage::Between
            }
            ("content_block_start", Stage::Between) => {
                let block = data.content_block.ok_or_else(|| missing("content_block"))?;
                Stage::InBlock {
                    index: data.index.ok_or_else(|| missing("index"))?,
                    kind: absorb(&mut draft, block)?,
                }
            }
            ("content_block_delta", Stage::InBlock { index, kind: open }) => {
                if data.index.ok_or_else(|| missing("index"))? != index {
                    return Err(misplaced(&kind));
                }
                let delta = data.delta.ok_or_else(|| missing("delta"))?;
                let delta_kind = delta.kind.ok_or_else(|| missing("type"))?;
                if BlockKind::of_delta(&delta_kind).is_some_and(|wanted| wanted != open) {
                    return Err(misplaced(&delta_kind));
                }
                if delta_kind == "text_delta" {
                    draft.push(delta.text.ok_or_else(|| missing("text"))?);
                }
                stage
            }
            ("content_block_stop", Stage::InBlock { index, .. }) => {
                if data.index.ok_or_else(|| missing("index"))? != index {
                    return Err(misplaced(&kind));
                }
                Stage::Between
            }
            ("message_delta", Stage::Between | Stage::Ending) => {
                if let Some(reason) = data.delta.and_then(|delta| delta.stop_reason) {
                    draft.end(finish(&reason))?;
                }
                if let Some(usage) = data.usage {
                    draft.usage.input_tokens = usage.0.input_tokens.or(draft.usage.input_tokens);
                    draft.usage.output_tokens = usage.0.output_tokens.or(draft.usage.output_tokens);
                }
                Stage::Ending
            }
            ("message_stop", Stage::Between | Stage::Ending) => Stage::After,
            (
                "message_start"
                | "content_block_start"
                | "content_block_delta"
                | "content_block_stop"
                | "message_delta"
                | "message_stop",
                _,
            ) => return Err(misplaced(&kind)),
            // Pings, and kinds of event that the provider may add.
            _ => stage,
        };
    }
    if stage != Stage::After {
        return Err(BusFault::new(
            BusFaultCode::CutStream,
            format_args!("no message_stop at the end"),
        ));
    }
    draft.conclude()
}

/// Adds a block to the draft, and says what it holds.
fn absorb(draft: &mut Draft, block: Block<'_>) -> Result<BlockKind, BusFault> {
    match block.kind.as_deref() {
        Some("text") => {
            draft.push(block.text.ok_or_else(|| missing("text"))?);
            Ok(BlockKind::Text)
        }
        Some("thinking" | "redacted_thinking") => {
            draft.has_reasoning = true;
            Ok(BlockKind::Reasoning)
        }
        Some("tool_use" | "server_tool_use") => {
            draft.is_tool_call = true;
            Ok(BlockKind::ToolCall)
        }
        Some(kind) => Err(BusFault::new(
            BusFaultCode::WrongType,
            format_args!("content block of type `{kind}`"),
        )),
        None => Err(missing("type")),
    }
}

fn finish(reason: &str) -> Result<Finish, BusFault> {
    let code = match reason {
        "end_turn" => return Ok(Finish::Stop),
        "stop_sequence" => return Ok(Finish::StopSequence),
        "max_tokens" => BusFaultCode::CutOff,
        "model_context_window_exceeded" => BusFaultCode::ContextExceeded,
        "tool_use" => BusFaultCode::ToolCall,
        "pause_turn" => BusFaultCode::Paused,
        "refusal" => BusFaultCode::Refusal,
        _ => BusFaultCode::UnknownFinish,
    };
    Err(unfinished(code, reason))
}

fn missing(field: &str) -> BusFault {
    BusFault::new(BusFaultCode::MissingField, format_args!("no `{field}`"))
}

fn misplaced(kind: &str) -> BusFault {
    BusFault::new(
        BusFaultCode::BadStream,
        format_args!("event `{kind}` out of place"),
    )
}

#[derive(Default)]
struct Message<'de> {
    kind: Option<Cow<'de, str>>,
    content: Option<Vec<Block<'de>>>,
    /// The member, which may be null.
    stop_reason: Option<Option<Cow<'de, str>>>,
    usage: Option<UsageRecord>,
    error: Option<ErrorInfo<'de>>,
}

impl<'de> Record<'de> for Message<'de> {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "type" => self.kind = field.once(0)?.text()?,
            "content" => self.content = field.once(1)?.list()?,
            "stop_reason" => self.stop_reason = Some(field.once(2)?.text()?),
            "usage" => field.once(3)?.record(&mut self.usage)?,
            "error" => field.once(4)?.error(&mut self.error)?,
            _ => field.skip()?,
        }
        Ok(())
    }
}

/// A content block, or the delta of a block or message.
#[derive(Default)]
struct Block<'de> {
    kind: Option<Cow<'de, str>>,
    text: Option<Cow<'de, str>>,
    stop_reason: Option<Cow<'de, str>>,
}

impl<'de> Record<'de> for Block<'de> {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "type" => self.kind = field.once(0)?.text()?,
            "text" => self.text = field.once(1)?.text()?,
            "stop_reason" => self.stop_reason = field.once(2)?.text()?,
            _ => field.skip()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct StreamEvent<'de> {
    kind: Option<Cow<'de, str>>,
    index: Option<u64>,
    message: Option<Message<'de>>,
    content_block: Option<Block<'de>>,
    delta: Option<Block<'de>>,
    usage: Option<UsageRecord>,
    error: Option<ErrorInfo<'de>>,
}

impl<'de> Record<'de> for StreamEvent<'de> {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "type" => self.kind = field.once(0)?.text()?,
            "index" => self.index = field.once(1)?.count()?,
            "message" => field.once(2)?.record(&mut self.message)?,
            "content_block" => field.once(3)?.record(&mut self.content_block)?,
            "delta" => field.once(4)?.record(&mut self.delta)?,
            "usage" => field.once(5)?.record(&mut self.usage)?,
            "error" => field.once(6)?.error(&mut self.error)?,
            _ => field.skip()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct UsageRecord(Usage);

impl<'de> Record<'de> for UsageRecord {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "input_tokens" => self.0.input_tokens = field.once(0)?.count()?,
            "output_tokens" => self.0.output_tokens = field.once(1)?.count()?,
            _ => field.skip()?,
        }
        Ok(())
    }
}
