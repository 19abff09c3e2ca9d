//! Reading all facts, and the index that makes it fast.
//!
//! A *source* is a ref with facts: the ledgers, those that were fetched from a remote, and the notes, last, for facts that no ledger has. The facts
//! of a source lie in folders (the fan-out), and a folder's tree id says all about its content. The index keeps a [`Segment`] for each folder under that
//! id: what has not changed is taken from there, what has is read from git, blob by blob that is new. So the index can be old, damaged, half-written,
//! from another repository or gone: it only ever costs time. `xp.index = false` does without.

mod database;
mod facts;
mod folders;
mod lookup;
mod rest;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use database::Database;
use folders::{Entry, Folder, Source, folders, list_folder, read_entries, read_notes, segment, sources};
pub use lookup::{Word, about};
use rest::{Rest, Shelf};

use crate::git::{GitError, Oid, Repo};
use crate::model::id::Id;
use crate::records::{Names, Records, Rests, Segment, Symbol, Unreadable};
use crate::store::ledger::NOTES;

/// Below this many facts an index would cost more than it saves.
const WORTH_AN_INDEX: usize = 200;

/// Read everything that ledgers and notes hold. `progress` is told how many of the facts that the index lacks have been read, and of how many.
///
/// # Errors
/// If the refs or a tree cannot be read; a single bad fact is no error, and nothing that is wrong with the index is.
pub fn read(repo: &Repo, progress: &mut dyn FnMut(usize, usize)) -> Result<Records, GitError> {
    let sources = sources(repo)?;
    let mut names = Names::default();
    let is_used = repo.config_bool("xp.index").unwrap_or(true);
    let mut database = is_used.then(|| Database::open(&repo.common_dir())).flatten();
    let mut state = State::of(repo, &sources, database.as_ref())?;
    let shelf = Shelf::new(repo);
    // An experiment has a name and a branch of its own.
    names.reserve(database.as_ref().map_or(0, Database::facts) * 2);
    if let Some(found) = &database
        && found
            .each_segment(!state.has_moved(), &mut |source, folder, bytes| {
                let rest = match source {
                    // Few, if any.
                    NOTES => Rests::Here(found.rest(source, folder).unwrap_or_default()),
                    _ => Rests::Elsewhere(Arc::new(Rest {
                        shelf: Arc::clone(&shelf),
                        source: source.to_owned(),
                        folder: folder.to_owned(),
                    })),
                };
                state.take((source, folder), bytes, rest, &mut names);
            })
            .is_none()
    {
        // It broke while it was read. What was read is whole all the same.
        database = None;
    }
    let fresh = state.fill(repo, &mut names, progress)?;
    if is_used && (database.is_some() || fresh >= WORTH_AN_INDEX) && state.has_news() {
        state.save(repo, database, &names);
    }
    let ledgers: Vec<Symbol> = state.sources.iter().map(|source| names.intern(&source.name)).collect();
    let segments = state.slots.into_iter().filter_map(|slot| Some((ledgers[slot.source], slot.segment?)));
    let mut records = Records::new(names, segments);
    records.unreadable.extend(state.no_ledgers.into_iter().map(Unreadable::no_ledger));
    Ok(records)
}

/// What has to be read, and how far that is.
struct State<'a> {
    sources: &'a [Source],
    slots: Vec<Slot>,
    slot_at: HashMap<(usize, String), usize>,
    /// Segments of folders as they were once.
    stale: HashMap<usize, Segment>,
    /// Sources that changed since the index was written, and those that are gone.
    moved: Vec<bool>,
    gone: Vec<String>,
    /// Refs that point to no commit.
    no_ledgers: Vec<String>,
}

/// One folder of a source.
struct Slot {
    source: usize,
    folder: Folder,
    segment: Option<Segment>,
    /// Read from git, and whole: for the index to keep.
    is_new: bool,
}

impl<'a> State<'a> {
    fn of(repo: &Repo, sources: &'a [Source], database: Option<&Database>) -> Result<Self, GitError> {
        let mut known = database.map(Database::sources).unwrap_or_default();
        let mut state = State {
            sources,
            slots: Vec::new(),
            slot_at: HashMap::new(),
            stale: HashMap::new(),
            moved: Vec::new(),
            gone: Vec::new(),
            no_ledgers: Vec::new(),
        };
        for (at, source) in sources.iter().enumerate() {
            let kept = known.remove(&source.name).filter(|(tip, _)| *tip == source.tip);
            state.moved.push(kept.is_none());
            let folders = match kept {
                Some((_, folders)) => folders,
                None => folders(repo, source)?.unwrap_or_else(|| {
                    // The index does not learn of it, so that it is named every time.
                    state.moved[at] = false;
                    state.no_ledgers.push(source.name.clone());
                    Vec::new()
                }),
            };
            for folder in folders {
                state.slot_at.insert((at, folder.name.clone()), state.slots.len());
                state.slots.push(Slot { source: at, folder, segment: None, is_new: false });
            }
        }
        state.gone = known.into_keys().collect();
        Ok(state)
    }

