//! Commands that read files or standard input and show some of it: cat, head, tail, wc, sed.

use super::options::Options;
use super::output::Stream;
use super::pipeline::Process;

/// Calls `each` for every readable input, with its name unless it is standard input, and reports
/// the unreadable ones. True if all were readable.
pub(super) fn each_input(
    process: &mut Process<'_, '_>,
    operands: &[&str],
    mut each: impl FnMut(&mut Stream, Option<&str>, &str),
) -> bool {
    if operands.is_empty() {
        each(&mut process.stdout, None, process.stdin);
        return true;
    }
    let mut all_read = true;
    for operand in operands {
        if *operand == "-" {
            each(&mut process.stdout, None, process.stdin);
            continue;
        }
        match process.session.read(operand) {
            Ok(content) => each(&mut process.stdout, Some(operand), content),
            Err(reason) => {
                process.complain(&[operand, ": ", &reason]);
                all_read = false;
            }
        }
    }
    all_read
}

/// `cat [FILE…]`
pub(super) fn cat(process: &mut Process<'_, '_>) -> u8 {
    let options = match Options::parse(process.arguments, "", None) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 1),
    };
    let all_read = each_input(process, &options.operands, |out, _, content| {
        out.push(content);
    });
    u8::from(!all_read)
}

/// `head [-n N | -N] [FILE…]`
pub(super) fn head(process: &mut Process<'_, '_>) -> u8 {
    ends(process, |content, count| {
        let end = line_starts(content).nth(count);
        &content[..end.unwrap_or(content.len())]
    })
}

/// `tail [-n N | -N] [FILE…]`
pub(super) fn tail(process: &mut Process<'_, '_>) -> u8 {
    ends(process, |content, count| {
        let lines = line_starts(content).count();
        let start = line_starts(content).nth(lines.saturating_sub(count));
        &content[start.unwrap_or(content.len())..]
    })
}

/// Where each line starts.
fn line_starts(content: &str) -> impl Iterator<Item = usize> {
    content.split_inclusive('\n').scan(0, |next, line| {
        let start = *next;
        *next += line.len();
        Some(start)
    })
}

fn ends(process: &mut Process<'_, '_>, part: impl Fn(&str, usize) -> &str) -> u8 {
    // `-5` is the historic form of `-n 5`.
    let mut arguments = process.arguments.to_vec();
    if let Some(first) = arguments.first_mut()
        && let Some(digits) = first.strip_prefix('-')
        && digits.starts_with(|digit: char| digit.is_ascii_digit())
    {
        *first = format!("-n{digits}");
    }
    let options = match Options::parse(&arguments, "", Some('n')) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 1),
    };
    let count = match options.value().map_or(Ok(10), str::parse::<usize>) {
        Ok(count) => count,
        Err(_) => return refuse(process, "invalid number of lines", 1),
    };
    let titled = options.operands.len() > 1;
    let mut first = true;
    let all_read = each_input(process, &options.operands, |out, name, content| {
        if titled {
            let separator = if first { "" } else { "\n" };
            let name = name.unwrap_or("standard input");
            out.line(&[separator, "==> ", name, " <=="]);
            first = false;
        }
        out.push(part(content, count));
    });
    u8::from(!all_read)
}

/// `wc [-l] [-w] [-c] [FILE…]`: lines, words, bytes, separated by one space.
pub(super) fn wc(process: &mut Process<'_, '_>) -> u8 {
    let options = match Options::parse(process.arguments, "lwc", None) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 1),
    };
    let every = !(options.has('l') || options.has('w') || options.has('c'));
    let shown = ['l', 'w', 'c'].map(|letter| every || options.has(letter));
    let mut totals = [0_usize; 3];
    let all_read = each_input(process, &options.operands, |out, name, content| {
        let counts = [
            memchr::memchr_iter(b'\n', content.as_bytes()).count(),
            if shown[1] {
                content.split_whitespace().count()
            } else {
                0
            },
            content.len(),
        ];
        for (total, count) in totals.iter_mut().zip(counts) {
            *total += count;
        }
        count_line(out, shown, counts, name);
    });
    if options.operands.len() > 1 {
        count_line(&mut process.stdout, shown, totals, Some("total"));
    }
    u8::from(!all_read)
}

fn count_line(out: &mut Stream, shown: [bool; 3], counts: [usize; 3], name: Option<&str>) {
    let mut separator = "";
    for (count, _) in counts.iter().zip(shown).filter(|(_, shown)| *shown) {
        out.push(separator);
        out.push(&count.to_string());
        separator = " ";
    }
    match name {
        Some(name) => out.line(&[separator, name]),
        None => out.line(&[]),
    }
}

/// `sed -n 'Np' [FILE…]` and `sed -n 'A,Bp' [FILE…]`, where `$` is the last line; no other script.
/// Line numbers continue across files.
pub(super) fn sed(process: &mut Process<'_, '_>) -> u8 {
    let options = match Options::parse(process.arguments, "n", None) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 1),
    };
    let range = options
        .operands
        .split_first()
        .and_then(|(script, files)| Some((line_range(script)?, files)));
    let Some(((first, last), files)) = range.filter(|_| options.has('n')) else {
        return refuse(process, "only -n 'Np' and -n 'A,Bp' are supported", 1);
    };
    let mut text = Stream::new(super::output::STREAM_LIMIT);
    let all_read = each_input(process, files, |_, _, content| text.push(content));
    let text = text.into_text();
    let lines = text.split_inclusive('\n');
    let last_line = lines.clone().count();
    // In empty input, `$` is line 1, which does not exist.
    let first = first.unwrap_or(last_line).max(1);
    // As in sed, a range that ends before it starts is just its first line.
    let last = last.unwrap_or(last_line).max(first);
    for line in lines.skip(first - 1).take(last - first + 1) {
        process.stdout.push(line);
    }
    if all_read { 0 } else { 2 }
}

/// A script's first and last line, from 1; `None` is the last line of the input.
type LineRange = (Option<usize>, Option<usize>);

fn line_range(script: &str) -> Option<LineRange> {
    let addresses = script.strip_suffix('p')?;
    match addresses.split_once(',') {
        Some((first, last)) => Some((address(first)?, address(last)?)),
        None => {
            let line = address(addresses)?;
            Some((line, line))
        }
    }
}

fn address(text: &str) -> Option<Option<usize>> {
    if text == "$" {
        return Some(None);
    }
    // The bound keeps sums of line numbers far from overflow.
    let line = text.parse::<u32>().ok().filter(|line| *line > 0)?;
    usize::try_from(line).ok().map(Some)
}

/// Reports `reason` and returns `exit_code`.
pub(super) fn refuse(process: &mut Process<'_, '_>, reason: &str, exit_code: u8) -> u8 {
    process.complain(&[reason]);
    exit_code
}
