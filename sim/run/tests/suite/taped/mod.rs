//! Runs whose inputs are on a tape: recorded, replayed without a provider, resumed.

mod divergences;
mod edited;
mod failures;
mod provider;
mod replays;
mod resumes;
mod retries;
mod stage;
mod waits;
