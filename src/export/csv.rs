//! Comma-separated values, as RFC 4180 says: <https://www.rfc-editor.org/rfc/rfc4180>.
//!
//! Cells are exact. A text may hold anything, also what a spreadsheet would compute: data from other people's repositories is data.

use std::io::Write;

use ::csv::{Writer, WriterBuilder};

use super::ExportError;
use super::cell::{Cell, Column, Table};
use crate::model::number::Number;

/// Bytes that are written at once.
const BUFFER: usize = 1 << 16;

/// Writes a table as CSV.
pub(super) struct Csv<W: Write> {
    out: Writer<W>,
}

impl<W: Write> Csv<W> {
    pub(super) fn new(out: W, columns: &[Column]) -> Result<Self, ExportError> {
        let mut out = WriterBuilder::new().buffer_capacity(BUFFER).from_writer(out);
        out.write_record(columns.iter().map(|column| column.name.as_str()))?;
        Ok(Self { out })
    }
}

impl<W: Write> Table for Csv<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), ExportError> {
        for cell in cells {
            match cell {
                Cell::Null => self.out.write_field("")?,
                Cell::Text(text) => self.out.write_field(text.as_bytes())?,
                Cell::Integer(value) => self.out.write_field(value.to_string())?,
                Cell::Float(value) => self.out.write_field(Number::Float(*value).to_string())?,
                Cell::Boolean(value) => self.out.write_field(if *value { "true" } else { "false" })?,
                Cell::Time(time) => self.out.write_field(time.to_string())?,
            }
        }
        Ok(self.out.write_record(None::<&[u8]>)?)
    }

    fn finish(mut self) -> Result<(), ExportError> {
        Ok(self.out.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Cell, Column, Csv, Table};
    use crate::export::cell::Kind;
    use crate::model::number::Number;

    proptest! {
        #[test]
        fn cells_read_back_the_same(names in any::<[String; 2]>(), rows in any::<Vec<(String, f64)>>()) {
            let [text, float] = names.clone();
            let columns = [Column { name: text, kind: Kind::Text }, Column { name: float, kind: Kind::Float }];
            let mut bytes = Vec::new();
            let mut table = Csv::new(&mut bytes, &columns).expect("memory does not fail");
            rows.iter().for_each(|(text, float)| {
                table.row(&[Cell::text(text), Cell::Float(*float)]).expect("memory does not fail");
            });
            table.finish().expect("memory does not fail");
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
            let found: Vec<::csv::StringRecord> = reader.records().map(|record| record.expect("a record")).collect();
            assert_eq!(found[0], names.to_vec());
            assert_eq!(found.len(), rows.len() + 1);
            for (found, (text, float)) in found[1..].iter().zip(&rows) {
                assert_eq!(&found[0], text);
                assert!(Number::parse(&found[1]).expect("a number").is_identical(&Number::Float(*float)));
            }
        }
    }
}
