//! Runs whose inputs are on a tape: recorded, replayed with nobody there to ask, resumed.

mod divergences;
mod edited;
mod failures;
mod provider;
mod replays;
mod resumes;
mod stage;
