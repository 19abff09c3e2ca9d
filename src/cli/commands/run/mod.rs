//! `git xp run`: check, open, run, log, seal.

mod check;
mod command;
mod data;
mod earlier;
mod last_line;
mod out;
mod repeat;
mod seeds;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use check::Code;
pub use check::dirt;
use command::{Filled, Template};
pub use data::manifest_name;
use data::{Apart, Pins, Wanted};
use out::Out;

use crate::capture::code;
use crate::capture::environment::{self, Surroundings};
use crate::capture::process::{self, Ended};
use crate::cli::context::{Context, ShortIds};
use crate::cli::error::{CliError, exit};
use crate::cli::notices::{finals, metrics_line};
use crate::git::hooks;
use crate::model::experiment::Experiment;
use crate::model::fact::Body;
use crate::model::id::Id;
use crate::model::run::{Run, RunBaseline, Status};
use crate::model::time::Time;
use crate::record::close::{self, Closed, Closing};
use crate::record::open::{self, Opening};
use crate::record::pending::Sealed;
use crate::record::{RecordError, log, plan};
use crate::records::Records;
use crate::store::line::Event;
use crate::store::owner::Host;

/// Runs that end faster than this are sealed together.
const SEAL_EVERY: Duration = Duration::from_secs(1);

/// Run a command and record it
///
/// Checks that the tree is committed and a seed is recorded, runs the command, and records code, params, seed, environment,
/// metrics and output as one fact. The exit code is the command's. Without a command it repeats the branch's last one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp run --seed 42 -- python train.py --seed {seed}
  git xp run --seeds 1..5 -p lr=0.1 -- python train.py --lr {lr} --seed {seed}
  git xp run --seed 1 --config train.yaml -p model.depth=4 -- python train.py --config {config}
  git xp run -a --seed 1        commits everything, then repeats the last command
  git xp run --seed 1 --data train=data/train -- python train.py --out {out}
  git xp run --rule seed=off -- ./evaluate.sh

