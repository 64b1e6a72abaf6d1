//! `sim show` of an agent's recording: its calls with their times and tokens, or one call in full.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::ShowArgs;
use super::timeline_table::clipped;
use crate::exit::{Exit, Failure};
use crate::json::write_object;
use crate::terminal::looks::Looks;
use crate::terminal::table::{Align, Table};
use turingos_exchange::{Conversation, Exchange, Message, Tape, ToolCall};

/// The most characters of a text in the list of calls.
const SUMMARY_CHARS: usize = 60;

/// What is printed with `--json`.
#[derive(Serialize)]
struct Json<'a> {
    command: &'a [String],
    finished: bool,
    /// Requests without a response: the recorder was killed before they had one.
    unanswered: u64,
    calls: Vec<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<Conversation>,
}

/// A call in one line.
#[derive(Serialize)]
struct Summary<'a> {
    call: u64,
    target: &'a str,
    method: &'a str,
    path: &'a str,
    status: Option<u16>,
    end: &'static str,
    origin: &'static str,
    head_us: u64,
    end_us: u64,
    chunks: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    injected: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

impl<'a> Summary<'a> {
    fn of(exchange: &'a Exchange, conversation: &Conversation) -> Self {
        let (request, response) = (&exchange.request, &exchange.response);
        let bytes: usize = { response.chunks.iter() }
            .map(|chunk| chunk.bytes.0.len())
            .sum();
        Self {
            call: exchange.number,
            target: &request.target,
            method: &request.method,
            path: &request.path,
            status: response.status,
            end: response.end.name(),
            origin: response.origin.name(),
            head_us: response.head_us,
            end_us: response.end_us,
            chunks: response.chunks.len() as u64,
            bytes: bytes as u64,
            model: conversation.model.clone(),
            input_tokens: conversation.input_tokens,
            output_tokens: conversation.output_tokens,
            injected: response.injected.as_deref(),
            note: response.note.as_deref(),
        }
    }
}

/// Shows a recording.
///
/// # Errors
/// It is corrupt or cannot be read, it has no such call, an option is for runs only, or the output
/// cannot be written.
pub(super) fn show(
    arguments: &ShowArgs,
    looks: Looks,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let has_ticks = arguments.tick.is_some() || arguments.around.is_some() || arguments.traps;
    if has_ticks || arguments.only.is_some() {
        let message = "a recording of an agent has no ticks and no traps; show a call by --call";
        return Err(Failure::new(Exit::Usage, message));
    }
    let tape = Tape::open(&arguments.run)?;
    let (from, to) = match arguments.call {
        Some(call) => (call, call),
        None => (
            arguments.from.unwrap_or(0),
            arguments.to.unwrap_or(u64::MAX),
        ),
    };
    let shown = tape
        .exchanges
        .iter()
        .filter(|it| (from..=to).contains(&it.number));
    let mut shown: Vec<_> = shown
        .map(|exchange| {
            (
                exchange,
                Conversation::of(&exchange.request, &exchange.response),
            )
        })
        .collect();
    if let (Some(call), true) = (arguments.call, shown.is_empty()) {
        return Err(no_call(&tape, &arguments.run, call));
    }
    if arguments.json {
        let calls = shown
            .iter()
            .map(|(exchange, said)| Summary::of(exchange, said));
        let json = Json {
            command: &tape.header.command,
            finished: tape.is_finished,
            unanswered: tape.unanswered.len() as u64,
            calls: calls.collect(),
            conversation: arguments
                .call
                .and_then(|_| shown.pop())
                .map(|(_, said)| said),
        };
        write_object("exchanges-report", &json, out)?;
        return Ok(Exit::Passed);
    }
    if arguments.call.is_some() {
        for (exchange, conversation) in &shown {
            write_call(exchange, conversation, out)?;
        }
        return Ok(Exit::Passed);
    }
    if !looks.quiet {
        write_list(&shown, out)?;
        for (number, request) in &tape.unanswered {
            let (target, path) = (&request.target, &request.path);
            writeln!(out, "call {number} to {target} {path} has no response")?;
        }
        writeln!(out)?;
    }
    write_totals(&tape, out)?;
    Ok(Exit::Passed)
}

fn no_call(tape: &Tape, path: &Path, call: u64) -> Failure {
    let last = match tape.exchanges.last() {
        Some(last) => format!("its last call is {}", last.number),
        None => "it has none".to_owned(),
    };
    let message = format!(
        "{}: there is no call {call} with a response: {last}",
        path.display()
    );
    Failure::new(Exit::Usage, message)
}

