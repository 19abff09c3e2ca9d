//! The thread that looks.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::gpu::Gpus;
use super::machine::Machine;
use super::tree::Tree;
use crate::capture::environment::Surroundings;
use crate::model::number::Number;

/// How long the end of a command waits for the last look. A file system that hangs must not hold it.
const PATIENCE: Duration = Duration::from_millis(500);

/// One look.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Seconds since the start of the command at which it was due: a multiple of the interval.
    pub due: f64,
    /// Names and values.
    pub values: Vec<(String, Number)>,
}

/// Takes the samples.
pub trait Sink: Send + 'static {
    /// Take one.
    fn take(&mut self, sample: Sample);

    /// There will be no other.
    fn finish(self);
}

/// The thread. It ends when this is dropped.
#[derive(Debug)]
pub struct Sampling {
    stop: Option<Sender<()>>,
    ended: Receiver<()>,
}

/// Whether this system can be sampled.
pub fn is_there() -> bool {
    cfg!(target_os = "linux")
}

impl Sampling {
    /// Look every so often at a command that has just started. `None` where that is not possible.
    pub fn start(pid: u32, every: Duration, surroundings: Surroundings, sink: impl Sink) -> Option<Self> {
        if !is_there() || every.is_zero() {
            return None;
        }
        let (stop, stopped) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let look = move || {
            sample(pid, every, &surroundings, &stopped, sink);
            drop(end);
        };
        thread::Builder::new().name("sampling".to_owned()).spawn(look).ok()?;
        Some(Self { stop: Some(stop), ended })
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

fn sample(pid: u32, every: Duration, surroundings: &Surroundings, stopped: &Receiver<()>, mut sink: impl Sink) {
    let root = Path::new("/");
    let begun = Instant::now();
    let mut tree = Tree::new(&root.join("proc"), pid);
    let mut machine = Machine::new(root, &surroundings.top);
    let gpus = Gpus::new(root, surroundings, every);
    let mut last = begun;
    loop {
        // Looks that were missed, because the machine slept or was too busy, are left out.
        let turn = begun.elapsed().as_nanos() / every.as_nanos() + 1;
        let due = every * u32::try_from(turn).unwrap_or(u32::MAX);
        match stopped.recv_timeout(due.saturating_sub(begun.elapsed())) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
        }
        let now = Instant::now();
        let mut values = Values::default();
        machine.look(&mut values);
        tree.look(now.duration_since(last).as_secs_f64(), &mut values);
        gpus.look(&mut values);
        last = now;
        sink.take(Sample { due: due.as_secs_f64(), values: values.all });
    }
    drop(gpus);
    sink.finish();
}

/// The values of one look.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) all: Vec<(String, Number)>,
}

impl Values {
    /// Add a number, rounded to tenths: nothing here is known better.
    pub(super) fn add(&mut self, name: &str, value: f64) {
        if value.is_finite() {
            self.all.push((name.to_owned(), Number::Float((value * 10.0).round() / 10.0)));
        }
    }

    pub(super) fn add_some(&mut self, name: &str, value: Option<f64>) {
        value.into_iter().for_each(|value| self.add(name, value));
    }

    /// Add bytes as megabytes of 10^6.
    pub(super) fn add_megabytes(&mut self, name: &str, bytes: u64) {
        self.add(name, bytes as f64 / 1e6);
    }

    /// Add a part as percentage.
    pub(super) fn add_share(&mut self, name: &str, part: u64, whole: u64) {
        if whole > 0 {
            self.add(name, part as f64 * 100.0 / whole as f64);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::time::{Duration, Instant};

    use super::{Sample, Sampling, Sink, Surroundings};

    struct Channel(Sender<Sample>);

    impl Sink for Channel {
        fn take(&mut self, sample: Sample) {
            let _ = self.0.send(sample);
        }

        fn finish(self) {}
    }

    #[test]
    fn it_looks_in_time_and_ends_at_once() {
        let (sender, samples) = channel();
        let every = Duration::from_millis(20);
        let sampling = Sampling::start(std::process::id(), every, Surroundings::default(), Channel(sender));
        let first = samples.recv_timeout(Duration::from_secs(60)).expect("a sample");
        assert!(first.due >= 0.02 && (first.due / 0.02).fract() < 1e-6, "{first:?}");
        assert!(
            first
                .values
                .iter()
                .any(|(name, value)| name.ends_with("process_memory_usage_megabytes") && value.as_f64() > 0.5)
        );
        drop(sampling);
        // The channel is closed: the thread is gone.
        while samples.recv().is_ok() {}
        let (sender, samples) = channel();
        let sampling =
            Sampling::start(std::process::id(), Duration::from_secs(3600), Surroundings::default(), Channel(sender));
        let begun = Instant::now();
        drop(sampling);
        assert!(begun.elapsed() < Duration::from_secs(60) && samples.recv().is_err());
    }
}
