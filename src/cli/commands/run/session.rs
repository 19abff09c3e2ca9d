//! The runs of one call: what they share, and one after the other.

use std::collections::BTreeMap;
use std::time::Instant;

use super::check::{self, Code, dirt};
use super::command::Template;
use super::data::{Apart, Pins, Wanted};
use super::out::Out;
use super::params::Params;
use super::request::Request;
use super::{RunArgs, earlier};
use crate::capture::code;
use crate::capture::environment::{self, Surroundings};
use crate::capture::process::Ended;
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::CliError;
use crate::cli::notices::{finals, metrics_line};
use crate::git::hooks;
use crate::model::experiment::Experiment;
use crate::model::id::Id;
use crate::model::run::{Artifact, Run, RunBaseline};
use crate::record::pending::Sealed;
use crate::record::{RecordError, open};
use crate::records::Records;
use crate::store::owner::Host;

/// What the runs of one call share.
pub(super) struct Session<'a> {
    pub(super) cx: &'a Context,
    pub(super) args: RunArgs,
    pub(super) template: Template,
    pub(super) code: Code,
    pub(super) experiment: Option<(Id, Experiment)>,
    pub(super) baseline: Option<RunBaseline>,
    pub(super) host: Host,
    pub(super) environment: Surroundings,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) locks: BTreeMap<String, String>,
    pub(super) evaluation: Option<String>,
    pub(super) cwd: String,
    pub(super) wanted: Wanted,
    pub(super) pins: Pins,
    /// The data, stored, if that is wanted.
    pub(super) stored: Vec<Artifact>,
    pub(super) out: Out,
    pub(super) apart: Apart,
    pub(super) params: Params,
    pub(super) records: Option<&'static Records>,
    pub(super) closed: Vec<Run>,
    pub(super) last_seal: Instant,
    pub(super) is_first: bool,
}

impl<'a> Session<'a> {
    pub(super) fn begin(cx: &'a Context, args: RunArgs, first_seed: Option<i64>) -> Result<Self, CliError> {
        cx.repo.work_dir()?;
        cx.repo.check_writable()?;
        // Facts that others left behind come first: they may be what this run is compared with.
        cx.seal();
        let request = Request::read(cx, args, false)?;
        let code = check::check(cx, &request)?;
        let Request { args, template, experiment, wanted, out, apart, place, records } = request;
        let prefix = cx.prefix();
        if let Err(message) = hooks::pre_run(&cx.repo, &template.command, first_seed) {
            return Err(CliError::new(message).hint("the hook xp-pre-run of this repository refused the run"));
        }
        let pins = wanted.pin(cx, true)?;
        let stored = if args.store { wanted.store(cx)? } else { Vec::new() };
        let baseline = experiment.as_ref().and_then(|(_, experiment)| {
            let commit = cx.repo.parse_oid(&experiment.baseline.as_ref()?.commit)?;
            let merge_base = cx.repo.merge_base(commit, code.head.commit).map(|oid| oid.to_string());
            Some(RunBaseline { commit: commit.to_string(), merge_base })
        });
        let environment = cx.surroundings(&[]);
        let mut variables = environment::variables(&environment, &cx.settings.run.environment);
        if args.seed.is_some() || args.seeds.is_some() {
            // The command gets another one, from the seed.
            variables.remove("PYTHONHASHSEED");
        }
        Ok(Self {
            locks: code::lock_files(&cx.repo, code.tree, &prefix)?,
            evaluation: code::evaluation_digest(&cx.repo, code.tree, &cx.settings.evaluation_paths)?,
            environment,
            variables: cx.masker.mask_variables(&variables),
            host: Host::this(),
            cwd: prefix,
            params: Params::new(place, records),
            wanted,
            pins,
            stored,
            out,
            apart,
            cx,
            args,
            template,
            code,
            experiment,
            baseline,
            records,
            closed: Vec::new(),
            last_seal: Instant::now(),
            is_first: true,
        })
    }

    /// One run; `None` if its plan ended ok before.
    pub(super) fn run_one(&mut self, seed: Option<i64>, among_several: bool) -> Result<Option<Ended>, CliError> {
        if !std::mem::take(&mut self.is_first) {
            self.compare_tree()?;
            self.compare_data()?;
        }
        let id = Id::random().map_err(RecordError::from)?;
        let out = self.out.of(id, self.name());
        let file_of = |name: &str| open::file_of(&self.cx.root, id, name);
        let mut filled = self.template.fill(id.as_str(), seed, out, &self.cx.masker, file_of)?;
        self.params.read(self.cx, &self.template, &mut filled);
        let (run, env_toml) = self.describe(seed, &filled)?;
        if !self.args.again
            && let Some(records) = &self.records
            && let Some(before) = earlier::find_plan(records, &run.plan)
        {
            let metrics = metrics_line(finals(records, before));
            let environment = records.text(before.environment);
            // The plan says what was asked for, not what it ran in.
            let is_other = !environment.is_empty() && run.environment.as_deref().is_some_and(|now| now != environment);
            let other = if is_other { " (in another environment: --again records it in this one)" } else { "" };
            let text = format!("the same plan ended ok before, as run {}{other} {metrics}", self.short(&before.id))
                .trim_end()
                .to_owned();
            if !among_several {
                return Err(CliError::new(text).hint("git xp run --again …    runs it once more, as a repeat"));
            }
            self.cx.ui.status(&format!("seed {}: {text}; skipped", seed.unwrap_or_default()));
            return Ok(None);
        }
        let ended = self.execute(id, seed, run, env_toml, &filled)?;
        Ok(Some(ended))
    }

    /// What people call the code that runs.
    fn name(&self) -> &str {
        let experiment = self.experiment.as_ref().map(|(_, experiment)| experiment.name.as_str());
        experiment.or(self.code.head.branch.as_deref().map(crate::git::head::short)).unwrap_or("run")
    }

    /// Between seeds the data is looked at again, which costs little where it is unchanged.
    fn compare_data(&self) -> Result<(), CliError> {
        let now = self.wanted.pin(self.cx, false)?;
        match now.pins.iter().find(|(name, pin)| self.pins.pins.get(*name) != Some(pin)) {
            Some((name, _)) => Err(CliError::new(format!(
                "data {name} changed while the seeds were run; the remaining ones would see other data"
            ))
            .hint("git xp run --seeds …    skips no seed then: with other data it is another plan")),
            None => Ok(()),
        }
    }

    /// Between seeds the tree is only compared with what it was.
    fn compare_tree(&self) -> Result<(), CliError> {
        let head = self.cx.repo.head()?;
        if head.commit != self.code.head.commit {
            return Err(CliError::new("HEAD moved while the seeds were run; the remaining ones would run other code")
                .hint("git xp run --seeds …    skips the seeds that are recorded"));
        }
        if !self.code.dirty {
            let mut dirt = dirt(self.cx)?;
            dirt.retain(|dirt| !self.apart.excuses(dirt));
            let changed = dirt.iter().find(|dirt| dirt.kind != crate::git::status::DirtKind::Untracked);
            if let Some(dirt) = changed {
                return Err(CliError::new(format!("'{}' changed while the seeds were run", dirt.path))
                    .hint("git xp run -a --seeds …    commits it and skips the seeds that are recorded"));
            }
        }
        Ok(())
    }

    pub(super) fn seal(&mut self) {
        self.cx.seal_made(&mut Sealed::default());
        self.last_seal = Instant::now();
    }

    fn short(&self, id: &Id) -> String {
        self.records.as_ref().map_or_else(|| id.as_str()[..4].to_owned(), |records| ShortIds::new(records.ids()).of(id))
    }
}
