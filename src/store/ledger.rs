//! Ledgers: reading all facts, and where things lie in a ledger's tree.

use std::collections::BTreeMap;

use crate::git::{GitError, Oid, Repo};
use crate::model::fact::{Body, Fact};
use crate::model::id::Id;
use crate::model::text::is_unsafe;
pub use crate::records::Unreadable;

/// All ledgers lie below this.
pub const PREFIX: &str = "refs/xp/runs/";

/// What a remote has lies below this: `refs/xp-remote/<remote>/runs/<YYYY-MM>` and so on.
pub const REMOTE_PREFIX: &str = "refs/xp-remote/";

/// The notes ref.
pub const NOTES: &str = "refs/notes/xp";

/// All keep refs lie below this.
pub const KEEP_PREFIX: &str = "refs/xp/keep/";

/// Pins of runs under way lie below this.
pub const OPEN_PREFIX: &str = "refs/xp/open/";

/// Where a fact lies in the tree of its ledger.
pub fn fact_path(id: Id) -> String {
    format!("facts/{}/{id}.json", id.fan_out())
}

/// The folder of a fact's files in the tree of its ledger.
pub fn files_path(id: Id) -> String {
    format!("files/{}/{id}", id.fan_out())
}

/// A file's path as it may lie in a ledger: one name that git's fsck refuses would make every later push of the ledger fail.
///
/// Components that could be `.git` in any spelling (case, ignorable characters, `git~1`, trailing dots) get a `_` in front, as do `.` and `..`;
/// backslashes, colons and control characters become `_`; long components are cut to 200 bytes. Rules: git-fsck(1), `verify_path` of git.
pub fn safe_path(path: &str) -> String {
    path.split('/').filter(|part| !part.is_empty()).map(safe_component).collect::<Vec<_>>().join("/")
}

fn safe_component(part: &str) -> String {
    let mut out: String = part.chars().map(|c| if is_unsafe(c) || matches!(c, '\\' | ':') { '_' } else { c }).collect();
    let plain: String = out.chars().filter(char::is_ascii).collect::<String>().to_lowercase();
    if plain.starts_with(".git") || plain.starts_with("git~") || out.trim_matches(['.', ' ']).is_empty() {
        out.insert(0, '_');
    }
    if out.len() > 200 {
        let cut = (0..=200).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(0);
        out.truncate(cut);
    }
    out
}

/// A fact as it lies in a ledger.
#[derive(Debug, Clone)]
pub struct Stored {
    /// What it says.
    pub fact: Fact,
    /// Its blob: the exact bytes.
    pub blob: Oid,
    /// The ledger's ref.
    pub ledger: String,
    /// The file's name without `.json`: the id, with `+` and 8 hex digits if its id was taken.
    pub stem: String,
}

