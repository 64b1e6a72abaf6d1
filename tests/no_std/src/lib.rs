//! Links the kernel where there is no standard library.
//!
//! This crate has its own panic handler. A dependency that links `std` brings a second one, and
//! the compiler refuses the two (`duplicate lang item panic_impl`), so that building this crate
//! is the proof. It is never run.

#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

use turingos::{Digest, journal::Chain};

/// Touches the kernel, so that it is linked and not merely named.
#[unsafe(no_mangle)]
pub extern "C" fn turingos_links_without_std() -> u8 {
    let chain = Chain::new(Digest::of(b"no_std"));
    chain.head().as_bytes()[0]
}

/// An allocator that has nothing to give: linking needs one, and nothing here runs.
struct NoMemory;

// SAFETY: a null pointer is a legal answer to every request, and none is ever given back.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _layout: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _pointer: *mut u8, _layout: Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

#[panic_handler]
fn stop(_: &PanicInfo<'_>) -> ! {
    loop {}
}
