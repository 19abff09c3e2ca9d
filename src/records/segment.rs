//! The facts of one folder of a ledger as bytes: what the index holds, and what records are read from.
//!
//! The bytes are [postcard](https://postcard.jamesmunns.com/wire-format)'s, behind a CRC-32 of them. The symbols in them count the segment's own
//! texts. They never leave the machine that wrote them, so their form may change with every version: [`FORMAT`] then does. What every command needs
//! of a run is read at once; its values and its longer texts stay where they are (`kept.rs`), and some of it is kept apart, as the segment's *rest*.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::encode::encode;
use super::experiment::{Registration, RegistrationHead, RegistrationRow};
use super::kept::{Backing, CELL, Kept, KeptTexts, Lazy, Rests};
use super::names::{Names, Shape, Symbol};
use super::row::{Body, Row};
use super::run::{RunHead, RunRecord, RunRow};
use crate::model::id::Id;

/// Changes with every change of what the bytes mean.
pub const FORMAT: u32 = 7;

/// Bytes of the checksum in front.
pub(super) const SUM: usize = 4;

/// The facts of one folder.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its runs.
    pub runs: Vec<RunRecord>,
    /// Its registrations that lie under their ids.
    pub experiments: Vec<Registration>,
    /// Everything else; no [`Body::Run`] is among them.
    pub others: Vec<Row>,
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
pub(super) struct Stored<'a> {
    #[serde(borrow)]
    pub(super) key: &'a str,
    /// The texts, one behind the other, and where each ends.
    #[serde(borrow)]
    pub(super) texts: &'a str,
    pub(super) ends: Vec<u32>,
    pub(super) digits: Vec<u32>,
    /// Names of params, names of metrics.
    pub(super) shapes: Vec<(Vec<Symbol>, Vec<Symbol>)>,
    pub(super) runs: Vec<StoredRun>,
    /// Lists of expectations.
    pub(super) lists: Vec<Vec<Symbol>>,
    pub(super) experiments: Vec<StoredRegistration>,
    pub(super) others: Vec<Row>,
    /// The object id of each fact's blob: of runs, of experiments, of others.
    #[serde(borrow)]
    pub(super) blobs: &'a [u8],
    /// Of a folder of notes: what its notes list, as a list of [`Listed`], and all the ids in that.
    #[serde(borrow)]
    pub(super) notes: &'a [u8],
    #[serde(borrow)]
    pub(super) listed: &'a [u8],
    #[serde(borrow)]
    pub(super) cells: &'a [u8],
    /// Longer texts of runs, then of registrations.
    #[serde(borrow)]
    pub(super) long_texts: &'a [u8],
    /// The CRC-32 of the rest.
    pub(super) rest: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredRegistration {
    pub(super) head: RegistrationHead,
    /// Which of the lists.
    pub(super) expect: u32,
    /// Length of its longer texts.
    pub(super) texts: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StoredRun {
    pub(super) head: RunHead,
    pub(super) stem: Symbol,
    /// Which of the shapes.
    pub(super) shape: u32,
    /// Length of its texts.
    pub(super) texts: u32,
    /// Length of its part of the rest.
    pub(super) rest: u32,
}

impl Segment {
    /// Facts with the object ids of their blobs. `key` says which folder in which state this is.
    pub fn new<B: AsRef<[u8]>>(
        key: &str,
        rows: impl IntoIterator<Item = (Row, B)>,
        notes: Vec<Listed>,
        names: &mut Names,
    ) -> Self {
        let (bytes, rest) = encode(key, rows, &notes, names).expect("every row can be encoded");
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
        let (mut stored_runs, mut stored_experiments, mut others) = (stored.runs, stored.experiments, stored.others);
        let mut is_whole = true;
        let mut change = |symbol: &mut Symbol| match symbols.get(symbol.index()) {
            Some(known) => *symbol = *known,
            None => is_whole = false,
        };
        for run in &mut stored_runs {
            run.head.each_symbol(&mut change);
            change(&mut run.stem);
        }
        stored_experiments.iter_mut().for_each(|found| found.head.each_symbol(&mut change));
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
        let (notes, listed) = (range(stored.notes), range(stored.listed));
        let backing = Arc::new(Backing {
            key,
            blobs,
            notes,
            listed,
            cells: cells.clone(),
            texts: texts.clone(),
            rest,
            symbols,
            digits,
            bytes,
        });
        let mut runs = Vec::with_capacity(stored_runs.len());
        for StoredRun { head, stem, shape, texts, rest } in stored_runs {
            let shape = Arc::clone(shapes.get(usize::try_from(shape).ok()?)?);
            let kept = Kept { backing: Arc::clone(&backing), cells: next_cell, texts: next_text, rest: next_rest };
            next_cell += (shape.params.len() + shape.metrics.len()) * CELL;
            next_text = next_text.checked_add(usize::try_from(texts).ok()?)?;
            next_rest = next_rest.checked_add(usize::try_from(rest).ok()?)?;
            runs.push(RunRecord { head, shape, withdrawn: None, ledger: Symbol::default(), stem, kept });
        }
        let mut experiments = Vec::with_capacity(stored_experiments.len());
        for StoredRegistration { head, expect, texts } in stored_experiments {
            let kept = KeptTexts { backing: Arc::clone(&backing), at: next_text };
            next_text = next_text.checked_add(usize::try_from(texts).ok()?)?;
            experiments.push(Registration {
                head,
                expect: Arc::clone(lists.get(usize::try_from(expect).ok()?)?),
                kept,
            });
        }
        (next_cell == cells.end && next_text == texts.end).then_some(Self { runs, experiments, others, backing })
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

    /// Whether all of it can be had: whoever writes its facts anew must not do so without its rest.
    pub fn is_whole(&self) -> bool {
        self.backing.has_rest()
    }

    /// Of a folder of notes: what its notes list. The facts are then those that no ledger had.
    pub fn notes(&self) -> Vec<Listed> {
        postcard::from_bytes(&self.backing.bytes[self.backing.notes.clone()]).unwrap_or_default()
    }

    /// Of a folder of notes: the ids of all facts that its notes list.
    pub fn listed(&self) -> impl Iterator<Item = Id> {
        let bytes = &self.backing.bytes[self.backing.listed.clone()];
        bytes.chunks_exact(crate::model::id::LENGTH).filter_map(|id| std::str::from_utf8(id).ok()?.parse().ok())
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
