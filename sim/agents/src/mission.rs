//! Missions: an endless seeded stream of small office tasks for the clerk.
//!
//! Mission *n* is a pure function of the seed and *n*; they share no state.
//! Together they use every opcode and every kind of pointer, within a bounded set of file names.

use strum::VariantArray;

use super::json_text::push_number_text;
use super::step::Step;
use turingos_draws::{Draws, Stream};

/// The number of note files; mission *n* works on slot *n* modulo this.
const SLOTS: u64 = 64;

/// The file of test expectations; every mission with tests overwrites it.
pub(crate) const EXPECT_FILE: &str = "tests/mission.expect";

/// The subject of a mission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub enum MissionKind {
    /// Write a note and test it.
    Note,
    /// Write a note, add lines, test it.
    Diary,
    /// Write a note, change it in place, test it.
    Revision,
    /// Write and read through a capability.
    Capability,
    /// Page through a long note.
    Pages,
    /// Work from the run queue.
    Planning,
    /// Block and raise tasks.
    Triage,
    /// Look at the history.
    History,
    /// Look around without changing anything.
    Audit,
}

impl MissionKind {
    /// The steps, in order. The last is never a write: a refused write keeps the next q, which
    /// must still belong to the same mission.
    const fn script(self) -> &'static [Step] {
        use Step as S;
        match self {
            Self::Note => &[
                S::OpenNote,
                S::WriteNote,
                S::Cat,
                S::Count,
                S::OpenExpect,
                S::WriteExpect,
                S::RunTests,
                S::Halt,
            ],
            Self::Diary => &[
                S::OpenNote,
                S::WriteNote,
                S::OpenAppend,
                S::AppendFirst,
                S::AppendSecond,
                S::Grep,
                S::OpenExpect,
                S::WriteExpect,
                S::RunTests,
                S::Halt,
            ],
            Self::Revision => &[
                S::OpenNote,
                S::WriteNote,
                S::OpenReplace,
                S::ReplaceStatus,
                S::OpenNote,
                S::Grep,
                S::TestFile,
                S::OpenExpect,
                S::WriteExpect,
                S::RunTests,
                S::Halt,
            ],
            Self::Capability => &[
                S::IssueCap,
                S::WriteThroughCap,
                S::OpenHandle,
                S::DescribeCap,
                S::OpenCapList,
                S::TestFile,
                S::Grep,
            ],
            Self::Pages => &[
                S::OpenNote,
                S::WriteNote,
                S::TurnPage,
                S::Count,
                S::Cat,
                S::TurnPage,
                S::TestFile,
            ],
            Self::Planning => &[
                S::OpenCallStack,
                S::Push,
                S::Edit,
                S::OpenNote,
                S::WriteNote,
                S::MoveDown,
                S::Grep,
                S::OpenCallStack,
                S::Pop,
                S::OpenReadme,
            ],
            Self::Triage => &[
                S::OpenEarlierNote,
                S::Push,
                S::Block,
                S::OpenCallStack,
                S::Raise,
                S::OpenNote,
                S::WriteNote,
                S::Count,
                S::OpenCapList,
                S::Edit,
                S::Pop,
                S::TestFile,
            ],
            Self::History => &[
                S::History,
                S::OpenNote,
                S::WriteNote,
                S::HistoryOfNote,
                S::List,
                S::OpenHistory,
            ],
            Self::Audit => &[
                S::List,
                S::OpenReadme,
                S::OpenTrap,
                S::OpenCallStack,
                S::OpenEarlierNote,
                S::OpenHistory,
            ],
        }
    }
}

/// One mission: its subject and the numbers its texts are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mission {
    /// The number of the mission, from 0.
    pub number: u64,
    /// The subject.
    pub kind: MissionKind,
    marker: u32,
    note_bytes: u32,
    halts: bool,
    test_command: &'static str,
    commits: u16,
}

impl Mission {
    /// Mission `number` under `seed`.
    #[must_use]
    pub fn of(seed: u64, number: u64) -> Self {
        let mut draws = Draws::keyed(seed, Stream::Mission, number);
        let kinds = MissionKind::VARIANTS;
        let kind = kinds[draws.below(kinds.len() as u32) as usize];
        let long = draws.chance(500) || kind == MissionKind::Pages;
        let note_bytes = if long {
            draws.range(3_200, 6_000)
        } else {
            draws.range(40, 400)
        };
        Self {
            number,
            kind,
            marker: draws.next_u32(),
            note_bytes,
            halts: draws.chance(6_000),
            test_command: draws.pick(&["pytest", "cargo test", "npm test"]),
            commits: draws.range(3, 40) as u16,
        }
    }

