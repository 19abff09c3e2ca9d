//! Facts put together: what is known of each experiment and run. Pure.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::ledger::{Ledgers, Stored, Unreadable};
use crate::git::Oid;
use crate::model::experiment::Experiment;
use crate::model::fact::{About, Body, Fact, Late};
use crate::model::id::Id;
use crate::model::run::Run;
use crate::model::time::Time;

/// All experiments and runs.
#[derive(Debug, Default)]
pub struct Records {
    /// By time of the first registration.
    pub experiments: Vec<ExperimentRecord>,
    /// By time.
    pub runs: Vec<RunRecord>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    by_id: HashMap<Id, usize>,
}

/// An experiment with its registrations.
#[derive(Debug, Clone)]
pub struct ExperimentRecord {
    /// The id of the first registration: the experiment's id.
    pub id: Id,
    /// When it was first registered.
    pub time: Time,
    /// What the newest registration says.
    pub current: Experiment,
    /// How often it was amended.
    pub amendments: usize,
    /// Facts about it: tags, remarks, conclusions.
    pub about: Vec<(Time, String, About)>,
}

/// A run with everything added to it later.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// Its id.
    pub id: Id,
    /// When the fact was made.
    pub time: Time,
    /// Who made it.
    pub by: String,
    /// What was recorded.
    pub run: Arc<Run>,
    /// Later metrics and params, by time.
    pub late: Vec<(Time, Id, Late)>,
    /// Why it was withdrawn, if it was.
    pub withdrawn: Option<String>,
    /// Other facts about it: withdrawals, tags, remarks.
    pub about: Vec<(Time, String, About)>,
    /// The blob with its exact bytes.
    pub blob: Oid,
    /// The ledger it lies in.
    pub ledger: String,
    /// The name of its file there, without `.json`.
    pub stem: String,
}

impl Records {
    /// Put facts together.
    pub fn new(ledgers: Ledgers) -> Self {
        let mut all = Self { unreadable: ledgers.unreadable, ..Self::default() };
        let mut later: Vec<Fact> = Vec::new();
        let mut experiments: BTreeMap<Id, ExperimentRecord> = BTreeMap::new();
        for stored in ledgers.facts {
            let Stored { fact: Fact { header, body }, blob, ledger, stem } = stored;
            match body {
                Body::Experiment(experiment) => {
                    let id = experiment.experiment.unwrap_or(header.id);
                    // Facts come by time, so the last one seen is the newest.
                    let record = experiments.entry(id).or_insert_with(|| ExperimentRecord {
                        id,
                        time: header.time,
                        current: (*experiment).clone(),
                        amendments: 0,
                        about: Vec::new(),
                    });
                    if experiment.experiment.is_some() {
                        record.current = *experiment;
                        record.amendments += 1;
                    }
                }
                Body::Run(run) => {
                    all.by_id.insert(header.id, all.runs.len());
                    all.runs.push(RunRecord {
                        id: header.id,
                        time: header.time,
                        by: header.by,
                        run: Arc::from(run),
                        late: Vec::new(),
                        withdrawn: None,
                        about: Vec::new(),
                        blob,
                        ledger,
                        stem,
                    });
                }
                body => later.push(Fact { header, body }),
            }
        }
        later.into_iter().for_each(|fact| all.add_about(fact, &mut experiments));
        all.experiments = experiments.into_values().collect();
        all.experiments.sort_by_key(|record| (record.time, record.id));
        all
    }

    fn add_about(&mut self, fact: Fact, experiments: &mut BTreeMap<Id, ExperimentRecord>) {
        let Some(target) = fact.target() else { return };
        let Fact { header, body } = fact;
        if let Some(index) = self.by_id.get(&target) {
            let record = &mut self.runs[*index];
            match body {
                Body::Late(late) => record.late.push((header.time, header.id, late)),
                Body::Withdrawal(about) => {
                    record.withdrawn = Some(about.because.clone().unwrap_or_default());
                    record.about.push((header.time, header.kind, about));
                }
                Body::Other(about) => record.about.push((header.time, header.kind, about)),
                _ => {}
            }
        } else if let (Some(record), Body::Other(about)) = (experiments.get_mut(&target), body) {
            record.about.push((header.time, header.kind, about));
        }
    }

    /// The run with this id.
    pub fn find_run(&self, id: Id) -> Option<&RunRecord> {
        self.by_id.get(&id).map(|index| &self.runs[*index])
    }

    /// The experiment with this id.
    pub fn find_experiment(&self, id: Id) -> Option<&ExperimentRecord> {
        self.experiments.iter().find(|record| record.id == id)
    }

    /// The newest experiment with this name.
    pub fn find_experiment_by_name(&self, name: &str) -> Option<&ExperimentRecord> {
        self.experiments.iter().rev().find(|record| record.current.name == name)
    }

    /// The newest experiment that was registered on this branch.
    pub fn find_experiment_by_branch(&self, branch: &str) -> Option<&ExperimentRecord> {
        self.experiments.iter().rev().find(|record| record.current.branch == branch)
    }

    /// The runs of an experiment, by time.
    pub fn runs_of(&self, experiment: Id) -> impl DoubleEndedIterator<Item = &RunRecord> {
        self.runs.iter().filter(move |record| record.run.experiment == Some(experiment))
    }

    /// Every id, sorted: what short ids are cut from.
    pub fn ids(&self) -> Vec<Id> {
        let mut ids: Vec<Id> =
            self.runs.iter().map(|record| record.id).chain(self.experiments.iter().map(|e| e.id)).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}
