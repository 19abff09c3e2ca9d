//! The cells of a column of a Parquet file until their row group is written.

use std::collections::HashMap;

use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::writer::SerializedColumnWriter;

use super::cell::{Cell, Kind};

/// How many texts are handed over at once. Fewer than usually repeat: see [`hold`].
const BATCH: usize = 128;

/// The cells of a column since the last row group.
pub(super) struct Gathered {
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

impl Gathered {
    pub(super) fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text | Kind::Json => Values::Text(Texts::default()),
            Kind::Integer | Kind::Time => Values::Integer(Vec::new()),
            Kind::Float => Values::Float(Vec::new()),
            Kind::Boolean => Values::Boolean(Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    pub(super) fn push(&mut self, cell: &Cell<'_>) {
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

    /// How much is held, in bytes, about.
    pub(super) fn bytes(&self) -> usize {
        let values = match &self.values {
            Values::Text(values) => values.bytes + values.rows.len() * size_of::<u32>(),
            Values::Integer(values) => size_of_val(&values[..]),
            Values::Float(values) => size_of_val(&values[..]),
            Values::Boolean(values) => values.len(),
        };
        values + size_of_val(&self.levels[..])
    }

    /// Write all of it as a column of a row group, and begin anew.
    pub(super) fn write(&mut self, out: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
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
