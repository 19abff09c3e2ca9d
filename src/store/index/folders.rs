//! Where facts lie in git, and reading one folder of them.

use std::collections::{HashMap, HashSet};

use crate::git::{GitError, Oid, Repo};
use crate::model::fact::Header;
use crate::model::id::Id;
use crate::records::{Body, Listed, Names, Row, Segment, Symbol, parse};
use crate::store::ledger::{NOTES, PREFIX, REMOTE_PREFIX};

/// This many objects are read in any order.
const FEW: usize = 100;

/// After so many objects it is said how far reading has come.
const MANY: usize = 1000;

/// A ref with facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// The full name.
    pub(super) name: String,
    /// The commit it points to.
    pub(super) tip: Oid,
}

/// A part of a source: a folder of the fan-out, or (with an empty name) the notes that lie in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) name: String,
    pub(super) tree: Oid,
}

impl Source {
    pub(super) fn is_notes(&self) -> bool {
        self.name == NOTES
    }

    /// What a segment is kept under: which folder in which state.
    pub(super) fn key(&self, folder: &Folder) -> String {
        format!("{} {} {}", if self.is_notes() { "notes" } else { "facts" }, folder.name, folder.tree)
    }
}

/// The ledgers, those of remotes behind our own, and the notes.
pub(super) fn sources(repo: &Repo) -> Result<Vec<Source>, GitError> {
    let mut all: Vec<(String, Oid)> = repo.list_refs(PREFIX)?;
    let is_ledger = |name: &str| name.rsplit_once('/').is_some_and(|(above, _)| above.ends_with("/runs"));
    all.extend(repo.list_refs(REMOTE_PREFIX)?.into_iter().filter(|(name, _)| is_ledger(name)));
    all.extend(repo.find_ref(NOTES)?.map(|tip| (NOTES.to_owned(), tip)));
    Ok(all.into_iter().map(|(name, tip)| Source { name, tip }).collect())
}

/// The folders of a source, by name; `None` if its ref points to no commit.
pub(super) fn folders(repo: &Repo, source: &Source) -> Result<Option<Vec<Folder>>, GitError> {
    let Some(root) = repo.tip_tree(source.tip)? else { return Ok(None) };
    if source.is_notes() {
        let mut all = Vec::new();
        let entries = repo.read_tree(root)?;
        if entries.iter().any(|(_, mode, _)| !mode.is_tree()) {
            all.push(Folder { name: String::new(), tree: root });
        }
        let trees = entries.into_iter().filter(|(_, mode, _)| mode.is_tree());
        all.extend(trees.map(|(name, _, tree)| Folder { name, tree }));
        return Ok(Some(all));
    }
    match repo.find_path(root, "facts")? {
        Some((mode, facts)) if mode.is_tree() => {
            let entries = repo.read_tree(facts)?.into_iter().filter(|(_, mode, _)| mode.is_tree());
            Ok(Some(entries.map(|(name, _, tree)| Folder { name, tree }).collect()))
        }
        _ => Ok(Some(Vec::new())),
    }
}

/// A file in a folder of a ledger.
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) blob: Oid,
    /// What it says, once that is known.
    pub(super) row: Option<Row>,
    /// Its blob could not be read. It may be there again later, so the index must not remember that.
    pub(super) is_lost: bool,
}

/// The files of a ledger's folder; what its `stale` segment had is known already.
pub(super) fn list_folder(
    repo: &Repo,
    folder: &Folder,
    stale: Option<Segment>,
    names: &mut Names,
) -> Result<Vec<Entry>, GitError> {
    let width = folder.tree.as_slice().len();
    let rows = stale.filter(Segment::is_whole).map(|stale| stale.into_rows(width, names)).unwrap_or_default();
    let mut known: HashMap<Vec<u8>, Row> = rows.into_iter().map(|(row, blob)| (blob, row)).collect();
    let entry = |(file, _, blob): (String, _, Oid)| {
        let row = known.remove(blob.as_slice()).filter(|row| row.is_of(&file, names));
        Entry { file, blob, row, is_lost: false }
    };
    Ok(repo.read_tree(folder.tree)?.into_iter().map(entry).collect())
}

