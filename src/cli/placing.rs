//! Putting files of runs into folders, as several verbs do it.

use std::fmt;
use std::ops::AddAssign;
use std::path::Path;

use super::commands::artifact::move_all;
use super::context::Context;
use super::error::CliError;
use super::remotes;
use crate::artifact::place::{Place, PlaceError, Placed, Placing};
use crate::artifact::pointer::Pointer;
use crate::artifact::remote::Operation;
use crate::artifact::store::Store;
use crate::git::Oid;
use crate::render::number::plural;
use crate::store::artifacts::{Content, Entry, Stored};

/// How many files that could not be written are named.
const NAMED: usize = 5;

/// What became of files.
#[derive(Debug, Default)]
pub struct Done {
    /// Written.
    pub written: usize,
    /// There already, the same.
    pub same: usize,
    /// Not written, and why.
    pub failed: Vec<PlaceError>,
}

impl Done {
    /// # Errors
    /// If a file was not written.
    pub fn check(self) -> Result<(), CliError> {
        let Some(first) = self.failed.first() else { return Ok(()) };
        let lines: Vec<String> = self.failed.iter().take(NAMED).map(|error| format!("\n  {error}")).collect();
        let more = self.failed.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let error =
            CliError::new(format!("{} not written:{}{more}", plural(self.failed.len(), "file"), lines.concat()));
        Err(match first {
            PlaceError::Differs(_) => error.hint("--to <another folder>, or --force to replace what differs"),
            PlaceError::Store(_) => error.hint("git xp artifact fsck    looks for what is damaged here"),
            _ => error.hint("name what is wanted, without these: git xp artifact checkout <run> <pattern>"),
        })
    }
}

impl AddAssign for Done {
    fn add_assign(&mut self, other: Self) {
        self.written += other.written;
        self.same += other.same;
        self.failed.extend(other.failed);
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.written, self.same) {
            (0, 0) => Ok(()),
            (written, 0) => write!(f, ", {}", plural(written, "file")),
            (written, same) => write!(f, ", {}, {} there already", plural(written, "file"), plural(same, "file")),
        }
    }
}

/// Fetch the objects of artifacts that are not here.
///
/// # Errors
/// If one is not to be had.
pub fn fetch_missing(cx: &Context, artifacts: &[Stored], from: Option<&str>) -> Result<(), CliError> {
    let store = Store::of(&cx.repo);
    let all = artifacts.iter().flat_map(Stored::pointers);
    let missing: Vec<Pointer> = all.filter(|pointer| store.find(pointer).is_none()).cloned().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let remote = remotes::open(cx, from)?;
    move_all(cx, remote.as_ref(), Operation::Download, missing, false)
}

/// Put artifacts into a folder.
///
/// # Errors
/// If a ledger cannot be read; what could not be written is in the answer.
pub fn artifacts(cx: &Context, root: &Path, artifacts: Vec<Stored>) -> Result<Done, CliError> {
    let place = Place { root: root.to_owned(), force: false, link: false };
    entries(cx, &place, artifacts.into_iter().flat_map(|stored| stored.entries).collect())
}

/// Put blobs into a folder, under their names.
///
/// # Errors
/// If a blob cannot be read.
pub fn blobs(cx: &Context, root: &Path, blobs: &[(String, Oid)]) -> Result<Done, CliError> {
    let place = Place { root: root.to_owned(), force: false, link: false };
    let entry =
        |(path, blob): &(String, Oid)| Entry { path: path.clone(), content: Content::Blob(*blob), executable: false };
    entries(cx, &place, blobs.iter().map(entry).collect())
}

/// Put files of artifacts into a place. Links come last, so that nothing is written through one.
///
/// # Errors
/// If a blob cannot be read.
pub fn entries(cx: &Context, place: &Place, entries: Vec<Entry>) -> Result<Done, CliError> {
    let store = Store::of(&cx.repo);
    let mut placing = Placing::new(place, &store);
    let mut done = Done::default();
    let is_link = |entry: &Entry| matches!(entry.content, Content::Link(_));
    let (links, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_link);
    let count = files.len() + links.len();
    let mut progress = cx.ui.progress("files");
    for (at, entry) in files.iter().chain(&links).enumerate() {
        progress(at, count);
        let placed = match &entry.content {
            Content::Object(pointer) => placing.object(&entry.path, pointer, entry.executable),
            Content::Blob(blob) => placing.bytes(&entry.path, &cx.repo.read_blob(*blob)?, entry.executable),
            Content::Link(text) => placing.symlink(&entry.path, text),
        };
        match placed {
            Ok(Placed::Written) => done.written += 1,
            Ok(Placed::Same) => done.same += 1,
            Err(error) => done.failed.push(error),
        }
    }
    progress(count, count);
    Ok(done)
}
