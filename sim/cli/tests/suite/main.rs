//! The `sim` command as a shell sees it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that goes wrong should stop at the line that went wrong"
)]

mod command_line;
mod dataset;
mod explain_commands;
mod findings;
mod forged;
mod fork_and_shrink;
mod help;
mod hostile_text;
mod json_objects;
mod killed;
mod links;
mod live;
mod new_and_lint;
mod planted;
mod readme;
mod record;
mod replay_agent;
mod replay_command;
mod report_command;
mod scenario_command;
mod schema_command;
mod serve;
mod serve_process;
mod shell;
mod sweep;
mod sweep_check;
mod sweep_report;
mod terminal;
mod verify;
mod workspace_command;
