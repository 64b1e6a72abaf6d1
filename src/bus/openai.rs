//! OpenAI chat completions, whole or streamed, and the servers that speak the same.
//!
//! Only `finish_reason: "stop"` is a whole reply, or a body that was not streamed and has no
//! `finish_reason`. Shapes: openai-python, `types/chat`.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::envelope::{ErrorInfo, Record, read};
use super::fault::{BusFault, BusFaultCode};
use super::outcome::{Draft, end_of_whole, unfinished};
use super::stream::{Events, is_event_stream};
use super::values::{Content, Field};
use super::{Finish, Reply, Usage};

pub(super) fn parse(status: u16, body: &str) -> Result<Reply, BusFault> {
    if is_event_stream(body) {
        return parse_stream(status, body);
    }
    let completion: Completion<'_> = read(body)?;
    if let Some(error) = completion.error {
        return Err(BusFault::reported(status, &error));
    }
    let mut draft = Draft::default();
    if let Some(usage) = completion.usage {
        draft.usage = usage.0;
    }
    absorb_choice(
        &mut draft,
        completion.choices.ok_or_else(|| missing("choices"))?,
    )?;
    draft.conclude()
}

/// Adds the one choice of a body that was not streamed to the draft, with how it ended.
pub(super) fn absorb_choice(draft: &mut Draft, choices: Vec<Choice<'_>>) -> Result<(), BusFault> {
    if choices.len() > 1 {
        return Err(several(choices.len()));
    }
    let choice = choices
        .into_iter()
        .next()
        .ok_or_else(|| BusFault::new(BusFaultCode::NoChoice, format_args!("`choices` is empty")))?;
    draft.finish = end_of_whole(choice.finish_reason, finish);
    absorb(draft, choice.message.ok_or_else(|| missing("message"))?)
}

fn parse_stream(status: u16, body: &str) -> Result<Reply, BusFault> {
    let mut draft = Draft::default();
    let mut is_done = false;
    for event in Events::of(body) {
        if is_done {
            return Err(BusFault::new(
                BusFaultCode::BadStream,
                format_args!("an event follows [DONE]"),
            ));
        }
        if event.data == "[DONE]" {
            is_done = true;
            continue;
        }
        if event.is_last && "[DONE]".starts_with(&*event.data) {
            break;
        }
        let chunk: Completion<'_> = read(&event.data).map_err(|fault| event.blame(fault))?;
        if let Some(error) = chunk.error {
            return Err(BusFault::reported(status, &error));
        }
        if let Some(usage) = chunk.usage {
            draft.usage = usage.0;
        }
        for choice in chunk.choices.unwrap_or_default() {
            if choice.index.is_some_and(|index| index != 0) {
                return Err(several(2));
            }
            if let Some(delta) = choice.delta {
                if draft.finish.is_some() && delta.says_something() {
                    return Err(BusFault::new(
                        BusFaultCode::BadStream,
                        format_args!("the answer continues after its finish reason"),
                    ));
                }
                absorb(&mut draft, delta)?;
            }
            if let Some(reason) = choice.finish_reason.flatten() {
                draft.end(finish(&reason))?;
            }
        }
    }
    if !is_done || draft.finish.is_none() {
        return Err(BusFault::new(
            BusFaultCode::CutStream,
            format_args!("no finish reason and [DONE] at the end"),
        ));
    }
    draft.conclude()
}

fn absorb(draft: &mut Draft, message: Message<'_>) -> Result<(), BusFault> {
    draft.is_refusal |= message.is_refusal;
    draft.is_tool_call |= message.is_tool_call;
    draft.has_reasoning |= message.has_reasoning;
    match message.content {
        Content::Absent => {}
        Content::Text(text) => draft.push(text),
        Content::List(parts) => {
            for part in parts {
                match part.kind.as_deref() {
                    None => return Err(missing("type")),
                    Some("text") => draft.push(part.text.ok_or_else(|| missing("text"))?),
                    Some("refusal") => draft.is_refusal = true,
                    Some("reasoning" | "thinking") => draft.has_reasoning = true,
                    Some(kind) => {
                        return Err(BusFault::new(
                            BusFaultCode::WrongType,
                            format_args!("content part of type `{kind}`"),
                        ));
                    }
                }
            }
        }
    }
    Ok(())
}

