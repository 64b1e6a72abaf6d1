//! System errors as world faults.
//!
//! A fault names only the path within the workspace, so that no frame depends on the location of
//! the workspace.

use std::io::{self, ErrorKind};

use rustix::io::Errno;
use turingos::manifold::{WorldFault, WorldFaultCode};

/// A fault that its code explains, worded as in the in-memory world.
pub(super) fn plain(code: WorldFaultCode, path: &str) -> WorldFault {
    WorldFault {
        code,
        detail: path.to_owned(),
    }
}

/// A fault with a specific reason.
pub(super) fn because(code: WorldFaultCode, path: &str, reason: &str) -> WorldFault {
    WorldFault {
        code,
        detail: format!("{path}: {reason}"),
    }
}

/// The fault for a system error.
pub(super) fn system(path: &str) -> impl Fn(io::Error) -> WorldFault + '_ {
    move |error| {
        let code = match error.kind() {
            ErrorKind::NotFound => WorldFaultCode::NotFound,
            ErrorKind::IsADirectory => WorldFaultCode::IsDirectory,
            ErrorKind::NotADirectory => WorldFaultCode::NotDirectory,
            ErrorKind::FileTooLarge => WorldFaultCode::TooLarge,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => WorldFaultCode::NoSpace,
            _ if leads_out(&error) => {
                return because(
                    WorldFaultCode::Denied,
                    path,
                    "a symbolic link leads out of the workspace",
                );
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => WorldFaultCode::Denied,
            _ if Errno::from_io_error(&error) == Some(Errno::LOOP) => WorldFaultCode::Denied,
            _ => WorldFaultCode::Other,
        };
        match code {
            WorldFaultCode::Denied | WorldFaultCode::Other => {
                because(code, path, &error.to_string())
            }
            _ => plain(code, path),
        }
    }
}

/// True if a path leads out of the open directory. This refusal has no code of the system's.
pub(super) fn leads_out(error: &io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}
