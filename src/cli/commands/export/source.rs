//! Reads what was chosen from the ledgers, one row at a time.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Read;

use super::Stop;
use super::chosen::Chosen;
use super::interrupt::Interrupts;
use crate::artifact::pointer::Pointer;
use crate::artifact::store::Store;
use crate::cli::ui::Ui;
use crate::export::series::{InvalidSeries, Series};
use crate::export::{ExperimentRow, Exporter, PointRow, RunColumns, RunNames, RunRow};
use crate::git::{GitError, Oid, Repo};
use crate::render::number::plural;
use crate::store::ledger::files_path;
use crate::store::walk::{Found, Walk};

/// How many problems are named one by one.
const NAMED: usize = 5;

/// What was chosen, and where it lies.
pub(super) struct Source<'a> {
    ui: &'a Ui,
    repo: Repo,
    walk: Walk,
    chosen: Chosen,
    /// Whether the user wants the end.
    pub(super) interrupts: Interrupts,
    /// What was left out, each thing once.
    left_out: RefCell<BTreeSet<String>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(ui: &'a Ui, repo: Repo, walk: Walk, chosen: Chosen, interrupts: Interrupts) -> Self {
        Self { ui, repo, walk, chosen, interrupts, left_out: RefCell::default() }
    }

    /// The columns of the table of runs: reads every run once.
    pub(super) fn run_columns(&self) -> Result<RunColumns, Stop> {
        let mut names = RunNames::default();
        self.each_run(|row| {
            names.add(row);
            Ok(())
        })?;
        Ok(names.columns())
    }

    /// Write the runs. Returns how many, in words.
    pub(super) fn runs(&self, exporter: &mut dyn Exporter) -> Result<String, Stop> {
        let mut count = 0;
        self.each_run(|row| {
            count += 1;
            Ok(exporter.run(row)?)
        })?;
        Ok(plural(count, "run"))
    }

    /// Write the experiments. Returns how many, in words.
    pub(super) fn experiments(&self, exporter: &mut dyn Exporter) -> Result<String, Stop> {
        let mut count = 0;
        for (id, registrations) in &self.chosen.experiments {
            self.check()?;
            let ledger = registrations.first().map_or("", |first| self.ledger(first));
            match ExperimentRow::read(ledger, self.blobs(registrations)?, self.blobs(self.walk.later(*id))?) {
                Ok(row) => {
                    count += 1;
                    exporter.experiment(&row)?;
                }
                Err(error) => self.leave_out(format!("experiment {id} cannot be read: {error}")),
            }
        }
        Ok(plural(count, "experiment"))
    }

    /// Write the points of the runs. Returns how many, in words.
    pub(super) fn points(&self, exporter: &mut dyn Exporter) -> Result<String, Stop> {
        let series = self.walk.files_named(&self.repo, "series.tsv")?;
        let mut count = 0;
        for run in &self.chosen.runs {
            self.check()?;
            for fact in std::iter::once(run).chain(self.walk.later(run.id)) {
                if let Some(blob) = series.get(&(fact.ledger, fact.id)) {
                    count += self.points_of(run, fact, *blob, exporter)?;
                }
            }
        }
        Ok(plural(count, "point"))
    }

    /// Whether nothing was left out.
    pub(super) fn is_complete(&self) -> bool {
        self.walk.unreadable.is_empty() && self.left_out.borrow().is_empty()
    }

    fn each_run(&self, mut each: impl FnMut(&RunRow) -> Result<(), Stop>) -> Result<(), Stop> {
        for found in &self.chosen.runs {
            self.check()?;
            let fact = self.repo.read_blob(found.blob)?;
            match RunRow::read(self.ledger(found), fact, self.blobs(self.walk.later(found.id))?) {
                Ok(row) => each(&row)?,
                Err(error) => self.leave_out(format!("run {} cannot be read: {error}", found.id)),
            }
        }
        Ok(())
    }

    /// The points of one fact, which is the run's or one that was added to it.
    fn points_of(&self, run: &Found, fact: &Found, blob: Oid, exporter: &mut dyn Exporter) -> Result<usize, Stop> {
        let content;
        let input = match self.repo.read_blob(blob) {
            Ok(bytes) => {
                content = bytes;
                self.open(&content)
            }
            Err(error) => Err(error.to_string()),
        };
        let opened = input.and_then(|input| Series::open(input).map_err(|error| error.to_string()));
        let place = || format!("{}:{}/series.tsv", self.ledger(fact), files_path(fact.id));
        let mut series = match opened {
            Ok(series) => series,
            Err(error) => {
                self.leave_out(format!("{} cannot be read: {error}", place()));
                return Ok(0);
            }
        };
        let (mut count, mut bad, mut first) = (0, 0, None);
        while let Some(point) = series.next_point() {
            let point = match point {
                Ok(point) => point,
                Err(error) => {
                    let is_end = !matches!(error, InvalidSeries::Line { .. });
                    bad += 1;
                    first.get_or_insert(error);
                    if is_end {
                        break;
                    }
                    continue;
                }
            };
            count += 1;
            exporter.point(&PointRow {
                run: run.id.as_str(),
                experiment: run.name.as_deref(),
                seed: run.seed,
                late: (fact.id != run.id).then(|| fact.id.as_str()),
                metric: point.metric,
                step: point.step,
                seconds: point.seconds,
                value: &point.value,
            })?;
        }
        if let Some(error) = first {
            self.leave_out(format!("{}: {} cannot be read: {error}", place(), plural(bad, "line")));
        }
        Ok(count)
    }

    /// The content of a file in a ledger: the blob itself, or the large file that it points to.
    fn open<'b>(&self, content: &'b [u8]) -> Result<Box<dyn Read + 'b>, String> {
        let Some(pointer) = Pointer::parse(content) else { return Ok(Box::new(content)) };
        let file = Store::of(&self.repo).open(&pointer);
        file.map(|file| Box::new(file) as Box<dyn Read>).map_err(|error| format!("{error} (git xp artifact fetch)"))
    }

    fn ledger(&self, found: &Found) -> &str {
        &self.walk.ledgers[found.ledger]
    }

    fn blobs(&self, facts: &[Found]) -> Result<Vec<Vec<u8>>, GitError> {
        facts.iter().map(|found| self.repo.read_blob(found.blob)).collect()
    }

    /// Whether to go on.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if self.interrupts.any() { Err(Stop::Interrupted) } else { Ok(()) }
    }

    /// Name something that is left out, the first few times.
    fn leave_out(&self, what: String) {
        let mut left_out = self.left_out.borrow_mut();
        match left_out.len() {
            _ if left_out.contains(&what) => return,
            n if n < NAMED => self.ui.warning(&format!("{what}; left out")),
            NAMED => self.ui.warning("there is more that cannot be read: git xp fsck"),
            _ => {}
        }
        left_out.insert(what);
    }
}
