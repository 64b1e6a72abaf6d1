//! Anthropic messages, whole or streamed, as Kimi's `/anthropic` serves them too.
//!
//! Only `end_turn` and `stop_sequence` are whole replies. Shapes: anthropic-sdk-python.

use alloc::borrow::Cow;

use serde::de::MapAccess;

use super::envelope::{Content, ErrorInfo, Field, Record, read};
use super::fault::{BusFault, BusFaultCode};
use super::outcome::{Draft, unfinished};
use super::stream::{Events, is_event_stream};
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
    draft.finish = message.stop_reason.as_deref().map(finish);
    match message.content {
        Content::Absent => return Err(missing("content")),
        Content::Text(text) => draft.push(text),
        Content::List(blocks) => {
            for block in blocks {
                absorb(&mut draft, block)?;
            }
        }
    }
    draft.conclude()
}

/// Where a stream stands; events that do not fit are refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    Between,
    InBlock,
    After,
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
                absorb(&mut draft, block)?;
                Stage::InBlock
            }
            ("content_block_delta", Stage::InBlock) => {
                let delta = data.delta.ok_or_else(|| missing("delta"))?;
                draft.is_tool_call |= delta.kind.as_deref() == Some("input_json_delta");
                draft.has_reasoning |= delta.kind.as_deref() == Some("thinking_delta");
                if delta.kind.as_deref() == Some("text_delta") {
                    draft.push(delta.text.ok_or_else(|| missing("text"))?);
                }
                Stage::InBlock
            }
            ("content_block_stop", Stage::InBlock) => Stage::Between,
            ("message_delta", Stage::Between) => {
                if let Some(reason) = data.delta.and_then(|delta| delta.stop_reason) {
                    draft.finish = Some(finish(&reason));
                }
                if let Some(usage) = data.usage {
                    draft.usage.input_tokens = usage.0.input_tokens.or(draft.usage.input_tokens);
                    draft.usage.output_tokens = usage.0.output_tokens.or(draft.usage.output_tokens);
                }
                Stage::Between
            }
            ("message_stop", Stage::Between) => Stage::After,
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

fn absorb(draft: &mut Draft, block: Block<'_>) -> Result<(), BusFault> {
    match block.kind.as_deref() {
        Some("text") => draft.push(block.text.ok_or_else(|| missing("text"))?),
        Some("thinking" | "redacted_thinking") => draft.has_reasoning = true,
        Some("tool_use" | "server_tool_use") => draft.is_tool_call = true,
        Some(kind) => {
            return Err(BusFault::new(
                BusFaultCode::WrongType,
                format_args!("content block of type `{kind}`"),
            ));
        }
        None => return Err(missing("type")),
    }
    Ok(())
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
    content: Content<'de, Block<'de>>,
    stop_reason: Option<Cow<'de, str>>,
    usage: Option<UsageRecord>,
    error: Option<ErrorInfo<'de>>,
}

impl<'de> Record<'de> for Message<'de> {
    const KEYS: &'static [&'static str] = &["type", "content", "stop_reason", "usage", "error"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        field: Field<'_, '_, A>,
    ) -> Result<(), A::Error> {
        match key {
            "type" => self.kind = field.text()?,
            "content" => self.content = field.content()?,
            "stop_reason" => self.stop_reason = field.text()?,
            "usage" => self.usage = field.record()?,
            _ => self.error = field.error()?,
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
    const KEYS: &'static [&'static str] = &["type", "text", "stop_reason"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        field: Field<'_, '_, A>,
    ) -> Result<(), A::Error> {
        match key {
            "type" => self.kind = field.text()?,
            "text" => self.text = field.text()?,
            _ => self.stop_reason = field.text()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct StreamEvent<'de> {
    kind: Option<Cow<'de, str>>,
    message: Option<Message<'de>>,
    content_block: Option<Block<'de>>,
    delta: Option<Block<'de>>,
    usage: Option<UsageRecord>,
    error: Option<ErrorInfo<'de>>,
}

impl<'de> Record<'de> for StreamEvent<'de> {
    const KEYS: &'static [&'static str] = &[
        "type",
        "message",
        "content_block",
        "delta",
        "usage",
        "error",
    ];

    fn take<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        field: Field<'_, '_, A>,
    ) -> Result<(), A::Error> {
        match key {
            "type" => self.kind = field.text()?,
            "message" => self.message = field.record()?,
            "content_block" => self.content_block = field.record()?,
            "delta" => self.delta = field.record()?,
            "usage" => self.usage = field.record()?,
            _ => self.error = field.error()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct UsageRecord(Usage);

impl<'de> Record<'de> for UsageRecord {
    const KEYS: &'static [&'static str] = &["input_tokens", "output_tokens"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        key: &str,
        field: Field<'_, '_, A>,
    ) -> Result<(), A::Error> {
        match key {
            "input_tokens" => self.0.input_tokens = field.count()?,
            _ => self.0.output_tokens = field.count()?,
        }
        Ok(())
    }
}
