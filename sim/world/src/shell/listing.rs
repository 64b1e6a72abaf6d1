//! `ls`: the names in a directory.

use turingos::manifold::WorldFaultCode;

use super::filters::refuse;
use super::options::Options;
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
    let mut exit_code = 0;
    let mut directories = Vec::new();
    let mut shown = false;
    for operand in &operands {
        let place = Place::parse(operand).map(|place| (place.kind(process.session.files), place));
        match place {
            Ok((Some(Kind::Directory), place)) => directories.push((*operand, place)),
            Ok((Some(Kind::File), place)) => {
                let line = entry(
                    process.session.files,
                    operand,
                    place.path(),
                    options.has('l'),
                );
                process.stdout.line(&[&line]);
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
        for line in lines(process.session.files, &place, &options) {
            process.stdout.line(&[&line]);
        }
    }
    exit_code
}

fn lines(files: &FileTree, directory: &Place, options: &Options<'_>) -> Vec<String> {
    let (hidden, long) = (options.has('a'), options.has('l'));
    let mut names: Vec<&str> = if hidden { vec![".", ".."] } else { Vec::new() };
    names.extend(
        files
            .children(directory.path())
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
            .filter(|name| hidden || !name.starts_with('.')),
    );
    names
        .into_iter()
        .map(|name| match directory.path() {
            Some(parent) => entry(files, name, Some(&format!("{parent}/{name}")), long),
            None => entry(files, name, Some(name), long),
        })
        .collect()
}

fn entry(files: &FileTree, name: &str, path: Option<&str>, long: bool) -> String {
    if !long {
        return name.to_owned();
    }
    match path.and_then(|path| files.read(path).ok()) {
        Some(content) => format!("- {} {name}", content.len()),
        None => format!("d 0 {name}"),
    }
}