    /// Take a segment that the index has.
    fn take(&mut self, (source, folder): (&str, &str), bytes: Vec<u8>, rest: Rests, names: &mut Names) {
        let Some(source) = self.sources.iter().position(|known| known.name == source) else { return };
        let Some(at) = self.slot_at.get(&(source, folder.to_owned())) else { return };
        let Some(segment) = Segment::decode(bytes, rest, names) else { return };
        let slot = &mut self.slots[*at];
        if segment.key() == self.sources[source].key(&slot.folder) {
            slot.segment = Some(segment);
        } else {
            self.stale.insert(*at, segment);
        }
    }

    /// Read from git what is missing; returns how many facts that were.
    fn fill(
        &mut self,
        repo: &Repo,
        names: &mut Names,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<usize, GitError> {
        let mut listed: Vec<(usize, Vec<Entry>)> = Vec::new();
        for (at, slot) in self.slots.iter().enumerate() {
            if slot.segment.is_none() && !self.sources[slot.source].is_notes() {
                listed.push((at, list_folder(repo, &slot.folder, self.stale.remove(&at), names)?));
            }
        }
        let has_read = !listed.is_empty();
        let mut fresh = read_entries(repo, listed.iter_mut().flat_map(|(_, entries)| entries), names, progress);
        for (at, entries) in listed {
            let slot = &mut self.slots[at];
            slot.is_new = entries.iter().all(|entry| !entry.is_lost);
            slot.segment = Some(segment(&self.sources[slot.source].key(&slot.folder), entries, names));
        }
        // While no source has moved, folders of notes that hold no fact of their own were not even asked for.
        if self.has_moved() || has_read {
            fresh += self.fill_notes(repo, names)?;
        }
        Ok(fresh)
    }

    /// A note's facts are those of the ledgers, but for facts that only the notes of a commit have.
    fn fill_notes(&mut self, repo: &Repo, names: &mut Names) -> Result<usize, GitError> {
        if !self.sources.iter().any(Source::is_notes) {
            return Ok(0);
        }
        let width = repo.empty_tree().as_slice().len();
        let facts = self.slots.iter().filter_map(|slot| slot.segment.as_ref()).map(Segment::len).sum();
        let mut by_blob: ahash::HashMap<Oid, Id> =
            ahash::HashMap::with_capacity_and_hasher(facts, ahash::RandomState::new());
        let mut known: ahash::HashSet<Id> = ahash::HashSet::with_capacity_and_hasher(facts, ahash::RandomState::new());
        for slot in self.slots.iter().filter(|slot| !self.sources[slot.source].is_notes()) {
            let Some(segment) = &slot.segment else { continue };
            for (id, blob) in segment.ids(width) {
                by_blob.extend(Oid::try_from(blob).ok().map(|blob| (blob, id)));
                known.insert(id);
            }
        }
        let mut fresh = 0;
        for (at, slot) in self.slots.iter_mut().enumerate().filter(|(_, slot)| self.sources[slot.source].is_notes()) {
            // What a note lists must be somewhere: a ledger that was deleted leaves facts that only notes have.
            let is_covered = |segment: &Segment| {
                let own: HashSet<Id> = segment.ids(width).map(|(id, _)| id).collect();
                segment.listed().all(|id| known.contains(&id) || own.contains(&id))
            };
            let segment = slot.segment.take();
            if segment.as_ref().is_some_and(is_covered) {
                slot.segment = segment;
                continue;
            }
            let stale = self.stale.remove(&at).filter(is_covered);
            let key = self.sources[slot.source].key(&slot.folder);
            let read = read_notes(repo, &slot.folder, &key, stale, &by_blob, &known, names)?;
            fresh += read.fresh;
            slot.segment = Some(read.segment);
            slot.is_new = !read.is_lossy;
        }
        Ok(fresh)
    }

    /// Whether a source is not what it was when the index was written.
    fn has_moved(&self) -> bool {
        self.moved.contains(&true) || !self.gone.is_empty()
    }

    fn has_news(&self) -> bool {
        self.has_moved() || self.slots.iter().any(|slot| slot.is_new)
    }

    /// Keep what was read. An index that cannot be written is none.
    fn save(&self, repo: &Repo, database: Option<Database>, names: &Names) {
        let Some(mut database) = database.or_else(|| Database::create(&repo.common_dir())) else { return };
        let sources = self.sources.iter().enumerate().filter(|(at, _)| self.moved[*at]).map(|(at, source)| {
            let folders: Vec<&Folder> =
                self.slots.iter().filter(|slot| slot.source == at).map(|slot| &slot.folder).collect();
            (source, folders)
        });
        let segments = self.slots.iter().filter(|slot| slot.is_new).filter_map(|slot| {
            let source = &self.sources[slot.source];
            Some((source.name.as_str(), slot.folder.name.as_str(), slot.segment.as_ref()?))
        });
        database.write(sources, &self.gone, segments, names);
    }
}
