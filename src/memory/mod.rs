//! Memory the kernel keeps for a model: pages of long slices and capability handles.
//!
//! Both tables are bounded and drop their oldest entry; neither asks for the time.

mod capabilities;
mod pager;

pub use capabilities::{Capabilities, Grant, MAX_CAPABILITIES};
pub use pager::{
    MAX_PAGE_FLIPS, MAX_PAGE_TABLES, MAX_SLICE_BYTES, PAGE_CHARS, PageFault, PageTable, Pager,
};
