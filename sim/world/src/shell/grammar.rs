//! From tokens to the commands of a line: `;`, `&&`, `||`, pipes and redirections.
//!
//! Parsing runs nothing, so a line with a syntax error has no effect.

use super::lexer::{Redirect, Token, Word};

/// The most commands in one pipeline.
pub(super) const MAX_PIPELINE: usize = 16;

/// The most commands in one line.
pub(super) const MAX_COMMANDS: usize = 64;

/// One pipeline and when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pipeline {
    pub(super) condition: Condition,
    /// Preceded by `!`: the exit code is inverted.
    pub(super) negated: bool,
    pub(super) commands: Vec<SimpleCommand>,
}

/// When a pipeline runs, given the previous exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    AfterSuccess,
    AfterFailure,
}

/// A command's words and where its streams go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SimpleCommand {
    pub(super) words: Vec<Word>,
    pub(super) input: Option<Word>,
    pub(super) output: Option<OutputTarget>,
    pub(super) errors: Option<ErrorTarget>,
}

/// Where a stream is written when the command has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutputTarget {
    pub(super) word: Word,
    pub(super) append: bool,
}

/// Where standard error goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ErrorTarget {
    File(OutputTarget),
    /// Appended to standard output.
    Output,
}

/// Groups tokens into pipelines.
///
/// # Errors
/// Why the line is not a valid list of commands.
pub(super) fn parse(tokens: Vec<Token>) -> Result<Vec<Pipeline>, String> {
    let mut pipelines = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut condition = Condition::Always;
    let mut commands = 0_usize;
    loop {
        while tokens.next_if_eq(&Token::LineEnd).is_some() {}
        if tokens.peek().is_none() {
            return if condition == Condition::Always {
                Ok(pipelines)
            } else {
                Err("unexpected end of line".to_owned())
            };
        }
        let mut negated = false;
        while tokens.next_if(is_bang).is_some() {
            negated = !negated;
        }
        let mut pipeline = Pipeline {
            condition,
            negated,
            commands: Vec::new(),
        };
        loop {
            pipeline.commands.push(command(&mut tokens)?);
            commands += 1;
            if pipeline.commands.len() > MAX_PIPELINE {
                return Err(format!("more than {MAX_PIPELINE} commands in a pipeline"));
            }
            if commands > MAX_COMMANDS {
                return Err(format!("more than {MAX_COMMANDS} commands"));
            }
            if tokens.next_if_eq(&Token::Pipe).is_none() {
                break;
            }
        }
        pipelines.push(pipeline);
        condition = match tokens.next() {
            None | Some(Token::Semicolon | Token::LineEnd) => Condition::Always,
            Some(Token::And) => Condition::AfterSuccess,
            Some(Token::Or) => Condition::AfterFailure,
            Some(Token::Pipe | Token::Word(_) | Token::Redirect(_)) => {
                return Err("unexpected token".to_owned());
            }
        };
    }
}

fn is_bang(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.text == "!")
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<Token>>;

fn command(tokens: &mut Tokens) -> Result<SimpleCommand, String> {
    let mut command = SimpleCommand::default();
    while let Some(token) =
        tokens.next_if(|token| matches!(token, Token::Word(_) | Token::Redirect(_)))
    {
        match token {
            Token::Word(word) => command.words.push(word),
            Token::Redirect(redirect) => redirection(&mut command, redirect, tokens)?,
            Token::Semicolon | Token::LineEnd | Token::And | Token::Or | Token::Pipe => break,
        }
    }
    if command.words.is_empty() {
        return Err("a command is missing".to_owned());
    }
    Ok(command)
}

fn redirection(
    command: &mut SimpleCommand,
    redirect: Redirect,
    tokens: &mut Tokens,
) -> Result<(), String> {
    if redirect == Redirect::ErrorsToOutput {
        return set(&mut command.errors, ErrorTarget::Output);
    }
    let Some(Token::Word(word)) = tokens.next() else {
        return Err("a redirection lacks its file".to_owned());
    };
    if !word.stars.is_empty() {
        return Err("a redirection to a pattern".to_owned());
    }
    let append = matches!(redirect, Redirect::Append | Redirect::AppendErrors);
    match redirect {
        Redirect::Input => set(&mut command.input, word),
        Redirect::Output | Redirect::Append => {
            set(&mut command.output, OutputTarget { word, append })
        }
        Redirect::Errors | Redirect::AppendErrors | Redirect::ErrorsToOutput => set(
            &mut command.errors,
            ErrorTarget::File(OutputTarget { word, append }),
        ),
    }
}

/// A second redirection of the same stream is an error.
fn set<T>(slot: &mut Option<T>, value: T) -> Result<(), String> {
    if slot.is_some() {
        return Err("a stream is redirected twice".to_owned());
    }
    *slot = Some(value);
    Ok(())
}
