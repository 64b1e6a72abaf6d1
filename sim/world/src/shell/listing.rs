//! `ls`: the names in a directory.

use turingos::manifold::WorldFaultCode;

use super::filters::refuse;
use super::options::Options;
use super::output::Stream;
use super::pipeline::Process;
use super::session::{Place, reason};
use crate::files::{FileTree, Kind};

/// `ls [-1] [-a] [-l] [PATH…]`: one name a line, in byte order, files before directories. With
/// `-l` a line is `- BYTES NAME` or `d 0 NAME`; owners and times do not exist here.
pub(super) fn ls(process: &mut Process<'_, '_>) -> u8 {
    let options = match Options::parse(process.arguments, "1al", None) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 2),
    };
    let operands = if options.operands.is_empty() {
        vec!["."]
    } else {
        options.operands.clone()
    };
    let is_long = options.has('l');
    let mut exit_code = 0;
    let mut directories = Vec::new();
    let mut shown = false;
    for operand in &operands {
        let place = Place::parse(operand).map(|place| (place.kind(process.session.files), place));
        match place {
            Ok((Some(Kind::Directory), place)) => directories.push((*operand, place)),
            Ok((Some(Kind::File), place)) => {
                let size = is_long.then(|| size(process.session.files, place.path()));
                entry(&mut process.stdout, operand, size);
                shown = true;
            }
            Ok((None, _)) => {
                process.complain(&[operand, ": ", reason(WorldFaultCode::NotFound)]);
                exit_code = 2;
            }
            Err(reason) => {
                process.complain(&[operand, ": ", &reason]);
                exit_code = 2;
            }
        }
    }
    for (operand, place) in directories {
        if operands.len() > 1 {
            let separator = if shown { "\n" } else { "" };
            process.stdout.line(&[separator, operand, ":"]);
        }
        shown = true;
        let hidden = options.has('a');
        let files: &FileTree = process.session.files;
        let above: &[&str] = if hidden { &[".", ".."] } else { &[] };
        let children = files.children(place.path()).into_iter().flatten();
        let names =
            { children.map(|(name, _)| name) }.filter(|name| hidden || !name.starts_with('.'));
        for name in above.iter().copied().chain(names) {
            let size = is_long.then(|| match place.path() {
                Some(parent) => size(files, Some(&format!("{parent}/{name}"))),
                None => size(files, Some(name)),
            });
            entry(&mut process.stdout, name, size);
        }
    }
    exit_code
}

/// The bytes of the file at `path`; `None` for a directory.
fn size(files: &FileTree, path: Option<&str>) -> Option<usize> {
    path.and_then(|path| files.read(path).ok()).map(str::len)
}

/// Writes one line: the name, and its size in a long listing.
fn entry(out: &mut Stream, name: &str, size: Option<Option<usize>>) {
    match size {
        None => out.line(&[name]),
        Some(Some(bytes)) => out.line(&["- ", &bytes.to_string(), " ", name]),
        Some(None) => out.line(&["d 0 ", name]),
    }
}
