//! What an experiment promises before its runs: data, method, expectations and the reason.

pub use crate::model::expectation::{Comparison, Expectation, ExpectationError, Summary, Target};
pub use crate::model::hypothesis_template::{TemplateError, editor_template, parse_editor_template};

use crate::model::direction::Direction;
use serde::{Deserialize, Serialize};

/// The four slots that teams write: "We believe that using *data* and *method* we get *expect*, because *because*".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hypothesis {
    /// What is trained and measured on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// What is done differently.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What is expected of which metric; all of it must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expectation>,
    /// Why it is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl Hypothesis {
    /// Whether no slot is filled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.is_none() && self.method.is_none() && self.expect.is_empty() && self.because.is_none()
    }

    /// The direction that the expectations imply for a metric; `None` when they name none, or both.
    #[must_use]
    pub fn direction(&self, metric: &str) -> Option<Direction> {
        let mut directions = self.expect.iter().filter(|e| e.metric == metric).map(Expectation::direction);
        let first = directions.next()?;
        directions.all(|other| other == first).then_some(first)
    }

    /// The hypothesis as people write it, in one line; empty slots are left out, and nothing is said of an empty one.
    #[must_use]
    pub fn sentence(&self) -> String {
        let slots = [&self.data, &self.method];
        let using: Vec<String> =
            slots.into_iter().flatten().map(|slot| one_line(slot)).filter(|slot| !slot.is_empty()).collect();
        let using = using.join(" and ");
        let getting = listed(&self.expect.iter().map(clause).collect::<Vec<_>>());
        let because = self.because.as_deref().map(one_line).unwrap_or_default();
        let mut sentence = match (using.is_empty(), getting.is_empty()) {
            (false, false) => format!("We believe that using {using} we get {getting}"),
            (true, false) => format!("We believe that we get {getting}"),
            (false, true) => format!("We try {using}"),
            (true, true) if because.is_empty() => return String::new(),
            (true, true) => "We try this".to_owned(),
        };
        if !because.is_empty() {
            sentence.push_str(", because ");
            sentence.push_str(&because);
        }
        if !sentence.ends_with(['.', '!', '?', '…']) {
            sentence.push('.');
        }
        sentence
    }
}

fn clause(expectation: &Expectation) -> String {
    let kind = match expectation.summary {
        Summary::Final => "",
        Summary::Best => "a best ",
        Summary::Min => "a lowest ",
        Summary::Max => "a highest ",
    };
    // Names that need quotes keep them: they could hold anything, even a sentence.
    let quoted = Expectation { summary: Summary::Final, ..expectation.clone() }.to_string();
    let suffix = format!(" {} {}", expectation.op.as_str(), expectation.target);
    let metric = quoted.strip_suffix(suffix.as_str()).unwrap_or(&expectation.metric);
    format!("{kind}{metric} of {} {}", expectation.op.in_words(), expectation.target)
}

fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::Hypothesis;
    use crate::model::direction::Direction;

    fn hypothesis(data: &str, method: &str, expect: &[&str], because: &str) -> Hypothesis {
        let slot = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Hypothesis {
            data: slot(data),
            method: slot(method),
            expect: expect.iter().map(|text| text.parse().unwrap()).collect(),
            because: slot(because),
        }
    }

    #[test]
    fn sentences_leave_empty_slots_out() {
        for (given, sentence) in [
            (
                hypothesis("CIFAR-10", "a larger\nlr", &["val_acc >= 0.92"], "the loss is flat…"),
                "We believe that using CIFAR-10 and a larger lr we get val_acc of at least 0.92, because the loss is flat…",
            ),
            (
                hypothesis("", "SGD", &["acc > baseline + 0.01", "best(loss) < 0.3", "min(t) <= baseline * 2"], ""),
                "We believe that using SGD we get acc of more than baseline + 0.01, a best loss of less than 0.3 and \
                 a lowest t of at most baseline * 2.",
            ),
            (hypothesis("", "", &["\"a b\" >= 1"], "x."), "We believe that we get \"a b\" of at least 1, because x."),
            (hypothesis("CIFAR-10", "SGD", &[], "why not?"), "We try CIFAR-10 and SGD, because why not?"),
            (hypothesis("", "", &[], "x"), "We try this, because x."),
            (hypothesis("", "", &[], ""), ""),
        ] {
            assert_eq!(given.sentence(), sentence);
        }
    }

    #[test]
    fn stored_without_the_empty_slots() {
        let given = hypothesis("", "SGD", &["a>=1"], "b");
        let json = serde_json::to_string(&given).unwrap();
        assert_eq!(json, r#"{"method":"SGD","expect":["a >= 1"],"because":"b"}"#);
        assert_eq!(serde_json::from_str::<Hypothesis>(&json).unwrap(), given);
        assert!(serde_json::from_str::<Hypothesis>("{}").unwrap().is_empty());
    }

    #[test]
    fn a_metric_with_two_directions_has_none() {
        let given = hypothesis("", "", &["a >= 1", "a <= 2", "b < 1"], "");
        assert_eq!(given.direction("a"), None);
        assert_eq!(given.direction("b"), Some(Direction::Minimize));
        assert_eq!(given.direction("c"), None);
    }
}
