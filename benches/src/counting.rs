//! The system's allocator, which counts while it is asked to.
//!
//! Off, it costs one relaxed load, so that cases which allocate much are timed like those which do not: the
//! counters of all threads would be contended.
#![allow(
    unsafe_code,
    reason = "a global allocator is an `unsafe impl`; it only counts and passes everything on"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{
        AtomicBool, AtomicI64, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
};

static ON: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);
static KEPT: AtomicI64 = AtomicI64::new(0);

/// The allocator.
pub(crate) struct Counting;

/// What was asked of the allocator, by all threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allocations {
    /// How often. Growing a block counts too.
    pub(crate) count: u64,
    /// How many bytes; of a block that grew, those that it grew by.
    pub(crate) bytes: u64,
}

/// Counts from now on what is kept, for a process that begins with it.
pub(crate) fn watch() {
    ON.store(true, SeqCst);
}

/// How many bytes have been asked for and not given back, since counting began.
pub(crate) fn kept() -> u64 {
    KEPT.load(SeqCst).max(0).unsigned_abs()
}

/// Begins to count, from zero.
pub(crate) fn start() {
    COUNT.store(0, SeqCst);
    BYTES.store(0, SeqCst);
    ON.store(true, SeqCst);
}

/// Ends counting.
pub(crate) fn stop() -> Allocations {
    ON.store(false, SeqCst);
    Allocations { count: COUNT.load(SeqCst), bytes: BYTES.load(SeqCst) }
}

fn note(bytes: usize) {
    if ON.load(Relaxed) {
        COUNT.fetch_add(1, Relaxed);
        BYTES.fetch_add(bytes as u64, Relaxed);
    }
}

fn keep(bytes: usize, sign: i64) {
    if ON.load(Relaxed) {
        KEPT.fetch_add(sign * bytes.cast_signed() as i64, Relaxed);
    }
}

// SAFETY: every method passes its arguments on to `System` unchanged and returns what that returns.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        keep(layout.size(), 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        keep(layout.size(), 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size.saturating_sub(layout.size()));
        keep(size, 1);
        keep(layout.size(), -1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        keep(layout.size(), -1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(block, layout) }
    }
}
