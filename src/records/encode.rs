//! From facts to the bytes of a segment.

use ahash::{HashMap, HashMapExt};

use super::kept::{BOOL, DIGITS, Extreme, FLOAT, INTEGER, JSON, NULL, StoredMeasure, TEXT};
use super::names::{Names, Symbol};
use super::row::{Body, Row};
use super::run::RunRow;
use super::segment::{Listed, SUM, Stored, StoredRegistration, StoredRun};
use super::value::{Measure, Num, Value};

/// The segment's own numbers for texts: 0 is the empty one.
struct Local<'a> {
    of: HashMap<Symbol, u32>,
    texts: String,
    ends: Vec<u32>,
    names: &'a Names,
}

impl Local<'_> {
    fn number(&mut self, symbol: Symbol) -> u32 {
        *self.of.entry(symbol).or_insert_with(|| {
            self.texts.push_str(self.names.text(symbol));
            self.ends.push(u32::try_from(self.texts.len()).expect("the texts of a folder take less than 4 GiB"));
            self.ends.len() as u32 - 1
        })
    }
}

/// The bytes of a segment, and those of its rest.
pub(super) fn encode<B: AsRef<[u8]>>(
    key: &str,
    rows: impl IntoIterator<Item = (Row, B)>,
    notes: Vec<Listed>,
    names: &Names,
) -> postcard::Result<(Vec<u8>, Vec<u8>)> {
    let mut of = HashMap::with_capacity(64);
    of.insert(Symbol::default(), 0);
    let mut local = Local { of, texts: String::new(), ends: vec![0], names };
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
    let mut shapes: Vec<(Vec<Symbol>, Vec<Symbol>)> = Vec::new();
    let mut shape_of: HashMap<(Vec<Symbol>, Vec<Symbol>), u32> = HashMap::new();
    let mut stored = Vec::with_capacity(runs.len());
    let mut number = |symbol: Symbol| local.number(symbol);
    let mut writer =
        Writer { cells: Vec::new(), texts: Vec::new(), rest: Vec::new(), local: &mut number, digits: Vec::new() };
    for (stem, run) in runs {
        let shape = (
            run.params.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            run.metrics.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        );
        let shape = match shape_of.get(&shape) {
            Some(known) => *known,
            None => {
                let mut own = |names: &[Symbol]| names.iter().map(|name| Symbol((writer.local)(*name))).collect();
                shapes.push((own(&shape.0), own(&shape.1)));
                let number = u32::try_from(shapes.len() - 1).expect("fewer than 2^32 shapes fit into memory");
                shape_of.insert(shape, number);
                number
            }
        };
        let before = (writer.texts.len(), writer.rest.len());
        writer.add(&run, |symbol| names.text(symbol))?;
        let length = |length| u32::try_from(length).map_err(|_| postcard::Error::SerializeBufferFull);
        let (texts, rest) = (length(writer.texts.len() - before.0)?, length(writer.rest.len() - before.1)?);
        let mut own = |symbol: Symbol| Symbol((writer.local)(symbol));
        stored.push(StoredRun {
            id: run.id,
            time: run.time,
            stem: own(stem),
            by: own(run.by),
            experiment: run.experiment,
            name: own(run.name),
            branch: own(run.branch),
            dirty: run.dirty,
            seed: run.seed,
            status: run.status,
            exit: run.exit,
            signal: run.signal,
            start: run.start,
            end: run.end,
            seconds: run.seconds,
            cwd: own(run.cwd),
            host: own(run.host),
            environment: own(run.environment),
            manual: run.manual,
            shortened: run.shortened,
            shape,
            texts,
            rest,
        });
    }
    let Writer { cells, texts: mut long_texts, rest, digits, .. } = writer;
    let mut lists: Vec<Vec<Symbol>> = Vec::new();
    let mut list_of: HashMap<Vec<Symbol>, usize> = HashMap::new();
    let mut stored_experiments = Vec::with_capacity(experiments.len());
    for found in experiments {
        let before = long_texts.len();
        long_texts = postcard::to_extend(&found.told(names), long_texts)?;
        let mut own = |symbol: Symbol| Symbol(local.number(symbol));
        let expect: Vec<Symbol> = found.expect.iter().map(|text| own(*text)).collect();
        let list = *list_of.entry(expect).or_insert_with_key(|expect| {
            lists.push(expect.clone());
            lists.len() - 1
        });
        let length = |length| u32::try_from(length).map_err(|_| postcard::Error::SerializeBufferFull);
        stored_experiments.push(StoredRegistration {
            id: found.id,
            time: found.time,
            by: own(found.by),
            experiment: found.experiment,
            name: own(found.name),
            branch: own(found.branch),
            baseline: found.baseline.map(|(rev, commit)| (own(rev), own(commit))),
            expect: length(list)?,
            planned_seeds: found.planned_seeds,
            from: found.from,
            texts: length(long_texts.len() - before)?,
        });
    }
    let mut own = |symbol: &mut Symbol| *symbol = Symbol(local.number(*symbol));
    others.iter_mut().for_each(|row| row.each_symbol(&mut own));
    let listed: Vec<u8> = notes.iter().flat_map(|note| &note.ids).flat_map(|id| id.as_str().bytes()).collect();
    let notes = postcard::to_extend(&notes, Vec::new())?;
    let stored = Stored {
        key,
        texts: &local.texts,
        ends: local.ends,
        digits,
        shapes,
        runs: stored,
        lists,
        experiments: stored_experiments,
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

/// Puts values and rests one behind the other; texts and digits go by the segment's own numbers.
struct Writer<'a> {
    cells: Vec<u8>,
    texts: Vec<u8>,
    rest: Vec<u8>,
    /// The segment's number of a text.
    local: &'a mut dyn FnMut(Symbol) -> u32,
    /// The segment's integers beyond 2^53.
    digits: Vec<u32>,
}

impl Writer<'_> {
    fn digits(&mut self, digits: Symbol) -> u32 {
        let local = (self.local)(digits);
        let known = self.digits.iter().position(|known| *known == local);
        let at = known.unwrap_or_else(|| {
            self.digits.push(local);
            self.digits.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn cell(&mut self, tag: u8, payload: u64) {
        self.cells.push(tag);
        self.cells.extend_from_slice(&payload.to_le_bytes());
    }

    /// Add the values and the rest of a run. `text` gives the texts.
    fn add<'t>(&mut self, run: &RunRow, text: impl Fn(Symbol) -> &'t str) -> postcard::Result<()> {
        for (_, value) in &run.params {
            match *value {
                Value::Null => self.cell(NULL, 0),
                Value::Bool(value) => self.cell(BOOL, value.into()),
                Value::Integer(value) => self.cell(INTEGER, value.cast_unsigned()),
                Value::Float(value) => self.cell(FLOAT, value.to_bits()),
                Value::Text(text) => {
                    let local = (self.local)(text);
                    self.cell(TEXT, local.into());
                }
                Value::Json(text) => {
                    let local = (self.local)(text);
                    self.cell(JSON, local.into());
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
        let words: Vec<u32> = run.command.iter().map(|word| (self.local)(*word)).collect();
        let measures: Vec<StoredMeasure> = run.metrics.iter().map(|(_, measure)| self.measure(measure)).collect();
        // In the order of `Text` and `RestText`.
        for symbol in [run.commit, run.condition] {
            self.texts = postcard::to_extend(text(symbol), std::mem::take(&mut self.texts))?;
        }
        let mut rest = std::mem::take(&mut self.rest);
        for symbol in [run.tree, run.patch_id, run.snapshot, run.plan] {
            rest = postcard::to_extend(text(symbol), rest)?;
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
            count: measure.count,
            min: extreme(measure.min, &[last]),
            max: extreme(measure.max, &[last]),
            best: extreme(measure.best, &[last, (measure.min, Extreme::Min), (measure.max, Extreme::Max)]),
        }
    }
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
