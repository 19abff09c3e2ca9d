//! Refs: reading, listing, and transactions by compare-and-swap.

use std::path::PathBuf;

use gix::bstr::ByteSlice;
use gix::refs::Target;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};

use super::Oid;
use super::error::GitError;
use super::repo::Repo;

/// What a ref must be for an edit to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It does not exist.
    Missing,
    /// It is this object.
    Is(Oid),
}

impl From<Option<Oid>> for Expected {
    fn from(old: Option<Oid>) -> Self {
        old.map_or(Self::Missing, Self::Is)
    }
}

/// A change of one ref, made only if the ref is as expected.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The full name.
    pub name: String,
    /// The new object, or `None` to delete the ref.
    pub new: Option<Oid>,
    /// What it must be now.
    pub expected: Expected,
    /// The reflog message.
    pub message: String,
}

impl Edit {
    /// Move or create a ref.
    pub fn set(name: impl Into<String>, old: Option<Oid>, new: Oid, message: impl Into<String>) -> Self {
        Self { name: name.into(), new: Some(new), expected: old.into(), message: message.into() }
    }

    /// Delete a ref.
    pub fn delete(name: impl Into<String>, old: Oid) -> Self {
        Self { name: name.into(), new: None, expected: Expected::Is(old), message: String::new() }
    }
}

impl Repo {
    /// The object that a full ref points to, `None` if there is no such ref.
    ///
    /// # Errors
    /// If the ref store cannot be read.
    pub fn find_ref(&self, name: &str) -> Result<Option<Oid>, GitError> {
        if self.reftable {
            return Ok(self.for_each_ref(name)?.into_iter().find(|(found, _)| found == name).map(|(_, oid)| oid));
        }
        let unreadable =
            |error| self.broken_ref(name).unwrap_or_else(|| GitError::gix(format!("cannot read {name}"))(error));
        match self.inner.try_find_reference(name).map_err(unreadable)? {
            None => Ok(None),
            Some(mut found) => found
                .peel_to_id()
                .map(|id| Some(id.detach()))
                .map_err(|error| GitError::Gix { doing: format!("cannot read {name}"), message: error.to_string() }),
        }
    }

    /// All refs below a prefix that ends in `/`, sorted by name.
    ///
    /// # Errors
    /// If the ref store cannot be read.
    pub fn list_refs(&self, prefix: &str) -> Result<Vec<(String, Oid)>, GitError> {
        let mut out = Vec::new();
        self.each_ref(prefix, &mut |name, tip| out.push((name.to_owned(), tip)))?;
        out.sort_by(|a: &(String, Oid), b| a.0.cmp(&b.0));
        // What was seen before another try was seen twice, and counts as it was the last time.
        out.dedup_by(|later, first| {
            let is_same = later.0 == first.0;
            if is_same {
                std::mem::swap(later, first);
            }
            is_same
        });
        Ok(out)
    }

