//! One run, whole: its fact as it was written, what was said of it later, its files.

use std::collections::BTreeMap;

use super::ledger::files_of;
use super::records::RunRecord;
use crate::git::{GitError, Oid, Repo};
use crate::model::fact::{About, Body, Fact, Header, Late};
use crate::model::metric::Summary;
use crate::model::run::Run;

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
    /// The blob with its exact bytes.
    pub blob: Oid,
}

impl Details {
    /// Read all there is of a run.
    ///
    /// # Errors
    /// If an object is missing or corrupt.
    pub fn read(repo: &Repo, record: &RunRecord) -> Result<Self, GitError> {
        let broken = |message: String| GitError::Gix { doing: format!("cannot read run {}", record.id), message };
        let fact = Fact::parse(&repo.read_blob(record.blob)?).map_err(|error| broken(error.to_string()))?;
        let Body::Run(run) = fact.body else { return Err(broken("it is no run".to_owned())) };
        let header = |kind: &str, id, time| Header::new(kind, id, time, "");
        Ok(Self {
            header: fact.header,
            run: *run,
            late: record.late.iter().map(|(time, id, late)| (header("late", *id, *time), late.clone())).collect(),
            about: record
                .about
                .iter()
                .map(|(time, kind, about)| (header(kind, record.id, *time), about.clone()))
                .collect(),
            files: files_of(repo, &record.ledger, record.id)?,
            ledger: record.ledger.clone(),
            stem: record.stem.clone(),
            blob: record.blob,
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