Placeholders: {seed}, {config}, {out} (a fresh folder), {run} (the run's id) and {NAME} of each -p NAME=VALUE; other braces stay as they are.
The program logs by appending JSON lines to $GIT_XP_JOURNAL, by `git xp log-metric`, or by leaving a metrics.json.")]
pub struct RunArgs {
    /// The seed; the command gets it as {seed} and $GIT_XP_SEED
    #[arg(short, long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<i64>,

    /// One run for each of several seeds: 1..5 or 1,2,7
    #[arg(long, value_name = "LIST", conflicts_with = "seed", allow_hyphen_values = true)]
    seeds: Option<String>,

    /// A param; the command gets it as {NAME}, or in the config copy
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,

    /// A config file (JSON, YAML, TOML): a copy with the params merged in is stored and is what {config} names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Pin data: a file or folder by its content, or by what DVC or Git LFS say of it, or the URI of a version in a store
    #[arg(long, value_name = "NAME=PATH")]
    data: Vec<String>,

    /// Store what the command leaves in this new file or folder; with {out} in the command, make a fresh folder below it for each run
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,

    /// Commit everything to this branch first
    #[arg(short, long, conflicts_with = "snapshot")]
    all: bool,

    /// The message of that commit
    #[arg(short, long, value_name = "MSG", requires = "all")]
    message: Option<String>,

    /// Store the exact work tree with the run instead of committing
    #[arg(long)]
    snapshot: bool,

    /// Run it although the same plan ended ok before
    #[arg(long)]
    again: bool,

    /// With several seeds: go on after one that fails
    #[arg(short, long)]
    keep_going: bool,

    /// The experiment that the run belongs to, when HEAD is detached
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,

    /// Give the command the terminal, for debuggers; its output is then not recorded
    #[arg(long)]
    tty: bool,

    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Do it.
///
/// # Errors
/// If a rule refuses or the run cannot be opened. A command that fails is no error: its exit code is returned.
pub fn run(cx: &Context, args: RunArgs) -> Result<u8, CliError> {
    let seeds: Vec<Option<i64>> = match &args.seeds {
        Some(list) => seeds::parse(list)
            .map_err(|why| CliError::usage(format!("--seeds: {why}")))?
            .into_iter()
            .map(Some)
            .collect(),
        None => vec![args.seed],
    };
    let mut session = Session::begin(cx, args)?;
    let mut code = exit::OK;
    for (i, seed) in seeds.iter().enumerate() {
        let is_last = i + 1 == seeds.len();
        let done = session.run_one(*seed, seeds.len() > 1);
        if done.is_err() {
            // The seeds before it are not lost with it.
            session.seal();
        }
        let done = done?;
        if is_last || session.last_seal.elapsed() >= SEAL_EVERY {
            session.seal();
        }
        let Some(ended) = done else { continue };
        let ended_code = u8::try_from(ended.code().clamp(0, 255)).unwrap_or(exit::INTERNAL);
        if code == exit::OK {
            code = ended_code;
        }
        if ended.was_asked_to_end || (ended_code != 0 && !session.args.keep_going) {
            if !is_last {
                cx.ui.warning(&format!("{} of {} seeds were not run", seeds.len() - i - 1, seeds.len()));
                if !ended.was_asked_to_end {
                    cx.ui.hint("git xp run --keep-going …    goes on after a seed that fails");
                }
            }
            break;
        }
    }
    session.seal();
    Ok(code)
}

/// What the runs of one call share.
struct Session<'a> {
    cx: &'a Context,
    args: RunArgs,
    template: Template,
    code: Code,
    experiment: Option<(Id, Experiment)>,
    baseline: Option<RunBaseline>,
    host: Host,
    environment: Surroundings,
    variables: BTreeMap<String, String>,
    locks: BTreeMap<String, String>,
    evaluation: Option<String>,
    cwd: String,
    wanted: Wanted,
    pins: Pins,
    out: Out,
    apart: Apart,
    records: Option<&'static Records>,
    closed: Vec<Run>,
    last_seal: Instant,
    is_first: bool,
}

impl<'a> Session<'a> {
    fn begin(cx: &'a Context, mut args: RunArgs) -> Result<Self, CliError> {
        // Facts that others left behind come first: they may be what this run is compared with.
        let needs_records = !args.again || args.command.is_empty() || args.experiment.is_some();
        cx.seal();
        let records = if needs_records { Some(cx.records()?) } else { None };
        let head = cx.repo.head()?;
        let experiment = earlier::find_experiment(cx, &args, &head, records)?;
        let mut repeated = BTreeMap::new();
        let command = match args.command.as_slice() {
            [] => {
                let command = earlier::last_command(&head.branch, experiment.as_ref(), records)?;
                let last = records.as_ref().and_then(|records| earlier::last_params(records, &command));
                args.params.extend(repeat::params(&command, &args.params, last.as_ref())?);
                repeated =
                    records.map_or_else(|| Ok(BTreeMap::new()), |records| earlier::last_data(cx, records, &command))?;
                command
            }
            command => command.to_vec(),
        };
        let prefix = cx.prefix();
        let template = Template::new(&args, command, &prefix, cx.settings.seed_param.as_deref())?;
        let wanted = Wanted::new(cx, &args, repeated)?;
        let place = data::place(cx)?;
        let out = Out::new(cx, &args, &template.command, &place)?;
        let apart = Apart { data: wanted.paths(), out: out.path(&place).into_iter().collect() };
        let code = check::check(cx, &args, &template.command, &apart)?;
        if let Err(message) = hooks::pre_run(&cx.repo) {
            return Err(CliError::new(message).hint("the hook xp-pre-run of this repository refused the run"));
        }
        let pins = wanted.pin(cx, true)?;
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
            wanted,
            pins,
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
    fn run_one(&mut self, seed: Option<i64>, among_several: bool) -> Result<Option<Ended>, CliError> {
        if !std::mem::take(&mut self.is_first) {
            self.compare_tree()?;
            self.compare_data()?;
        }
        let id = Id::random().map_err(RecordError::from)?;
        let out = self.out.of(id, self.name());
        let file_of = |name: &str| open::file_of(&self.cx.root, id, name);
        let filled = self.template.fill(id.as_str(), seed, out, &self.cx.masker, file_of)?;
        let (run, env_toml) = self.describe(seed, &filled)?;
        if !self.args.again
            && let Some(records) = &self.records
            && let Some(before) = earlier::find_plan(records, &run.plan)
        {
            let metrics = metrics_line(finals(records, before));
            let text = format!("the same plan ended ok before, as run {} {metrics}", self.short(&before.id))
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

    /// The fact as far as it is known before the command starts, and `env.toml`.
    fn describe(&self, seed: Option<i64>, filled: &Filled) -> Result<(Run, String), CliError> {
        let head = &self.code.head;
        let surroundings = Surroundings { argv: filled.argv.clone(), ..self.environment.clone() };
        let env_toml = environment::describe(&surroundings, &self.variables, &self.locks, &self.cx.masker);
        let mut run = Run {
            experiment: self.experiment.as_ref().map(|(id, _)| *id),
            name: self.experiment.as_ref().map(|(_, experiment)| experiment.name.clone()),
            branch: head.branch.clone().or_else(|| self.experiment.as_ref().map(|(_, found)| found.branch.clone())),
            head: head.state.to_owned(),
            commit: head.commit.to_string(),
            tree: self.code.tree.to_string(),
            parents: self.cx.repo.commit_parents(head.commit)?.iter().map(ToString::to_string).collect(),
            baseline: self.baseline.clone(),
            dirty: self.code.dirty,
            snapshot: self.code.snapshot.map(|oid| oid.to_string()),
            seed,
            seed_via: filled.seed_via.clone(),
            params: filled.params.clone(),
            start: Time::now(),
            command: filled.command.clone(),
            argv_digest: filled.argv_digest.clone(),
            cwd: self.cwd.clone(),
            config: filled.config.as_ref().map(|copied| copied.recorded.clone()),
            data: self.pins.pins.clone(),
            out: filled.out.as_deref().map(|out| self.wanted.name(out)),
            environment: Some(crate::artifact::objects::digest(env_toml.as_bytes())),
            locks: self.locks.clone(),
            evaluation: self.evaluation.clone(),
            host: self.host.name.clone(),
            settings: self.cx.settings_text.clone(),
            ..Run::default()
        };
        let out = run.out.clone();
        run = self.cx.masker.mask_run(run).map_err(RecordError::from)?;
        if run.out != out {
            // Under another name the outputs would not be found when the run ends.
            return Err(CliError::usage("the path of the outputs holds a secret, and would be recorded")
                .hint("git xp run --out PATH …    or, if it is none, `allow` in the table [secrets] of .xp.toml"));
        }
        (run.plan, run.condition) = plan::digests(&run, self.cx.settings.seed_param.as_deref(), &self.variables);
        Ok((run, env_toml))
    }

    fn execute(
        &mut self,
        id: Id,
        seed: Option<i64>,
        run: Run,
        env_toml: String,
        filled: &Filled,
    ) -> Result<Ended, CliError> {
        let cx = self.cx;
        let mut files = vec![("env.toml".to_owned(), env_toml.into_bytes())];
        files.extend(filled.config.iter().map(|copied| (copied.name.clone(), copied.bytes.clone())));
        files.extend(self.pins.files.iter().cloned());
        let config =
            filled.config.as_ref().map(|copied| (copied.name.trim_start_matches("config/"), copied.bytes.as_slice()));
        if let Some(out) = &filled.out {
            self.out.make(out, config)?;
        }
        let owner = Some(self.host.owner("git-xp", std::process::id()));
        let opened = open::open(&cx.repo, &cx.root, Opening { id, by: cx.by(), run, files, owner });
        if let (Err(_), Some(out)) = (&opened, &filled.out) {
            self.out.remove(out);
        }
        let folder = opened?;
        if let Some(out) = &filled.out {
            self.out.remember(cx.repo.git_dir(), &self.wanted.name(out));
        }
        let mut env = vec![
            ("GIT_XP_RUN".to_owned(), id.to_string()),
            ("GIT_XP_JOURNAL".to_owned(), folder.journal().display().to_string()),
            ("PYTHONUNBUFFERED".to_owned(), "1".to_owned()),
        ];
        if let Some(seed) = seed {
            env.push(("GIT_XP_SEED".to_owned(), seed.to_string()));
            // Python takes 0 to 4294967295 here; another seed's low bits serve as well.
            env.push(("PYTHONHASHSEED".to_owned(), (seed & 0xffff_ffff).to_string()));
        }
        if let Some(copied) = &filled.config {
            env.push(("GIT_XP_CONFIG".to_owned(), copied.path.display().to_string()));
        }
        if let Some(out) = &filled.out {
            env.push(("GIT_XP_OUT".to_owned(), out.display().to_string()));
        }
        let output = folder.output();
        let spec = process::Spec { argv: &filled.argv, env: &env, output: &output, tty: self.args.tty };
        let started = |pid| {
            // Without this line an orphaned run is sealed a little too early, nothing more.
            let _ = log::append_event(&folder.journal(), &Event::Owner(self.host.owner("command", pid)));
        };
        let ended = process::run(&spec, started, &mut io::stdout()).map_err(RecordError::io(&output))?;
        let status = match ended {
            Ended { exit: Some(0), .. } => Status::Ok,
            Ended { signal: Some(_), .. } | Ended { was_asked_to_end: true, .. } => Status::Killed,
            _ => Status::Failed,
        };
        let end = close::ending(status, ended.exit, ended.signal);
        let direction = |metric: &str| self.direction(metric);
        let closing = Closing {
            direction: &direction,
            masker: &cx.masker,
            metrics_files: &cx.settings.metrics_files,
            look_at_work_tree: true,
        };
        match close::close(&cx.repo, &folder, Some(&end), &closing) {
            Ok(closed) => self.report(&closed),
            // The command has run and its exit code stands; the journal waits for better times.
            Err(error) => {
                let error = CliError::from(error);
                cx.ui.warning(&format!("run {id} has ended and could not be recorded yet: {}", error.message()));
                cx.ui.hint("git xp status    tries again; nothing is lost");
            }
        }
        Ok(ended)
    }

    fn direction(&self, metric: &str) -> Option<crate::model::direction::Direction> {
        let expect = self.experiment.iter().flat_map(|(_, experiment)| &experiment.hypothesis.expect);
        let expected = expect.filter_map(|text| text.parse::<crate::model::expectation::Expectation>().ok());
        expected
            .into_iter()
            .find(|e| e.metric == metric)
            .and_then(|e| e.direction().into())
            .or_else(|| self.cx.direction(metric))
    }

    fn report(&mut self, closed: &Closed) {
        report_closed(self.cx, closed);
        if let Body::Run(run) = &closed.fact.body {
            let line = last_line::render(self.cx, &closed.fact.header.id, run, self.experiment.as_ref(), &self.closed);
            self.cx.ui.status(&line);
            last_line::warn_if_identical(self.cx, run, &self.closed);
            self.closed.push((**run).clone());
        }
    }

    fn seal(&mut self) {
        self.cx.seal_made(&mut Sealed::default());
        self.last_seal = Instant::now();
    }

    fn short(&self, id: &Id) -> String {
        self.records.as_ref().map_or_else(|| id.as_str()[..4].to_owned(), |records| ShortIds::new(records.ids()).of(id))
    }
}

/// Say what was wrong with a run's journal and files.
pub fn report_closed(cx: &Context, closed: &Closed) {
    if let Some((count, line, why)) = &closed.rejected {
        cx.ui.warning(&format!(
            "{count} journal line(s) could not be read, the first is line {line}: {why}; kept in rejected.jsonl"
        ));
    }
    for file in &closed.bad_metrics_files {
        cx.ui.warning(&format!("{file} is no JSON object with numbers; stored as it is, no metric was taken from it"));
    }
    closed.bad_outputs.iter().for_each(|what| cx.ui.warning(what));
    if let Body::Run(run) = &closed.fact.body
        && !run.changed_paths.is_empty()
    {
        let paths = run.changed_paths.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        cx.ui.warning(&format!(
            "the code changed while the command ran: {paths}; what lay there at the end is stored with the run"
        ));
    }
}
