//! Reads `series.tsv`: the points of a run, one a line (`docs/format.md`).

use std::io::{self, Read};

use crate::model::number::Number;

/// How the first line begins. A newer version may add columns behind these.
const HEADER: &str = "metric\tstep\tseconds\tvalue";

/// How much is read at once, in bytes.
const BLOCK: u64 = 64 << 10;

/// The longest line, in bytes. A name in a journal is shorter.
const LONGEST: usize = 4 << 20;

/// One logged point.
#[derive(Debug, Clone, PartialEq)]
pub struct Point<'a> {
    /// The metric's name.
    pub metric: &'a str,
    /// The step, if it has one.
    pub step: Option<i64>,
    /// Seconds since the start of the run, if they are known.
    pub seconds: Option<f64>,
    /// The value.
    pub value: Number,
}

/// What is wrong with a series.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSeries {
    /// The file cannot be read to its end.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file is something else.
    #[error("it does not begin with the header of a series")]
    Header,
    /// The rest of the file cannot be read.
    #[error("line {0} is over 4 MiB long")]
    TooLong(u64),
    /// One line cannot be read; the next ones may.
    #[error("line {line}: {reason}")]
    Line {
        /// From 1, the header.
        line: u64,
        /// Why.
        reason: &'static str,
    },
}

/// A series that is being read.
#[derive(Debug)]
pub struct Series<R> {
    lines: Lines<R>,
    /// The metric of the last line, as written and as it is called.
    metric: (String, String),
}

impl<R: Read> Series<R> {
    /// Begin to read.
    ///
    /// # Errors
    /// If it is no series.
    pub fn open(input: R) -> Result<Self, InvalidSeries> {
        let mut lines = Lines { input, text: String::new(), at: 0, rest: Vec::new(), number: 0, is_over: false };
        let rest = lines.next()?.and_then(|line| line.strip_prefix(HEADER));
        let is_header = rest.is_some_and(|rest| rest == "\n" || rest.starts_with('\t'));
        if is_header { Ok(Self { lines, metric: Default::default() }) } else { Err(InvalidSeries::Header) }
    }

    /// The next point, or what is wrong with the next line; `None` at the end.
    pub fn next_point(&mut self) -> Option<Result<Point<'_>, InvalidSeries>> {
        let line = self.lines.number + 1;
        match self.lines.next() {
            Ok(Some(text)) => {
                Some(parse(text, &mut self.metric).map_err(|reason| InvalidSeries::Line { line, reason }))
            }
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// The lines of an input, which is read and checked to be UTF-8 a block at a time.
#[derive(Debug)]
struct Lines<R> {
    input: R,
    /// Whole lines, but for the last one of the input. A line that is no UTF-8 is an empty one.
    text: String,
    /// Where in them the next line begins.
    at: usize,
    /// The beginning of the line behind them.
    rest: Vec<u8>,
    number: u64,
    is_over: bool,
}

impl<R: Read> Lines<R> {
    /// The next line with its newline, which the last one may lack.
    fn next(&mut self) -> Result<Option<&str>, InvalidSeries> {
        if self.at == self.text.len() {
            self.fill()?;
        }
        self.number += 1;
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|byte| byte == b'\n').map_or(rest.len(), |end| end + 1);
        self.at += length;
        Ok(Some(&rest[..length]).filter(|line| !line.is_empty()))
    }

    /// Read until there is a whole line, or the end.
    fn fill(&mut self) -> Result<(), InvalidSeries> {
        let mut block = std::mem::take(&mut self.rest);
        let end = loop {
            let searched = block.len();
            self.is_over = self.is_over || self.input.by_ref().take(BLOCK).read_to_end(&mut block)? == 0;
            let newline = block[searched..].iter().rposition(|byte| *byte == b'\n');
            match newline {
                _ if self.is_over => break block.len(),
                Some(newline) => break searched + newline + 1,
                None if block.len() >= LONGEST => return Err(InvalidSeries::TooLong(self.number + 1)),
                None => {}
            }
        };
        self.rest = block.split_off(end);
        self.at = 0;
        self.text = String::from_utf8(block).unwrap_or_else(|error| {
            let lines = error.as_bytes().split_inclusive(|byte| *byte == b'\n');
            lines.map(|line| std::str::from_utf8(line).unwrap_or("\n")).collect()
        });
        Ok(())
    }
}

fn parse<'m>(line: &str, metric: &'m mut (String, String)) -> Result<Point<'m>, &'static str> {
    // Half a number is another number.
    let line = line.strip_suffix('\n').ok_or("it is cut off")?;
    let mut rest = line;
    let mut cell = || {
        let end = rest.bytes().position(|byte| byte == b'\t');
        let cell = &rest[..end.unwrap_or(rest.len())];
        rest = end.map_or("", |end| &rest[end + 1..]);
        (cell, end.is_some())
    };
    let ((name, a), (step, b), (seconds, c), (value, _)) = (cell(), cell(), cell(), cell());
    if !(a && b && c) {
        return Err("it has fewer than four cells of UTF-8");
    }
    if metric.0 != name {
        *metric = (name.to_owned(), unescape(name).ok_or("its name has an escape that is none")?);
    }
    let step = match step {
        "" => None,
        step => Some(step.parse().map_err(|_| "its step is no integer")?),
    };
    let seconds = match seconds {
        "" => None,
        seconds => Some(seconds.parse().map_err(|_| "its seconds are no number")?),
    };
    let value = Number::parse(value).ok_or("its value is no number")?;
    Ok(Point { metric: &metric.1, step, seconds, value })
}

