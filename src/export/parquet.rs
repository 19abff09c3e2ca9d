//! Apache Parquet, as pandas, Polars, DuckDB and R read it: <https://parquet.apache.org/docs/file-format/>.
//!
//! Rows are gathered in columns and written as a row group whenever enough of them came: what is held in memory does not grow with the file.

use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::{Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{ColumnPath, Type};

use super::ExportError;
use super::cell::{Cell, Column, Kind, Table};
use super::gathered::Gathered;

/// The most rows of a row group. Readers work on groups in parallel, and larger ones compress no better.
const GROUP_ROWS: usize = 1 << 18;

/// How much of a row group is held before it is written, in bytes, about.
const GROUP_BYTES: usize = 64 << 20;

/// Writes a table as Parquet.
pub(super) struct Parquet<W: Write + Send> {
    out: SerializedFileWriter<W>,
    columns: Vec<Gathered>,
    rows: usize,
    /// The most rows of a row group.
    limit: usize,
}

impl<W: Write + Send> Parquet<W> {
    pub(super) fn new(out: W, table: &str, columns: &[Column]) -> Result<Self, ExportError> {
        let fields = columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
        Ok(Self {
            out: SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties(table, columns)))?,
            columns: columns.iter().map(|column| Gathered::new(column.kind)).collect(),
            rows: 0,
            limit: GROUP_ROWS,
        })
    }

    fn write_group(&mut self) -> Result<(), ExportError> {
        let mut group = self.out.next_row_group()?;
        for column in &mut self.columns {
            let mut writer = group.next_column()?.ok_or_else(|| ParquetError::General("a column is missing".into()))?;
            column.write(&mut writer)?;
            writer.close()?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl<W: Write + Send> Table for Parquet<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), ExportError> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
        self.rows += 1;
        // Asking every column how much it holds costs more than a row does.
        let is_full = self.rows >= self.limit
            || (self.rows.is_multiple_of(64) && self.columns.iter().map(Gathered::bytes).sum::<usize>() >= GROUP_BYTES);
        if is_full { self.write_group() } else { Ok(()) }
    }

    fn finish(mut self) -> Result<(), ExportError> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.out.finish()?;
        Ok(())
    }
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Text | Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Integer => (Physical::INT64, None),
        Kind::Float => (Physical::DOUBLE, None),
        Kind::Boolean => (Physical::BOOLEAN, None),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

fn properties(table: &str, columns: &[Column]) -> WriterProperties {
    let pair = |key: &str, value: String| KeyValue { key: format!("git-xp.{key}"), value: Some(value) };
    let json: Vec<&str> =
        columns.iter().filter(|column| column.kind == Kind::Json).map(|column| column.name.as_str()).collect();
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("git-xp version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![
            pair("version", env!("CARGO_PKG_VERSION").to_owned()),
            pair("table", table.to_owned()),
            pair("json", serde_json::to_string(&json).unwrap_or_default()),
        ]))
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for column in columns {
        let path = ColumnPath::new(vec![column.name.clone()]);
        // Numbers seldom repeat, so that looking for repetitions would cost time and save nothing; nor would the least and the greatest
        // of random ids help a reader to leave a group out.
        properties = match column.kind {
            Kind::Text | Kind::Json => properties.set_column_statistics_enabled(path, EnabledStatistics::None),
            Kind::Boolean => properties,
            Kind::Float => properties.set_column_dictionary_enabled(path, false),
            Kind::Integer | Kind::Time => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        };
    }
    properties.build()
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    use proptest::prelude::{Strategy, any, prop_oneof, proptest};

    use super::{Cell, Column, Kind, Parquet, Table};
    use crate::export::cell::optional;
    use crate::model::time::Time;

    /// A text, an integer, the bits of a double, a boolean, milliseconds.
    type Values = (Option<String>, Others);
    type Others = (Option<i64>, Option<u64>, Option<bool>, Option<i64>);

    /// Texts that repeat, as ids and names do, and others.
    fn text() -> impl Strategy<Value = Option<String>> {
        prop_oneof![
            proptest::option::of("[ab]"),
            any::<Option<String>>(),
            proptest::strategy::Just(Some("always".to_owned()))
        ]
    }

    fn cells(row: &Values) -> [Cell<'_>; 5] {
        [
            optional(row.0.as_deref(), Cell::text),
            optional(row.1.0, Cell::Integer),
            optional(row.1.1, |bits| Cell::Float(f64::from_bits(bits))),
            optional(row.1.2, Cell::Boolean),
            optional(row.1.3, |millis| Cell::Time(Time(millis))),
        ]
    }

    fn is_same(cell: &Cell<'_>, field: &Field) -> bool {
        match (cell, field) {
            (Cell::Null, Field::Null) => true,
            (Cell::Text(text), Field::Str(found)) => text == found,
            (Cell::Integer(value), Field::Long(found)) | (Cell::Time(Time(value)), Field::TimestampMillis(found)) => {
                value == found
            }
            (Cell::Float(value), Field::Double(found)) => value.to_bits() == found.to_bits(),
            (Cell::Boolean(value), Field::Bool(found)) => value == found,
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn rows_read_back_across_row_groups(
            rows in proptest::collection::vec((text(), any::<Others>()), 0..400), limit in 1..300_usize,
        ) {
            let kinds = [Kind::Text, Kind::Integer, Kind::Float, Kind::Boolean, Kind::Time];
            let columns = kinds.map(|kind| Column { name: format!("{kind:?} \u{202e}.x"), kind });
            let mut file = tempfile::tempfile().expect("a file");
            let mut table = Parquet::new(file.try_clone().expect("a handle"), "runs", &columns).expect("writes");
            table.limit = limit;
            rows.iter().for_each(|row| table.row(&cells(row)).expect("writes"));
            table.finish().expect("writes");
            file.flush().and_then(|()| file.seek(SeekFrom::Start(0))).expect("seeks");
            let reader = SerializedFileReader::new(file).expect("Parquet");
            assert_eq!(reader.num_row_groups(), rows.len().div_ceil(limit));
            let found: Vec<_> = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
            assert_eq!(found.len(), rows.len());
            for (row, found) in rows.iter().zip(&found) {
                let found: Vec<&Field> = found.get_column_iter().map(|(_, field)| field).collect();
                let wanted = cells(row);
                assert!(wanted.iter().zip(&found).all(|(cell, field)| is_same(cell, field)), "{wanted:?} {found:?}");
            }
        }
    }
}
