//! REPLAY_TUPLE: one tick as TuringOS recorded it.
//!
//! A tuple is checked by itself first, and then against the one before.

use turingos::Digest;
use turingos::isa::{OPCODE_KEY, OPCODE_KEY_SYNONYMS, Opcode, Syscall, decode_model};

use super::fault::{FaultCode, LineFault};
use super::json::{Object, Value};
use super::members::Members;
use super::text::Text;
use super::trap_frame::BASE;

/// Where a chain begins.
pub const GENESIS: &str = "GENESIS";

/// The last members, in this order; the leaf hash does not cover them.
const SEAL: [&str; 3] = ["leaf_hash", "prev_merkle_root", "merkle_root"];

/// How TuringOS begins a state register that it recovered after a trap.
const TRAP_MARK: &str = "[OS_TRAP: ";

/// One recorded tick. Texts borrow from the line it was read from.
#[derive(Clone, Copy, Debug)]
pub struct Tuple<'l> {
    /// Counts the tuples of a journal from 0.
    pub tick_seq: u64,
    /// The state register that the tick began with.
    pub q_t: Text<'l>,
    /// Where it observed.
    pub d_t: Text<'l>,
    /// The frame that the model saw.
    pub s_t: Text<'l>,
    /// The syscall, as its JSON object was written.
    pub a_t: &'l str,
    /// The state register after it.
    pub q_next: Text<'l>,
    /// The pointer after it.
    pub d_next: Text<'l>,
    /// True if a trap stands before it that the journal has no frame of: older recordings log none
    /// of some kinds. It shows in `q_t` or `d_t`.
    pub follows_unlogged_trap: bool,
    h_q: &'l str,
    h_s: &'l str,
    /// The object's text up to where its last three members begin.
    hashed: &'l str,
    leaf_hash: &'l str,
    pub(super) prev_merkle_root: &'l str,
    pub(super) merkle_root: &'l str,
}

impl<'l> Tuple<'l> {
    /// Reads the JSON of a REPLAY_TUPLE line. Unknown members are accepted,
    /// because recordings differ in them.
    pub(super) fn read(json: &'l str) -> Result<Self, LineFault> {
        let members = Members::read(json)?;
        let known = |key| members.text(key);
        let tuple = Self {
            tick_seq: members.count("tick_seq")?,
            q_t: known("q_t")?,
            h_q: members.digest("h_q")?,
            d_t: known("d_t")?,
            s_t: known("s_t")?,
            h_s: members.digest("h_s")?,
            a_t: members.object("a_t")?,
            q_next: known("q_next")?,
            d_next: known("d_next")?,
            follows_unlogged_trap: false,
            leaf_hash: members.digest("leaf_hash")?,
            prev_merkle_root: known("prev_merkle_root")?.raw(),
            merkle_root: members.digest("merkle_root")?,
            hashed: sealed_text(json, &members)?,
        };
        if tuple.prev_merkle_root != GENESIS {
            members.digest("prev_merkle_root")?;
        }
        let is_text = |value| matches!(value, Value::String(_));
        members.optional("observed_slice", "a string", is_text)?;
        members.optional("write_target", "a string", is_text)?;
        let is_list = |value| matches!(value, Value::Array(_));
        members.optional("mind_ops", "an array", is_list)?;
        members.optional("world_ops", "an array", is_list)?;
        members.optional("world_op", "an object or null", |value| {
            matches!(value, Value::Object(_) | Value::Word("null"))
        })?;
        Ok(tuple)
    }

    /// Checks the four hashes; `buffer` is used to unescape.
    pub(super) fn check_hashes(&self, buffer: &mut String) -> Result<(), LineFault> {
        let leaf = Digest::of_parts(&[self.hashed.as_bytes(), b"}"]);
        expect(FaultCode::BadLeafHash, "leaf_hash", self.leaf_hash, leaf)?;
        let q = Digest::of(self.q_t.decoded_in(buffer).as_bytes());
        expect(FaultCode::BadStateHash, "h_q", self.h_q, q)?;
        let s = Digest::of(self.s_t.decoded_in(buffer).as_bytes());
        expect(FaultCode::BadSliceHash, "h_s", self.h_s, s)?;
        let parts = [self.prev_merkle_root, "\n", self.leaf_hash].map(str::as_bytes);
        let root = Digest::of_parts(&parts);
        expect(FaultCode::BadRoot, "merkle_root", self.merkle_root, root)
    }

    /// The syscall, if it is one of this instruction set. TuringOS accepted more than this decoder;
    /// an optional operand that it recorded blank counts as absent, as it did there.
    ///
    /// # Errors
    /// The name of the decoder's fault.
    pub fn syscall(&self) -> Result<Syscall, &'static str> {
        decoded(self.a_t).or_else(|fault| match without_blank_operands(self.a_t) {
            Some(action) => decoded(&action),
            None => Err(fault),
        })
    }

    /// True if the tuple itself says that a trap stands before it.
    fn shows_a_trap(&self, buffer: &mut String) -> bool {
        trap_mark(self.q_t.decoded_in(buffer)).is_some()
            || self.d_t.decoded_in(buffer).starts_with(BASE)
    }

    /// Checks that `d_next` is where `syscall` leads. The query of a SYS_GIT_LOG is not compared:
    /// how TuringOS wrote it is not known.
    pub(super) fn check_pointer(&self, syscall: &Syscall) -> Result<(), LineFault> {
        let found = self.d_next.decoded();
        let follows = match syscall {
            Syscall::Goto { pointer } => found.trim() == pointer,
            Syscall::Exec { cmd } => {
                found.trim_end().strip_prefix("$ ").map(str::trim) == Some(cmd)
            }
            Syscall::GitLog(_) => found
                .strip_prefix("sys://git/log")
                .is_some_and(|query| query.is_empty() || query.starts_with('?')),
            Syscall::Halt => found.trim() == "HALT",
            Syscall::Write { .. }
            | Syscall::Push { .. }
            | Syscall::Edit { .. }
            | Syscall::Move { .. }
            | Syscall::Pop => found == self.d_t.decoded(),
        };
        if follows {
            return Ok(());
        }
        Err(LineFault::new(
            FaultCode::WrongPointer,
            format_args!("`{found}` is not where {} leads", syscall.opcode()),
        ))
    }
}