/// A name as it is called; `None` if it ends inside of an escape or has an unknown one.
fn unescape(name: &str) -> Option<String> {
    let mut out = String::with_capacity(name.len());
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next()? {
            '\\' => '\\',
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'u' => {
                let digits = chars.as_str().get(..4)?;
                chars = chars.as_str().get(4..)?.chars();
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{InvalidSeries, Number, Series};
    use crate::store::journal::escape_name;

    type Row = (String, Option<i64>, Option<f64>, Number);

    fn read(text: &[u8]) -> Result<(Vec<Row>, Vec<String>), InvalidSeries> {
        let mut series = Series::open(text)?;
        let (mut rows, mut errors) = (Vec::new(), Vec::new());
        while let Some(point) = series.next_point() {
            match point {
                Ok(point) => rows.push((point.metric.to_owned(), point.step, point.seconds, point.value)),
                Err(error) => errors.push(error.to_string()),
            }
        }
        Ok((rows, errors))
    }

    #[test]
    fn points_are_read_and_bad_lines_named() {
        let text = "metric\tstep\tseconds\tvalue\tnew\nval\\tacc\t1\t0.412\t0.61\tx\nloss\t\t\t9007199254740993\nloss\n\
            loss\tx\t\t1\nloss\t1\t\t0x1\nlo\\ss\t1\t\t1\nloss\t2\t\t0.12";
        let (rows, errors) = read(text.as_bytes()).expect("a series");
        assert_eq!(rows[0], ("val\tacc".into(), Some(1), Some(0.412), Number::Float(0.61)));
        assert_eq!(rows[1], ("loss".into(), None, None, Number::Digits("9007199254740993".into())));
        assert_eq!(rows.len(), 2);
        assert_eq!(
            errors,
            [
                "line 4: it has fewer than four cells of UTF-8",
                "line 5: its step is no integer",
                "line 6: its value is no number",
                "line 7: its name has an escape that is none",
                "line 8: it is cut off"
            ]
        );
        assert!(matches!(read(b"a\tb\n"), Err(InvalidSeries::Header)));
        assert!(matches!(read(b""), Err(InvalidSeries::Header)));
        assert!(read(&[b"metric\tstep\tseconds\tvalue\n".to_vec(), vec![b'x'; 5 << 20]].concat()).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            name in any::<String>(), step in any::<Option<i64>>(), millis in any::<Option<u32>>(), value in any::<f64>(),
        ) {
            let seconds = millis.map(|millis| f64::from(millis) / 1000.0);
            let mut text = format!("metric\tstep\tseconds\tvalue\n{}", escape_name(&name));
            text += &step.map_or("\t\t".to_owned(), |step| format!("\t{step}\t"));
            text += &seconds.map_or(String::new(), |seconds| format!("{seconds:.3}"));
            text += &format!("\t{}\n", Number::Float(value));
            let (rows, errors) = read(text.as_bytes()).expect("a series");
            assert!(errors.is_empty(), "{errors:?}");
            assert_eq!((&rows[0].0, rows[0].1, rows[0].2), (&name, step, seconds));
            assert!(rows[0].3.is_identical(&Number::Float(value)));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = read(&[b"metric\tstep\tseconds\tvalue\n", &bytes[..]].concat());
        }
    }
}
