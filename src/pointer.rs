//! Every kind of pointer, parsed once into an enum.
//!
//! `d` is text to a model and a [`Pointer`] to the kernel. Text that parses as none of the kinds
//! stays an error with a reason, which the kernel shows as a page fault. No other module looks at
//! a pointer's spelling, and no path that parses can leave the workspace.

mod error;
mod location;
mod path;
mod query;

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;

use percent_encoding::utf8_percent_encode;

use crate::isa::GitLogQuery;
use crate::named_enum::named_enum;
use crate::trap::TrapKind;

pub use error::PointerError;
pub use location::Location;
pub use path::{MAX_PATH_BYTES, WorkspacePath};
use query::{QUERY_VALUE, parse_decimal, query_values};

/// The longest pointer text, in bytes. A `$ command` counts its whole line.
pub const MAX_POINTER_BYTES: usize = 4_096;

/// A place the kernel can observe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// A file of the workspace.
    File(WorkspacePath),
    /// `$ command`: observing it runs the command.
    Command(String),
    /// `sys://append/PATH`: a write adds one line.
    Append(WorkspacePath),
    /// `sys://replace/PATH`: a write edits by search and replace.
    Replace(WorkspacePath),
    /// `sys://callstack`: the run queue.
    CallStack,
    /// `sys://trap/KIND[?details=…]`.
    Trap {
        /// Which trap.
        kind: TrapKind,
        /// What the trap said, if the pointer carries it.
        details: Option<String>,
    },
    /// `sys://page/TOKEN?p=N`: one page of a long slice.
    Page {
        /// 16 hexadecimal digits.
        token: String,
        /// The page, from 1.
        page: u32,
    },
    /// `sys://cap/…`: ask for, list or describe capabilities.
    Capability(CapabilityQuery),
    /// `vfd://ACCESS/ID/TAIL`: a capability handle.
    Handle(Handle),
    /// `sys://git/log?…`: the world's history. `query_params` is always `None` here.
    GitLog(GitLogQuery),
    /// `HALT`.
    Halt,
}

/// What is asked of the capability channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapabilityQuery {
    /// `sys://cap/issue?access=ACCESS&path=PATH`.
    Issue {
        /// What the handle will allow.
        access: Access,
        /// The file it gives access to.
        path: WorkspacePath,
    },
    /// `sys://cap/list`.
    List,
    /// `sys://cap/describe?handle=vfd://…`.
    Describe(Handle),
}

/// A capability handle as text carries it; only the kernel's table says whether it is genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// What it claims to allow.
    pub access: Access,
    /// 16 hexadecimal digits issued by the kernel.
    pub id: String,
    /// The file it claims access to.
    pub tail: WorkspacePath,
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::pieces(self.access, &self.id, &self.tail)
            .into_iter()
            .try_for_each(|piece| f.write_str(piece))
    }
}

impl Handle {
    /// The text of a handle, in pieces.
    pub(crate) fn pieces<'p>(access: Access, id: &'p str, tail: &'p WorkspacePath) -> [&'p str; 6] {
        ["vfd://", access.name(), "/", id, "/", tail.as_str()]
    }
}

named_enum! {
    /// What a capability allows.
    pub enum Access {
        /// `r`
        Read = "r",
        /// `w`
        Write = "w",
        /// `rw`
        ReadWrite = "rw",
    }
}

impl Access {
    /// True if observing through it is allowed.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self, Self::Read | Self::ReadWrite)
    }

    /// True if writing through it is allowed.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Write | Self::ReadWrite)
    }

    fn parse(text: &str) -> Result<Self, PointerError> {
        Self::from_name(text).ok_or(PointerError::UnknownAccess)
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(PointerError::Empty);
        }
        if text.len() > MAX_POINTER_BYTES {
            return Err(PointerError::TooLong);
        }
        if text == "HALT" {
            return Ok(Self::Halt);
        }
        if let Some(command) = text.strip_prefix('$') {
            let command = command.trim();
            return if command.is_empty() {
                Err(PointerError::Empty)
            } else {
                Ok(Self::Command(command.to_string()))
            };
        }
        if let Some(channel) = text.strip_prefix("sys://") {
            return parse_channel(channel);
        }
        if let Some(handle) = text.strip_prefix("vfd://") {
            return parse_handle(handle).map(Self::Handle);
        }
        if text.contains("://") {
            return Err(PointerError::UnknownChannel);
        }
        text.parse().map(Self::File)
    }
}

fn parse_channel(channel: &str) -> Result<Pointer, PointerError> {
    if let Some(path) = channel.strip_prefix("append/") {
        return path.parse().map(Pointer::Append);
    }
    if let Some(path) = channel.strip_prefix("replace/") {
        return path.parse().map(Pointer::Replace);
    }
    let (name, query) = match channel.split_once('?') {
        Some((name, query)) => (name, Some(query)),
        None => (channel, None),
    };
    if let Some(kind) = name.strip_prefix("trap/") {
        let kind = TrapKind::from_base_name(kind).ok_or(PointerError::UnknownTrap)?;
        let [details] = query_values(query, ["details"])?;
        return Ok(Pointer::Trap { kind, details });
    }
    if let Some(token) = name.strip_prefix("page/") {
        let token = parse_token(token)?;
        let [page] = query_values(query, ["p"])?;
        let page = page.ok_or(PointerError::MissingQueryKey)?;
        let page = parse_decimal(&page)?;
        return Ok(Pointer::Page { token, page });
    }
    match name {
        "callstack" => {
            let [] = query_values(query, [])?;
            Ok(Pointer::CallStack)
        }
        "git/log" => parse_git_log(query).map(Pointer::GitLog),
        "cap/list" => {
            let [] = query_values(query, [])?;
            Ok(Pointer::Capability(CapabilityQuery::List))
        }
        "cap/issue" => {
            let [access, path] = query_values(query, ["access", "path"])?;
            let access = Access::parse(&access.ok_or(PointerError::MissingQueryKey)?)?;
            let path = path.ok_or(PointerError::MissingQueryKey)?.parse()?;
            Ok(Pointer::Capability(CapabilityQuery::Issue { access, path }))
        }
        "cap/describe" => {
            let [handle] = query_values(query, ["handle"])?;
            let handle = handle.ok_or(PointerError::MissingQueryKey)?;
            let handle = handle
                .strip_prefix("vfd://")
                .ok_or(PointerError::UnknownChannel)?;
            parse_handle(handle)
                .map(CapabilityQuery::Describe)
                .map(Pointer::Capability)
        }
        _ => Err(PointerError::UnknownChannel),
    }
}

