//! Trees: looking up paths, listing files, and writing a changed tree.

use std::collections::BTreeMap;

use gix::bstr::{BString, ByteSlice};
use gix::objs::tree::{Entry, EntryKind, EntryMode};
use gix::objs::{Tree, TreeRefIter};

use super::Oid;
use super::error::GitError;
use super::objects::Writer;
use super::repo::Repo;

impl Repo {
    /// The entries of one tree: name, whether it is a tree, object.
    ///
    /// # Errors
    /// If the tree is missing or corrupt.
    pub fn read_tree(&self, tree: Oid) -> Result<Vec<(String, EntryMode, Oid)>, GitError> {
        let doing = || format!("cannot read the tree {tree}");
        self.prefetch([tree]);
        let data = self.look(|repo| Ok(std::mem::take(&mut repo.find_tree(tree)?.data)));
        let data = data.map_err(self.cannot_read(doing()))?;
        let mut out = Vec::new();
        for entry in TreeRefIter::from_bytes(&data, tree.kind()) {
            let entry = entry.map_err(|error| GitError::Gix { doing: doing(), message: error.to_string() })?;
            out.push((entry.filename.to_str_lossy().into_owned(), entry.mode, entry.oid.to_owned()));
        }
        Ok(out)
    }

    /// What lies at a path below a tree.
    ///
    /// # Errors
    /// If a tree on the way is missing or corrupt.
    pub fn find_path(&self, tree: Oid, path: &str) -> Result<Option<(EntryMode, Oid)>, GitError> {
        let (mut tree, mut parts) = (tree, path.split('/').peekable());
        while let Some(part) = parts.next() {
            let Some((_, mode, oid)) = self.read_tree(tree)?.into_iter().find(|(name, ..)| name == part) else {
                return Ok(None);
            };
            if parts.peek().is_none() {
                return Ok(Some((mode, oid)));
            }
            if !mode.is_tree() {
                return Ok(None);
            }
            tree = oid;
        }
        Ok(None)
    }

    /// All files below a tree, by path.
    ///
    /// # Errors
    /// If a tree is missing or corrupt.
    pub fn list_files(&self, tree: Oid) -> Result<BTreeMap<String, Oid>, GitError> {
        let mut out = BTreeMap::new();
        let mut open = vec![(String::new(), tree)];
        while let Some((prefix, tree)) = open.pop() {
            for (name, mode, oid) in self.read_tree(tree)? {
                let path = format!("{prefix}{name}");
                if mode.is_tree() {
                    open.push((format!("{path}/"), oid))
                } else {
                    let _ = out.insert(path, oid);
                }
            }
        }
        Ok(out)
    }
}

/// Changes of files below a tree: path to new blob, or `None` to take the file away.
pub type Changes = BTreeMap<String, Option<Oid>>;

impl Writer<'_> {
    /// Write `root` (or the empty tree) with changed files. Only the trees on the way are read and written; a folder without files disappears.
    ///
    /// # Errors
    /// If a tree on the way is missing or corrupt, or the disk refuses.
    pub fn edit_tree(&self, repo: &Repo, root: Option<Oid>, changes: &Changes) -> Result<Oid, GitError> {
        let changes: Vec<(&str, Option<Oid>)> = changes.iter().map(|(path, oid)| (path.as_str(), *oid)).collect();
        Ok(match self.edit_level(repo, root, &changes)? {
            Some(tree) => tree,
            None => self.tree(&Tree::empty())?,
        })
    }

    /// `changes` are sorted by path, so the ones of a folder stand together.
    fn edit_level(
        &self,
        repo: &Repo,
        tree: Option<Oid>,
        changes: &[(&str, Option<Oid>)],
    ) -> Result<Option<Oid>, GitError> {
        let mut entries: BTreeMap<BString, (EntryMode, Oid)> = match tree {
            Some(tree) => {
                repo.read_tree(tree)?.into_iter().map(|(name, mode, oid)| (name.into(), (mode, oid))).collect()
            }
            None => BTreeMap::new(),
        };
        let mut rest = changes;
        while let Some((path, new)) = rest.first().copied() {
            let Some((folder, _)) = path.split_once('/') else {
                match new {
                    Some(blob) => drop(entries.insert(path.into(), (EntryKind::Blob.into(), blob))),
                    None => drop(entries.remove(path.as_bytes().as_bstr())),
                }
                rest = &rest[1..];
                continue;
            };
            let inside = |path: &str| {
                path.len() > folder.len() && path.starts_with(folder) && path.as_bytes()[folder.len()] == b'/'
            };
            let count = rest.iter().take_while(|(path, _)| inside(path)).count();
            let below: Vec<_> = rest[..count].iter().map(|(path, new)| (&path[folder.len() + 1..], *new)).collect();
            let old = entries.get(folder.as_bytes().as_bstr()).filter(|(mode, _)| mode.is_tree()).map(|(_, oid)| *oid);
            match self.edit_level(repo, old, &below)? {
                Some(new) => drop(entries.insert(folder.into(), (EntryKind::Tree.into(), new))),
                None => drop(entries.remove(folder.as_bytes().as_bstr())),
            }
            rest = &rest[count..];
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let mut entries: Vec<Entry> =
            entries.into_iter().map(|(filename, (mode, oid))| Entry { mode, filename, oid }).collect();
        entries.sort();
        self.tree(&Tree { entries }).map(Some)
    }
}
