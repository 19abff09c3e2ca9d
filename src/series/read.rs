//! Reading `series.tsv`; the format is in `docs/format.md`.

use std::borrow::Cow;
use std::collections::HashMap;

/// The first line.
const HEADER: &[u8] = b"metric\tstep\tseconds\tvalue";

/// How many faults are kept; the others are counted.
const FAULTS_KEPT: usize = 5;

/// What was read of a file.
#[derive(Debug, Default, PartialEq)]
pub struct Reading {
    /// The metrics that were wanted, in order of first appearance.
    pub series: Vec<Series>,
    /// What could not be read of them.
    pub damage: Damage,
}

/// The history of one metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// The metric's name, escapes undone.
    pub name: String,
    /// Its points in the order written.
    pub points: Vec<Point>,
}

/// One logged value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The step, if it had one.
    pub step: Option<i64>,
    /// Seconds since the start of the run, finite, if the time is known.
    pub seconds: Option<f64>,
    /// The nearest double to what was written; anything, NaN and the infinities included.
    pub value: f64,
}

/// Lines that could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Damage {
    /// How many there are.
    pub count: u64,
    /// The first five of them.
    pub first: Vec<Fault>,
}

/// A line that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Fault {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Bytes that are no UTF-8.
    #[error("it is no UTF-8 text")]
    NoText,
    /// Too few or too many tabs.
    #[error("it has {0} cells instead of 4")]
    Cells(usize),
    /// A backslash before something that is no escape.
    #[error("the metric's name has an unknown escape")]
    Name,
    /// A step that is no integer.
    #[error("the step is no integer")]
    Step,
    /// Seconds that are no finite number.
    #[error("the seconds are no number")]
    Seconds,
    /// A value that is no number.
    #[error("the value is no number")]
    Value,
    /// The last line of a file that was cut off: part of a number may be missing, and the rest would still look like one.
    #[error("it has no newline at its end, so it may be cut off")]
    Cut,
}

/// Read the metrics whose name is `wanted`. Lines of other metrics are not looked at beyond their name.
pub fn read(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Reading {
    let mut reading = Reading::default();
    // By name, the index of its series; `None` if it is not wanted.
    let mut places: HashMap<Cow<'_, str>, Option<usize>> = HashMap::new();
    // Rows come grouped by metric, so nearly every row has the name of the row before.
    let mut last: Option<(&str, Option<usize>)> = None;
    for row in rows(bytes) {
        let added = row.and_then(|row| {
            let place = match last {
                Some((name, place)) if name == row.escaped_name => place,
                _ => {
                    let name = row.name()?;
                    let new = || wanted(&name).then(|| reading.begin(&name));
                    let place = places.get(&name).copied().unwrap_or_else(new);
                    places.insert(name, place);
                    place
                }
            };
            last = Some((row.escaped_name, place));
            if let Some(at) = place {
                reading.series[at].points.push(row.point()?);
            }
            Ok(())
        });
        if let Err(fault) = added {
            reading.damage.add(fault);
        }
    }
    reading
}

impl Reading {
    /// The history of a metric.
    pub fn find(&self, name: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.name == name)
    }

    /// Begin a series; returns its index.
    fn begin(&mut self, name: &str) -> usize {
        self.series.push(Series { name: name.to_owned(), points: Vec::new() });
        self.series.len() - 1
    }
}

impl Damage {
    /// Count a fault.
    pub fn add(&mut self, fault: Fault) {
        self.count += 1;
        if self.first.len() < FAULTS_KEPT {
            self.first.push(fault);
        }
    }
}

/// One line, its cells as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// The number of the line, from 1.
    pub line: u64,
    /// The metric's name with its escapes.
    pub escaped_name: &'a str,
    /// An integer, or empty.
    pub step: &'a str,
    /// A number, or empty.
    pub seconds: &'a str,
    /// A number, exactly as it was logged.
    pub value: &'a str,
}

impl<'a> Row<'a> {
    /// The metric's name.
    ///
    /// # Errors
    /// If an escape in it is none.
    pub fn name(&self) -> Result<Cow<'a, str>, Fault> {
        unescape(self.escaped_name).ok_or_else(|| self.fault(Reason::Name))
    }

    /// The cells as numbers.
    ///
    /// # Errors
    /// If one of them is none.
    pub fn point(&self) -> Result<Point, Fault> {
        let step = match self.step {
            "" => None,
            text => Some(text.parse().map_err(|_| self.fault(Reason::Step))?),
        };
        let seconds = match self.seconds {
            "" => None,
            text => {
                let seconds = text.parse().ok().filter(|seconds: &f64| seconds.is_finite());
                Some(seconds.ok_or_else(|| self.fault(Reason::Seconds))?)
            }
        };
        let value = self.value.parse().map_err(|_| self.fault(Reason::Value))?;
        Ok(Point { step, seconds, value })
    }

    fn fault(&self, reason: Reason) -> Fault {
        Fault { line: self.line, reason }
    }
}

/// The lines of a file, one after the other. A line that is no row of four cells is a fault; the next one is read all the same.
pub fn rows(bytes: &[u8]) -> Rows<'_> {
    match bytes.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix(b"\n")) {
        Some(rest) => Rows { rest, line: 1 },
        None => Rows { rest: bytes, line: 0 },
    }
}

/// See [`rows`].
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    rest: &'a [u8],
    /// The number of the line before.
    line: u64,
}