fn decoded(action: &str) -> Result<Syscall, &'static str> {
    let transition = format!("{{\"q_next\":\"-\",\"a_t\":{action}}}");
    decode_model(transition.as_bytes())
        .map(|transition| transition.syscall)
        .map_err(|fault| fault.code.name())
}

/// The same action without its blank optional operands; nothing if it is of no opcode.
fn without_blank_operands(action: &str) -> Option<String> {
    let object = Object::read(action).ok()?;
    let text_of = |value| match value {
        Value::String(text) => Some(text.decoded()),
        _ => None,
    };
    let opcode = { [OPCODE_KEY].into_iter().chain(OPCODE_KEY_SYNONYMS) }
        .find_map(|key| object.get(key))
        .and_then(text_of)
        .and_then(|name| Opcode::from_model(&name))?;
    let is_blank_operand = |key: &str, value| {
        text_of(value).is_some_and(|text| text.trim().is_empty()) && { opcode.operands().iter() }
            .any(|operand| !operand.required && operand.is_spelled(key))
    };
    let mut ends = object.members.iter().skip(1).map(|member| member.begins);
    let mut kept = Vec::with_capacity(object.members.len());
    for member in &object.members {
        let end = ends.next().unwrap_or(action.len() - 1);
        if !is_blank_operand(&member.key, member.value) {
            kept.push(action[member.begins..end].trim_start_matches(','));
        }
    }
    Some(format!("{{{}}}", kept.join(",")))
}

/// The name of the trap with which a state register begins, and what follows it.
pub(super) fn trap_mark(state: &str) -> Option<(&str, &str)> {
    let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let (name, rest) = state.strip_prefix(TRAP_MARK)?.split_once(']')?;
    (!name.is_empty() && name.bytes().all(is_name)).then_some((name, rest))
}

/// The object's text up to its last three members, which have to be the chain's.
fn sealed_text<'l>(json: &'l str, members: &Members<'l>) -> Result<&'l str, LineFault> {
    let members = &members.object.members;
    let at = members.len().saturating_sub(SEAL.len());
    let seal = &members[at..];
    if !seal.iter().map(|member| &*member.key).eq(SEAL) || at == 0 {
        return Err(LineFault::new(
            FaultCode::MemberOrder,
            format_args!("its last three members are not {}", SEAL.join(", ")),
        ));
    }
    Ok(&json[..seal[0].begins])
}

fn expect(
    code: FaultCode,
    member: &'static str,
    written: &str,
    computed: Digest,
) -> Result<(), LineFault> {
    if computed.hex().as_str() == written {
        return Ok(());
    }
    Err(LineFault::new(
        code,
        format_args!("`{member}` is {written}, computed is {computed}"),
    ))
}

/// Kept for the tuple that follows.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    pub(super) q_next: String,
    pub(super) d_next: String,
    pub(super) root: String,
}

impl Before {
    pub(super) fn keep(&mut self, tuple: &Tuple<'_>) {
        for (kept, text) in [
            (&mut self.q_next, tuple.q_next),
            (&mut self.d_next, tuple.d_next),
        ] {
            kept.clear();
            text.decode_into(kept);
        }
        self.root.clear();
        self.root.push_str(tuple.merkle_root);
    }
}

/// Checks that a tuple is the one after `before`, and the one of number `count`. True if only a trap
/// without a frame explains it.
pub(super) fn check_place(
    tuple: &Tuple<'_>,
    count: u64,
    before: Option<&Before>,
    is_trap_between: bool,
    buffer: &mut String,
) -> Result<bool, LineFault> {
    if tuple.tick_seq != count {
        return Err(LineFault::new(
            FaultCode::TickOrder,
            format_args!("`tick_seq` is {}, expected {count}", tuple.tick_seq),
        ));
    }
    let root = before.map_or(GENESIS, |before| &before.root);
    if tuple.prev_merkle_root != root {
        return Err(LineFault::new(
            FaultCode::BrokenChain,
            format_args!(
                "`prev_merkle_root` is {}, expected {root}",
                tuple.prev_merkle_root
            ),
        ));
    }
    let Some(before) = before.filter(|_| !is_trap_between) else {
        return Ok(false);
    };
    let mut follows_trap = false;
    for (code, key, text, next) in [
        (FaultCode::StateJump, "q", tuple.q_t, &before.q_next),
        (FaultCode::PointerJump, "d", tuple.d_t, &before.d_next),
    ] {
        if text.decoded_in(buffer) == next {
            continue;
        }
        follows_trap = tuple.shows_a_trap(buffer);
        if !follows_trap {
            return Err(LineFault::new(
                code,
                format_args!(
                    "`{key}_t` differs from the previous `{key}_next`, without a trap in between"
                ),
            ));
        }
    }
    Ok(follows_trap)
}
