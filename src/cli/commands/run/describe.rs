//! What is known of a run before its command starts.

use super::command::Filled;
use super::session::Session;
use crate::capture::environment::{self, Surroundings};
use crate::cli::error::CliError;
use crate::model::run::Run;
use crate::model::time::Time;
use crate::record::{RecordError, plan};

impl Session<'_> {
    /// The fact as far as it is known before the command starts, and `env.toml`.
    pub(super) fn describe(&self, seed: Option<i64>, filled: &Filled) -> Result<(Run, String), CliError> {
        let head = &self.code.head;
        let env_toml = self.describe_environment(filled);
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
            param_sources: filled.sources.sources.clone(),
            start: Time::now(),
            command: filled.command.clone(),
            argv_digest: filled.argv_digest.clone(),
            cwd: self.cwd.clone(),
            config: filled.config.as_ref().map(|copied| copied.recorded.clone()),
            data: self.pins.pins.clone(),
            out: filled.out.as_deref().map(|out| self.wanted.name(out)),
            environment: Some(crate::artifact::digest(env_toml.as_bytes())),
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

    fn describe_environment(&self, filled: &Filled) -> String {
        let surroundings = Surroundings { argv: filled.argv.clone(), ..self.environment.clone() };
        environment::describe(&surroundings, &self.variables, &self.locks, &self.cx.masker)
    }

    /// What the command ran in, where that may be another than was there before: a tool such as uv makes the environment when it is called.
    pub(super) fn describe_again(&self, before: &str, filled: &Filled) -> Option<String> {
        environment::tool(before)?;
        let now = self.describe_environment(filled);
        if let Some((tool, false)) = environment::tool(&now)
            && self.closed.is_empty()
        {
            self.cx.ui.warning(&format!(
                "{tool} ran the command in an environment of its own that git-xp does not find: no packages are recorded"
            ));
        }
        (now != before).then_some(now)
    }
}
