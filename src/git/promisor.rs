//! Partial clones: objects that are not here and that a promisor remote has.
//!
//! gix fetches nothing. What is read and missing is asked for as git itself does it: by one `git fetch` of the objects' ids.

use std::time::Duration;

use super::Oid;
use super::error::GitError;
use super::process::Git;
use super::repo::Repo;

/// How long a remote is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is known of the remotes that promised objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Promisor {
    /// Their names; none in a whole clone.
    remotes: Vec<String>,
    /// Why the first of them could not be asked. It is not asked again: a thousand missing objects would be a thousand waits.
    failure: std::cell::RefCell<Option<String>>,
}

impl Promisor {
    /// The remotes that a repository's config names.
    pub(super) fn of(repo: &gix::Repository) -> Self {
        let config = repo.config_snapshot();
        let mut remotes: Vec<String> =
            config.string("extensions.partialClone").iter().map(ToString::to_string).collect();
        for section in config.plumbing().sections_by_name("remote").into_iter().flatten() {
            let name = section.header().subsection_name().map(ToString::to_string).unwrap_or_default();
            if config.boolean(format!("remote.{name}.promisor").as_str()) == Some(true) && !remotes.contains(&name) {
                remotes.push(name);
            }
        }
        // One that begins with a dash would be an option.
        remotes.retain(|name| !name.is_empty() && !name.starts_with('-'));
        Self { remotes, failure: std::cell::RefCell::default() }
    }
}

impl Repo {
    /// See to it that these objects are here, if a remote promised them. One that still is not shows when it is read.
    pub fn prefetch(&self, oids: impl IntoIterator<Item = Oid>) {
        if self.promisor.remotes.is_empty() || self.promisor.failure.borrow().is_some() {
            return;
        }
        let mut missing: Vec<Oid> = oids.into_iter().filter(|oid| !self.has_object(*oid)).collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return;
        }
        if !may_fetch() {
            self.promisor.failure.replace(Some("GIT_NO_LAZY_FETCH forbids it".to_owned()));
            return;
        }
        let lines: String = missing.iter().map(|oid| format!("{oid}\n")).collect();
        let mut failure = None;
        for remote in &self.promisor.remotes {
            match self.fetch_objects(remote, &lines) {
                Ok(_) => return,
                Err(error) => failure = failure.or(Some(error.to_string())),
            }
        }
        self.promisor.failure.replace(failure);
    }

    /// The remote that promised objects and could not be asked for them, and why, since this process began.
    pub fn broken_promise(&self) -> Option<(String, String)> {
        let why = self.promisor.failure.borrow().clone()?;
        Some((self.promisor.remotes.first()?.clone(), why))
    }

    /// The error of an object that could not be read.
    pub(super) fn cannot_read(&self, doing: String) -> impl FnOnce(gix::Error) -> GitError {
        let broken = self.broken_promise();
        move |error| match broken {
            Some((remote, why)) => GitError::Promised { doing, remote, why },
            None => GitError::gix(doing)(error),
        }
    }

    /// As git's own `promisor-remote.c` does it.
    fn fetch_objects(&self, remote: &str, lines: &str) -> Result<Vec<u8>, GitError> {
        let options = ["--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--no-auto-gc", "--quiet"];
        Git::new(self.any_dir(), "-c")
            .args(["fetch.negotiationAlgorithm=noop", "fetch", remote])
            .args(options)
            .args(["--filter=blob:none", "--stdin"])
            .within(PATIENCE)
            .output_with_input(lines.as_bytes())
    }
}

#[expect(clippy::disallowed_methods, reason = "git's own switch")]
fn may_fetch() -> bool {
    std::env::var("GIT_NO_LAZY_FETCH").is_ok_and(|value| matches!(value.as_str(), "0" | "false" | "no" | "off" | ""))
        || std::env::var_os("GIT_NO_LAZY_FETCH").is_none()
}
