//! A repository, opened as git would open it.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use gix::bstr::ByteSlice;

use super::Oid;
use super::error::GitError;
use super::look::pack_time;
use super::process::Git;
use super::promisor::Promisor;

/// Bytes of delta bases kept while packs are read; as git's own `core.deltaBaseCacheLimit`.
const DELTA_CACHE: usize = 96 << 20;

/// An open repository.
pub struct Repo {
    pub(super) inner: gix::Repository,
    /// Refs are in a reftable, which gix cannot read: they go through the `git` executable.
    pub(super) reftable: bool,
    /// When packs last came or went, as this was opened.
    pub(super) packs: Option<SystemTime>,
    /// Who has the objects that a partial clone lacks.
    pub(super) promisor: Promisor,
    /// A signature was wanted and could not be had.
    pub(super) signing_failed: std::cell::Cell<bool>,
}

impl Repo {
    /// An open repository of gix.
    pub(super) fn of(mut inner: gix::Repository) -> Self {
        // gix's own default of 64 delta bases is too few for thousands of similar facts: inflating them again was 70 % of the time.
        set_delta_cache(&mut inner, DELTA_CACHE);
        let reftable = inner
            .config_snapshot()
            .string("extensions.refStorage")
            .is_some_and(|storage| storage.eq_ignore_ascii_case(b"reftable"));
        let promisor = Promisor::of(&inner);
        let packs = pack_time(inner.common_dir());
        Self { inner, reftable, packs, promisor, signing_failed: std::cell::Cell::new(false) }
    }

    /// The same repository with another bound, in bytes, on the delta bases that are kept: for who reads much once and must stay small.
    pub fn with_delta_cache(&self, bytes: usize) -> Self {
        let mut inner = self.inner.clone();
        set_delta_cache(&mut inner, bytes);
        let promisor = self.promisor.clone();
        let signing_failed = std::cell::Cell::new(false);
        Self { inner, reftable: self.reftable, packs: self.packs, promisor, signing_failed }
    }

    /// Whether a commit that should have been signed is not, since the last time this was asked.
    pub fn take_signing_failure(&self) -> bool {
        self.signing_failed.replace(false)
    }

    /// The git folder of this work tree.
    pub fn git_dir(&self) -> &Path {
        self.inner.git_dir()
    }

    /// The git folder that all work trees share.
    pub fn common_dir(&self) -> PathBuf {
        let dir = self.inner.common_dir();
        dir.canonicalize().unwrap_or_else(|_| dir.to_owned())
    }

    /// The top of the work tree.
    ///
    /// # Errors
    /// If the repository is bare.
    pub fn work_dir(&self) -> Result<&Path, GitError> {
        self.inner.workdir().ok_or_else(|| {
            let dir = self.git_dir().to_owned();
            // A git folder of this name has a work tree around it, whatever the setting says.
            if dir.ends_with(".git") { GitError::CalledBare { dir } } else { GitError::Bare { dir } }
        })
    }

    /// Where to start `git`: the work tree, or the git folder of a bare repository.
    pub fn any_dir(&self) -> &Path {
        self.inner.workdir().unwrap_or_else(|| self.git_dir())
    }

    /// A call of `git` in this repository.
    pub fn git(&self, subcommand: &str) -> Git {
        Git::new(self.any_dir(), subcommand)
    }

    /// The value of a config key.
    pub fn config(&self, key: &str) -> Option<String> {
        self.inner.config_snapshot().string(key).map(|value| value.to_str_lossy().into_owned())
    }

    /// The boolean value of a config key.
    pub fn config_bool(&self, key: &str) -> Option<bool> {
        self.inner.config_snapshot().boolean(key)
    }

    /// All values of the section `xp`, as `xp.name` or `xp.subsection.name`.
    pub fn config_section(&self, section: &str) -> Vec<(String, String)> {
        let snapshot = self.inner.config_snapshot();
        let mut out = Vec::new();
        for part in snapshot.plumbing().sections_by_name(section).into_iter().flatten() {
            let subsection = part.header().subsection_name().map(|name| format!("{}.", name.to_str_lossy()));
            for name in part.value_names() {
                let key = format!("{section}.{}{name}", subsection.as_deref().unwrap_or_default());
                for value in part.values(&name) {
                    out.push((key.clone(), value.to_str_lossy().into_owned()));
                }
            }
        }
        out
    }

    /// The person as git knows it, `Name <email>`; a stand-in where git knows nobody, so that no fact is refused.
    pub fn person(&self) -> (String, String) {
        let known = self.inner.committer().and_then(Result::ok);
        let clean = |text: &gix::bstr::BStr| text.to_str_lossy().replace(['<', '>', '\n', '\0'], "");
        match known {
            Some(known) if !known.name.is_empty() || !known.email.is_empty() => (clean(known.name), clean(known.email)),
            _ => ("git-xp".to_owned(), "git-xp@localhost".to_owned()),
        }
    }

    /// The id of the empty tree.
    pub fn empty_tree(&self) -> Oid {
        Oid::empty_tree(self.inner.object_hash())
    }

    /// Read an object id in hex, of this repository's length.
    pub fn parse_oid(&self, hex: &str) -> Option<Oid> {
        Oid::from_hex(hex.as_bytes()).ok().filter(|oid| oid.kind() == self.inner.object_hash())
    }

    /// What is under way: `rebase`, `merge`, `cherry-pick`, `revert`, `am` or `bisect`.
    pub fn operation(&self) -> Option<&'static str> {
        use gix::state::InProgress;
        self.inner.state().map(|state| match state {
            InProgress::ApplyMailbox => "am",
            InProgress::ApplyMailboxRebase | InProgress::Rebase | InProgress::RebaseInteractive => "rebase",
            InProgress::Bisect => "bisect",
            InProgress::CherryPick | InProgress::CherryPickSequence => "cherry-pick",
            InProgress::Merge => "merge",
            InProgress::Revert | InProgress::RevertSequence => "revert",
        })
    }
}

fn set_delta_cache(repo: &mut gix::Repository, bytes: usize) {
    repo.objects.set_pack_cache(move || Box::new(gix::odb::pack::cache::lru::MemoryCappedHashmap::new(bytes)));
}
