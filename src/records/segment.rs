//! The facts of one folder of a ledger as bytes: what the index holds, and what records are read from.
//!
//! The bytes are [postcard](https://postcard.jamesmunns.com/wire-format)'s, behind a CRC-32 of them. The symbols in them count the segment's own
//! texts. They never leave the machine that wrote them, so their form may change with every version: [`FORMAT`] then does. What every command needs
//! of a run is read at once; its values and its longer texts stay where they are (`kept.rs`), and some of it is kept apart, as the segment's *rest*.

use std::ops::Range;
use std::sync::Arc;

use ahash::{HashMap, HashMapExt};
use serde::{Deserialize, Serialize};

use super::experiment::{Registration, RegistrationRow};
use super::kept::{Backing, CELL, Kept, KeptTexts, Lazy, Rests, Writer};
use super::names::{Names, Shape, Symbol};
use super::row::{Body, Row};
use super::run::{RunRecord, RunRow};
use crate::model::id::Id;
use crate::model::run::Status;
use crate::model::time::Time;

/// Changes with every change of what the bytes mean.
pub const FORMAT: u32 = 4;

/// Bytes of the checksum in front.
const SUM: usize = 4;

/// The facts of one folder.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its runs.
    pub runs: Vec<RunRecord>,
    /// Its registrations that lie under their ids.
    pub experiments: Vec<Registration>,
    /// Everything else; no [`Body::Run`] is among them.
    pub others: Vec<Row>,
    /// Of a folder of notes: what its notes list. The facts are then those that no ledger had.
    pub notes: Vec<Listed>,
    backing: Arc<Backing>,
}

/// One note, as the index remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// The object id of the note's blob.
    pub blob: Vec<u8>,
    /// The facts that it lists.
    pub ids: Vec<Id>,
}

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    key: &'a str,
    /// The texts, one behind the other, and where each ends.
    #[serde(borrow)]
    texts: &'a str,
    ends: Vec<u32>,
    digits: Vec<u32>,
    /// Names of params, names of metrics.
    shapes: Vec<(Vec<Symbol>, Vec<Symbol>)>,
    runs: Vec<StoredRun>,
    /// Lists of expectations.
    lists: Vec<Vec<Symbol>>,
    experiments: Vec<StoredRegistration>,
    others: Vec<Row>,
    /// The object id of each fact's blob: of runs, of experiments, of others.
    #[serde(borrow)]
    blobs: &'a [u8],
    notes: Vec<Listed>,
    #[serde(borrow)]
    cells: &'a [u8],
    /// Longer texts of runs, then of registrations.
    #[serde(borrow)]
    long_texts: &'a [u8],
    /// The CRC-32 of the rest.
    rest: u32,
}

#[derive(Serialize, Deserialize)]
struct StoredRegistration {
    id: Id,
    time: Time,
    by: Symbol,
    experiment: Option<Id>,
    name: Symbol,
    branch: Symbol,
    baseline: Option<(Symbol, Symbol)>,
    /// Which of the lists.
    expect: u32,
    planned_seeds: Option<u32>,
    from: Option<Id>,
    /// Length of its longer texts.
    texts: u32,
}

#[derive(Serialize, Deserialize)]
struct StoredRun {
    id: Id,
    time: Time,
    stem: Symbol,
    by: Symbol,
    experiment: Option<Id>,
    name: Symbol,
    branch: Symbol,
    dirty: bool,
    seed: Option<i64>,
    status: Status,
    exit: Option<i32>,
    signal: Option<i32>,
    start: Time,
    end: Time,
    seconds: f64,
    cwd: Symbol,
    host: Symbol,
    environment: Symbol,
    manual: bool,
    shortened: bool,
    shape: u32,
    /// Length of its texts.
    texts: u32,
    /// Length of its part of the rest.
    rest: u32,
}

impl Segment {
    /// Facts with the object ids of their blobs. `key` says which folder in which state this is.
    pub fn new<B: AsRef<[u8]>>(
        key: &str,
        rows: impl IntoIterator<Item = (Row, B)>,
        notes: Vec<Listed>,
        names: &mut Names,
    ) -> Self {
        let (bytes, rest) = encode(key, rows, notes, names).expect("every row can be encoded");
        Self::decode(bytes, Rests::Here(rest), names).expect("what was encoded is whole")
    }

