//! From segments to records: later facts beside what they are about, each fact once.

use std::sync::Arc;

use ahash::HashSet;

use super::{
    Body, ExperimentRecord, LateRecord, Names, Records, Registration, Row, RunRecord, Segment, Symbol, Unreadable,
    position,
};
use crate::model::id::Id;
use crate::model::time::Time;

impl Records {
    /// Put segments together; each comes with the ref it lies in. Facts that came before are copies and left out.
    pub fn new(names: Names, segments: impl IntoIterator<Item = (Symbol, Segment)>) -> Self {
        let mut all = Self { names: Arc::new(names), ..Self::default() };
        let segments: Vec<(Symbol, Segment)> = segments.into_iter().collect();
        let mut gathering = Gathering {
            seen: may_repeat(&segments).then(HashSet::default),
            amendments: Vec::new(),
            dead: HashSet::default(),
        };
        all.experiments.reserve(segments.iter().map(|(_, segment)| segment.experiments.len()).sum());
        all.runs.reserve(segments.iter().map(|(_, segment)| segment.runs.len()).sum());
        // Of two facts with one id the one without a mark counts, and its file comes behind the other.
        let (mut marked_runs, mut marked) = (Vec::new(), Vec::new());
        for (ledger, segment) in segments {
            for run in segment.runs {
                let run = RunRecord { ledger, ..run };
                match run.stem.is_empty() {
                    true if gathering.is_new(run.id) => all.runs.push(run),
                    true => {}
                    false => marked_runs.push(run),
                }
            }
            for registration in segment.experiments {
                if gathering.is_new(registration.id) {
                    all.take_registration(&mut gathering, registration);
                }
            }
            for row in segment.others {
                match row.stem.is_empty() {
                    true => all.take(&mut gathering, ledger, row),
                    false => marked.push((ledger, row)),
                }
            }
        }
        for run in marked_runs {
            if gathering.is_new(run.id) {
                all.runs.push(run);
            } else {
                all.refuse_twin(run.ledger, run.stem, run.id);
            }
        }
        for (ledger, row) in marked {
            match row.body.id() {
                Some(id) if gathering.has_seen(id) => all.refuse_twin(ledger, row.stem, id),
                _ => all.take(&mut gathering, ledger, row),
            }
        }
        let Gathering { mut amendments, dead, .. } = gathering;
        if !dead.is_empty() {
            all.forget(&dead, &mut amendments);
        }
        all.amend(amendments);
        sort_by_time(&mut all.runs, |run| (run.time, run.id));
        all.link();
        all
    }

    fn take(&mut self, gathering: &mut Gathering, ledger: Symbol, row: Row) {
        if row.body.id().is_some_and(|id| !gathering.is_new(id)) {
            return;
        }
        match row.body {
            Body::Run(_) => {}
            Body::Experiment(row) => {
                if let Some(registration) = Registration::new(*row, Arc::make_mut(&mut self.names)) {
                    self.take_registration(gathering, registration);
                }
            }
            Body::Late(late) => self.late.entry(late.target).or_default().push(*late),
            Body::About(about) => {
                if let Some(target) = about.target {
                    if self.names.text(about.kind) == "tombstone" {
                        gathering.dead.insert(target);
                    }
                    self.about.entry(target).or_default().push(*about);
                }
            }
            Body::Unreadable(reason) => self.unreadable.push(Unreadable {
                ledger: self.names.text(ledger).to_owned(),
                path: path_of(self.names.text(row.stem)),
                reason: self.names.text(reason).to_owned(),
            }),
        }
    }

    fn take_registration(&mut self, gathering: &mut Gathering, registration: Registration) {
        match registration.experiment {
            Some(_) => gathering.amendments.push(registration),
            None => self.experiments.push(ExperimentRecord::new(registration)),
        }
    }

    fn refuse_twin(&mut self, ledger: Symbol, stem: Symbol, id: Id) {
        let (ledger, path) = (self.names.text(ledger).to_owned(), path_of(self.names.text(stem)));
        // In another ledger it is a copy of the one that was named.
        if !self.unreadable.iter().any(|known| known.path == path) {
            let reason = format!("another fact has the id {id} too; the one with the smaller blob counts");
            self.unreadable.push(Unreadable { ledger, path, reason });
        }
    }

    /// Leave out what a tombstone names; facts about it go with it, the tombstone stays.
    fn forget(&mut self, dead: &HashSet<Id>, amendments: &mut Vec<Registration>) {
        self.runs.retain(|run| !dead.contains(&run.id));
        self.experiments.retain(|experiment| !dead.contains(&experiment.id));
        amendments.retain(|registration| !dead.contains(&registration.id));
        for facts in self.late.values_mut() {
            facts.retain(|late| !dead.contains(&late.id));
        }
        for facts in self.about.values_mut() {
            facts.retain(|about| !dead.contains(&about.id));
        }
    }

    /// Put later registrations behind the first ones, whatever the clocks said.
    fn amend(&mut self, mut amendments: Vec<Registration>) {
        amendments.sort_by_key(|registration| (registration.time, registration.id));
        self.experiment_at.reserve(self.experiments.len());
        if !amendments.is_empty() {
            self.number_experiments();
        }
        for registration in amendments {
            let first = registration.experiment.unwrap_or(registration.id);
            match self.experiment_at.get(&first) {
                Some(at) => self.experiments[*at as usize].amend(registration),
                // The first one is not here: the second has to stand for it.
                None => {
                    self.experiment_at.insert(first, self.experiments.len() as u32);
                    self.experiments.push(ExperimentRecord::new(registration));
                }
            }
        }
        sort_by_time(&mut self.experiments, |experiment| (experiment.time, experiment.id));
        self.number_experiments();
    }

