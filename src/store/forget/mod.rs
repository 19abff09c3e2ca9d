//! Forgetting: the one thing that takes facts away, for secrets and personal data.
//!
//! [`select`] says which facts go, [`rewrite`] what the refs without them are, [`local`] takes away what else there is of them in this repository, [`remote`]
//! does for a remote what was done here. What stays is a tombstone for each fact: it keeps other clones from bringing it back, and who has it forgets it too.
//!
//! All of it only depends on which tombstones there are, so it may be repeated, by anybody: `fsck --repair` ends what was broken off.

pub mod local;
pub mod remote;
pub mod rewrite;
pub mod select;

use std::collections::BTreeMap;

use super::ledger::{KEEP_PREFIX, NOTES, PREFIX};
use super::seal::Parcel;
use crate::git::{GitError, Oid, Repo};
use crate::model::fact::{About, Body, Fact, Header};
use crate::model::id::Id;
use crate::model::time::Time;

/// The refs of the record, here or at a remote.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Full name, and what it points to.
    pub refs: BTreeMap<String, Oid>,
}

impl View {
    /// Those of this repository.
    ///
    /// # Errors
    /// If the refs cannot be read.
    pub fn here(repo: &Repo) -> Result<Self, GitError> {
        let mut refs = BTreeMap::new();
        refs.extend(repo.list_refs(PREFIX)?);
        refs.extend(repo.list_refs(KEEP_PREFIX)?);
        refs.extend(repo.find_ref(NOTES)?.map(|tip| (NOTES.to_owned(), tip)));
        Ok(Self { refs })
    }

    fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a String, Oid)> {
        self.refs.iter().filter(move |(name, _)| name.starts_with(prefix)).map(|(name, tip)| (name, *tip))
    }
}

/// The tombstones of facts: each says that one was there, by whose wish it is gone, and why.
///
/// # Errors
/// If the system has no randomness, or JSON cannot hold the reason.
pub fn tombstones(ids: &[Id], by: &str, because: Option<&str>) -> Result<Vec<Parcel>, GitError> {
    let failed = |message: String| GitError::Gix { doing: "cannot make a tombstone".to_owned(), message };
    let time = Time::now();
    let make = |target: &Id| {
        let id = Id::random().map_err(|error| failed(error.to_string()))?;
        let about = About { target: Some(*target), because: because.map(str::to_owned), ..About::default() };
        let fact = Fact { header: Header::new("tombstone", id, time, by), body: Body::Tombstone(about) };
        let bytes = fact.encode().map_err(|error| failed(error.to_string()))?;
        Ok(Parcel { fact, bytes, files: Vec::new() })
    };
    ids.iter().map(make).collect()
}
