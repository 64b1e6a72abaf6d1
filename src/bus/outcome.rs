//! What every wire format boils down to: a draft of the reply, then a reply or a fault.
//!
//! Never looks at bytes, and never takes part of an answer for the whole.

use alloc::borrow::Cow;
use alloc::string::String;

use super::fault::{BusFault, BusFaultCode};
use super::{Finish, Reply, Usage};

/// What has been read of a response so far.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) is_refusal: bool,
    pub(super) is_tool_call: bool,
    pub(super) has_reasoning: bool,
    /// How the answer ended, or the fault which that end is.
    pub(super) finish: Option<Result<Finish, BusFault>>,
    pub(super) usage: Usage,
}

impl Draft {
    /// Appends text without a copy where it is the first.
    pub(super) fn push(&mut self, text: Cow<'_, str>) {
        if self.text.is_empty() {
            self.text = text.into_owned();
        } else {
            self.text.push_str(&text);
        }
    }

    /// Notes how the answer ended. It may be said twice, but not in two ways.
    pub(super) fn end(&mut self, finish: Result<Finish, BusFault>) -> Result<(), BusFault> {
        if self
            .finish
            .as_ref()
            .is_some_and(|earlier| *earlier != finish)
        {
            return Err(BusFault::new(
                BusFaultCode::BadStream,
                format_args!("a second finish reason"),
            ));
        }
        self.finish = Some(finish);
        Ok(())
    }

    /// The reply, if the draft is a whole one.
    pub(super) fn conclude(self) -> Result<Reply, BusFault> {
        if self.is_refusal {
            return Err(BusFault::new(
                BusFaultCode::Refusal,
                format_args!("the model declined"),
            ));
        }
        if self.is_tool_call {
            return Err(BusFault::new(
                BusFaultCode::ToolCall,
                format_args!("a tool call stands where text was asked for"),
            ));
        }
        let finish = self.finish.unwrap_or_else(|| {
            Err(BusFault::new(
                BusFaultCode::UnknownFinish,
                format_args!("no finish reason"),
            ))
        })?;
        if self.text.trim_start().is_empty() {
            return Err(if self.has_reasoning {
                BusFault::new(
                    BusFaultCode::OnlyReasoning,
                    format_args!("reasoning without an answer"),
                )
            } else {
                BusFault::new(BusFaultCode::EmptyContent, format_args!("a blank answer"))
            });
        }
        Ok(Reply {
            text: self.text,
            usage: self.usage,
            finish,
            has_reasoning: self.has_reasoning,
        })
    }
}

/// How a body that was not streamed ends, by its finish member. A body without that member is whole:
/// its JSON is complete, and older servers do not send the member. A null gives no reason.
pub(super) fn end_of_whole(
    member: Option<Option<Cow<'_, str>>>,
    finish: fn(&str) -> Result<Finish, BusFault>,
) -> Option<Result<Finish, BusFault>> {
    match member {
        None => Some(Ok(Finish::Stop)),
        Some(reason) => reason.as_deref().map(finish),
    }
}

/// The fault that a finish reason is.
pub(super) fn unfinished(code: BusFaultCode, reason: &str) -> BusFault {
    BusFault::new(code, format_args!("finish reason `{reason}`"))
}