/// Everything that the ledgers hold.
#[derive(Debug, Default)]
pub struct Ledgers {
    /// The facts, sorted by time and id. Facts with a tombstone are not among them.
    pub facts: Vec<Stored>,
    /// Facts that are there although a tombstone names them.
    pub forgotten: Vec<Stored>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl Ledgers {
    /// Read every ledger.
    ///
    /// # Errors
    /// If the refs or a tree cannot be read; a single bad fact is no error.
    pub fn read(repo: &Repo) -> Result<Self, GitError> {
        let mut all = Self::default();
        for (ledger, tip) in repo.list_refs(PREFIX)? {
            all.read_one(repo, &ledger, tip)?;
        }
        all.obey_tombstones();
        all.facts.sort_by(|a, b| (a.fact.header.time, &a.stem).cmp(&(b.fact.header.time, &b.stem)));
        Ok(all)
    }

    fn read_one(&mut self, repo: &Repo, ledger: &str, tip: Oid) -> Result<(), GitError> {
        let Some(tree) = repo.tip_tree(tip)? else {
            self.unreadable.push(Unreadable::no_ledger(ledger.to_owned()));
            return Ok(());
        };
        let Some((mode, facts)) = repo.find_path(tree, "facts")? else { return Ok(()) };
        if !mode.is_tree() {
            return Ok(());
        }
        let mut files = Vec::new();
        for (folder, mode, tree) in repo.read_tree(facts)? {
            if mode.is_tree() {
                files.extend(repo.read_tree(tree)?.into_iter().map(|(file, _, blob)| (folder.clone(), file, blob)));
            }
        }
        repo.prefetch(files.iter().map(|(.., blob)| *blob));
        for (folder, file, blob) in files {
            let path = format!("facts/{folder}/{file}");
            match read_fact(repo, &file, blob) {
                Ok((fact, stem)) => self.facts.push(Stored { fact, blob, ledger: ledger.to_owned(), stem }),
                Err(reason) => self.unreadable.push(Unreadable { ledger: ledger.to_owned(), path, reason }),
            }
        }
        Ok(())
    }

    fn obey_tombstones(&mut self) {
        let dead: Vec<Id> = self
            .facts
            .iter()
            .filter(|stored| matches!(stored.fact.body, Body::Tombstone(_)))
            .filter_map(|stored| stored.fact.target())
            .collect();
        if !dead.is_empty() {
            let is_alive = |stored: &Stored| {
                matches!(stored.fact.body, Body::Tombstone(_)) || !dead.contains(&stored.fact.header.id)
            };
            let (alive, gone) = std::mem::take(&mut self.facts).into_iter().partition(is_alive);
            (self.facts, self.forgotten) = (alive, gone);
        }
    }
}

/// A fact and its file's name without `.json`, or why it cannot be read.
pub(super) fn read_fact(repo: &Repo, file: &str, blob: Oid) -> Result<(Fact, String), String> {
    let stem = file.strip_suffix(".json").ok_or("its name does not end in .json")?;
    let bytes = repo.read_blob(blob).map_err(|error| error.to_string())?;
    // In a key that nobody knows, the parser takes any bytes.
    let text = std::str::from_utf8(&bytes).map_err(|_| "it is no UTF-8 text")?;
    let fact = Fact::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let id = stem.split('+').next().unwrap_or(stem);
    if id != fact.header.id.as_str() {
        return Err(format!("its name is not its id, {}", fact.header.id));
    }
    Ok((fact, stem.to_owned()))
}

/// The files of a fact: path below its folder, blob.
///
/// # Errors
/// If a tree cannot be read.
pub fn files_of(repo: &Repo, ledger: &str, id: Id) -> Result<BTreeMap<String, Oid>, GitError> {
    let Some(tip) = repo.find_ref(ledger)? else { return Ok(BTreeMap::new()) };
    match repo.find_path(repo.commit_tree(tip)?, &files_path(id))? {
        Some((mode, tree)) if mode.is_tree() => repo.list_files(tree),
        _ => Ok(BTreeMap::new()),
    }
}

/// Find one fact by its id, newest ledger first, without reading the others.
///
/// # Errors
/// If a tree cannot be read.
pub fn find_fact(repo: &Repo, id: Id) -> Result<Option<Fact>, GitError> {
    for (_, tip) in repo.list_refs(PREFIX)?.into_iter().rev() {
        let Some(tree) = repo.tip_tree(tip)? else { continue };
        if let Some((_, blob)) = repo.find_path(tree, &fact_path(id))? {
            return Ok(Fact::parse(&repo.read_blob(blob)?).ok());
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::safe_path;

    #[test]
    fn no_spelling_of_git_gets_in() {
        assert_eq!(safe_path("config/.GIT/x"), "config/_.GIT/x");
        assert_eq!(safe_path("../git~1/.gitmodules/."), "_../_git~1/_.gitmodules/_.");
        assert_eq!(safe_path(".g\u{200c}it"), "_.g\u{200c}it");
        assert_eq!(safe_path("metrics/metrics.json"), "metrics/metrics.json");
    }

    proptest! {
        #[test]
        fn any_path_becomes_safe(path in any::<String>()) {
            let safe = safe_path(&path);
            assert_eq!(safe_path(&safe), safe);
            assert!(safe.split('/').all(|part| part != ".." && part != "." && part.len() <= 255));
        }
    }
}
