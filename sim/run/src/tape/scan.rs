//! A hook for a secret scan of everything that is written. The caller brings the scan.
//!
//! Never shows what it found, only what kind of secret it was.

use std::fmt;
use std::sync::Arc;

/// Names the kind of the first secret in the bytes.
type Find = dyn Fn(&[u8]) -> Option<&'static str> + Send + Sync;

/// Looks for secrets in bytes that are about to be written.
#[derive(Clone)]
pub struct SecretScan(Arc<Find>);

impl SecretScan {
    /// A scan by `find`, which names the kind of the first secret in the bytes.
    #[must_use]
    pub fn new(find: impl Fn(&[u8]) -> Option<&'static str> + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    /// The kind of the first secret in `bytes`, if there is one.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Option<&'static str> {
        (self.0)(bytes)
    }
}

impl fmt::Debug for SecretScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretScan")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scan_names_what_it_finds_and_shows_nothing() {
        let scan = SecretScan::new(|bytes| (bytes == b"key").then_some("a key"));
        assert_eq!((scan.find(b"key"), scan.find(b"no")), (Some("a key"), None));
        assert_eq!(format!("{scan:?}"), "SecretScan");
    }
}
