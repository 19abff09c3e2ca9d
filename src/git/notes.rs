//! Notes trees, by gix's reader and editor of fan-outs.

use gix::note::plumbing::State;
use gix::objs::TreeRefIter;

use super::Oid;
use super::error::GitError;
use super::objects::Writer;
use super::repo::Repo;

/// One version of a notes ref, read and edited in memory.
pub struct Notes {
    state: State,
}

impl Notes {
    /// The notes of a commit of a notes ref, or no notes.
    ///
    /// # Errors
    /// If the commit or its tree is missing or corrupt.
    pub fn open(repo: &Repo, writer: &Writer<'_>, tip: Option<Oid>) -> Result<Self, GitError> {
        let tree = match tip {
            Some(tip) => repo.commit_tree(tip)?,
            None => writer.tree(&gix::objs::Tree::empty())?,
        };
        let state = State::new(tree, writer).map_err(GitError::gix("cannot read the notes"))?;
        Ok(Self { state })
    }

    /// The blob of the note of a commit.
    ///
    /// # Errors
    /// If a tree of the fan-out is missing or corrupt.
    pub fn find(&mut self, writer: &Writer<'_>, commit: Oid) -> Result<Option<Oid>, GitError> {
        self.state.get(&commit, writer).map_err(GitError::gix(format!("cannot read the note of {commit}")))
    }

    /// Set or (with `None`) remove the note of a commit.
    ///
    /// # Errors
    /// If a tree of the fan-out is missing or corrupt.
    pub fn set(&mut self, writer: &Writer<'_>, commit: Oid, blob: Option<Oid>) -> Result<(), GitError> {
        self.state
            .edit(commit, blob, writer)
            .map(|_| ())
            .map_err(GitError::gix(format!("cannot change the note of {commit}")))
    }

    /// Write the changed trees; returns the root tree.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn write(&mut self, writer: &Writer<'_>) -> Result<Oid, GitError> {
        self.state.write(writer).map_err(GitError::gix("cannot write the notes"))
    }
}

impl Repo {
    /// Every note of a notes tree, as annotated object and blob, whatever the fan-out.
    ///
    /// # Errors
    /// If a tree is missing or corrupt.
    pub fn list_notes(&self, tree: Oid) -> Result<Vec<(Oid, Oid)>, GitError> {
        self.list_annotated(tree, "")
    }

    /// The blobs of the notes in one folder of a notes tree.
    ///
    /// # Errors
    /// If a tree is missing or corrupt.
    pub fn list_notes_below(&self, tree: Oid, folder: &str) -> Result<Vec<Oid>, GitError> {
        Ok(self.list_annotated(tree, folder)?.into_iter().map(|(_, blob)| blob).collect())
    }

    fn list_annotated(&self, tree: Oid, prefix: &str) -> Result<Vec<(Oid, Oid)>, GitError> {
        let mut out = Vec::new();
        let mut open = vec![(prefix.to_owned(), tree)];
        while let Some((prefix, tree)) = open.pop() {
            let doing = || format!("cannot read the notes tree {tree}");
            self.prefetch([tree]);
            let data = self.inner.find_tree(tree).map_err(self.cannot_read(doing()))?;
            for entry in TreeRefIter::from_bytes(&data.data, tree.kind()) {
                let entry = entry.map_err(|error| GitError::Gix { doing: doing(), message: error.to_string() })?;
                let hex = format!("{prefix}{}", entry.filename);
                if entry.mode.is_tree() {
                    open.push((hex, entry.oid.to_owned()));
                } else if let Some(commit) = self.parse_oid(&hex) {
                    out.push((commit, entry.oid.to_owned()));
                }
            }
        }
        Ok(out)
    }
}
