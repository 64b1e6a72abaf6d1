//! Arithmetic on paths as text: what lies above, within and below.
//!
//! Never looks at a tree; whether anything stands at a path is not known here.

use turingos::manifold::WorldFaultCode;
use turingos::pointer::WorkspacePath;

/// The directories above a path, the nearest first, the root left out.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(end, _)| &path[..end])
}

/// True if `path` is `directory` or lies below it.
pub(crate) fn is_within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path of `name` in `directory`.
///
/// # Errors
/// OTHER if the whole is too long for a path.
pub(crate) fn join(directory: &str, name: &str) -> Result<WorkspacePath, WorldFaultCode> {
    format!("{directory}/{name}")
        .parse()
        .map_err(|_| WorldFaultCode::Other)
}
