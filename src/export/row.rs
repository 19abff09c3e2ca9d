//! What is exported: runs and experiments with all that was said of them, and points of series.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::ExportError;
use crate::model::experiment::Experiment;
use crate::model::fact::{About, Body, Fact, Header, InvalidFact, Late};
use crate::model::id::Id;
use crate::model::number::Number;
use crate::model::run::Run;

/// A run with everything that was said of it later.
#[derive(Debug, Clone)]
pub struct RunRow {
    /// The header of its fact.
    pub header: Header,
    /// What was recorded. Its params and metrics are those of the late facts where they say something newer.
    pub run: Run,
    /// The exact text of its fact, without the newline.
    pub text: String,
    /// Late facts, by time.
    pub late: Vec<String>,
    /// Tags, remarks, withdrawals and whatever else is about it, by time.
    pub about: Vec<Said>,
    /// The ref of its ledger.
    pub ledger: String,
}

/// An experiment with everything that was said of it later.
#[derive(Debug, Clone)]
pub struct ExperimentRow {
    /// The experiment's id: that of its first registration, also where only a later one is left.
    pub id: Id,
    /// The header of its first registration.
    pub header: Header,
    /// What the newest registration says.
    pub current: Experiment,
    /// When that was made.
    pub amended: Option<Header>,
    /// The exact texts of its registrations, by time.
    pub registrations: Vec<String>,
    /// Tags, remarks and whatever else is about it, by time.
    pub about: Vec<Said>,
    /// The ref of the ledger of its first registration.
    pub ledger: String,
}

/// A fact about another one.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its header.
    pub header: Header,
    /// What it says.
    pub about: About,
    /// Its exact text, without the newline.
    pub text: String,
}

/// One logged point of a run.
#[derive(Debug, Clone, Copy)]
pub struct PointRow<'a> {
    /// The run it belongs to.
    pub run: &'a str,
    /// The name of the run's experiment.
    pub experiment: Option<&'a str>,
    /// The run's seed.
    pub seed: Option<i64>,
    /// The id of the late fact that added it, if one did.
    pub late: Option<&'a str>,
    /// The metric's name.
    pub metric: &'a str,
    /// The step, if it has one.
    pub step: Option<i64>,
    /// Seconds since the start of the run, if they are known.
    pub seconds: Option<f64>,
    /// The value.
    pub value: &'a Number,
}

/// One file format: rows in, bytes out.
pub trait Exporter {
    /// Write an experiment.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn experiment(&mut self, row: &ExperimentRow) -> Result<(), ExportError>;

    /// Write a run.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn run(&mut self, row: &RunRow) -> Result<(), ExportError>;

    /// Write a point.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn point(&mut self, row: &PointRow<'_>) -> Result<(), ExportError>;

    /// Write what is left.
    ///
    /// # Errors
    /// If the output cannot be written.
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

impl RunRow {
    /// Read a run's fact and the facts about it, by time. Facts about it that cannot be read are left out.
    ///
    /// # Errors
    /// If the fact cannot be read, or is none of a run.
    pub fn read(ledger: &str, fact: Vec<u8>, later: Vec<Vec<u8>>) -> Result<Self, InvalidRow> {
        let text = line(fact)?;
        let Fact { header, body: Body::Run(run) } = Fact::parse(text.as_bytes())? else {
            return Err(InvalidRow::Other);
        };
        let mut row = Self { header, run: *run, text, late: Vec::new(), about: Vec::new(), ledger: ledger.to_owned() };
        for bytes in later {
            let Ok(text) = line(bytes) else { continue };
            match Fact::parse(text.as_bytes()) {
                Ok(Fact { body: Body::Late(late), .. }) => row.add_late(late, text),
                Ok(fact) => row.about.extend(said(fact, text)),
                Err(_) => {}
            }
        }
        Ok(row)
    }

    fn add_late(&mut self, late: Late, text: String) {
        self.run.metrics.extend(late.metrics);
        self.run.params.extend(late.params);
        self.late.push(text);
    }

    /// The newest withdrawal, if there is one.
    pub fn withdrawal(&self) -> Option<&About> {
        self.about.iter().rev().find(|said| said.header.kind == "withdrawal").map(|said| &said.about)
    }
}

impl ExperimentRow {
    /// Read an experiment's registrations and the facts about it, each by time. What cannot be read is left out.
    ///
    /// # Errors
    /// If no registration can be read.
    pub fn read(ledger: &str, registrations: Vec<Vec<u8>>, later: Vec<Vec<u8>>) -> Result<Self, InvalidRow> {
        let mut row: Option<Self> = None;
        for bytes in registrations {
            let text = line(bytes)?;
            let Fact { header, body: Body::Experiment(experiment) } = Fact::parse(text.as_bytes())? else { continue };
            match &mut row {
                Some(row) => {
                    row.current = *experiment;
                    row.amended = Some(header);
                    row.registrations.push(text);
                }
                None => {
                    row = Some(Self {
                        id: experiment.experiment.unwrap_or(header.id),
                        header,
                        current: *experiment,
                        amended: None,
                        registrations: vec![text],
                        about: Vec::new(),
                        ledger: ledger.to_owned(),
                    });
                }
            }
        }
        let mut row = row.ok_or(InvalidRow::Other)?;
        for bytes in later {
            let Ok(text) = line(bytes) else { continue };
            row.about.extend(Fact::parse(text.as_bytes()).ok().and_then(|fact| said(fact, text)));
        }
        Ok(row)
    }
}

/// Why a fact is no row.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRow {
    /// No fact.
    #[error("{0}")]
    Fact(#[from] InvalidFact),
    /// Not UTF-8.
    #[error("not a fact: it is no UTF-8 text")]
    Text,
    /// A fact of another kind.
    #[error("it is of another kind than it was")]
    Other,
}

/// The fact's text as one line. Between the tokens of foreign JSON there may be line breaks; inside of strings there are none.
fn line(bytes: Vec<u8>) -> Result<String, InvalidRow> {
    let mut text = String::from_utf8(bytes).map_err(|_| InvalidRow::Text)?;
    text.truncate(text.trim_end().len());
    Ok(if text.contains('\n') || text.contains('\r') { text.replace(['\n', '\r'], " ") } else { text })
}

fn said(fact: Fact, text: String) -> Option<Said> {
    match fact.body {
        Body::Withdrawal(about) | Body::Other(about) => Some(Said { header: fact.header, about, text }),
        _ => None,
    }
}

/// The values of a fact by key, as they are written. Empty if it is no JSON object.
pub(super) fn keys(text: &str) -> BTreeMap<Cow<'_, str>, &RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}
