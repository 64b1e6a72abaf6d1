//! Memory the kernel keeps for a model: pages of long slices and capability handles.
//!
//! Both tables are bounded and drop their oldest entry; neither asks for the time.

mod capabilities;
mod pager;

pub use capabilities::MAX_CAPABILITIES;
pub(crate) use capabilities::{Capabilities, Grant};
pub use pager::MAX_PAGE_TABLES;
pub(crate) use pager::{PageTable, Pager};
