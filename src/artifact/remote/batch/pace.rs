//! Who moves a byte now and then must not keep a transfer for ever.

use std::io;
use std::time::{Duration, Instant};

/// Counts bytes over windows of time.
pub(super) struct Pace {
    window: Duration,
    least: u64,
    since: Instant,
    moved: u64,
}

impl Pace {
    /// At least `least` bytes in each window.
    pub(super) fn new(window: Duration, least: u64) -> Self {
        Self { window, least, since: Instant::now(), moved: 0 }
    }

    /// Count bytes.
    pub(super) fn moved(&mut self, bytes: usize) {
        self.moved += bytes as u64;
    }

    /// # Errors
    /// [`io::ErrorKind::TimedOut`] if a window went by with fewer bytes.
    pub(super) fn check(&mut self) -> io::Result<()> {
        if self.since.elapsed() < self.window {
            return Ok(());
        }
        if self.moved < self.least {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "too slow"));
        }
        (self.since, self.moved) = (Instant::now(), 0);
        Ok(())
    }
}
