//! One fact in its compact form.

use serde::{Deserialize, Serialize};

use super::about::AboutRecord;
use super::experiment::RegistrationRow;
use super::names::{Names, Symbol};
use super::parse::parse;
use super::run::{LateRecord, RunRow};
use crate::model::id::Id;

/// What lies in one place of a ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The name of the file, without `.json`; empty if that is its id.
    pub stem: Symbol,
    /// What it says.
    pub body: Body,
}

/// What a fact says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// A registration of an experiment.
    Experiment(Box<RegistrationRow>),
    /// Metrics and params that were added later.
    Late(Box<LateRecord>),
    /// Any other fact about a fact.
    About(Box<AboutRecord>),
    /// Something that could not be read, and why.
    Unreadable(Symbol),
    /// A run. A segment has a form of its own for it; being the last, it leaves the others their numbers.
    #[serde(skip)]
    Run(Box<RunRow>),
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
        // Most facts lie under their id, which need not be kept twice.
        let is_plain = body.id().is_some_and(|id| id.as_str() == stem);
        Self { stem: if is_plain { Symbol::default() } else { names.intern(stem) }, body }
    }

    /// Whether it is what was read from a file of this name.
    pub fn is_of(&self, file: &str, names: &Names) -> bool {
        let stem = file.strip_suffix(".json").unwrap_or(file);
        match self.stem.some() {
            Some(own) => names.text(own) == stem,
            None => self.body.id().is_some_and(|id| id.as_str() == stem),
        }
    }

    pub(super) fn each_symbol(&mut self, change: &mut impl FnMut(&mut Symbol)) {
        change(&mut self.stem);
        match &mut self.body {
            Body::Experiment(registration) => registration.each_symbol(change),
            // Written otherwise.
            Body::Run(_) => {}
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
            Self::Experiment(registration) => Some(registration.head.id),
            Self::Run(run) => Some(run.head.id),
            Self::Late(late) => Some(late.id),
            Self::About(about) => Some(about.id),
            Self::Unreadable(_) => None,
        }
    }
}
