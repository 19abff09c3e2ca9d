//! What the command line asks for, read and checked before anything is done.

use std::collections::BTreeMap;

use super::check::{self, Examined};
use super::command::Template;
use super::data::{self, Apart, Wanted};
use super::out::Out;
use super::{RunArgs, earlier, repeat};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::data::pin::Place;
use crate::model::experiment::Experiment;
use crate::model::id::Id;
use crate::record::rules::Judgement;
use crate::records::Records;

/// What is to be run. Without a command on the command line it is the branch's last one, with its params and data.
pub(in crate::cli::commands) struct Request {
    /// The options, params of a repeated command among them.
    pub(super) args: RunArgs,
    pub(super) template: Template,
    pub(super) experiment: Option<(Id, Experiment)>,
    pub(super) wanted: Wanted,
    pub(super) out: Out,
    pub(super) apart: Apart,
    pub(super) place: Place,
    pub(super) records: Option<&'static Records>,
}

impl Request {
    /// Read the options. `may_lack_command`: it is no error that there is nothing to repeat.
    ///
    /// # Errors
    /// If an option makes no sense, or there is no command to repeat.
    pub(in crate::cli::commands) fn read(
        cx: &Context,
        mut args: RunArgs,
        may_lack_command: bool,
    ) -> Result<Self, CliError> {
        let needs_records = !args.again || args.command.is_empty() || args.experiment.is_some();
        let records = if needs_records { Some(cx.records()?) } else { None };
        let head = cx.repo.head()?;
        let experiment = earlier::find_experiment(cx, &args, &head, records)?;
        let mut repeated = BTreeMap::new();
        let command = match args.command.as_slice() {
            [] => match earlier::last_command(&head.branch, experiment.as_ref(), records) {
                Err(_) if may_lack_command => Vec::new(),
                Err(error) => return Err(error),
                Ok(command) => {
                    let last = records.as_ref().and_then(|records| earlier::last_params(records, &command));
                    args.params.extend(repeat::params(&command, &args.params, last.as_ref())?);
                    repeated = records
                        .map_or_else(|| Ok(BTreeMap::new()), |records| earlier::last_data(cx, records, &command))?;
                    command
                }
            },
            command => command.to_vec(),
        };
        let template = Template::new(&args, command, &cx.prefix(), cx.settings.seed_param.as_deref())?;
        let wanted = Wanted::new(cx, &args, repeated)?;
        let place = data::place(cx)?;
        let out = Out::new(cx, &args, &template.command, &place)?;
        let apart = Apart { data: wanted.paths(), out: out.path(&place).into_iter().collect() };
        Ok(Self { args, template, experiment, wanted, out, apart, place, records })
    }

    /// Judge the rules; nothing is changed.
    ///
    /// # Errors
    /// If git cannot read the work tree, an option would loosen a locked rule, or no rule refuses a command that lacks its seed.
    pub(in crate::cli::commands) fn examine(&self, cx: &Context) -> Result<Examined, CliError> {
        let examined = check::examine(cx, &self.args, &self.template.command, &self.apart)?;
        if !examined.judgement.refuses() {
            self.template.check_seed(&self.args)?;
        }
        Ok(examined)
    }

    /// Look at the data without saying anything.
    ///
    /// # Errors
    /// If some is not there, cannot be read, or names no version.
    pub(in crate::cli::commands) fn find_data(&self, cx: &Context) -> Result<(), CliError> {
        self.wanted.pin(cx, false).map(drop)
    }

    /// The one `git xp run` that satisfies all that refused; `verb` is what was typed.
    pub(in crate::cli::commands) fn remedy(&self, cx: &Context, judgement: &Judgement, verb: &str) -> String {
        let remedy = check::remedy(cx, &self.args, judgement, verb);
        if self.template.command.is_empty() { format!("{remedy} -- <command>") } else { remedy }
    }
}
