//! Every kind of pointer, parsed once into an enum.
//!
//! `d` is text to a model and a [`Pointer`] to the kernel. Text that parses as none of the kinds
//! stays an error with a reason, which the kernel shows as a page fault. No other module looks at
//! a pointer's spelling, and no path that parses can leave the workspace.

use alloc::string::{String, ToString};
use core::fmt::{self, Write as _};
use core::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::isa::GitLogQuery;
use crate::trap::TrapKind;

/// The longest pointer text, in bytes. A `$ command` counts its whole line.
pub const MAX_POINTER_BYTES: usize = 4_096;

/// The longest workspace path, in bytes.
pub const MAX_PATH_BYTES: usize = 512;

/// Bytes escaped in a query value.
const QUERY_VALUE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'=');

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
        /// The file it stands for.
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
    /// The file it claims to stand for.
    pub tail: WorkspacePath,
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vfd://{}/{}/{}", self.access.name(), self.id, self.tail)
    }
}

/// What a capability allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// `r`
    Read,
    /// `w`
    Write,
    /// `rw`
    ReadWrite,
}

impl Access {
    /// The spelling in a handle.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Write => "w",
            Self::ReadWrite => "rw",
        }
    }

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
        match text {
            "r" => Ok(Self::Read),
            "w" => Ok(Self::Write),
            "rw" => Ok(Self::ReadWrite),
            _ => Err(PointerError::UnknownAccess),
        }
    }
}

/// Why a text is not a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PointerError {
    /// Nothing but white space.
    Empty,
    /// Over [`MAX_POINTER_BYTES`], or a path over [`MAX_PATH_BYTES`].
    TooLong,
    /// Starts with `/`.
    AbsolutePath,
    /// Has a `..` segment.
    EscapesRoot,
    /// Has an empty segment, a `.` segment inside, or a trailing `/`.
    EmptySegment,
    /// Has a backslash or a control character, or a segment with white space around it.
    ForbiddenCharacter,
    /// Not a `sys://` channel of this kernel, or not a scheme of this kernel.
    UnknownChannel,
    /// Not a trap of this kernel.
    UnknownTrap,
    /// Not `r`, `w` or `rw`.
    UnknownAccess,
    /// A page token or capability id that is not 16 hexadecimal digits.
    BadToken,
    /// A page number that is not a positive integer, or a limit out of range.
    BadNumber,
    /// A query key that the channel does not have.
    UnknownQueryKey,
    /// A query key given twice.
    DuplicateQueryKey,
    /// A query key that the channel needs.
    MissingQueryKey,
    /// A percent escape that is not two hexadecimal digits or does not spell UTF-8.
    BadEscape,
}

impl PointerError {
    /// The reason as it is written in page faults.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "EMPTY_POINTER",
            Self::TooLong => "POINTER_TOO_LONG",
            Self::AbsolutePath => "ABSOLUTE_PATH",
            Self::EscapesRoot => "ESCAPES_ROOT",
            Self::EmptySegment => "EMPTY_SEGMENT",
            Self::ForbiddenCharacter => "FORBIDDEN_CHARACTER",
            Self::UnknownChannel => "UNKNOWN_CHANNEL",
            Self::UnknownTrap => "UNKNOWN_TRAP",
            Self::UnknownAccess => "UNKNOWN_ACCESS",
            Self::BadToken => "BAD_TOKEN",
            Self::BadNumber => "BAD_NUMBER",
            Self::UnknownQueryKey => "UNKNOWN_QUERY_KEY",
            Self::DuplicateQueryKey => "DUPLICATE_QUERY_KEY",
            Self::MissingQueryKey => "MISSING_QUERY_KEY",
            Self::BadEscape => "BAD_ESCAPE",
        }
    }
}

impl fmt::Display for PointerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for PointerError {}

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
        Some(path) => Some(path.parse::<WorkspacePath>()?.0),
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

/// A positive decimal number without sign, leading zero or white space.
fn parse_decimal(text: &str) -> Result<u32, PointerError> {
    let plain = !text.is_empty()
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain {
        text.parse().map_err(|_| PointerError::BadNumber)
    } else {
        Err(PointerError::BadNumber)
    }
}

