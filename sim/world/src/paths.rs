//! Path arithmetic on text: ancestors, containment and joining.

use turingos::manifold::WorldFaultCode;
use turingos::pointer::WorkspacePath;

/// The directories above a path, nearest first, without the root.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(end, _)| &path[..end])
}

/// True if `path` is `directory` or below it.
pub(crate) fn is_within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path of `name` in `directory`.
///
/// # Errors
/// OTHER if the result is too long for a path.
pub(crate) fn join(directory: &str, name: &str) -> Result<WorkspacePath, WorldFaultCode> {
    format!("{directory}/{name}")
        .parse()
        .map_err(|_| WorldFaultCode::Other)
}
