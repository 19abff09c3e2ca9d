//! One run, whole: its fact as it was written, what was said of it later, its files.

use std::collections::BTreeMap;

use super::ledger::{NOTES, files_of, find_fact};
use crate::git::{GitError, Oid, Repo};
use crate::model::fact::{About, Body, Fact, Header, Late};
use crate::model::id::Id;
use crate::model::metric::Summary;
use crate::model::run::Run;
use crate::records::{Records, RunRecord};

/// One run, whole.
#[derive(Debug, Clone)]
pub struct Details {
    /// The header of its fact.
    pub header: Header,
    /// What was recorded.
    pub run: Run,
    /// Metrics and params added later, by time.
    pub late: Vec<(Header, Late)>,
    /// Withdrawals, tags, remarks and whatever else is about it, by time.
    pub about: Vec<(Header, About)>,
    /// Its files: path below its folder, blob.
    pub files: BTreeMap<String, Oid>,
    /// The ref of the ledger it lies in.
    pub ledger: String,
    /// The name of its file there, without `.json`.
    pub stem: String,
    /// The fact, byte by byte.
    pub bytes: Vec<u8>,
}

impl Details {
    /// Read all there is of a run.
    ///
    /// # Errors
    /// If an object is missing or corrupt.
    pub fn read(repo: &Repo, records: &Records, record: &RunRecord) -> Result<Self, GitError> {
        let broken = |message: String| GitError::Gix { doing: format!("cannot read run {}", record.id), message };
        let (ledger, stem) = (records.text(record.ledger), record.stem(&records.names));
        let found = match find_bytes(repo, ledger, stem)? {
            Some(found) => found,
            // The notes may have copies elsewhere, but a run's own commit is where its line belongs.
            None => find_line(repo, record.commit(), record.id)?
                .ok_or_else(|| broken(format!("{ledger} has it no more")))?,
        };
        let fact = Fact::parse(&found).map_err(|error| broken(error.to_string()))?;
        let Body::Run(run) = fact.body else { return Err(broken("it is no run".to_owned())) };
        let mut late = Vec::new();
        for added in records.late_of(record.id) {
            if let Some(Fact { header, body: Body::Late(body) }) = find_fact(repo, added.id)? {
                late.push((header, body));
            }
        }
        Ok(Self {
            header: fact.header,
            run: *run,
            late,
            about: records.said(record.id),
            files: files_of(repo, ledger, record.id)?,
            ledger: ledger.to_owned(),
            stem: stem.to_owned(),
            bytes: found,
        })
    }

    /// The metrics, with the late ones: a later one replaces what an earlier one, or the run, says.
    pub fn metrics(&self) -> BTreeMap<String, Summary> {
        let mut all = self.run.metrics.clone();
        self.late.iter().for_each(|(_, late)| all.extend(late.metrics.clone()));
        all
    }

    /// The params, with the late ones.
    pub fn params(&self) -> BTreeMap<String, serde_json::Value> {
        let mut all = self.run.params.clone();
        self.late.iter().for_each(|(_, late)| all.extend(late.params.clone()));
        all
    }
}

fn find_bytes(repo: &Repo, ledger: &str, stem: &str) -> Result<Option<Vec<u8>>, GitError> {
    if ledger == NOTES {
        return Ok(None);
    }
    let Some(tip) = repo.find_ref(ledger)? else { return Ok(None) };
    let path = format!("facts/{}/{stem}.json", stem.get(..2).unwrap_or(stem));
    match repo.find_path(repo.commit_tree(tip)?, &path)? {
        Some((_, blob)) => Ok(Some(repo.read_blob(blob)?)),
        None => Ok(None),
    }
}

/// A run's line in the notes: of the commit first, then of any other.
fn find_line(repo: &Repo, commit: &str, id: Id) -> Result<Option<Vec<u8>>, GitError> {
    let Some(tip) = repo.find_ref(NOTES)? else { return Ok(None) };
    let mut notes = match repo.tip_tree(tip)? {
        Some(tree) => repo.list_notes(tree)?,
        None => return Ok(None),
    };
    notes.sort_by_key(|(annotated, _)| *annotated != commit);
    for (_, blob) in notes {
        // A note that is not here may be another commit's.
        let Ok(bytes) = repo.read_blob(blob) else { continue };
        // Other lines may have the id too, and be no run.
        let is_it = |line: &&[u8]| {
            serde_json::from_slice::<Header>(line).is_ok_and(|header| header.id == id)
                && Fact::parse(line).is_ok_and(|fact| matches!(fact.body, Body::Run(_)))
        };
        if let Some(line) = bytes.split(|byte| *byte == b'\n').find(is_it) {
            return Ok(Some(line.to_vec()));
        }
    }
    Ok(None)
}