    /// Read bytes that [`Segment::bytes`] gave; `None` if they are anything else.
    pub fn decode(bytes: Vec<u8>, rest: Rests, names: &mut Names) -> Option<Self> {
        let (sum, body) = bytes.split_first_chunk::<SUM>()?;
        if crc32fast::hash(body).to_le_bytes() != *sum {
            return None;
        }
        let stored: Stored<'_> = postcard::from_bytes(body).ok()?;
        let mut symbols: Vec<Symbol> = Vec::with_capacity(stored.ends.len());
        let mut start = 0;
        for end in &stored.ends {
            let end = usize::try_from(*end).ok()?;
            symbols.push(names.intern(stored.texts.get(start..end)?));
            start = end;
        }
        let global = |symbol: Symbol| symbols.get(symbol.index()).copied();
        let all = |local: Vec<Symbol>| local.into_iter().map(global).collect::<Option<Vec<Symbol>>>();
        let shapes = stored.shapes.into_iter().map(|(params, metrics)| Some(names.shape(all(params)?, all(metrics)?)));
        let shapes: Vec<Arc<Shape>> = shapes.collect::<Option<_>>()?;
        let digits = stored.digits.into_iter().map(|local| {
            let digits = *symbols.get(usize::try_from(local).ok()?)?;
            Some((digits, names.text(digits).parse().unwrap_or(f64::NAN)))
        });
        let digits = digits.collect::<Option<_>>()?;
        let lists = stored.lists.into_iter().map(|list| Some(names.list(&all(list)?)));
        let lists: Vec<Arc<[Symbol]>> = lists.collect::<Option<_>>()?;
        let (stored_experiments, mut others) = (stored.experiments, stored.others);
        let mut is_whole = true;
        let mut change = |symbol: &mut Symbol| match symbols.get(symbol.index()) {
            Some(known) => *symbol = *known,
            None => is_whole = false,
        };
        others.iter_mut().for_each(|row| row.each_symbol(&mut change));
        if !is_whole {
            return None;
        }
        // Where the parts lie in the bytes that they were borrowed from.
        let range = |part: &[u8]| -> Range<usize> {
            let start = part.as_ptr().addr() - bytes.as_ptr().addr();
            start..start + part.len()
        };
        let (key, blobs) = (range(stored.key.as_bytes()), range(stored.blobs));
        let (cells, texts) = (range(stored.cells), range(stored.long_texts));
        let (mut next_cell, mut next_text, mut next_rest) = (cells.start, texts.start, 0_usize);
        let rest = Lazy::new(rest, stored.rest)?;
        let notes = stored.notes;
        let stored_runs = stored.runs;
        let backing =
            Arc::new(Backing { key, blobs, cells: cells.clone(), texts: texts.clone(), rest, symbols, digits, bytes });
        let global = |symbol: Symbol| backing.symbols.get(symbol.index()).copied();
        let mut runs = Vec::with_capacity(stored_runs.len());
        for run in stored_runs {
            let shape = shapes.get(usize::try_from(run.shape).ok()?)?;
            let kept = Kept { backing: Arc::clone(&backing), cells: next_cell, texts: next_text, rest: next_rest };
            next_cell += (shape.params.len() + shape.metrics.len()) * CELL;
            next_text = next_text.checked_add(usize::try_from(run.texts).ok()?)?;
            next_rest = next_rest.checked_add(usize::try_from(run.rest).ok()?)?;
            runs.push(RunRecord {
                id: run.id,
                time: run.time,
                by: global(run.by)?,
                experiment: run.experiment,
                name: global(run.name)?,
                branch: global(run.branch)?,
                dirty: run.dirty,
                seed: run.seed,
                status: run.status,
                exit: run.exit,
                signal: run.signal,
                start: run.start,
                end: run.end,
                seconds: run.seconds,
                cwd: global(run.cwd)?,
                host: global(run.host)?,
                environment: global(run.environment)?,
                manual: run.manual,
                shortened: run.shortened,
                shape: Arc::clone(shape),
                withdrawn: None,
                ledger: Symbol::default(),
                stem: global(run.stem)?,
                kept,
            });
        }
        let mut experiments = Vec::with_capacity(stored_experiments.len());
        for found in stored_experiments {
            let kept = KeptTexts { backing: Arc::clone(&backing), at: next_text };
            next_text = next_text.checked_add(usize::try_from(found.texts).ok()?)?;
            let baseline = match found.baseline {
                Some((rev, commit)) => Some((global(rev)?, global(commit)?)),
                None => None,
            };
            experiments.push(Registration {
                id: found.id,
                time: found.time,
                by: global(found.by)?,
                experiment: found.experiment,
                name: global(found.name)?,
                branch: global(found.branch)?,
                baseline,
                expect: Arc::clone(lists.get(usize::try_from(found.expect).ok()?)?),
                planned_seeds: found.planned_seeds,
                from: found.from,
                kept,
            });
        }
        (next_cell == cells.end && next_text == texts.end).then_some(Self { runs, experiments, others, notes, backing })
    }

