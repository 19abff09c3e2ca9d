//! What a remark or a tag is about: one run or one experiment, sealed or under way.

use super::context::{Context, ShortIds};
use super::error::CliError;
use super::live;
use super::selector::{self, Selected};
use crate::model::fact::{About, Header};
use crate::model::id::Id;
use crate::records::{ExperimentRecord, Records, RunRecord};

/// One run or one experiment.
#[derive(Debug)]
pub struct Target {
    /// Its id.
    pub id: Id,
    /// The commit it is about.
    pub commit: String,
    /// How people call it: `run 7kq`, `experiment bigger-lr`.
    pub name: String,
    /// The tags it was begun with.
    pub initial_tags: Vec<String>,
    /// What was said of it before, by time.
    pub about: Vec<(Header, About)>,
}

/// Resolve a selector.
///
/// # Errors
/// If it names nothing, or a commit with any number of runs but one.
pub fn find(cx: &Context, records: &Records, text: &str) -> Result<Target, CliError> {
    let short = ShortIds::new(records.ids());
    match selector::resolve(cx, records, text) {
        Ok(Selected::Run(record)) => Ok(of_run(records, record, &short)),
        Ok(Selected::Experiment(experiment)) => Ok(of_experiment(records, experiment)),
        Ok(Selected::Commit(hex, runs)) => match runs.as_slice() {
            [record] => Ok(of_run(records, record, &short)),
            [] => Err(CliError::new(format!("the commit {hex} has no run")).hint("git xp run --seed 1 -- <command>")),
            several => {
                let names: Vec<String> = several.iter().take(8).map(|record| short.of(&record.id)).collect();
                Err(CliError::new(format!("the commit {hex} has {} runs: {}", several.len(), names.join(", ")))
                    .hint("name one of them"))
            }
        },
        Err(error) => match live::find(cx, text)? {
            Some(live) => Ok(Target {
                id: live.folder.id,
                commit: live.run.commit,
                name: format!("run {}", &live.folder.id.as_str()[..4]),
                initial_tags: Vec::new(),
                about: Vec::new(),
            }),
            None => Err(error),
        },
    }
}

fn of_run(records: &Records, record: &RunRecord, short: &ShortIds) -> Target {
    Target {
        id: record.id,
        commit: record.commit().to_owned(),
        name: format!("run {}", short.of(&record.id)),
        initial_tags: Vec::new(),
        about: records.said(record.id),
    }
}

fn of_experiment(records: &Records, experiment: &ExperimentRecord) -> Target {
    Target {
        id: experiment.id,
        commit: experiment.current.told().commit.to_owned(),
        name: format!("experiment {}", records.text(experiment.current.name)),
        initial_tags: experiment.current.told().tags.into_iter().map(str::to_owned).collect(),
        about: records.said(experiment.id),
    }
}
