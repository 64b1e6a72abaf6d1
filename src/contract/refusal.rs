//! Why the plan refuses a file, a write or a halt: one code for each reason.

use crate::named_enum::named_enum;

named_enum! {
    /// Why something does not match the plan, as traps name it. The model, or a command that it ran,
    /// is to blame.
    #[non_exhaustive]
    pub enum PlanFault {
        /// PLAN_CONTRACT, HALT_GUARD: the progress file is not an exact prefix of the plan's lines.
        ProgressNotAPrefix = "PROGRESS_NOT_A_PREFIX",
        /// PLAN_CONTRACT, HALT_GUARD: the world cannot show the progress file.
        ProgressUnreadable = "PROGRESS_UNREADABLE",
        /// IO_FAULT: the progress file would not keep every line it has and gain exactly one.
        NotAppend = "PLAN_NOT_APPEND",
        /// IO_FAULT: the line it would gain is not the next step's.
        NotNextStep = "PLAN_NOT_NEXT_STEP",
        /// IO_FAULT: the next step's file does not hold what the step makes.
        StepNotReady = "PLAN_STEP_NOT_READY",
        /// IO_FAULT: the progress file is not an exact prefix, and would not be one afterwards.
        Broken = "PLAN_BROKEN",
        /// HALT_GUARD: a step is not done.
        StepsUndone = "PLAN_STEPS_UNDONE",
        /// HALT_GUARD: a step that was done is not any more.
        StepUndoneAgain = "PLAN_STEP_UNDONE_AGAIN",
        /// HALT_GUARD: a required file is not there.
        RequiredFileMissing = "REQUIRED_FILE_MISSING",
    }
}
