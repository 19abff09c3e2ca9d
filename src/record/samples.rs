//! Samples of the system, written into the journal of a run as any other metrics are.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, json};

use super::log;
use crate::capture::environment::Surroundings;
use crate::capture::system::{Sample, Sampling, Sink};
use crate::model::time::Time;

/// How much is held back while the command is in the middle of a line of its own, in bytes. Who takes longer than that has left the line as it is.
const HELD_BACK: usize = 1 << 20;

/// Look every so often at a command that has just started, until what this returns is dropped. `None` where the system cannot be sampled.
pub fn start(pid: u32, every: Duration, surroundings: Surroundings, journal: PathBuf) -> Option<Sampling> {
    Sampling::start(pid, every, surroundings, Writer { journal, pending: Vec::new() })
}

struct Writer {
    journal: PathBuf,
    /// Lines that are not written yet.
    pending: Vec<u8>,
}

impl Sink for Writer {
    fn take(&mut self, sample: Sample) {
        self.pending.extend(line(&sample));
        // Programs that write through a buffer leave lines half written, and what came in between would tear them.
        let written = match self.pending.len() {
            0..HELD_BACK => log::append_between_lines(&self.journal, &self.pending).map(|appended| appended.is_some()),
            _ => log::append(&self.journal, &self.pending).map(|_| true),
        };
        if written.unwrap_or(false) {
            self.pending.clear();
        }
    }

    fn finish(self) {
        if !self.pending.is_empty() {
            // Whoever was in the middle of a line has ended. A journal that is closed already takes nothing more.
            let _ = log::append(&self.journal, &self.pending);
        }
    }
}

/// The line of a sample. Its step is the second at which it was due.
fn line(sample: &Sample) -> Vec<u8> {
    let metrics: Map<String, serde_json::Value> =
        sample.values.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let time = Time::now().0 as f64 / 1000.0;
    format!("{}\n", json!({"metrics": metrics, "step": sample.due.round() as i64, "time": time})).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{HELD_BACK, Sample, Sink, Writer};
    use crate::model::number::Number;
    use crate::store::journal::Journal;

    #[test]
    fn a_half_written_line_is_left_whole() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("journal.jsonl");
        let text = || std::fs::read_to_string(&path).expect("read");
        let add = |text: &str| {
            use std::io::Write;
            std::fs::OpenOptions::new().append(true).open(&path).and_then(|mut file| file.write_all(text.as_bytes()))
        };
        std::fs::write(&path, "").expect("written");
        let mut writer = Writer { journal: path.clone(), pending: Vec::new() };
        let sample = |due: f64| Sample { due, values: vec![("system/a".to_owned(), Number::Float(due))] };
        writer.take(sample(1.0));
        assert_eq!(text().lines().count(), 1);
        add("{\"metric\":\"b\",").expect("written");
        writer.take(sample(2.0));
        assert!(text().ends_with("\"b\","));
        add("\"value\":1}\n").expect("written");
        writer.take(sample(3.0));
        let journal = Journal::read(text().as_bytes()).expect("read");
        assert_eq!((journal.rejected, journal.series.len(), text().lines().count()), (0, 2, 4));
        // Nobody ends this line any more.
        add("{\"metric\":").expect("written");
        writer.pending = vec![b'\n'; HELD_BACK - 1];
        writer.take(sample(4.0));
        writer.take(sample(5.0));
        writer.finish();
        let journal = Journal::read(text().as_bytes()).expect("read");
        assert_eq!((journal.rejected, journal.last_time.is_some()), (1, true));
        assert!(text().ends_with("}\n"));
    }
}
