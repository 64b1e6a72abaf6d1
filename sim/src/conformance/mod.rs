//! What every manifold promises.
