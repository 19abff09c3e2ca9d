//! Artifacts as they lie in a ledger: what a fact says of them, and the pointers among the files of the run.

use std::collections::{BTreeMap, BTreeSet};

use super::details::Details;
use super::ledger::{PREFIX, files_of};
use crate::artifact::pointer::{LONGEST, Pointer};
use crate::git::{GitError, Oid, Repo};
use crate::model::id::Id;
use crate::model::run::Artifact;

/// An artifact of a run.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What the fact says.
    pub artifact: Artifact,
    /// The fact: the run's own, or a later one.
    pub fact: Id,
    /// Its files, by path. Of one file, one.
    pub entries: Vec<Entry>,
}

/// A file of an artifact.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Below `out/`, as the ledger has it.
    pub path: String,
    /// What it is.
    pub content: Content,
    /// Whether it may be executed.
    pub executable: bool,
}

/// What a file of an artifact is.
#[derive(Debug, Clone)]
pub enum Content {
    /// An LFS object.
    Object(Pointer),
    /// A blob of the ledger.
    Blob(Oid),
    /// A symbolic link that says this.
    Link(String),
}

impl Stored {
    /// Give it and its files a name that tells it from another one of its name.
    fn rename(&mut self) {
        let oid = self.artifact.oid.trim_start_matches("sha256:");
        let (old, new) =
            (self.artifact.name.clone(), format!("{}+{}", self.artifact.name, oid.get(..8).unwrap_or(oid)));
        let below = |name: &str| name.strip_prefix("out/").unwrap_or(name).to_owned();
        for entry in &mut self.entries {
            entry.path = entry.path.replacen(&below(&old), &below(&new), 1);
        }
        self.artifact.name = new;
    }

    /// What points to the objects of it.
    pub fn pointers(&self) -> impl Iterator<Item = &Pointer> {
        self.entries.iter().filter_map(|entry| match &entry.content {
            Content::Object(pointer) => Some(pointer),
            _ => None,
        })
    }
}

/// The artifacts of a run, those that were added later behind its own.
///
/// # Errors
/// If an object is missing or corrupt.
pub fn of_run(repo: &Repo, details: &Details) -> Result<Vec<Stored>, GitError> {
    let mut all: Vec<Stored> = Vec::new();
    let mut add = |fact: Id, artifacts: &[Artifact], files: &BTreeMap<String, Oid>| -> Result<(), GitError> {
        for artifact in artifacts.iter().filter(|artifact| artifact.stored) {
            let mut stored = Stored { artifact: artifact.clone(), fact, entries: entries(repo, artifact, files)? };
            match all.iter().find(|other| other.artifact.name == artifact.name) {
                Some(other) if other.artifact.oid == artifact.oid => continue,
                // Added later under a name that was taken: it lies beside the first.
                Some(_) => stored.rename(),
                None => {}
            }
            all.push(stored);
        }
        Ok(())
    };
    add(details.header.id, &details.run.artifacts, &details.files)?;
    for (header, late) in details.late.iter().filter(|(_, late)| !late.artifacts.is_empty()) {
        let files = files_of(repo, &format!("{PREFIX}{}", header.time.month()), header.id)?;
        add(header.id, &late.artifacts, &files)?;
    }
    Ok(all)
}

fn entries(repo: &Repo, artifact: &Artifact, files: &BTreeMap<String, Oid>) -> Result<Vec<Entry>, GitError> {
    let below = |name: &str| name.strip_prefix("out/").unwrap_or(name).to_owned();
    if let Some(text) = &artifact.link {
        let content = Content::Link(text.clone());
        return Ok(vec![Entry { path: below(&artifact.name), content, executable: false }]);
    }
    if artifact.files.is_none() {
        let Some(blob) = files.get(&artifact.name) else { return Ok(Vec::new()) };
        let content = content(repo, *blob)?;
        return Ok(vec![Entry { path: below(&artifact.name), content, executable: artifact.executable }]);
    }
    let prefix = format!("{}/", artifact.name);
    let links = links(repo, artifact, files)?;
    let inside = files.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
    inside
        .map(|(name, blob)| {
            let inner = &name[prefix.len()..];
            let content = if links.contains(inner) {
                Content::Link(String::from_utf8_lossy(&repo.read_blob(*blob)?).into_owned())
            } else {
                content(repo, *blob)?
            };
            let executable = artifact.executables.iter().any(|path| path == inner);
            Ok(Entry { path: below(name), content, executable })
        })
        .collect()
}

/// The paths of a folder's links, which its manifest tells.
fn links(repo: &Repo, artifact: &Artifact, files: &BTreeMap<String, Oid>) -> Result<BTreeSet<String>, GitError> {
    let Some(manifest) = files.get(&manifest_name(&artifact.name)) else { return Ok(BTreeSet::new()) };
    let bytes = repo.read_blob(*manifest)?;
    let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"link "));
    let path = |line: &[u8]| {
        line.splitn(3, |byte| *byte == b' ').nth(2).map(|path| String::from_utf8_lossy(path).into_owned())
    };
    Ok(lines.filter_map(path).collect())
}

/// Where the manifest of a folder `out/<name>` lies among the files of its run.
pub fn manifest_name(name: &str) -> String {
    format!("artifacts/{}.manifest", name.strip_prefix("out/").unwrap_or(name))
}

fn content(repo: &Repo, blob: Oid) -> Result<Content, GitError> {
    let is_short = repo.object_size(blob).is_some_and(|size| size < LONGEST as u64);
    let pointer = if is_short { Pointer::parse(&repo.read_blob(blob)?) } else { None };
    Ok(pointer.map_or(Content::Blob(blob), Content::Object))
}

/// Everything that the ledgers here point to.
///
/// # Errors
/// If a ledger cannot be read.
pub fn all_pointers(repo: &Repo) -> Result<BTreeSet<Pointer>, GitError> {
    let mut blobs = BTreeSet::new();
    for (_, tip) in repo.list_refs(PREFIX)? {
        let Some(tree) = repo.tip_tree(tip)? else { continue };
        let Some((mode, files)) = repo.find_path(tree, "files")? else { continue };
        if mode.is_tree() {
            blobs.extend(repo.list_files(files)?.into_values());
        }
    }
    pointers_among(repo, blobs)
}

/// Everything that the files of a tree point to.
///
/// # Errors
/// If the tree cannot be read.
pub fn pointers_of_tree(repo: &Repo, tree: Oid) -> Result<BTreeSet<Pointer>, GitError> {
    pointers_among(repo, repo.list_files(tree)?.into_values().collect())
}

fn pointers_among(repo: &Repo, blobs: BTreeSet<Oid>) -> Result<BTreeSet<Pointer>, GitError> {
    let mut found = BTreeSet::new();
    for blob in blobs {
        // A blob that a partial clone lacks is not fetched for this: what is not here was pushed.
        if let Ok(Content::Object(pointer)) = content(repo, blob) {
            found.insert(pointer);
        }
    }
    Ok(found)
}
