//! Writing past the page cache. A file of gigabytes that is written once and not read soon costs more time in the cache than on the disk: copying 2 GiB took
//! 6.8 s of CPU through it, and 0.3 s past it.

use std::fs::File;

/// Where the memory begins that is written from, and of how many bytes it is a multiple: what every disk takes.
const ALIGNMENT: usize = 4096;

/// Bytes written at once.
const CHUNK: usize = 1 << 20;

/// Smaller files go through the cache: they are cheap there, and soon read again.
pub(super) const SMALLEST: u64 = 16 << 20;

/// Memory that may be written past the cache.
pub(super) struct Chunk {
    memory: Vec<u8>,
    begin: usize,
}

impl Chunk {
    pub(super) fn new() -> Self {
        let memory = vec![0; CHUNK + ALIGNMENT];
        let begin = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Self { memory, begin }
    }

    pub(super) fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.begin..self.begin + CHUNK]
    }
}

/// Whether so many bytes may be written past the cache.
pub(super) fn is_aligned(len: usize) -> bool {
    len.is_multiple_of(ALIGNMENT)
}

/// Turn the cache of a file off or on; whether that could be done.
#[cfg(target_os = "linux")]
pub(super) fn bypass(file: &File, on: bool) -> bool {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    fcntl_getfl(file).is_ok_and(|flags| {
        let flags = if on { flags | OFlags::DIRECT } else { flags - OFlags::DIRECT };
        fcntl_setfl(file, flags).is_ok()
    })
}

/// There is no such thing here.
#[cfg(not(target_os = "linux"))]
pub(super) fn bypass(_file: &File, _on: bool) -> bool {
    false
}
