//! One run from its folder to its fact: open, run the command, close.

use std::ffi::OsString;
use std::io;

use super::command::Filled;
use super::session::Session;
use super::{last_line, no_metrics, system};
use crate::capture::process::{self, Ended};
use crate::cli::error::CliError;
use crate::cli::notices::report_closed;
use crate::model::direction::Direction;
use crate::model::expectation::Expectation;
use crate::model::fact::Body;
use crate::model::id::Id;
use crate::model::run::{Run, Status};
use crate::record::close::{self, Closed, Closing, WorkTree};
use crate::record::open::{self, Opening};
use crate::record::{RecordError, artifacts, log};
use crate::store::line::Event;

impl Session<'_> {
    pub(super) fn execute(
        &mut self,
        id: Id,
        seed: Option<i64>,
        run: Run,
        env_toml: String,
        filled: &Filled,
    ) -> Result<Ended, CliError> {
        let cx = self.cx;
        let mut files = vec![("env.toml".to_owned(), env_toml.clone().into_bytes())];
        files.extend(filled.config.iter().map(|copied| (copied.name.clone(), copied.bytes.clone())));
        files.extend(self.pins.files.iter().cloned());
        files.extend(filled.sources.files.iter().cloned());
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
        for artifact in &self.stored {
            log::append(&folder.journal(), &artifacts::line(artifact)?).map_err(RecordError::io(folder.journal()))?;
        }
        let mut env = vec![
            ("GIT_XP_RUN".to_owned(), OsString::from(id.as_str())),
            ("GIT_XP_JOURNAL".to_owned(), folder.journal().into()),
            ("PYTHONUNBUFFERED".to_owned(), "1".into()),
        ];
        if let Some(seed) = seed {
            env.push(("GIT_XP_SEED".to_owned(), seed.to_string().into()));
            // Python takes 0 to 4294967295 here; another seed's low bits serve as well.
            env.push(("PYTHONHASHSEED".to_owned(), (seed & 0xffff_ffff).to_string().into()));
        }
        if let Some(copied) = &filled.config {
            env.push(("GIT_XP_CONFIG".to_owned(), copied.path.clone().into()));
        }
        if let Some(out) = &filled.out {
            env.push(("GIT_XP_OUT".to_owned(), out.into()));
        }
        let output = folder.output();
        let spec = process::Spec { argv: &filled.argv, env: &env, output: &output, tty: self.args.tty };
        let mut sampling = None;
        let started = |pid| {
            sampling = system::start(self.cx, pid, &self.environment, folder.journal());
            // Without this line an orphaned run is sealed a little too early, nothing more.
            let _ = log::append_event(&folder.journal(), &Event::Owner(self.host.owner("command", pid)));
        };
        let ended = process::run(&spec, started, &mut io::stdout()).map_err(RecordError::io(&output))?;
        drop(sampling);
        let status = match ended {
            Ended { exit: Some(0), .. } => Status::Ok,
            Ended { signal: Some(_), .. } | Ended { was_asked_to_end: true, .. } => Status::Killed,
            _ => Status::Failed,
        };
        let end = close::ending(status, ended.exit, ended.signal, ended.used);
        let direction = |metric: &str| self.direction(metric);
        let is_no_code = |path: &str| cx.settings.is_no_code(path);
        let env_toml = self.describe_again(&env_toml, filled);
        let work_tree = WorkTree {
            env_toml: env_toml.as_deref(),
            metrics_files: &cx.settings.metrics_files,
            is_no_code: &is_no_code,
            params: Some(self.params.left(cx, &filled.argv)),
        };
        let closing = Closing { direction: &direction, masker: &cx.masker, work_tree: Some(work_tree) };
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

    fn direction(&self, metric: &str) -> Option<Direction> {
        let expect = self.experiment.iter().flat_map(|(_, experiment)| &experiment.hypothesis.expect);
        let expected = expect.filter_map(|text| text.parse::<Expectation>().ok());
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
            if self.closed.is_empty() {
                no_metrics::explain(self.cx, run);
            }
            self.params.report(self.cx, run);
            self.closed.push((**run).clone());
        }
    }
}