fn finish(reason: &str) -> Result<Finish, BusFault> {
    let code = match reason {
        "stop" => return Ok(Finish::Stop),
        "length" => BusFaultCode::CutOff,
        "tool_calls" | "function_call" => BusFaultCode::ToolCall,
        "content_filter" => BusFaultCode::ContentFilter,
        _ => BusFaultCode::UnknownFinish,
    };
    Err(unfinished(code, reason))
}

fn missing(field: &str) -> BusFault {
    BusFault::new(BusFaultCode::MissingField, format_args!("no `{field}`"))
}

fn several(count: usize) -> BusFault {
    BusFault::new(
        BusFaultCode::SeveralChoices,
        format_args!("{count} choices or more"),
    )
}

/// A completion, or one chunk of it.
#[derive(Default)]
struct Completion<'de> {
    choices: Option<Vec<Choice<'de>>>,
    usage: Option<UsageRecord>,
    error: Option<ErrorInfo<'de>>,
}

impl<'de> Record<'de> for Completion<'de> {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "choices" => self.choices = field.once(0)?.list()?,
            "usage" => field.once(1)?.record(&mut self.usage)?,
            "error" => field.once(2)?.error(&mut self.error)?,
            _ => field.skip()?,
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct Choice<'de> {
    index: Option<u64>,
    message: Option<Message<'de>>,
    delta: Option<Message<'de>>,
    /// The member, which may be null.
    finish_reason: Option<Option<Cow<'de, str>>>,
}

impl<'de> Record<'de> for Choice<'de> {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "index" => self.index = field.once(0)?.count()?,
            "message" => field.once(1)?.record(&mut self.message)?,
            "delta" => field.once(2)?.record(&mut self.delta)?,
            "finish_reason" => self.finish_reason = Some(field.once(3)?.text()?),
            _ => field.skip()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Message<'de> {
    content: Content<'de, Part<'de>>,
    is_refusal: bool,
    is_tool_call: bool,
    has_reasoning: bool,
}

impl<'de> Record<'de> for Message<'de> {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "content" => self.content = field.once(0)?.content()?,
            "refusal" => self.is_refusal = field.once(1)?.presence()?,
            "tool_calls" => self.is_tool_call |= field.once(2)?.presence()?,
            "function_call" => self.is_tool_call |= field.once(3)?.presence()?,
            "reasoning_content" => self.has_reasoning |= field.once(4)?.presence()?,
            "reasoning" => self.has_reasoning |= field.once(5)?.presence()?,
            _ => field.skip()?,
        }
        Ok(())
    }
}

impl Message<'_> {
    /// Servers send an empty delta beside the finish reason or the usage.
    fn says_something(&self) -> bool {
        let has_content = match &self.content {
            Content::Absent => false,
            Content::Text(text) => !text.is_empty(),
            Content::List(parts) => !parts.is_empty(),
        };
        has_content || self.is_refusal || self.is_tool_call || self.has_reasoning
    }
}

#[derive(Default)]
struct Part<'de> {
    kind: Option<Cow<'de, str>>,
    text: Option<Cow<'de, str>>,
}

impl<'de> Record<'de> for Part<'de> {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "type" => self.kind = field.once(0)?.text()?,
            "text" => self.text = field.once(1)?.text()?,
            _ => field.skip()?,
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct UsageRecord(pub(super) Usage);

impl<'de> Record<'de> for UsageRecord {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "prompt_tokens" => self.0.input_tokens = field.once(0)?.count()?,
            "completion_tokens" => self.0.output_tokens = field.once(1)?.count()?,
            _ => field.skip()?,
        }
        Ok(())
    }
}