impl<'a> Iterator for Rows<'a> {
    type Item = Result<Row<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let newline = self.rest.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match newline {
            Some(at) => (&self.rest[..at], &self.rest[at + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        let row = if newline.is_some() { split(self.line, line) } else { Err(Reason::Cut) };
        Some(row.map_err(|reason| Fault { line: self.line, reason }))
    }
}

fn split(line: u64, bytes: &[u8]) -> Result<Row<'_>, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::NoText)?;
    let mut cells = text.split('\t');
    match (cells.next(), cells.next(), cells.next(), cells.next(), cells.next()) {
        (Some(escaped_name), Some(step), Some(seconds), Some(value), None) => {
            Ok(Row { line, escaped_name, step, seconds, value })
        }
        _ => Err(Reason::Cells(text.split('\t').count())),
    }
}

/// A name without its escapes; `None` if one of them is none.
fn unescape(escaped: &str) -> Option<Cow<'_, str>> {
    let Some(first) = escaped.find('\\') else { return Some(escaped.into()) };
    let mut name = escaped[..first].to_owned();
    let mut rest = escaped[first..].chars();
    while let Some(c) = rest.next() {
        name.push(match (c, if c == '\\' { rest.next()? } else { c }) {
            ('\\', 't') => '\t',
            ('\\', 'n') => '\n',
            ('\\', 'r') => '\r',
            ('\\', '\\') => '\\',
            ('\\', 'u') => {
                let text = rest.as_str();
                let digits = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
                rest = text[4..].chars();
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            ('\\', _) => return None,
            (c, _) => c,
        });
    }
    Some(name.into())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::{Point, Reason, read, rows};
    use crate::model::number::Number;
    use crate::store::journal::Journal;
    use crate::store::line::Line;

    fn point(step: Option<i64>, seconds: Option<f64>, value: f64) -> Point {
        Point { step, seconds, value }
    }

    #[test]
    fn points_are_read_and_metrics_chosen() {
        let text = b"metric\tstep\tseconds\tvalue\na\t1\t0.5\t2\na\t-3\t\t1e-3\nb\t\t13.1\tNaN\na\t2\t1.0\t-Infinity\n";
        let reading = read(text, |_| true);
        assert_eq!(reading.series[0].points[..2], [point(Some(1), Some(0.5), 2.0), point(Some(-3), None, 0.001)]);
        assert_eq!(reading.series[0].points[2], point(Some(2), Some(1.0), f64::NEG_INFINITY));
        assert!(reading.find("b").expect("b").points[0].value.is_nan());
        let only = read(text, |name| name == "b");
        assert_eq!((only.series.len(), only.damage.count), (1, 0));
    }

    #[test]
    fn damaged_lines_are_named_and_skipped() {
        let text = b"metric\tstep\tseconds\tvalue\na\t1\t\t1\na\t1\t1\n\na\tx\t\t1\na\t\tinf\t1\na\t\t\t0x1\n\xff\t\t\t1\n\\q\t\t\t1\na\t2\t\t3\na\t3\t\t0.12";
        let reading = read(text, |_| true);
        let steps: Vec<_> = reading.series[0].points.iter().map(|point| point.step).collect();
        assert_eq!((steps, reading.damage.count), (vec![Some(1), Some(2)], 8));
        let first: Vec<String> = reading.damage.first.iter().map(ToString::to_string).collect();
        assert_eq!(first[0], "line 3: it has 3 cells instead of 4");
        assert_eq!(first[2], "line 5: the step is no integer");
        assert_eq!(rows(text).filter_map(Result::err).last().expect("cut").reason, Reason::Cut);
    }

    #[test]
    fn rows_keep_what_was_written() {
        let text = b"metric\tstep\tseconds\tvalue\na\\tb\t1\t0.500\t123456789012345678901234567890\n";
        let row = rows(text).next().expect("a row").expect("whole");
        assert_eq!((row.value, row.seconds, row.line), ("123456789012345678901234567890", "0.500", 2));
        assert_eq!(row.name().expect("a name"), "a\tb");
    }

    proptest! {
        #[test]
        fn what_a_journal_writes_is_read_back(points in vec(("[a-c\\\\\t\n\u{202e}é]{0,3}", any::<Option<i64>>(), any::<u64>()), 0..20)) {
            let mut journal = Journal::default();
            for (name, step, bits) in &points {
                let values = vec![(name.as_str().into(), Number::Float(f64::from_bits(*bits)))];
                journal.add(Line::Points { values, step: *step, time: None });
            }
            let mut text = Vec::new();
            journal.write_series(&mut text).expect("memory does not fail");
            let reading = read(&text, |_| true);
            assert_eq!(reading.damage.count, 0);
            for series in &reading.series {
                let written = points.iter().filter(|(name, ..)| *name == series.name);
                let read = series.points.iter();
                assert!(written.clone().count() == read.len());
                for ((_, step, bits), point) in written.zip(read) {
                    assert_eq!(point.step, *step);
                    assert!(Number::Float(point.value).is_identical(&Number::Float(f64::from_bits(*bits))));
                }
            }
            assert_eq!(reading.series.iter().map(|series| series.points.len()).sum::<usize>(), points.len());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let reading = read(&bytes, |_| true);
            assert_eq!(reading.damage.first.len() as u64, reading.damage.count.min(5));
        }

        #[test]
        fn lines_that_are_nearly_right_never_panic(text in "([a\\\\tu0-9]{0,4}\t[0-9-]{0,3}\t[0-9.e]{0,3}\t[0-9.NaIn]{0,3}\n?){0,5}") {
            let reading = read(text.as_bytes(), |_| true);
            let points: usize = reading.series.iter().map(|series| series.points.len()).sum();
            assert_eq!(points as u64 + reading.damage.count, rows(text.as_bytes()).count() as u64);
        }
    }
}
