//! Commands that change the tree: mkdir, rm, cp, mv.
//!
//! Each operand succeeds or fails on its own; a failure does not undo the others.

use turingos::manifold::WorldFaultCode;
use turingos::pointer::WorkspacePath;

use super::filters::refuse;
use super::options::Options;
use super::pipeline::Process;
use super::session::{Place, reason};
use crate::files::Kind;
use crate::paths::{is_within, join};

/// `mkdir [-p] DIRECTORY…`
pub(super) fn mkdir(process: &mut Process<'_, '_>) -> u8 {
    let options = match Options::parse(process.arguments, "p", None) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 1),
    };
    each_operand(process, &options, |process, operand| {
        let path = match Place::parse(operand)? {
            Place::Root if options.has('p') => return Ok(()),
            Place::Root => return Err("File exists".to_owned()),
            Place::Inner(path) => path,
        };
        let files = &process.session.files;
        match files.kind(path.as_str()) {
            Some(Kind::Directory) if options.has('p') => return Ok(()),
            Some(_) => return Err("File exists".to_owned()),
            None => {}
        }
        if !options.has('p') {
            require_parent(process, &path)?;
        }
        process.session.make_directory(&path)
    })
}

/// `rm [-r] [-f] PATH…`
pub(super) fn rm(process: &mut Process<'_, '_>) -> u8 {
    let options = match Options::parse(process.arguments, "rRf", None) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 1),
    };
    if options.operands.is_empty() && options.has('f') {
        return 0;
    }
    let recursive = options.has('r') || options.has('R');
    each_operand(process, &options, |process, operand| {
        let path = match Place::parse(operand)? {
            Place::Root => return Err("the root cannot be removed".to_owned()),
            Place::Inner(path) => path,
        };
        match process.session.files.read(path.as_str()) {
            Ok(_) => process.session.remove(&path),
            Err(WorldFaultCode::IsDirectory) if recursive => process.session.remove(&path),
            Err(WorldFaultCode::NotFound | WorldFaultCode::NotDirectory) if options.has('f') => {
                Ok(())
            }
            Err(code) => Err(reason(code).to_owned()),
        }
    })
}

/// `cp [-r] SOURCE… TARGET`
pub(super) fn cp(process: &mut Process<'_, '_>) -> u8 {
    let options = match Options::parse(process.arguments, "rR", None) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 1),
    };
    let recursive = options.has('r') || options.has('R');
    each_source(process, options, |process, source, target| {
        let kind = process.session.files.kind(source.as_str());
        match kind {
            Some(Kind::Directory) if recursive => copy_directory(process, source, target),
            _ => copy_file(process, source, target),
        }
    })
}

/// `mv SOURCE… TARGET`
pub(super) fn mv(process: &mut Process<'_, '_>) -> u8 {
    let options = match Options::parse(process.arguments, "f", None) {
        Ok(options) => options,
        Err(reason) => return refuse(process, &reason, 1),
    };
    each_source(process, options, |process, source, target| {
        require_parent(process, target)?;
        process.session.rename(source.as_str(), target)
    })
}

fn copy_file(
    process: &mut Process<'_, '_>,
    source: &WorkspacePath,
    target: &WorkspacePath,
) -> Result<(), String> {
    require_parent(process, target)?;
    let content = process.session.read(source.as_str())?.to_owned();
    process.session.write(target, &content, false)
}

/// Copies until the first error, as `cp` does; copies made before it stay.
fn copy_directory(
    process: &mut Process<'_, '_>,
    source: &WorkspacePath,
    target: &WorkspacePath,
) -> Result<(), String> {
    if is_within(target.as_str(), source.as_str()) {
        return Err("cannot copy a directory into itself".to_owned());
    }
    require_parent(process, target)?;
    if process.session.files.kind(target.as_str()) != Some(Kind::Directory) {
        process.session.make_directory(target)?;
    }
    let inner: Vec<(String, Kind)> = process
        .session
        .files
        .paths_below(source.as_str())
        .map(|(path, kind)| (path[source.as_str().len() + 1..].to_owned(), kind))
        .collect();
    for (name, kind) in inner {
        let copy = join(target.as_str(), &name).map_err(|code| reason(code).to_owned())?;
        match kind {
            Kind::Directory => process.session.make_directory(&copy)?,
            Kind::File => {
                let from = format!("{source}/{name}");
                let content = process.session.read(&from)?.to_owned();
                process.session.write(&copy, &content, false)?;
            }
        }
    }
    Ok(())
}

fn require_parent(process: &Process<'_, '_>, path: &WorkspacePath) -> Result<(), String> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    match process.session.files.read(parent.as_str()) {
        Err(WorldFaultCode::IsDirectory) => Ok(()),
        Ok(_) => Err(reason(WorldFaultCode::NotDirectory).to_owned()),
        Err(code) => Err(reason(code).to_owned()),
    }
}

fn each_operand(
    process: &mut Process<'_, '_>,
    options: &Options<'_>,
    mut each: impl FnMut(&mut Process<'_, '_>, &str) -> Result<(), String>,
) -> u8 {
    if options.operands.is_empty() {
        return refuse(process, "missing operand", 1);
    }
    let mut exit_code = 0;
    for operand in &options.operands {
        if let Err(reason) = each(process, operand) {
            process.complain(&[operand, ": ", &reason]);
            exit_code = 1;
        }
    }
    exit_code
}

/// Calls `each` with every source and its destination: inside the target if that is a directory,
/// otherwise the target itself.
fn each_source(
    process: &mut Process<'_, '_>,
    mut options: Options<'_>,
    mut each: impl FnMut(&mut Process<'_, '_>, &WorkspacePath, &WorkspacePath) -> Result<(), String>,
) -> u8 {
    let target = options.operands.pop().unwrap_or_default();
    let place = match Place::parse(target) {
        _ if options.operands.is_empty() => return refuse(process, "missing operand", 1),
        Ok(place) => place,
        Err(reason) => {
            process.complain(&[target, ": ", &reason]);
            return 1;
        }
    };
    let into_directory = place.kind(process.session.files) == Some(Kind::Directory);
    if !into_directory && (options.operands.len() > 1 || target.ends_with('/')) {
        process.complain(&[target, ": ", reason(WorldFaultCode::NotDirectory)]);
        return 1;
    }
    each_operand(process, &options, |process, operand| {
        let source = match Place::parse(operand)? {
            Place::Root => return Err("the root cannot be copied or moved".to_owned()),
            Place::Inner(source) => source,
        };
        if process.session.files.kind(source.as_str()).is_none() {
            process.session.read(operand)?;
        }
        let name = source.as_str().rsplit('/').next().unwrap_or_default();
        let target = match &place {
            Place::Inner(path) if into_directory => {
                join(path.as_str(), name).map_err(|code| reason(code).to_owned())?
            }
            Place::Inner(path) => path.clone(),
            Place::Root => name
                .parse()
                .map_err(|_| "not a workspace path".to_owned())?,
        };
        if source == target {
            return Err("source and target are the same".to_owned());
        }
        each(process, &source, &target)
    })
}
