//! What a run leaves in the bytes of its segment until it is asked for.
//!
//! Its values are in the segment itself. Each takes a *cell*: a tag and eight bytes, little-endian. Two texts are there too, and the remaining ones, the
//! words of the command, and for each metric what is kept of it beside its last value, are in the segment's *rest*, which few commands ask for. Both are
//! [postcard](https://postcard.jamesmunns.com/wire-format)'s. A segment is checked as a whole when it is read, so what does not fit here is a segment
//! that was made wrong: it reads as nothing, and never as something else.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::names::Symbol;
use super::value::{Measure, Num, Value};

/// Bytes of a cell.
pub(super) const CELL: usize = 9;

pub(super) const NULL: u8 = 0;
pub(super) const BOOL: u8 = 1;
pub(super) const INTEGER: u8 = 2;
pub(super) const FLOAT: u8 = 3;
pub(super) const TEXT: u8 = 4;
pub(super) const JSON: u8 = 5;
pub(super) const DIGITS: u8 = 6;

/// Gets the rest of a segment by its key, once it is asked for.
pub trait Fetch: fmt::Debug + Send + Sync {
    /// The bytes; `None` if they are nowhere. `is_right` says whether some bytes are the right ones.
    fn fetch(&self, key: &str, is_right: &dyn Fn(&[u8]) -> bool) -> Option<Vec<u8>>;
}

/// The rest of a segment.
#[derive(Debug)]
pub(super) struct Lazy {
    bytes: OnceLock<Vec<u8>>,
    /// The CRC-32 of the bytes.
    sum: u32,
    fetch: Option<Arc<dyn Fetch>>,
}

impl Lazy {
    /// One that is here, or one that will be fetched; `None` if what is here is not what it should be.
    pub(super) fn new(rest: Rests, sum: u32) -> Option<Self> {
        match rest {
            Rests::Here(bytes) => {
                let here = Self { bytes: OnceLock::new(), sum, fetch: None };
                here.is_right(&bytes).then(|| Self { bytes: OnceLock::from(bytes), ..here })
            }
            Rests::Elsewhere(fetch) => Some(Self { bytes: OnceLock::new(), sum, fetch: Some(fetch) }),
        }
    }

    fn is_right(&self, bytes: &[u8]) -> bool {
        crc32fast::hash(bytes) == self.sum
    }
}

/// Where the rest of a segment is.
#[derive(Debug)]
pub enum Rests {
    /// Here.
    Here(Vec<u8>),
    /// Wherever this finds it.
    Elsewhere(Arc<dyn Fetch>),
}

/// The bytes of a segment, and what its numbers stand for.
#[derive(Debug)]
pub(super) struct Backing {
    pub(super) bytes: Vec<u8>,
    pub(super) key: Range<usize>,
    pub(super) blobs: Range<usize>,
    pub(super) notes: Range<usize>,
    pub(super) listed: Range<usize>,
    pub(super) cells: Range<usize>,
    pub(super) texts: Range<usize>,
    pub(super) rest: Lazy,
    /// The segment's own texts.
    pub(super) symbols: Vec<Symbol>,
    /// Integers beyond 2^53, with their nearest double.
    pub(super) digits: Vec<(Symbol, f64)>,
}

impl Backing {
    pub(super) fn key(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.key.clone()]).unwrap_or_default()
    }

    pub(super) fn rest(&self) -> &[u8] {
        self.rest.bytes.get_or_init(|| {
            let is_right = |found: &[u8]| self.rest.is_right(found);
            let found = self.rest.fetch.as_ref().and_then(|fetch| fetch.fetch(self.key(), &is_right));
            found.filter(|found| is_right(found)).unwrap_or_default()
        })
    }

    pub(super) fn has_rest(&self) -> bool {
        self.rest.is_right(self.rest())
    }

    fn symbol(&self, at: u64) -> Symbol {
        usize::try_from(at).ok().and_then(|at| self.symbols.get(at)).copied().unwrap_or_default()
    }
}

/// Where the values and texts of one run lie.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) backing: Arc<Backing>,
    /// Of its first cell.
    pub(super) cells: usize,
    /// Of its texts.
    pub(super) texts: usize,
    /// Of its part of the rest.
    pub(super) rest: usize,
}

/// Where the longer texts of a registration lie.
#[derive(Debug, Clone)]
pub(super) struct KeptTexts {
    pub(super) backing: Arc<Backing>,
    pub(super) at: usize,
}

impl KeptTexts {
    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        let bytes = self.backing.bytes[..self.backing.texts.end].get(self.at..)?;
        postcard::take_from_bytes(bytes).ok().map(|(found, _)| found)
    }
}

/// Which of the texts in the segment itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Text {
    Commit,
    Condition,
}

/// Which of the texts in the rest.
#[derive(Debug, Clone, Copy)]
pub(super) enum RestText {
    Tree,
    PatchId,
    Snapshot,
    Plan,
}

