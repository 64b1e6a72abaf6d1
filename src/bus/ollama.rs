//! Ollama `/api/chat` and `/api/generate`, whole or streamed as one JSON document a line.
//!
//! Only `done: true` that stopped by itself is a whole reply, or a body that was not streamed and has
//! no `done`. Such a body may also be a chat completion, as servers of both formats send it. Shapes:
//! ollama, `api/types.go`.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::envelope::{ErrorInfo, Record, read, read_first};
use super::fault::{BusFault, BusFaultCode};
use super::outcome::{Draft, unfinished};
use super::stream::cut_at_end;
use super::values::Field;
use super::{Finish, Reply, Usage, openai};

pub(super) fn parse(status: u16, body: &str) -> Result<Reply, BusFault> {
    let (mut response, is_whole): (Response<'_>, bool) = read_first(body)?;
    if !is_whole {
        return parse_stream(status, body);
    }
    response.done.get_or_insert(Some(true));
    let mut draft = Draft::default();
    if !absorb(&mut draft, status, response)? {
        return Err(BusFault::new(
            BusFaultCode::NotDone,
            format_args!("`done` is not true"),
        ));
    }
    draft.conclude()
}

fn parse_stream(status: u16, body: &str) -> Result<Reply, BusFault> {
    let mut draft = Draft::default();
    let mut is_done = false;
    let mut lines = body
        .lines()
        .filter(|line| !line.trim_start().is_empty())
        .peekable();
    while let Some(line) = lines.next() {
        if is_done {
            return Err(BusFault::new(
                BusFaultCode::BadStream,
                format_args!("a line follows `done`"),
            ));
        }
        let is_last = lines.peek().is_none();
        let response: Response<'_> = read(line).map_err(|fault| cut_at_end(fault, is_last))?;
        if response.choices.is_some() {
            return Err(BusFault::new(
                BusFaultCode::WrongType,
                format_args!("a chat completion in a stream"),
            ));
        }
        is_done = absorb(&mut draft, status, response)?;
    }
    if !is_done {
        return Err(BusFault::new(
            BusFaultCode::CutStream,
            format_args!("no line with `done`"),
        ));
    }
    draft.conclude()
}

/// Adds one document to the draft; true if it is the last.
fn absorb(draft: &mut Draft, status: u16, response: Response<'_>) -> Result<bool, BusFault> {
    if let Some(error) = response.error {
        return Err(BusFault::reported(status, &error));
    }
    draft.has_reasoning |= response.has_reasoning;
    let is_completion = response.choices.is_some();
    match (response.message, response.text, response.choices) {
        (Some(message), None, None) => {
            draft.is_tool_call |= message.is_tool_call;
            draft.has_reasoning |= message.has_reasoning;
            if let Some(text) = message.content {
                draft.push(text);
            }
        }
        (None, Some(text), None) => draft.push(text),
        (None, None, Some(choices)) => openai::absorb_choice(draft, choices)?,
        (None, None, None) => {
            return Err(BusFault::new(
                BusFaultCode::MissingField,
                format_args!("neither `message` nor `response`"),
            ));
        }
        (_, _, _) => {
            return Err(BusFault::new(
                BusFaultCode::WrongType,
                format_args!("more than one of `message`, `response` and `choices`"),
            ));
        }
    }
    let is_done = response
        .done
        .flatten()
        .ok_or_else(|| BusFault::new(BusFaultCode::MissingField, format_args!("no `done`")))?;
    if is_done {
        draft.usage = response.usage;
        if let Some(usage) = response.completion_usage {
            draft.usage = usage.0;
        }
        // Older servers give no reason for an answer that ended by itself.
        let end = (response.done_reason.as_deref()).map_or(Ok(Finish::Stop), finish);
        if is_completion {
            // A choice says itself how it ended.
            end?;
        } else {
            draft.finish = Some(end);
        }
    }
    Ok(is_done)
}

fn finish(reason: &str) -> Result<Finish, BusFault> {
    let code = match reason {
        "stop" => return Ok(Finish::Stop),
        "length" => BusFaultCode::CutOff,
        "load" | "unload" => BusFaultCode::NotGenerated,
        _ => BusFaultCode::UnknownFinish,
    };
    Err(unfinished(code, reason))
}

#[derive(Default)]
struct Response<'de> {
    message: Option<Message<'de>>,
    text: Option<Cow<'de, str>>,
    choices: Option<Vec<openai::Choice<'de>>>,
    has_reasoning: bool,
    /// The member, which may be null.
    done: Option<Option<bool>>,
    done_reason: Option<Cow<'de, str>>,
    usage: Usage,
    completion_usage: Option<openai::UsageRecord>,
    error: Option<ErrorInfo<'de>>,
}

impl<'de> Record<'de> for Response<'de> {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "message" => field.once(0)?.record(&mut self.message)?,
            "response" => self.text = field.once(1)?.text()?,
            "choices" => self.choices = field.once(2)?.list()?,
            "usage" => field.once(3)?.record(&mut self.completion_usage)?,
            "thinking" => self.has_reasoning = field.once(4)?.presence()?,
            "done" => self.done = Some(field.once(5)?.flag()?),
            "done_reason" => self.done_reason = field.once(6)?.text()?,
            "prompt_eval_count" => self.usage.input_tokens = field.once(7)?.count()?,
            "eval_count" => self.usage.output_tokens = field.once(8)?.count()?,
            "error" => field.once(9)?.error(&mut self.error)?,
            _ => field.skip()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Message<'de> {
    content: Option<Cow<'de, str>>,
    has_reasoning: bool,
    is_tool_call: bool,
}

impl<'de> Record<'de> for Message<'de> {
    fn take(&mut self, field: Field<'_, 'de>) -> Result<(), BusFault> {
        match field.key {
            "content" => self.content = field.once(0)?.text()?,
            "thinking" => self.has_reasoning = field.once(1)?.presence()?,
            "tool_calls" => self.is_tool_call = field.once(2)?.presence()?,
            _ => field.skip()?,
        }
        Ok(())
    }
}
