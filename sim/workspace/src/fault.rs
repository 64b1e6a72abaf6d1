//! From what the system says to what a manifold says.
//!
//! Never puts anything but the workspace's own path before a reason, so that no text of a frame
//! depends on where the workspace is.

use std::io::{self, ErrorKind};

use rustix::io::Errno;
use turingos::manifold::{WorldFault, WorldFaultCode};

/// A fault that its code explains: the same words as the in-memory world's.
pub(super) fn plain(code: WorldFaultCode, path: &str) -> WorldFault {
    WorldFault {
        code,
        detail: path.to_owned(),
    }
}

/// A fault with a reason of its own.
pub(super) fn because(code: WorldFaultCode, path: &str, reason: &str) -> WorldFault {
    WorldFault {
        code,
        detail: format!("{path}: {reason}"),
    }
}

/// The fault that an error of the system is.
pub(super) fn system(path: &str) -> impl Fn(io::Error) -> WorldFault + '_ {
    move |error| {
        let code = match error.kind() {
            ErrorKind::NotFound => WorldFaultCode::NotFound,
            ErrorKind::IsADirectory => WorldFaultCode::IsDirectory,
            ErrorKind::NotADirectory => WorldFaultCode::NotDirectory,
            ErrorKind::FileTooLarge => WorldFaultCode::TooLarge,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => WorldFaultCode::NoSpace,
            // The sandbox refuses with an error that no system call gave.
            ErrorKind::PermissionDenied if error.raw_os_error().is_none() => {
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
