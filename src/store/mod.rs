//! How the model becomes git objects and files: journals on disk, ledgers, notes and keep refs in git.
//!
//! A run writes into its [`folder`]; its [`journal`] is read back when it ends; [`seal`] brings the fact and its files into the [`ledger`], the
//! notes (a [`projection`] of it) and the [`keep`] ref in one transaction. The format is `docs/format.md`.

pub mod artifacts;
pub mod audit;
pub mod details;
pub mod folder;
pub mod forget;
pub mod index;
pub mod journal;
pub mod keep;
pub mod ledger;
pub mod line;
pub mod merge;
pub mod notebook;
pub mod owner;
pub mod projection;
pub mod seal;
pub mod walk;

use crate::git::Repo;
use crate::git::notes::Notes;
use crate::git::objects::Writer;
use crate::model::fact::Fact;

/// The facts in the note of a commit, by time; shortened ones and what cannot be read are left out. Costs the same however many facts there are.
pub fn facts_of_commit(repo: &Repo, commit: &str) -> Vec<Fact> {
    let read = || {
        let tip = repo.find_ref(ledger::NOTES).ok()??;
        let writer = Writer::new(repo);
        let blob = Notes::open(repo, &writer, Some(tip)).ok()?.find(&writer, repo.parse_oid(commit)?).ok()??;
        let note = projection::Note::parse(&repo.read_blob(blob).ok()?);
        Some(note.facts.keys().filter_map(|(_, _, line)| Fact::parse(line.as_bytes()).ok()).collect())
    };
    read().unwrap_or_default()
}