/// Read what is not known yet, in the order in which git has it; returns how many facts that were.
pub(super) fn read_entries<'a>(
    repo: &Repo,
    entries: impl Iterator<Item = &'a mut Entry>,
    names: &mut Names,
    progress: &mut dyn FnMut(usize, usize),
) -> usize {
    let mut unknown: Vec<&mut Entry> = entries.filter(|entry| entry.row.is_none()).collect();
    // A few are read as fast in any order, and looking up the order costs some reading itself.
    if unknown.len() > FEW {
        repo.sort_by_pack(&mut unknown, |entry| entry.blob);
    }
    repo.prefetch(unknown.iter().map(|entry| entry.blob));
    let mut bytes = Vec::new();
    let all = unknown.len();
    for (done, entry) in unknown.iter_mut().enumerate() {
        if done % MANY == 0 {
            progress(done, all);
        }
        entry.row = Some(match repo.read_blob_into(entry.blob, &mut bytes) {
            Ok(()) => Row::read(&entry.file, &bytes, names),
            Err(error) => {
                entry.is_lost = true;
                Row {
                    body: Body::Unreadable(names.intern(&error.to_string())),
                    stem: names.intern(entry.file.strip_suffix(".json").unwrap_or(&entry.file)),
                }
            }
        });
    }
    progress(all, all);
    all
}

/// The segment of a folder whose files were all read.
pub(super) fn segment(key: &str, entries: Vec<Entry>, names: &mut Names) -> Segment {
    let rows = entries.into_iter().filter_map(|entry| Some((entry.row?, entry.blob)));
    Segment::new(key, rows.map(|(row, blob)| (row, blob.as_slice().to_vec())), Vec::new(), names)
}

/// What a folder of notes lists and the facts among it that no ledger has.
pub(super) struct NotesRead {
    pub(super) segment: Segment,
    /// How many notes had to be read.
    pub(super) fresh: usize,
    /// A note could not be read.
    pub(super) is_lossy: bool,
}

/// Read a folder of notes.
pub(super) fn read_notes(
    repo: &Repo,
    folder: &Folder,
    key: &str,
    stale: Option<Segment>,
    by_blob: &ahash::HashMap<Oid, Id>,
    known: &ahash::HashSet<Id>,
    names: &mut Names,
) -> Result<NotesRead, GitError> {
    let stale_notes = stale.as_ref().map(Segment::notes).unwrap_or_default();
    let listed: HashMap<&[u8], &Listed> = stale_notes.iter().map(|note| (note.blob.as_slice(), note)).collect();
    let stale_rows = stale.map(|stale| stale.into_rows(0, names)).unwrap_or_default();
    let mut stale_rows: HashMap<Id, Row> =
        stale_rows.into_iter().filter_map(|(row, _)| Some((row.body.id()?, row))).collect();
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    let mut added: HashSet<Id> = HashSet::new();
    let (mut fresh, mut is_lossy) = (0, false);
    let notes: Vec<Oid> = match folder.name.as_str() {
        // What lies in folders has slots of its own.
        "" => {
            let entries = repo.read_tree(folder.tree)?.into_iter();
            entries.filter(|(name, mode, _)| !mode.is_tree() && repo.parse_oid(name).is_some()).map(|e| e.2).collect()
        }
        prefix => repo.list_notes_below(folder.tree, prefix)?,
    };
    repo.prefetch(notes.iter().copied().filter(|blob| !by_blob.contains_key(blob)));
    for blob in notes {
        // Most notes hold one fact, and then they are the fact's own blob.
        if let Some(id) = by_blob.get(&blob) {
            all.push(Listed { blob: blob.as_slice().to_vec(), ids: vec![*id] });
            continue;
        }
        let note = match listed.get(blob.as_slice()) {
            Some(note) => {
                let own = note.ids.iter().filter(|id| !known.contains(id) && added.insert(**id));
                rows.extend(own.filter_map(|id| stale_rows.remove(id)));
                (*note).clone()
            }
            None => {
                fresh += 1;
                let mut ids = Vec::new();
                let Ok(bytes) = repo.read_blob(blob) else {
                    is_lossy = true;
                    continue;
                };
                for line in String::from_utf8_lossy(&bytes).split('\n').map(|line| line.trim_end_matches('\r')) {
                    let Ok(header) = serde_json::from_str::<Header>(line) else { continue };
                    ids.push(header.id);
                    if !known.contains(&header.id)
                        && added.insert(header.id)
                        && let Ok(body) = parse(line.as_bytes(), names)
                    {
                        rows.push(Row { stem: Symbol::default(), body });
                    }
                }
                Listed { blob: blob.as_slice().to_vec(), ids }
            }
        };
        all.push(note);
    }
    // A line that has the header of a fact and is none otherwise is nobody's: it must not make the segment look as if it lacked something.
    all.iter_mut().for_each(|note| note.ids.retain(|id| known.contains(id) || added.contains(id)));
    let segment = Segment::new(key, rows.into_iter().map(|row| (row, [])), all, names);
    Ok(NotesRead { segment, fresh, is_lossy })
}