fn write_list(shown: &[(&Exchange, Conversation)], out: &mut impl Write) -> Result<(), Failure> {
    let mut table = Table::new([
        Align::Right,
        Align::Left,
        Align::Left,
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Left,
    ]);
    table.row([
        "call", "service", "request", "response", "first", "total", "tokens", "reply",
    ]);
    for (exchange, conversation) in shown {
        let it = Summary::of(exchange, conversation);
        let first = exchange.response.chunks.first();
        table.row([
            it.call.to_string(),
            it.target.to_owned(),
            format!("{} {}", it.method, it.path),
            response_words(&it),
            milliseconds(first.map_or(it.head_us, |chunk| chunk.at_us)),
            milliseconds(it.end_us),
            tokens(conversation),
            reply_words(conversation),
        ]);
    }
    table.write(0, out)?;
    Ok(())
}

/// The status, and what was unusual.
fn response_words(it: &Summary<'_>) -> String {
    let mut words = match it.status {
        Some(status) => status.to_string(),
        None => "none".to_owned(),
    };
    if it.end != "whole" {
        words += &format!(" {}", it.end);
    }
    if it.origin == "proxy" {
        words += " by sim";
    }
    if let Some(injected) = it.injected {
        words += &format!(" injected {injected}");
    }
    words
}

fn reply_words(conversation: &Conversation) -> String {
    let reply = &conversation.reply;
    let calls = reply
        .tool_calls
        .iter()
        .map(|call| format!("{}()", call.name));
    let mut words: Vec<String> = calls.collect();
    words.extend((!reply.text.is_empty()).then(|| reply.text.clone()));
    words.extend(reply.error.iter().map(|error| format!("error: {error}")));
    clipped(&words.join(" "), SUMMARY_CHARS)
}

fn tokens(conversation: &Conversation) -> String {
    let count = |tokens: Option<u64>| tokens.map_or_else(|| "-".to_owned(), |it| it.to_string());
    match (conversation.input_tokens, conversation.output_tokens) {
        (None, None) => String::new(),
        (input, output) => format!("{}/{}", count(input), count(output)),
    }
}

fn milliseconds(us: u64) -> String {
    format!("{}.{} ms", us / 1_000, us % 1_000 / 100)
}

fn write_totals(tape: &Tape, out: &mut impl Write) -> Result<(), Failure> {
    let calls = tape.exchanges.len();
    let command = shlex::try_join(tape.header.command.iter().map(String::as_str));
    let command = command.unwrap_or_default();
    let state = match tape.is_finished {
        true => "",
        false => ", unfinished",
    };
    writeln!(
        out,
        "{calls} calls of {command}{state}, root {}",
        tape.chain.head()
    )?;
    Ok(())
}

/// Shows one call: what was sent, what came and when.
fn write_call(
    exchange: &Exchange,
    conversation: &Conversation,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let it = Summary::of(exchange, conversation);
    let query = exchange
        .request
        .query
        .iter()
        .map(|query| format!("?{query}"));
    let query: String = query.collect();
    writeln!(
        out,
        "call {} to {}: {} {}{query}",
        it.call, it.target, it.method, it.path
    )?;
    writeln!(out, "response  {}, {} bytes", response_words(&it), it.bytes)?;
    if let Some(note) = it.note {
        writeln!(out, "reason    {note}")?;
    }
    let chunks = &exchange.response.chunks;
    let [first, last] = [chunks.first(), chunks.last()].map(|chunk| chunk.map(|it| it.at_us));
    writeln!(
        out,
        "timing    head {}, first byte {}, last byte {}, end {}, {} chunks",
        milliseconds(it.head_us),
        first.map_or_else(|| "none".to_owned(), milliseconds),
        last.map_or_else(|| "none".to_owned(), milliseconds),
        milliseconds(it.end_us),
        it.chunks
    )?;
    if let Some(model) = &it.model {
        writeln!(out, "model     {model}")?;
    }
    if !conversation.tools.is_empty() {
        writeln!(out, "tools     {}", conversation.tools.join(", "))?;
    }
    let tokens = tokens(conversation);
    if !tokens.is_empty() {
        writeln!(out, "tokens    {tokens} (request/reply)")?;
    }
    for message in &conversation.messages {
        write_message(message, out)?;
    }
    let reply = &conversation.reply;
    let message = Message {
        role: "reply".to_owned(),
        text: reply.text.clone(),
        tool_calls: reply.tool_calls.clone(),
    };
    if !message.text.is_empty() || !message.tool_calls.is_empty() {
        write_message(&message, out)?;
    }
    if let Some(error) = &reply.error {
        writeln!(out, "error     {error}")?;
    }
    if let Some(finish) = &reply.finish {
        writeln!(out, "finish    {finish}")?;
    }
    Ok(())
}

fn write_message(message: &Message, out: &mut impl Write) -> Result<(), Failure> {
    let mut lines = message.text.lines();
    let first = lines.next().unwrap_or_default();
    if !first.is_empty() || message.tool_calls.is_empty() {
        writeln!(out, "{:<9} {first}", message.role)?;
    }
    for line in lines {
        writeln!(out, "          {line}")?;
    }
    for ToolCall { name, arguments } in &message.tool_calls {
        writeln!(out, "{:<9} calls {name}({arguments})", message.role)?;
    }
    Ok(())
}