fn parse_handle(handle: &str) -> Result<Handle, PointerError> {
    let (access, rest) = handle.split_once('/').ok_or(PointerError::BadToken)?;
    let (id, tail) = rest.split_once('/').ok_or(PointerError::BadToken)?;
    Ok(Handle {
        access: Access::parse(access)?,
        id: parse_token(id)?,
        tail: tail.parse()?,
    })
}

fn parse_git_log(query: Option<&str>) -> Result<GitLogQuery, PointerError> {
    let [path, limit, reference, grep, since] =
        query_values(query, ["path", "limit", "ref", "grep", "since"])?;
    let limit = match limit {
        Some(text) => {
            let limit = parse_decimal(&text)?;
            Some(
                u16::try_from(limit).map_or(GitLogQuery::MAX_LIMIT, |limit| {
                    limit.min(GitLogQuery::MAX_LIMIT)
                }),
            )
        }
        None => None,
    };
    // The world sees the path as it names it itself, not as the model spelled it.
    let path = match path {
        Some(path) => Some(path.parse::<WorkspacePath>()?.into_text()),
        None => None,
    };
    Ok(GitLogQuery {
        query_params: None,
        path,
        limit,
        reference,
        grep,
        since,
    })
}

fn parse_token(token: &str) -> Result<String, PointerError> {
    let hexadecimal = token
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if token.len() == 16 && hexadecimal {
        Ok(token.to_string())
    } else {
        Err(PointerError::BadToken)
    }
}

impl Pointer {
    /// The pointer of a SYS_GIT_LOG syscall as text: `query_params` as given, then each operand.
    #[must_use]
    pub(crate) fn git_log_text(query: &GitLogQuery) -> String {
        let mut text = String::from("sys://git/log");
        let mut separator = '?';
        if let Some(params) = query.query_params.as_deref() {
            text.push(separator);
            text.push_str(params.trim().trim_start_matches('?'));
            separator = '&';
        }
        let limit = query.limit.map(|limit| limit.to_string());
        let operands = [
            ("path", query.path.as_deref()),
            ("limit", limit.as_deref()),
            ("ref", query.reference.as_deref()),
            ("grep", query.grep.as_deref()),
            ("since", query.since.as_deref()),
        ];
        for (key, value) in operands {
            if let Some(value) = value {
                text.push(separator);
                text.push_str(key);
                text.push('=');
                text.extend(utf8_percent_encode(value, QUERY_VALUE));
                separator = '&';
            }
        }
        text
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A file may be named like another kind of pointer.
            Self::File(path) if path.as_str() == "HALT" || path.as_str().starts_with('$') => {
                write!(f, "./{path}")
            }
            Self::File(path) => path.fmt(f),
            Self::Command(command) => write!(f, "$ {command}"),
            Self::Append(path) => write!(f, "sys://append/{path}"),
            Self::Replace(path) => write!(f, "sys://replace/{path}"),
            Self::CallStack => f.write_str("sys://callstack"),
            Self::Trap { kind, details } => {
                f.write_str(kind.base())?;
                if let Some(details) = details {
                    f.write_str("?details=")?;
                    for part in utf8_percent_encode(details, QUERY_VALUE) {
                        f.write_str(part)?;
                    }
                }
                Ok(())
            }
            Self::Page { token, page } => write!(f, "sys://page/{token}?p={page}"),
            Self::Capability(CapabilityQuery::Issue { access, path }) => {
                write!(f, "sys://cap/issue?access={}&path=", access.name())?;
                for part in utf8_percent_encode(path.as_str(), QUERY_VALUE) {
                    f.write_str(part)?;
                }
                Ok(())
            }
            Self::Capability(CapabilityQuery::List) => f.write_str("sys://cap/list"),
            Self::Capability(CapabilityQuery::Describe(handle)) => {
                f.write_str("sys://cap/describe?handle=")?;
                for part in utf8_percent_encode(&handle.to_string(), QUERY_VALUE) {
                    f.write_str(part)?;
                }
                Ok(())
            }
            Self::Handle(handle) => handle.fmt(f),
            Self::GitLog(query) => f.write_str(&Self::git_log_text(query)),
            Self::Halt => f.write_str("HALT"),
        }
    }
}

/// The longest prefix of `text` of at most `limit` bytes that ends at a character.
#[must_use]
pub fn clip_bytes(text: &str, limit: usize) -> &str {
    let end = text.floor_char_boundary(limit);
    text.get(..end).unwrap_or(text)
}
