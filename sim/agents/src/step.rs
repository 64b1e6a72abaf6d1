//! The steps of missions; the clerk carries them out.

/// One thing a mission does in one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// GOTO the mission's note.
    OpenNote,
    /// GOTO the previous mission's note.
    OpenEarlierNote,
    /// GOTO `README.md`.
    OpenReadme,
    /// GOTO the file of expectations.
    OpenExpect,
    /// GOTO the note's append channel.
    OpenAppend,
    /// GOTO the note's replace channel.
    OpenReplace,
    /// GOTO the run queue.
    OpenCallStack,
    /// GOTO the list of capabilities.
    OpenCapList,
    /// GOTO the history by its pointer.
    OpenHistory,
    /// GOTO the channel of a trap that never moves the pointer.
    OpenTrap,
    /// GOTO the page pointer in the slice.
    TurnPage,
    /// GOTO the channel that issues a capability for the note.
    IssueCap,
    /// GOTO the handle.
    OpenHandle,
    /// GOTO the description of the handle.
    DescribeCap,
    /// WRITE the note.
    WriteNote,
    /// WRITE the expectation.
    WriteExpect,
    /// WRITE one line through the append channel.
    AppendFirst,
    /// WRITE another line through the append channel.
    AppendSecond,
    /// WRITE a search and replace.
    ReplaceStatus,
    /// WRITE the note through the handle in the slice.
    WriteThroughCap,
    /// EXEC `ls`.
    List,
    /// EXEC `cat`.
    Cat,
    /// EXEC `grep`.
    Grep,
    /// EXEC `wc`.
    Count,
    /// EXEC `test -f`.
    TestFile,
    /// EXEC the test command.
    RunTests,
    /// GIT_LOG with a limit.
    History,
    /// GIT_LOG of the note.
    HistoryOfNote,
    /// PUSH a task.
    Push,
    /// EDIT the active task.
    Edit,
    /// MOVE the active task to the bottom.
    MoveDown,
    /// MOVE the active task to blocked.
    Block,
    /// MOVE a waiting task to the top.
    Raise,
    /// POP the active task.
    Pop,
    /// HALT.
    Halt,
}

impl Step {
    /// True if the step depends on earlier steps only through files, so that work can resume here
    /// after a trap.
    #[must_use]
    pub(crate) const fn is_anchor(self) -> bool {
        match self {
            Self::OpenNote
            | Self::OpenEarlierNote
            | Self::OpenReadme
            | Self::OpenExpect
            | Self::OpenAppend
            | Self::OpenReplace
            | Self::OpenCallStack
            | Self::OpenCapList
            | Self::OpenHistory
            | Self::OpenTrap
            | Self::IssueCap
            | Self::List
            | Self::Cat
            | Self::Grep
            | Self::Count
            | Self::TestFile
            | Self::History
            | Self::HistoryOfNote
            | Self::Push => true,
            Self::TurnPage
            | Self::OpenHandle
            | Self::DescribeCap
            | Self::WriteNote
            | Self::WriteExpect
            | Self::AppendFirst
            | Self::AppendSecond
            | Self::ReplaceStatus
            | Self::WriteThroughCap
            | Self::RunTests
            | Self::Edit
            | Self::MoveDown
            | Self::Block
            | Self::Raise
            | Self::Pop
            | Self::Halt => false,
        }
    }

    /// True for the steps that write.
    #[must_use]
    pub(crate) const fn writes(self) -> bool {
        matches!(
            self,
            Self::WriteNote
                | Self::WriteExpect
                | Self::AppendFirst
                | Self::AppendSecond
                | Self::ReplaceStatus
                | Self::WriteThroughCap
        )
    }

    /// The purpose of the step, as the clerk writes it in q.
    #[must_use]
    pub(crate) const fn intent(self) -> &'static str {
        match self {
            Self::OpenNote => "Open the note.",
            Self::OpenEarlierNote => "See what the mission before left behind.",
            Self::OpenReadme => "Read the rules of the workspace again.",
            Self::OpenExpect => "Open the file of expectations.",
            Self::OpenAppend => "Prepare to add lines to the note.",
            Self::OpenReplace => "Prepare to change the note in place.",
            Self::OpenCallStack => "Look at the run queue.",
            Self::OpenCapList => "See which capabilities are held.",
            Self::OpenHistory => "Look at the latest commits.",
            Self::OpenTrap => "Look at what the last page fault said.",
            Self::TurnPage => "Turn to the next page.",
            Self::IssueCap => "Ask for a capability for the note.",
            Self::OpenHandle => "Read the note through the handle.",
            Self::DescribeCap => "Check what the handle allows.",
            Self::WriteNote => "Write the note, then read it back.",
            Self::WriteExpect => "State what the note must hold.",
            Self::AppendFirst => "Add the first line.",
            Self::AppendSecond => "Add the second line.",
            Self::ReplaceStatus => "Set the status of the note.",
            Self::WriteThroughCap => "Write the note through the handle.",
            Self::List => "List the notes.",
            Self::Cat => "Print the note.",
            Self::Grep => "Find the marker in the note.",
            Self::Count => "Count the lines of the note.",
            Self::TestFile => "Check that the note is there.",
            Self::RunTests => "Run the tests.",
            Self::History => "Ask for the history.",
            Self::HistoryOfNote => "Ask for the history of the note.",
            Self::Push => "Put a task on the run queue.",
            Self::Edit => "Make the task more precise.",
            Self::MoveDown => "Let another task go first.",
            Self::Block => "The task waits for something outside.",
            Self::Raise => "The task can go on.",
            Self::Pop => "The task is done.",
            Self::Halt => "The tests passed: stop.",
        }
    }
}
