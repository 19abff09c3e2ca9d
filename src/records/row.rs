//! One fact in its compact form.

use serde::{Deserialize, Serialize};

use super::about::AboutRecord;
use super::experiment::Registration;
use super::names::{Names, Symbol};
use super::parse::parse;
use super::run::{LateRecord, RunRecord};
use crate::model::id::Id;

/// What lies in one place of a ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The name of the file, without `.json`; its id, if it lies in the notes alone.
    pub stem: Symbol,
    /// What it says.
    pub body: Body,
}

/// What a fact says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// A registration of an experiment.
    Experiment(Box<Registration>),
    /// A run.
    Run(Box<RunRecord>),
    /// Metrics and params that were added later.
    Late(Box<LateRecord>),
    /// Any other fact about a fact.
    About(Box<AboutRecord>),
    /// Something that could not be read, and why.
    Unreadable(Symbol),
}

impl Row {
    /// Read what lies in a file of a ledger.
    pub fn read(file: &str, bytes: &[u8], names: &mut Names) -> Self {
        let Some(stem) = file.strip_suffix(".json") else {
            let reason = names.intern("its name does not end in .json");
            return Self { stem: names.intern(file), body: Body::Unreadable(reason) };
        };
        let expected = stem.split('+').next().unwrap_or(stem);
        let body = match parse(bytes, names) {
            Ok(body) => match body.id() {
                Some(id) if id.as_str() != expected => {
                    Body::Unreadable(names.intern(&format!("its name is not its id, {id}")))
                }
                _ => body,
            },
            Err(reason) => Body::Unreadable(names.intern(&reason)),
        };
        Self { stem: names.intern(stem), body }
    }

    pub(super) fn each_symbol(&mut self, change: &mut impl FnMut(&mut Symbol)) {
        change(&mut self.stem);
        match &mut self.body {
            Body::Experiment(registration) => registration.each_symbol(change),
            Body::Run(run) => run.each_symbol(change),
            Body::Late(late) => late.each_symbol(change),
            Body::About(about) => about.each_symbol(change),
            Body::Unreadable(reason) => change(reason),
        }
    }
}

impl Body {
    /// The id of the fact.
    pub fn id(&self) -> Option<Id> {
        match self {
            Self::Experiment(registration) => Some(registration.id),
            Self::Run(run) => Some(run.id),
            Self::Late(late) => Some(late.id),
            Self::About(about) => Some(about.id),
            Self::Unreadable(_) => None,
        }
    }
}
