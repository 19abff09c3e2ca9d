//! From facts to the bytes of a segment.

use std::hash::Hash;

use ahash::{HashMap, HashMapExt};

use super::experiment::RegistrationRow;
use super::kept::{BOOL, DIGITS, Extreme, FLOAT, INTEGER, JSON, NULL, StoredMeasure, TEXT};
use super::names::{Names, Symbol};
use super::row::{Body, Row};
use super::run::RunRow;
use super::segment::{Listed, SUM, Stored, StoredRegistration, StoredRun};
use super::value::{Measure, Num, Value};

/// The bytes of a segment, and those of its rest.
pub(super) fn encode<B: AsRef<[u8]>>(
    key: &str,
    rows: impl IntoIterator<Item = (Row, B)>,
    notes: &[Listed],
    names: &Names,
) -> postcard::Result<(Vec<u8>, Vec<u8>)> {
    let (mut runs, mut experiments, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let (mut blobs, mut experiment_blobs, mut other_blobs) = (Vec::new(), Vec::new(), Vec::new());
    for (row, blob) in rows {
        match row.body {
            Body::Run(run) => {
                blobs.extend_from_slice(blob.as_ref());
                runs.push((row.stem, run));
            }
            Body::Experiment(registration) if row.stem.is_empty() => {
                experiment_blobs.extend_from_slice(blob.as_ref());
                experiments.push(*registration);
            }
            body => {
                other_blobs.extend_from_slice(blob.as_ref());
                others.push(Row { stem: row.stem, body });
            }
        }
    }
    blobs.append(&mut experiment_blobs);
    blobs.append(&mut other_blobs);
    let mut writer = Writer::new(names);
    let runs = runs.into_iter().map(|(stem, run)| writer.run(stem, *run)).collect::<postcard::Result<_>>()?;
    let experiments =
        experiments.into_iter().map(|found| writer.registration(found)).collect::<postcard::Result<_>>()?;
    others.iter_mut().for_each(|row| row.each_symbol(&mut |symbol| *symbol = writer.own(*symbol)));
    let listed: Vec<u8> = notes.iter().flat_map(|note| &note.ids).flat_map(|id| id.as_str().bytes()).collect();
    let notes = postcard::to_extend(notes, Vec::new())?;
    let Writer { texts, ends, digits, shapes, lists, cells, long_texts, rest, .. } = writer;
    let stored = Stored {
        key,
        texts: &texts,
        ends,
        digits: digits.all,
        shapes: shapes.all,
        runs,
        lists: lists.all,
        experiments,
        others,
        blobs: &blobs,
        notes: &notes,
        listed: &listed,
        cells: &cells,
        long_texts: &long_texts,
        rest: crc32fast::hash(&rest),
    };
    let mut bytes = postcard::to_extend(&stored, vec![0; SUM])?;
    let sum = crc32fast::hash(&bytes[SUM..]).to_le_bytes();
    bytes[..SUM].copy_from_slice(&sum);
    Ok((bytes, rest))
}

/// Things that are stored once and named by their number.
struct Numbered<T> {
    all: Vec<T>,
    of: HashMap<T, u32>,
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    fn new() -> Self {
        Self { all: Vec::new(), of: HashMap::new() }
    }

    fn number(&mut self, thing: T) -> u32 {
        *self.of.entry(thing).or_insert_with_key(|thing| {
            self.all.push(thing.clone());
            u32::try_from(self.all.len() - 1).expect("fewer than 2^32 things fit into memory")
        })
    }
}

/// Puts values and texts one behind the other, by the segment's own numbers for texts.
struct Writer<'a> {
    names: &'a Names,
    /// The number of each text; 0 is the empty one.
    number_of: HashMap<Symbol, u32>,
    texts: String,
    ends: Vec<u32>,
    /// Integers beyond 2^53.
    digits: Numbered<u32>,
    shapes: Numbered<(Vec<Symbol>, Vec<Symbol>)>,
    lists: Numbered<Vec<Symbol>>,
    cells: Vec<u8>,
    long_texts: Vec<u8>,
    rest: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn new(names: &'a Names) -> Self {
        let mut number_of = HashMap::with_capacity(64);
        number_of.insert(Symbol::default(), 0);
        Self {
            names,
            number_of,
            texts: String::new(),
            ends: vec![0],
            digits: Numbered::new(),
            shapes: Numbered::new(),
            lists: Numbered::new(),
            cells: Vec::new(),
            long_texts: Vec::new(),
            rest: Vec::new(),
        }
    }

    /// The segment's own symbol of a text.
    fn own(&mut self, symbol: Symbol) -> Symbol {
        let number = *self.number_of.entry(symbol).or_insert_with(|| {
            self.texts.push_str(self.names.text(symbol));
            self.ends.push(u32::try_from(self.texts.len()).expect("the texts of a folder take less than 4 GiB"));
            self.ends.len() as u32 - 1
        });
        Symbol(number)
    }

    fn run(&mut self, stem: Symbol, mut run: RunRow) -> postcard::Result<StoredRun> {
        let params = run.params.iter().map(|(name, _)| self.own(*name)).collect();
        let metrics = run.metrics.iter().map(|(name, _)| self.own(*name)).collect();
        let shape = self.shapes.number((params, metrics));
        let before = (self.long_texts.len(), self.rest.len());
        self.values(&run)?;
        run.head.each_symbol(&mut |symbol| *symbol = self.own(*symbol));
        let (texts, rest) = (length(self.long_texts.len() - before.0)?, length(self.rest.len() - before.1)?);
        Ok(StoredRun { head: run.head, stem: self.own(stem), shape, texts, rest })
    }

    fn registration(&mut self, mut found: RegistrationRow) -> postcard::Result<StoredRegistration> {
        let before = self.long_texts.len();
        self.long_texts = postcard::to_extend(&found.told(self.names), std::mem::take(&mut self.long_texts))?;
        let expect = found.expect.iter().map(|text| self.own(*text)).collect();
        let expect = self.lists.number(expect);
        found.head.each_symbol(&mut |symbol| *symbol = self.own(*symbol));
        Ok(StoredRegistration { head: found.head, expect, texts: length(self.long_texts.len() - before)? })
    }

    fn digits(&mut self, digits: Symbol) -> u32 {
        let own = self.own(digits);
        self.digits.number(own.0)
    }

    fn cell(&mut self, tag: u8, payload: u64) {
        self.cells.push(tag);
        self.cells.extend_from_slice(&payload.to_le_bytes());
    }

    /// Add the values, the longer texts and the rest of a run.
    fn values(&mut self, run: &RunRow) -> postcard::Result<()> {
        for (_, value) in &run.params {
            match *value {
                Value::Null => self.cell(NULL, 0),
                Value::Bool(value) => self.cell(BOOL, value.into()),
                Value::Integer(value) => self.cell(INTEGER, value.cast_unsigned()),
                Value::Float(value) => self.cell(FLOAT, value.to_bits()),
                Value::Text(text) => {
                    let own = self.own(text);
                    self.cell(TEXT, own.0.into());
                }
                Value::Json(text) => {
                    let own = self.own(text);
                    self.cell(JSON, own.0.into());
                }
            }
        }
        for (_, measure) in &run.metrics {
            match measure.last {
                Num::Integer(value) => self.cell(INTEGER, value.cast_unsigned()),
                Num::Float(value) => self.cell(FLOAT, value.to_bits()),
                Num::Digits(digits, _) => {
                    let at = self.digits(digits);
                    self.cell(DIGITS, at.into());
                }
            }
        }
        let words: Vec<u32> = run.command.iter().map(|word| self.own(*word).0).collect();
        let measures: Vec<StoredMeasure> = run.metrics.iter().map(|(_, measure)| self.measure(measure)).collect();
        // In the order of `Text` and `RestText`.
        for symbol in [run.commit, run.condition] {
            self.long_texts = postcard::to_extend(self.names.text(symbol), std::mem::take(&mut self.long_texts))?;
        }
        let mut rest = std::mem::take(&mut self.rest);
        for symbol in [run.tree, run.patch_id, run.snapshot, run.plan] {
            rest = postcard::to_extend(self.names.text(symbol), rest)?;
        }
        rest = postcard::to_extend(&words, rest)?;
        for measure in &measures {
            rest = postcard::to_extend(measure, rest)?;
        }
        self.rest = rest;
        Ok(())
    }

    fn measure(&mut self, measure: &Measure) -> StoredMeasure {
        let mut extreme = |value: Option<Num>, same: &[(Option<Num>, Extreme)]| {
            let Some(value) = value else { return Extreme::None };
            if let Some((_, known)) = same.iter().find(|(other, _)| other.is_some_and(|other| is_same(value, other))) {
                return *known;
            }
            match value {
                Num::Integer(value) => Extreme::Integer(value),
                Num::Float(value) => Extreme::Float(value),
                Num::Digits(digits, _) => Extreme::Digits(self.digits(digits)),
            }
        };
        let last = (Some(measure.last), Extreme::Last);
        StoredMeasure {
            step: measure.step,
            mean: measure.mean,
            count: measure.count,
            min: extreme(measure.min, &[last]),
            max: extreme(measure.max, &[last]),
            best: extreme(measure.best, &[last, (measure.min, Extreme::Min), (measure.max, Extreme::Max)]),
        }
    }
}

fn length(length: usize) -> postcard::Result<u32> {
    u32::try_from(length).map_err(|_| postcard::Error::SerializeBufferFull)
}

/// To the last bit, and of the same kind.
fn is_same(a: Num, b: Num) -> bool {
    match (a, b) {
        (Num::Integer(a), Num::Integer(b)) => a == b,
        (Num::Float(a), Num::Float(b)) => a.to_bits() == b.to_bits(),
        (Num::Digits(a, _), Num::Digits(b, _)) => a == b,
        _ => false,
    }
}
