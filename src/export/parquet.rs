//! Apache Parquet, as pandas, Polars, DuckDB and R read it: <https://parquet.apache.org/docs/file-format/>.
//!
//! Rows are gathered in columns and written as a row group whenever enough of them came: what is held in memory does not grow with the file.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::{Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::{ColumnPath, Type};

use super::ExportError;
use super::cell::{Cell, Column, Kind, Table};

/// The most rows of a row group. Readers work on groups in parallel, and larger ones compress no better.
const GROUP_ROWS: usize = 1 << 18;

/// How much of a row group is held before it is written, in bytes, about.
const GROUP_BYTES: usize = 64 << 20;

/// How many texts are handed over at once. Fewer than usually repeat: see [`hold`].
const BATCH: usize = 128;

/// Writes a table as Parquet.
pub(super) struct Parquet<W: Write + Send> {
    out: SerializedFileWriter<W>,
    columns: Vec<Gathered>,
    rows: usize,
}

/// The cells of a column since the last row group.
struct Gathered {
    /// 1 where there is a value, 0 for null.
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Texts),
    Integer(Vec<i64>),
    Float(Vec<f64>),
    Boolean(Vec<bool>),
}

/// Texts repeat: each is held once.
#[derive(Default)]
struct Texts {
    numbers: HashMap<String, u32>,
    last: Option<(String, u32)>,
    rows: Vec<u32>,
    bytes: usize,
}

impl<W: Write + Send> Parquet<W> {
    pub(super) fn new(out: W, table: &str, columns: &[Column]) -> Result<Self, ExportError> {
        let fields = columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
        Ok(Self {
            out: SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties(table, columns)))?,
            columns: columns.iter().map(|column| Gathered::new(column.kind)).collect(),
            rows: 0,
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
        let is_full = self.rows >= GROUP_ROWS
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

impl Gathered {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text | Kind::Json => Values::Text(Texts::default()),
            Kind::Integer | Kind::Time => Values::Integer(Vec::new()),
            Kind::Float => Values::Float(Vec::new()),
            Kind::Boolean => Values::Boolean(Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    fn push(&mut self, cell: &Cell<'_>) {
        match (&mut self.values, cell) {
            (Values::Text(values), Cell::Text(text)) => values.push(text),
            (Values::Integer(values), Cell::Integer(value)) => values.push(*value),
            (Values::Integer(values), Cell::Time(time)) => values.push(time.0),
            (Values::Float(values), Cell::Float(value)) => values.push(*value),
            (Values::Boolean(values), Cell::Boolean(value)) => values.push(*value),
            (_, cell) => {
                debug_assert_eq!(*cell, Cell::Null, "a cell is of its column's kind");
                return self.levels.push(0);
            }
        }
        self.levels.push(1);
    }

    fn bytes(&self) -> usize {
        let values = match &self.values {
            Values::Text(values) => values.bytes + values.rows.len() * size_of::<u32>(),
            Values::Integer(values) => size_of_val(&values[..]),
            Values::Float(values) => size_of_val(&values[..]),
            Values::Boolean(values) => values.len(),
        };
        values + size_of_val(&self.levels[..])
    }

    fn write(&mut self, out: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(&self.levels[..]);
        match &mut self.values {
            Values::Text(values) => values.write(&self.levels, out)?,
            Values::Integer(values) => {
                out.typed::<Int64Type>().write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Float(values) => {
                out.typed::<DoubleType>().write_batch(values, levels, None)?;
                values.clear();
            }
            Values::Boolean(values) => {
                out.typed::<BoolType>().write_batch(values, levels, None)?;
                values.clear();
            }
        }
        self.levels.clear();
        Ok(())
    }
}

impl Texts {
    fn push(&mut self, text: &str) {
        let number = match &self.last {
            Some((last, number)) if last == text => *number,
            _ => {
                let number = self.number(text);
                self.last = Some((text.to_owned(), number));
                number
            }
        };
        self.rows.push(number);
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // A row group has fewer rows than that.
        let number = self.numbers.len() as u32;
        self.numbers.insert(text.to_owned(), number);
        self.bytes += text.len() + size_of::<(String, u32)>();
        number
    }

    fn write(&mut self, levels: &[i16], out: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let mut texts = vec![ByteArray::new(); self.numbers.len()];
        for (text, number) in self.numbers.drain() {
            texts[number as usize] = text.into_bytes().into();
        }
        let out = out.typed::<ByteArrayType>();
        let mut rows = &self.rows[..];
        let (mut batch, mut held) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        for levels in levels.chunks(BATCH) {
            let (now, later) = rows.split_at(levels.iter().filter(|level| **level == 1).count());
            rows = later;
            hold(&mut batch, &mut held, now, &texts);
            out.write_batch(&batch[..now.len()], Some(levels), None)?;
        }
        *self = Self { rows: std::mem::take(&mut self.rows), ..Self::default() };
        self.rows.clear();
        Ok(())
    }
}

/// Make `batch` begin with the texts of `numbers`. Most of them are there already: a text that repeats need not be handed over anew.
fn hold(batch: &mut Vec<ByteArray>, held: &mut Vec<u32>, numbers: &[u32], texts: &[ByteArray]) {
    for (at, number) in numbers.iter().enumerate() {
        match held.get_mut(at) {
            Some(there) if there == number => {}
            Some(there) => {
                *there = *number;
                batch[at] = texts[*number as usize].clone();
            }
            None => {
                held.push(*number);
                batch.push(texts[*number as usize].clone());
            }
        }
    }
}