    /// The steps of this mission, 5 to 14.
    #[must_use]
    pub fn steps(&self) -> &'static [Step] {
        let script = self.kind.script();
        match script.split_last() {
            Some((Step::Halt, without_halt)) if !self.halts => without_halt,
            _ => script,
        }
    }

    /// The command that runs the tests.
    #[must_use]
    pub const fn test_command(&self) -> &'static str {
        self.test_command
    }

    /// The limit of the mission's history queries.
    #[must_use]
    pub(crate) const fn commits(&self) -> u16 {
        self.commits
    }

    /// Appends the path of the mission's note.
    pub(crate) fn push_note_path(&self, out: &mut String) {
        push_slot(self.number % SLOTS, out);
    }

    /// Appends the path of the previous mission's note, which may not exist.
    pub(crate) fn push_earlier_note_path(&self, out: &mut String) {
        push_slot(self.number.wrapping_add(SLOTS - 1) % SLOTS, out);
    }

    /// Appends the marker that identifies this mission's note.
    pub(crate) fn push_marker(&self, out: &mut String) {
        out.push_str("marker-");
        for shift in (0..8).rev() {
            let digit = (self.marker >> (shift * 4)) & 15;
            out.push(char::from_digit(digit, 16).unwrap_or('0'));
        }
    }

    /// Appends the note's whole text. It names an `attempt` other than 0, so that a repeated write
    /// is a different action.
    pub(crate) fn push_note(&self, seed: u64, attempt: u32, out: &mut String) {
        out.push_str("# Mission ");
        push_number_text(out, self.number);
        out.push('\n');
        self.push_marker(out);
        out.push_str("\nstatus: open\n");
        if attempt > 0 {
            out.push_str("attempt: ");
            push_number_text(out, u64::from(attempt));
            out.push('\n');
        }
        self.push_prose(seed, out);
    }

    fn push_prose(&self, seed: u64, out: &mut String) {
        let mut draws = Draws::keyed(seed, Stream::Clerk, self.number);
        let end = out.len() + self.note_bytes as usize;
        let mut line = 0;
        while out.len() < end {
            for byte in draws.next_u64().to_le_bytes() {
                let number = usize::from(byte % 64);
                // The word and its space, copied with all its padding and cut again: that takes no call.
                let end = out.len() + WORDS[number].len() + 1;
                out.push_str(&PADDED_WORDS[number][..PADDED]);
                out.truncate(end);
                line += 1;
                if line == 12 {
                    line = 0;
                    out.truncate(end - 1);
                    out.push_str(".\n");
                }
            }
        }
        out.push_str("end.\n");
    }

    /// Appends the mission's test expectation: the note must contain the marker.
    pub(crate) fn push_expectation(&self, out: &mut String) {
        self.push_note_path(out);
        out.push('\t');
        self.push_marker(out);
        out.push('\n');
    }
}

fn push_slot(slot: u64, out: &mut String) {
    out.push_str("notes/slot-");
    if slot < 10 {
        out.push('0');
    }
    push_number_text(out, slot);
    out.push_str(".md");
}

/// The vocabulary of the notes. A few words are not ASCII, so that characters and bytes differ.
const WORDS: [&str; 64] = [
    "ledger", "pointer", "signal", "harbor", "copper", "window", "margin", "vector", "meadow",
    "quartz", "lantern", "bridge", "cellar", "orchard", "paper", "kernel", "archive", "valley",
    "socket", "branch", "garden", "timber", "mirror", "needle", "station", "anchor", "barrel",
    "canvas", "dial", "engine", "façade", "gravel", "hinge", "island", "jacket", "kettle",
    "ladder", "marble", "naïve", "oxide", "parcel", "quiver", "ribbon", "saddle", "tunnel",
    "umbrella", "velvet", "wagon", "yarn", "zephyr", "amber", "beacon", "cobalt", "delta", "ember",
    "fjord", "glacier", "hollow", "ivory", "jasper", "karst", "lichen", "mosaic", "north",
];

/// The length of a padded word; every word is shorter.
const PADDED: usize = 16;

/// The vocabulary, each word with spaces behind it.
const PADDED_WORDS: [&str; 64] = {
    const BYTES: [[u8; PADDED]; 64] = {
        let mut padded = [[b' '; PADDED]; 64];
        let mut number = 0;
        while number < WORDS.len() {
            let word = WORDS[number].as_bytes();
            padded[number]
                .split_at_mut(word.len())
                .0
                .copy_from_slice(word);
            number += 1;
        }
        padded
    };
    let mut words = [""; 64];
    let mut number = 0;
    while number < words.len() {
        words[number] = match str::from_utf8(&BYTES[number]) {
            Ok(word) => word,
            Err(_) => panic!("a text with spaces behind it is text"),
        };
        number += 1;
    }
    words
};