    fn number_experiments(&mut self) {
        self.experiment_at.extend(self.experiments.iter().map(|experiment| experiment.id).zip(0..));
    }

    fn link(&mut self) {
        self.group_runs();
        for (target, facts) in &mut self.late {
            facts.sort_by_key(|late| (late.time, late.id));
            if let Some(at) = position(&self.run_at, &self.runs, *target) {
                let run = &mut self.runs[at];
                let names = Arc::make_mut(&mut self.names);
                let mut row = run.to_row(names);
                LateRecord::add_all(facts, &mut row, names);
                if let Some(whole) = RunRecord::new(row, names) {
                    *run = RunRecord { ledger: run.ledger, stem: run.stem, ..whole };
                }
            }
        }
        for (target, facts) in &mut self.about {
            facts.sort_by_key(|about| (about.time, about.id));
            let mut withdrawals = facts.iter().filter(|about| self.names.text(about.kind) == "withdrawal");
            if let (Some(last), Some(at)) = (withdrawals.next_back(), position(&self.run_at, &self.runs, *target)) {
                let because = last.read(&self.names).because.unwrap_or_default();
                self.runs[at].withdrawn = Some(Arc::make_mut(&mut self.names).intern(&because));
            }
        }
    }

    fn group_runs(&mut self) {
        let mut groups: Vec<Option<u32>> = Vec::with_capacity(self.runs.len());
        for experiment in self.runs.iter().map(|run| run.experiment) {
            groups.push(experiment.map(|id| match self.experiment_at.get(&id) {
                Some(at) => *at,
                None => {
                    let next = (self.experiments.len() + self.strays.len()) as u32;
                    *self.strays.entry(id).or_insert(next)
                }
            }));
        }
        self.runs_from = vec![0; self.experiments.len() + self.strays.len() + 1];
        for group in groups.iter().flatten() {
            self.runs_from[*group as usize + 1] += 1;
        }
        for at in 1..self.runs_from.len() {
            self.runs_from[at] += self.runs_from[at - 1];
        }
        let mut next = self.runs_from.clone();
        self.runs_by_experiment = vec![0; groups.iter().flatten().count()];
        for (run, group) in groups.iter().enumerate() {
            if let Some(group) = group {
                let place = &mut next[*group as usize];
                self.runs_by_experiment[*place as usize] = run as u32;
                *place += 1;
            }
        }
    }
}

/// What is known while segments are put together.
struct Gathering {
    /// Where there is more than one of anything.
    seen: Option<HashSet<Id>>,
    /// Later registrations of experiments.
    amendments: Vec<Registration>,
    /// What tombstones name.
    dead: HashSet<Id>,
}

impl Gathering {
    fn is_new(&mut self, id: Id) -> bool {
        self.seen.as_mut().is_none_or(|seen| seen.insert(id))
    }

    fn has_seen(&self, id: Id) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.contains(&id))
    }
}

/// Whether two facts may have one id: a mark says so, or a copy in another ledger. It is quicker to find out that there are none than to look at each.
fn may_repeat(segments: &[(Symbol, Segment)]) -> bool {
    let has_marks = |segment: &Segment| {
        let is_marked = |row: &Row| !row.stem.is_empty() && !matches!(row.body, Body::Unreadable(_));
        segment.runs.iter().any(|run| !run.stem.is_empty()) || segment.others.iter().any(is_marked)
    };
    if segments.iter().any(|(_, segment)| has_marks(segment)) {
        return true;
    }
    // Names of files in one folder differ, and ids that lie in the folders they belong in.
    let first = segments.iter().find(|(_, segment)| !segment.is_empty()).map(|(ledger, _)| *ledger);
    let is_at_home = |segment: &Segment| {
        let folder = segment.key().split(' ').nth(1).unwrap_or_default();
        folder.len() == 2 && segment.ids(0).all(|(id, _)| id.fan_out() == folder)
    };
    if segments.iter().all(|(ledger, segment)| segment.is_empty() || (Some(*ledger) == first && is_at_home(segment))) {
        return false;
    }
    let mut beginnings: Vec<u64> =
        segments.iter().flat_map(|(_, segment)| segment.ids(0)).map(|(id, _)| id.beginning()).collect();
    beginnings.sort_unstable();
    beginnings.windows(2).any(|pair| pair[0] == pair[1])
}

/// Sort by time, then by id; of two with the same id the one that came first stays first.
///
/// Records are large, so each is moved once, and times, which nearly always differ, are quicker to compare than ids.
fn sort_by_time<T>(all: &mut [T], key: impl Fn(&T) -> (Time, Id)) {
    all.sort_by_cached_key(|item| key(item).0);
    for equal in all.chunk_by_mut(|a, b| key(a).0 == key(b).0).filter(|equal| equal.len() > 1) {
        equal.sort_by_key(|item| key(item).1);
    }
}

/// Where a fact lies in its ledger, by the name of its file without `.json`.
fn path_of(stem: &str) -> String {
    format!("facts/{}/{stem}.json", stem.get(..2).unwrap_or(stem))
}
