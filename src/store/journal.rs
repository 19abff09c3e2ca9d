//! A whole journal, read back: the beginning of the fact, the points, the params, the end.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, Write};

use serde_json::Value;

use super::line::{self, Event, Line, Owner};
use crate::model::direction::Direction;
use crate::model::metric::{Accumulator, Summary, is_system};
use crate::model::number::Number;
use crate::model::run::Artifact;
use crate::model::text::is_unsafe;
use crate::model::time::Time;

/// How much of the rejected lines is kept, in bytes.
const REJECTED_KEPT: usize = 64 << 10;

/// The header line of `series.tsv`.
pub const SERIES_HEADER: &str = "metric\tstep\tseconds\tvalue\n";

/// What a journal says.
#[derive(Debug, Default)]
pub struct Journal {
    /// The first line, if it could be read.
    pub open: Option<Event>,
    /// The processes that own the run.
    pub owners: Vec<Owner>,
    /// How the command ended, if somebody saw it.
    pub end: Option<Event>,
    /// Logged params.
    pub params: BTreeMap<String, Value>,
    /// Files and folders that were stored.
    pub artifacts: Vec<Artifact>,
    /// The metrics, in order of first appearance.
    pub series: Vec<Series>,
    /// Number of lines that could not be read.
    pub rejected: u64,
    /// Those lines as they were, the first 64 KiB of them.
    pub rejected_lines: Vec<u8>,
    /// What was wrong with the first of them: line number from 1, reason.
    pub first_rejection: Option<(u64, String)>,
    /// When the last point was logged, seconds since 1970.
    pub last_time: Option<f64>,
    index: HashMap<String, usize>,
    start: Option<Time>,
}

/// The history of one metric: its rows as `series.tsv` has them, and the summary under way.
#[derive(Debug, Default)]
pub struct Series {
    /// The metric's name.
    pub name: String,
    /// Folds the points.
    pub points: Accumulator,
    rows: Vec<u8>,
}

impl Journal {
    /// Read a journal. Lines that cannot be read are counted and kept, never an error.
    ///
    /// # Errors
    /// Only if the reader fails.
    pub fn read(mut reader: impl BufRead) -> io::Result<Self> {
        let mut journal = Self::default();
        let (mut line, mut repaired, mut number) = (Vec::new(), Vec::new(), 0);
        loop {
            line.clear();
            // One byte more than allowed, so that a longer line is seen to be longer.
            let limit = line::LONGEST as u64 + 1;
            if io::Read::take(&mut reader, limit).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            number += 1;
            if line.len() as u64 == limit && line.last() != Some(&b'\n') {
                journal.reject(number, &line[..256], &line::InvalidLine::TooLong);
                skip_line(&mut reader)?;
                continue;
            }
            match line::parse(&line, &mut repaired) {
                Ok(None) => {}
                Ok(Some(parsed)) => journal.add(parsed),
                Err(error) => journal.reject(number, &line, &error),
            }
        }
        Ok(journal)
    }

    /// Add what one line says.
    pub fn add(&mut self, line: Line<'_>) {
        match line {
            Line::Points { values, step, time } => {
                if let Some(time) = time {
                    self.last_time = Some(self.last_time.map_or(time, |last| last.max(time)));
                }
                let seconds = time.and_then(|time| self.start.map(|start| time - start.0 as f64 / 1000.0));
                for (name, value) in values {
                    self.point(&name, step, seconds, &value);
                }
            }
            Line::Params(params) => self.params.extend(params),
            Line::Artifact(artifact) => self.artifacts.push(*artifact),
            Line::Event(Event::Owner(owner)) => self.owners.push(owner),
            Line::Event(event @ Event::End { .. }) => self.end = Some(event),
            Line::Event(event @ Event::Open { .. }) => {
                // Only the first line opens: a program cannot rewrite what its run is.
                if self.open.is_none() {
                    if let Event::Open { fact, .. } = &event {
                        self.start = Some(fact.start);
                    }
                    self.open = Some(event);
                }
            }
        }
    }

    /// Set the start that the `seconds` column counts from, for journals without an open line.
    pub fn count_from(&mut self, start: Time) {
        self.start = Some(start);
    }

