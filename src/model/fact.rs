//! A fact: one small immutable JSON document with a random id.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::experiment::Experiment;
use super::id::Id;
use super::metric::Summary;
use super::run::{Artifact, LeftOut, Run};
use super::text::escape_json;
use super::time::Time;

/// The format version that this program writes. Changes: 1.0, the first.
pub const VERSION: &str = "1.0";

/// The major format version that this program can read and write.
pub const MAJOR: u32 = 1;

/// Keys that every fact starts with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The format version, `major.minor`.
    pub xp: String,
    /// The kind, see [`Body`].
    pub kind: String,
    /// The random id.
    pub id: Id,
    /// When the fact was made.
    pub time: Time,
    /// `Name <email>`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

impl Header {
    /// The header of a new fact of the given kind.
    pub fn new(kind: &str, id: Id, time: Time, by: &str) -> Self {
        Self { xp: VERSION.to_owned(), kind: kind.to_owned(), id, time, by: by.to_owned() }
    }
}

/// What a fact says, by kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A branch with a promise.
    Experiment(Box<Experiment>),
    /// A fact about the commit that produced it.
    Run(Box<Run>),
    /// Metrics and params added to a sealed run.
    Late(Late),
    /// A run that no longer counts; kept and counted.
    Withdrawal(About),
    /// The removal of a fact: `git xp forget`.
    Tombstone(About),
    /// Any other kind, `tag` and `remark` included: kept, shown, not interpreted.
    Other(About),
}

/// What the facts that are about another fact share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The fact it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Id>,
    /// The commit of that fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The reason given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The text of a remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The tags that a tag fact adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The tags that it takes away, before it adds others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
}

/// Metrics and params added to a sealed run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Late {
    /// The run.
    pub target: Id,
    /// The run's commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Summary>,
    /// By name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
    /// Files and folders that were stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// What was too much.
    #[serde(default, skip_serializing_if = "LeftOut::is_nothing")]
    pub left_out: LeftOut,
}

/// A fact that was read: its exact bytes and what they say.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The header.
    pub header: Header,
    /// The rest.
    pub body: Body,
}

/// Why bytes are no fact.
#[derive(Debug, thiserror::Error)]
pub enum InvalidFact {
    /// Not one JSON object with the header's keys.
    #[error("not a fact: {0}")]
    Json(#[from] serde_json::Error),
    /// Written in a format that this program cannot know.
    #[error("written in format {version}, this git-xp reads {MAJOR}.x: install a newer git-xp to read it")]
    Newer {
        /// The version found.
        version: String,
    },
}

impl Fact {
    /// Read the bytes of a fact.
    ///
    /// # Errors
    /// If they are no fact, or one of a newer major version.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidFact> {
        let header: Header = serde_json::from_slice(bytes)?;
        let major = header.xp.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major != Some(MAJOR) {
            return Err(InvalidFact::Newer { version: header.xp });
        }
        let body = match header.kind.as_str() {
            "experiment" => Body::Experiment(serde_json::from_slice(bytes)?),
            "run" => Body::Run(serde_json::from_slice(bytes)?),
            "late" => Body::Late(serde_json::from_slice(bytes)?),
            "withdrawal" => Body::Withdrawal(serde_json::from_slice(bytes)?),
            "tombstone" => Body::Tombstone(serde_json::from_slice(bytes)?),
            _ => Body::Other(serde_json::from_slice(bytes)?),
        };
        Ok(Self { header, body })
    }

    /// The fact's bytes: one line of JSON and its newline.
    ///
    /// # Errors
    /// None in practice: every value of the model is representable in JSON.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        match &self.body {
            Body::Experiment(body) => encode(&self.header, body),
            Body::Run(body) => encode(&self.header, body),
            Body::Late(body) => encode(&self.header, body),
            Body::Withdrawal(body) | Body::Tombstone(body) | Body::Other(body) => encode(&self.header, body),
        }
    }

    /// The commit the fact is about.
    pub fn commit(&self) -> Option<&str> {
        match &self.body {
            Body::Experiment(body) => Some(&body.commit),
            Body::Run(body) => Some(&body.commit),
            Body::Late(body) => body.commit.as_deref(),
            Body::Withdrawal(body) | Body::Tombstone(body) | Body::Other(body) => body.commit.as_deref(),
        }
    }

    /// The fact that this one is about.
    pub fn target(&self) -> Option<Id> {
        match &self.body {
            Body::Experiment(_) | Body::Run(_) => None,
            Body::Late(body) => Some(body.target),
            Body::Withdrawal(body) | Body::Tombstone(body) | Body::Other(body) => body.target,
        }
    }
}

fn encode(header: &Header, body: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let head = serde_json::to_string(header)?;
    let body = serde_json::to_string(body)?;
    let inner = body.trim_start_matches('{');
    let separator = if inner == "}" { "" } else { "," };
    let line = format!("{}{separator}{inner}\n", head.trim_end_matches('}'));
    Ok(escape_json(line).into_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{About, Body, Fact, Header, Id, InvalidFact, Run, Time};
    use crate::model::number::Number;
    use crate::model::run::Status;

    fn header(kind: &str) -> Header {
        Header::new(kind, Id::from_random([7; 20]), Time(1_700_000_000_123), "Ada <ada@example.org>")
    }

    #[test]
    fn a_newer_major_version_is_named() {
        let line = br#"{"xp":"2.0","kind":"run","id":"77777777777777777777","time":"2026-11-21T00:00:00Z"}"#;
        let error = Fact::parse(line).expect_err("newer");
        assert!(matches!(&error, InvalidFact::Newer { version } if version == "2.0"), "{error}");
    }

    #[test]
    fn an_unknown_kind_is_read() {
        let line = br#"{"xp":"1.7","kind":"poem","id":"77777777777777777777","time":"2026-11-21T00:00:00Z","x":1}"#;
        assert!(matches!(Fact::parse(line).expect("read").body, Body::Other(_)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = Fact::parse(&bytes);
        }

        #[test]
        fn runs_round_trip(
            name in any::<String>(), value in any::<f64>(), seed in any::<Option<i64>>(), param in any::<String>(),
        ) {
            let mut run = Run { commit: "c0ffee".into(), status: Status::Ok, seed, ..Run::default() };
            let mut series = crate::model::metric::Accumulator::default();
            series.add(Some(1), &Number::Float(value));
            run.metrics.extend(series.summary(None).map(|summary| (name.clone(), summary)));
            run.params.insert(name, param.into());
            let fact = Fact { header: header("run"), body: Body::Run(Box::new(run)) };
            let bytes = fact.encode().expect("encodes");
            assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 1);
            let back = Fact::parse(&bytes).expect("parses");
            assert_eq!(back.encode().expect("encodes"), bytes);
            if value.is_finite() {
                assert_eq!(back, fact);
            }
        }

        #[test]
        fn remarks_round_trip(text in any::<String>()) {
            let about = About { target: Some(Id::from_random([1; 20])), because: Some(text), ..About::default() };
            let fact = Fact { header: header("withdrawal"), body: Body::Withdrawal(about) };
            assert_eq!(Fact::parse(&fact.encode().expect("encodes")).expect("parses"), fact);
        }
    }
}