/// The text behind so many others, and what is behind it.
fn nth_text(mut bytes: &[u8], nth: usize) -> (&str, &[u8]) {
    let mut found = "";
    for _ in 0..=nth {
        (found, bytes) = postcard::take_from_bytes(bytes).unwrap_or_default();
    }
    (found, bytes)
}

impl Kept {
    pub(super) fn cell(&self, at: usize) -> Cell<'_> {
        let start = self.cells + at * CELL;
        let cell = self.backing.bytes[..self.backing.cells.end].get(start..start + CELL);
        let (tag, payload) = cell.and_then(|cell| cell.split_first()).unwrap_or((&NULL, &[0; CELL - 1]));
        Cell { backing: &self.backing, tag: *tag, payload: u64::from_le_bytes(payload.try_into().unwrap_or_default()) }
    }

    pub(super) fn text(&self, wanted: Text) -> &str {
        nth_text(self.backing.bytes[..self.backing.texts.end].get(self.texts..).unwrap_or_default(), wanted as usize).0
    }

    fn rest(&self) -> &[u8] {
        self.backing.rest().get(self.rest..).unwrap_or_default()
    }

    pub(super) fn rest_text(&self, wanted: RestText) -> &str {
        nth_text(self.rest(), wanted as usize).0
    }

    /// Behind the texts: the words of the command, and what is behind them.
    fn behind_texts(&self) -> (Vec<u32>, &[u8]) {
        postcard::take_from_bytes(nth_text(self.rest(), RestText::Plan as usize).1).unwrap_or_default()
    }

    pub(super) fn command(&self) -> Vec<Symbol> {
        self.behind_texts().0.into_iter().map(|word| self.backing.symbol(word.into())).collect()
    }

    /// What is kept of so many metrics beside their last values.
    pub(super) fn measures(&self, count: usize) -> impl Iterator<Item = Rest<'_>> {
        let mut rest = self.behind_texts().1;
        (0..count).map(move |_| {
            let (measure, behind) = postcard::take_from_bytes::<StoredMeasure>(rest).unwrap_or_default();
            rest = behind;
            Rest { backing: &self.backing, measure }
        })
    }
}

/// A value as it lies there.
pub(super) struct Cell<'a> {
    backing: &'a Backing,
    tag: u8,
    payload: u64,
}

impl Cell<'_> {
    /// As the value of a param.
    pub(super) fn value(&self) -> Value {
        match self.tag {
            BOOL => Value::Bool(self.payload != 0),
            INTEGER => Value::Integer(self.payload.cast_signed()),
            FLOAT => Value::Float(f64::from_bits(self.payload)),
            TEXT => Value::Text(self.backing.symbol(self.payload)),
            JSON => Value::Json(self.backing.symbol(self.payload)),
            _ => Value::Null,
        }
    }

    /// As the value of a metric.
    pub(super) fn num(&self) -> Num {
        match self.tag {
            INTEGER => Num::Integer(self.payload.cast_signed()),
            FLOAT => Num::Float(f64::from_bits(self.payload)),
            DIGITS => digits(self.backing, self.payload),
            _ => Num::Float(f64::NAN),
        }
    }
}

fn digits(backing: &Backing, at: u64) -> Num {
    let found = usize::try_from(at).ok().and_then(|at| backing.digits.get(at));
    found.map_or(Num::Float(f64::NAN), |(digits, value)| Num::Digits(*digits, *value))
}

/// What is kept of a metric beside its last value.
pub(super) struct Rest<'a> {
    backing: &'a Backing,
    measure: StoredMeasure,
}

impl Rest<'_> {
    /// The whole, with the last value.
    pub(super) fn with(self, last: Num) -> Measure {
        let Self { backing, measure } = self;
        let num = |extreme: &Extreme| match extreme {
            Extreme::Last => Some(last),
            Extreme::Integer(value) => Some(Num::Integer(*value)),
            Extreme::Float(value) => Some(Num::Float(*value)),
            Extreme::Digits(at) => Some(digits(backing, (*at).into())),
            Extreme::None | Extreme::Min | Extreme::Max => None,
        };
        let (min, max) = (num(&measure.min), num(&measure.max));
        let best = match measure.best {
            Extreme::Min => min,
            Extreme::Max => max,
            other => num(&other),
        };
        Measure { last, step: measure.step, min, max, best, mean: measure.mean, count: measure.count }
    }
}

/// A [`Measure`] without its last value, as it is stored.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct StoredMeasure {
    pub(super) step: Option<i64>,
    pub(super) count: u64,
    pub(super) min: Extreme,
    pub(super) max: Extreme,
    pub(super) best: Extreme,
    pub(super) mean: Option<f64>,
}

/// One of the other numbers of a metric, which are often the same ones.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) enum Extreme {
    #[default]
    None,
    Last,
    Min,
    Max,
    Integer(i64),
    Float(f64),
    Digits(u32),
}
