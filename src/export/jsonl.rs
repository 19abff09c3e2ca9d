//! JSON lines: one document per row. Facts are copied, not written anew: nothing of them is lost or changed.

use std::io::{BufWriter, Write};

use serde::Serialize;

use super::ExportError;
use super::row::{ExperimentRow, Exporter, PointRow, RunRow};
use super::said::array;
use crate::model::number::Number;

/// Writes JSON lines.
pub(super) struct JsonLines<W: Write> {
    out: BufWriter<W>,
}

/// A point. Its value is as in facts: a string where JSON has no number for it.
#[derive(Serialize)]
struct Point<'a> {
    run: &'a str,
    experiment: Option<&'a str>,
    seed: Option<i64>,
    metric: &'a str,
    step: Option<i64>,
    seconds: Option<f64>,
    value: &'a Number,
    late: Option<&'a str>,
}

impl<W: Write> JsonLines<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out: BufWriter::with_capacity(1 << 16, out) }
    }
}

impl<W: Write> Exporter for JsonLines<W> {
    fn experiment(&mut self, row: &ExperimentRow) -> Result<(), ExportError> {
        let mut texts = row.registrations.iter().map(String::as_str);
        let first = texts.next().unwrap_or("null");
        let about = array(row.about.iter().map(|said| said.text.as_str()));
        Ok(writeln!(self.out, "{{\"fact\":{first},\"amendments\":{},\"about\":{about}}}", array(texts))?)
    }

    fn run(&mut self, row: &RunRow) -> Result<(), ExportError> {
        let late = array(row.late.iter().map(String::as_str));
        let about = array(row.about.iter().map(|said| said.text.as_str()));
        Ok(writeln!(self.out, "{{\"fact\":{},\"late\":{late},\"about\":{about}}}", row.text)?)
    }

    fn point(&mut self, row: &PointRow<'_>) -> Result<(), ExportError> {
        let point = Point {
            run: row.run,
            experiment: row.experiment,
            seed: row.seed,
            metric: row.metric,
            step: row.step,
            seconds: row.seconds,
            value: row.value,
            late: row.late,
        };
        serde_json::to_writer(&mut self.out, &point).map_err(std::io::Error::from)?;
        Ok(self.out.write_all(b"\n")?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.out.flush()?)
    }
}
