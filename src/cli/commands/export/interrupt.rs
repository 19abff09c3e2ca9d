//! Ctrl-C while a file is written: what is half-written is taken away first.

#[cfg(unix)]
use std::sync::Arc;
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};

/// The signals that ask for the end.
#[cfg(unix)]
const SIGNALS: [i32; 3] = [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP];

/// Remembers the signals that came.
#[derive(Default)]
pub(super) struct Interrupts {
    #[cfg(unix)]
    came: Vec<(i32, Arc<AtomicBool>)>,
}

#[cfg(unix)]
impl Interrupts {
    /// Watch from now on, if there is something to take away. A second signal is as the first: timeout(1) sends two.
    pub(super) fn watch(is_wanted: bool) -> Self {
        let mut came = Vec::new();
        for signal in SIGNALS.into_iter().filter(|_| is_wanted) {
            let flag = Arc::new(AtomicBool::new(false));
            // Where that is refused, the signal ends the process as it would without.
            let _ = signal_hook::flag::register(signal, Arc::clone(&flag));
            came.push((signal, flag));
        }
        Self { came }
    }

    /// Whether one came.
    pub(super) fn any(&self) -> bool {
        self.came.iter().any(|(_, flag)| flag.load(Ordering::SeqCst))
    }

    /// End as the signal wants it.
    pub(super) fn obey(&self) {
        if let Some((signal, _)) = self.came.iter().find(|(_, flag)| flag.load(Ordering::SeqCst)) {
            let _ = signal_hook::low_level::emulate_default_handler(*signal);
        }
    }
}

#[cfg(not(unix))]
impl Interrupts {
    pub(super) fn watch(_is_wanted: bool) -> Self {
        Self::default()
    }

    pub(super) fn any(&self) -> bool {
        false
    }

    pub(super) fn obey(&self) {}
}