    /// Hand out every ref below a prefix that ends in a slash, and the object it points to; some of them twice, if refs are packed meanwhile.
    ///
    /// # Errors
    /// If the ref store cannot be read.
    pub fn each_ref(&self, prefix: &str, take: &mut dyn FnMut(&str, Oid)) -> Result<(), GitError> {
        if self.reftable {
            self.for_each_ref(prefix)?.iter().for_each(|(name, tip)| take(name, *tip));
            return Ok(());
        }
        // While git packs refs, one that was seen as a file may be gone when it is read; it is in the packed refs by then.
        let mut tries = 0;
        loop {
            match self.each_ref_once(prefix, take) {
                Err(_) if tries < 20 => {
                    tries += 1;
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                result => return result.map_err(|error| self.broken_ref_below(prefix).unwrap_or(error)),
            }
        }
    }

    fn each_ref_once(&self, prefix: &str, take: &mut dyn FnMut(&str, Oid)) -> Result<(), GitError> {
        let doing = || format!("cannot list {prefix}");
        let platform = self.inner.references().map_err(GitError::gix(doing()))?;
        for found in platform.prefixed(prefix).map_err(GitError::gix(doing()))? {
            let found = found.map_err(|error| GitError::Gix { doing: doing(), message: error.to_string() })?;
            // A symbolic ref such as origin/HEAD is no ref of its own.
            if let Some(id) = found.try_id() {
                take(&found.name().as_bstr().to_str_lossy(), id.detach());
            }
        }
        Ok(())
    }

    /// The error that names a damaged ref file, if that is what keeps a ref from being read.
    fn broken_ref(&self, name: &str) -> Option<GitError> {
        let path = self.common_dir().join(name);
        let text = std::fs::read(&path).ok()?;
        let text = String::from_utf8_lossy(&text);
        let is_whole = text.starts_with("ref: ") || self.parse_oid(text.trim_end()).is_some();
        (!is_whole).then(|| GitError::BrokenRef { name: name.to_owned(), path })
    }

    fn broken_ref_below(&self, prefix: &str) -> Option<GitError> {
        let entries = std::fs::read_dir(self.common_dir().join(prefix)).ok()?;
        entries.flatten().find_map(|entry| {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            match entry.file_type().ok()?.is_dir() {
                true => self.broken_ref_below(&format!("{name}/")),
                // While one is written its lock lies beside it.
                false if name.ends_with(".lock") => None,
                false => self.broken_ref(&name),
            }
        })
    }

    /// The full name that a symbolic ref points to.
    pub fn symbolic_target(&self, name: &str) -> Option<String> {
        if self.reftable {
            return self.git("symbolic-ref").args(["--quiet", name]).text().ok();
        }
        let found = self.inner.try_find_reference(name).ok()??;
        found.target().try_name().map(|name| name.as_bstr().to_str_lossy().into_owned())
    }

    /// Make all edits, or none if one of the refs is not as expected or locked.
    ///
    /// # Errors
    /// [`GitError::Conflict`] and [`GitError::Locked`] ask the caller to read again and repeat.
    pub fn transact(&self, edits: &[Edit]) -> Result<(), GitError> {
        if edits.is_empty() {
            return Ok(());
        }
        if self.reftable {
            self.transact_by_git(edits)
        } else if edits.iter().all(|edit| super::loose::is_own(&edit.name)) {
            self.transact_loose(edits)
        } else {
            self.transact_by_gix(edits)
        }
    }

    pub(super) fn transact_by_gix(&self, edits: &[Edit]) -> Result<(), GitError> {
        let mut prepared = Vec::with_capacity(edits.len());
        for edit in edits {
            let name = edit.name.as_str().try_into().map_err(|error| GitError::Gix {
                doing: format!("'{}' cannot be a ref", edit.name),
                message: format!("{error}"),
            })?;
            let expected = match edit.expected {
                Expected::Missing => PreviousValue::MustNotExist,
                Expected::Is(old) => PreviousValue::MustExistAndMatch(Target::Object(old)),
            };
            let change = match edit.new {
                Some(new) => Change::Update {
                    log: LogChange { message: edit.message.replace('\n', " ").into(), ..LogChange::default() },
                    expected,
                    new: Target::Object(new),
                },
                None => Change::Delete { expected, log: RefLog::AndReference },
            };
            prepared.push(RefEdit::new(name, change));
        }
        let (name, email) = self.person();
        let time = crate::model::time::Time::now().seconds().to_string();
        let who = gix::actor::SignatureRef {
            name: name.as_str().into(),
            email: email.as_str().into(),
            time: &format!("{time} +0000"),
        };
        self.inner.edit_references_as(prepared, Some(who)).map(|_| ()).map_err(|error| self.explain(edits, error))
    }

    /// gix has one error type: look at the refs to see what happened.
    fn explain(&self, edits: &[Edit], error: gix::Error) -> GitError {
        for edit in edits {
            if let Ok(now) = self.find_ref(&edit.name)
                && Expected::from(now) != edit.expected
            {
                return GitError::Conflict { name: edit.name.clone() };
            }
        }
        for edit in edits {
            let lock = self.lock_file(&edit.name);
            if lock.exists() {
                return GitError::Locked { name: edit.name.clone(), lock };
            }
        }
        let packed = self.common_dir().join("packed-refs.lock");
        if packed.exists() {
            return GitError::Locked { name: "packed-refs".to_owned(), lock: packed };
        }
        // The lock may be gone again by now.
        if error.is_retryable() || error.to_string().to_lowercase().contains("lock") {
            let lock = self.lock_file(&edits[0].name);
            return GitError::Locked { name: edits[0].name.clone(), lock };
        }
        GitError::gix(format!("cannot write {}", edits[0].name))(error)
    }

    /// Where the lock file of a ref lies while somebody writes it.
    pub fn lock_file(&self, name: &str) -> PathBuf {
        self.common_dir().join(format!("{name}.lock"))
    }

    pub(super) fn transact_by_git(&self, edits: &[Edit]) -> Result<(), GitError> {
        let mut input = String::from("start\n");
        for edit in edits {
            let name = &edit.name;
            input += &match (edit.new, edit.expected) {
                (Some(new), Expected::Missing) => format!("create {name} {new}\n"),
                (Some(new), Expected::Is(old)) => format!("update {name} {new} {old}\n"),
                (None, Expected::Is(old)) => format!("delete {name} {old}\n"),
                (None, Expected::Missing) => format!("verify {name}\n"),
            };
        }
        input += "prepare\ncommit\n";
        // git refuses an empty message.
        let message = format!("xp: {}", edits[0].message.replace('\n', " ").trim_start_matches("xp: "));
        let result = self.git("update-ref").args(["-m", &message, "--stdin"]).output_with_input(input.as_bytes());
        let Err(error) = result else { return Ok(()) };
        for edit in edits {
            if Expected::from(self.find_ref(&edit.name)?) != edit.expected {
                return Err(GitError::Conflict { name: edit.name.clone() });
            }
        }
        // git says nothing else by which to tell a lock from other failures. A reftable has one for all refs.
        match error {
            GitError::Command { message, .. } if message.contains("lock") => {
                let table = self.common_dir().join("reftable/tables.list.lock");
                let lock = if self.reftable { table } else { self.lock_file(&edits[0].name) };
                Err(GitError::Locked { name: edits[0].name.clone(), lock })
            }
            other => Err(other),
        }
    }

    fn for_each_ref(&self, prefix: &str) -> Result<Vec<(String, Oid)>, GitError> {
        let text = self.git("for-each-ref").args(["--format=%(objectname) %(symref) %(refname)", prefix]).text()?;
        let mut out: Vec<(String, Oid)> = text
            .lines()
            .filter_map(|line| {
                let mut words = line.splitn(3, ' ');
                let oid = self.parse_oid(words.next()?)?;
                words.next().filter(|symbolic| symbolic.is_empty())?;
                Some((words.next()?.to_owned(), oid))
            })
            .collect();
        out.sort();
        Ok(out)
    }
}