    fn point(&mut self, name: &str, step: Option<i64>, seconds: Option<f64>, value: &Number) {
        let index = match self.index.get(name) {
            Some(index) => *index,
            None => {
                self.series.push(Series { name: name.to_owned(), ..Series::default() });
                self.index.insert(name.to_owned(), self.series.len() - 1);
                self.series.len() - 1
            }
        };
        let series = &mut self.series[index];
        series.points.add(step, value);
        series.row(step, seconds, value);
    }

    fn reject(&mut self, number: u64, line: &[u8], error: &line::InvalidLine) {
        self.rejected += 1;
        self.first_rejection.get_or_insert_with(|| (number, error.to_string()));
        let room = REJECTED_KEPT.saturating_sub(self.rejected_lines.len());
        self.rejected_lines.extend_from_slice(&line[..line.len().min(room)]);
        if room > 0 && self.rejected_lines.last() != Some(&b'\n') {
            self.rejected_lines.push(b'\n');
        }
    }

    /// Whether any point was logged.
    pub fn has_points(&self) -> bool {
        !self.series.is_empty()
    }

    /// Write `series.tsv`.
    ///
    /// # Errors
    /// If the writer fails.
    pub fn write_series(&self, mut out: impl Write) -> io::Result<()> {
        out.write_all(SERIES_HEADER.as_bytes())?;
        for series in &self.series {
            let name = escape_name(&series.name);
            for row in series.rows.split_inclusive(|byte| *byte == b'\n') {
                out.write_all(name.as_bytes())?;
                out.write_all(row)?;
            }
        }
        Ok(())
    }

    /// The summaries, in order of first appearance, consuming the points.
    pub fn summaries(&mut self, direction: impl Fn(&str) -> Option<Direction>) -> Vec<(String, Summary)> {
        self.series
            .iter_mut()
            .filter_map(|series| {
                let points = std::mem::take(&mut series.points);
                let mean = points.mean().filter(|_| is_system(&series.name)).map(Number::Float);
                let summary = points.summary(direction(&series.name))?;
                Some((series.name.clone(), Summary { mean, ..summary }))
            })
            .collect()
    }
}

impl Series {
    fn row(&mut self, step: Option<i64>, seconds: Option<f64>, value: &Number) {
        let rows = &mut self.rows;
        // Writing into a Vec cannot fail.
        let _ = match step {
            Some(step) => write!(rows, "\t{step}\t"),
            None => write!(rows, "\t\t"),
        };
        let _ = match seconds {
            Some(seconds) => writeln!(rows, "{seconds:.3}\t{value}"),
            None => writeln!(rows, "\t{value}"),
        };
    }
}

/// A metric's name as `series.tsv` has it.
pub fn escape_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if is_unsafe(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let newline = buffer.iter().position(|byte| *byte == b'\n');
        let used = newline.map_or(buffer.len(), |at| at + 1);
        reader.consume(used);
        if newline.is_some() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Journal;

    fn read(text: &str) -> Journal {
        Journal::read(text.as_bytes()).expect("memory does not fail")
    }

    #[test]
    fn a_torn_line_is_kept_and_costs_no_other() {
        let journal = read("{\"metric\":\"a\",\"value\":1}\n{\"metric\":\"b\",\"va\n{\"metric\":\"a\",\"value\":2}\n");
        assert_eq!(journal.rejected, 1);
        assert_eq!(journal.rejected_lines, b"{\"metric\":\"b\",\"va\n");
        assert_eq!(journal.first_rejection.expect("named").0, 2);
        assert_eq!(journal.series.len(), 1);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_whole() {
        let long =
            format!("{{\"metric\":\"{}\",\"value\":1}}\n{{\"metric\":\"a\",\"value\":2}}\n", "x".repeat(2 << 20));
        let journal = read(&long);
        assert_eq!((journal.rejected, journal.series.len()), (1, 1));
    }

    #[test]
    fn series_are_grouped_and_names_escaped() {
        let journal = read("{\"metrics\":{\"a\\tb\":1,\"c\":2},\"step\":1}\n{\"metric\":\"a\\tb\",\"value\":NaN}\n");
        let mut out = Vec::new();
        journal.write_series(&mut out).expect("memory does not fail");
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text, "metric\tstep\tseconds\tvalue\na\\tb\t1\t\t1\na\\tb\t\t\tNaN\nc\t1\t\t2\n");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = Journal::read(&bytes[..]);
        }
    }
}