/// The decoded values of `keys`, in their order; any other or repeated key is refused.
fn query_values<const N: usize>(
    query: Option<&str>,
    keys: [&str; N],
) -> Result<[Option<String>; N], PointerError> {
    let mut values: [Option<String>; N] = [const { None }; N];
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        let (key, value) = pair.split_once('=').ok_or(PointerError::UnknownQueryKey)?;
        let slot = keys
            .iter()
            .zip(values.iter_mut())
            .find_map(|(known, slot)| (*known == key).then_some(slot))
            .ok_or(PointerError::UnknownQueryKey)?;
        if slot.is_some() {
            return Err(PointerError::DuplicateQueryKey);
        }
        *slot = Some(decode_escapes(value)?);
    }
    Ok(values)
}

fn decode_escapes(value: &str) -> Result<String, PointerError> {
    let mut rest = value;
    while let Some((_, escape)) = rest.split_once('%') {
        let digits = escape.get(..2).ok_or(PointerError::BadEscape)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(PointerError::BadEscape);
        }
        rest = escape.get(2..).unwrap_or_default();
    }
    percent_decode_str(value)
        .decode_utf8()
        .map(|text| text.to_string())
        .map_err(|_| PointerError::BadEscape)
}

impl Pointer {
    /// The pointer of a SYS_GIT_LOG syscall as text: `query_params` as given, then each operand.
    #[must_use]
    pub fn git_log_text(query: &GitLogQuery) -> String {
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

    /// True for `sys://trap/*`.
    #[must_use]
    pub const fn is_trap(&self) -> bool {
        matches!(self, Self::Trap { .. })
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A file may be named like another kind of pointer.
            Self::File(path) if path.0 == "HALT" || path.0.starts_with('$') => {
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

/// A path inside the workspace: relative, `/`-separated, without `.`, `..` or empty segments, and
/// without white space around a segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkspacePath(String);

impl WorkspacePath {
    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The directory that holds it, or `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0
            .rsplit_once('/')
            .map(|(parent, _)| Self(parent.to_string()))
    }
}

impl fmt::Display for WorkspacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WorkspacePath {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let mut path = text.trim();
        while let Some(rest) = path.strip_prefix("./") {
            path = rest;
        }
        if path.is_empty() {
            return Err(PointerError::Empty);
        }
        if path.len() > MAX_PATH_BYTES {
            return Err(PointerError::TooLong);
        }
        if path.starts_with('/') {
            return Err(PointerError::AbsolutePath);
        }
        if path
            .chars()
            .any(|character| character == '\\' || character.is_control())
        {
            return Err(PointerError::ForbiddenCharacter);
        }
        for segment in path.split('/') {
            match segment {
                ".." => return Err(PointerError::EscapesRoot),
                "" | "." => return Err(PointerError::EmptySegment),
                // Where a path is read again, alone or behind a handle, it would be trimmed and
                // be another one.
                _ if segment.trim().len() != segment.len() => {
                    return Err(PointerError::ForbiddenCharacter);
                }
                _ => {}
            }
        }
        Ok(Self(path.to_string()))
    }
}

/// The pointer register `d`: the text a model wrote and what it parses as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    text: String,
    pointer: Result<Pointer, PointerError>,
}

impl Location {
    /// How many bytes of an unparsable text are kept for showing.
    const KEPT_BYTES: usize = 200;

    /// Parses a model's text; an invalid one is kept, shortened, with its reason.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let pointer = text.parse::<Pointer>();
        let mut kept = text.trim();
        if pointer.is_err() {
            kept = clip_bytes(kept, Self::KEPT_BYTES);
        }
        Self {
            text: kept.to_string(),
            pointer,
        }
    }

    /// The text as a model sees it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it parses as, or why it does not.
    ///
    /// # Errors
    /// The reason for which the text is no pointer.
    pub fn pointer(&self) -> Result<&Pointer, PointerError> {
        self.pointer.as_ref().map_err(|error| *error)
    }

    /// Which trap it shows, if it is a trap pointer.
    #[must_use]
    pub fn trap(&self) -> Option<TrapKind> {
        match &self.pointer {
            Ok(Pointer::Trap { kind, .. }) => Some(*kind),
            _ => None,
        }
    }
}

impl From<Pointer> for Location {
    fn from(pointer: Pointer) -> Self {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = write!(text, "{pointer}");
        Self {
            text,
            pointer: Ok(pointer),
        }
    }
}

/// The longest prefix of `text` of at most `limit` bytes that ends at a character.
#[must_use]
pub fn clip_bytes(text: &str, limit: usize) -> &str {
    let end = text.floor_char_boundary(limit);
    text.get(..end).unwrap_or(text)
}
