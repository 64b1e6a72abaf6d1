//! A second, plain statement of what a tick means: the reference the kernel is compared with.
//!
//! It shares no code with the kernel and imports nothing of it. It is written to be obvious, not
//! fast or bounded: where the kernel keeps a counter, it keeps the whole history and looks at its
//! end. It knows only the [`vocabulary`] that generated runs use, it never decodes a reply, never
//! composes a frame, and knows trap details, task ids and handles only as texts it is told.

pub(crate) mod action;
pub(crate) mod lanes;
pub(crate) mod loops;
pub(crate) mod model;
pub(crate) mod plan;
pub(crate) mod queue;
pub(crate) mod spelling;
pub(crate) mod vocabulary;