    /// Which folder in which state it is.
    pub fn key(&self) -> &str {
        self.backing.key()
    }

    /// For the index to keep.
    pub fn bytes(&self) -> &[u8] {
        &self.backing.bytes
    }

    /// For the index to keep apart: what [`Fetch`](super::Fetch) has to find again.
    pub fn rest(&self) -> &[u8] {
        self.backing.rest()
    }

    /// How many facts it has.
    pub fn len(&self) -> usize {
        self.runs.len() + self.experiments.len() + self.others.len()
    }

    /// Whether it has no facts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ids of its facts, and the object ids of their blobs, which take `width` bytes each; of a folder of notes, where facts have no blobs of their
    /// own, the ids alone.
    pub fn ids(&self, width: usize) -> impl Iterator<Item = (Id, &[u8])> {
        let ids = self.runs.iter().map(|run| Some(run.id));
        let ids = ids.chain(self.experiments.iter().map(|registration| Some(registration.id)));
        let ids = ids.chain(self.others.iter().map(|row| row.body.id()));
        ids.zip(self.blobs(width)).filter_map(|(id, blob)| Some((id?, blob)))
    }

    fn blobs(&self, width: usize) -> impl Iterator<Item = &[u8]> {
        let blobs = &self.backing.bytes[self.backing.blobs.clone()];
        blobs.chunks_exact(width.max(1)).chain(std::iter::repeat(&[][..]))
    }

    /// Its facts as they were read, with the object ids of their blobs.
    pub fn into_rows(self, width: usize, names: &mut Names) -> Vec<(Row, Vec<u8>)> {
        let blobs: Vec<Vec<u8>> = self.blobs(width).take(self.len()).map(<[u8]>::to_vec).collect();
        let whole = |run: &RunRecord| Row { stem: run.stem, body: Body::Run(Box::new(run.to_row(names))) };
        let runs: Vec<Row> = self.runs.iter().map(whole).collect();
        let whole = |found: &Registration| Row {
            stem: Symbol::default(),
            body: Body::Experiment(Box::new(found.to_row(names))),
        };
        let experiments: Vec<Row> = self.experiments.iter().map(whole).collect();
        runs.into_iter().chain(experiments).chain(self.others).zip(blobs).collect()
    }
}

impl RunRecord {
    /// A run that no folder has: one that something was added to.
    pub(super) fn new(row: RunRow, names: &mut Names) -> Option<Self> {
        let row = Row { stem: Symbol::default(), body: Body::Run(Box::new(row)) };
        Segment::new("", [(row, [])], Vec::new(), names).runs.pop()
    }
}

impl Registration {
    /// A registration that no folder has under its id.
    pub(super) fn new(row: RegistrationRow, names: &mut Names) -> Option<Self> {
        let row = Row { stem: Symbol::default(), body: Body::Experiment(Box::new(row)) };
        Segment::new("", [(row, [])], Vec::new(), names).experiments.pop()
    }
}

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

fn encode<B: AsRef<[u8]>>(
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
        notes,
        cells: &cells,
        long_texts: &long_texts,
        rest: crc32fast::hash(&rest),
    };
    let mut bytes = postcard::to_extend(&stored, vec![0; SUM])?;
    let sum = crc32fast::hash(&bytes[SUM..]).to_le_bytes();
    bytes[..SUM].copy_from_slice(&sum);
    Ok((bytes, rest))
}
