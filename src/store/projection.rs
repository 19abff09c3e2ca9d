//! Notes as a projection of the ledgers: which lines the note of a commit has. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::fact::Header;
use crate::model::id::Id;
use crate::model::metric::is_system;
use crate::model::text::escape_json;
use crate::model::time::Time;

/// A fact over this many bytes is shortened in notes.
pub const LONGEST_LINE: usize = 4 << 10;

/// At most this many facts of a kind are listed in one note.
pub const MOST_OF_A_KIND: usize = 64;

/// The keys that a shortened fact keeps, whatever else goes.
const KEPT: [&str; 9] = ["xp", "kind", "id", "time", "by", "commit", "target", "experiment", "name"];

/// A fact with more keys than these is none of git-xp's: where it is too long, all go but those that are kept.
const MOST_KEYS: usize = 200;

/// The last line of a note that does not list everything.
pub const MORE: &str = r#"{"xp":"1.0","kind":"more","text":"this commit has more facts than its note lists; the ledger has all: git log refs/xp/runs"}"#;

/// The lines of one note.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    /// Lines that are no facts, in their order: people may write into notes.
    pub foreign: Vec<String>,
    /// Facts by time, id and text.
    pub facts: BTreeMap<(Time, Id, String), String>,
    /// Whether there are more facts than are listed.
    pub more: bool,
}

impl Note {
    /// Read a note. Nothing is an error: what is no fact is foreign.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut note = Self::default();
        for line in String::from_utf8_lossy(bytes).split('\n') {
            // An editor may have saved the note with carriage returns.
            let text = line.trim_end_matches('\r');
            if text == MORE {
                note.more = true;
            } else if let Ok(header) = serde_json::from_str::<Header>(text) {
                note.facts.insert((header.time, header.id, text.to_owned()), header.kind);
            } else if !line.trim().is_empty() {
                note.foreign.push(line.to_owned());
            }
        }
        note.keep_first();
        note
    }

    /// Add a fact by its bytes, shortened if it is long. Facts beyond the first 64 of a kind are left to the ledger.
    pub fn insert(&mut self, header: &Header, bytes: &[u8]) {
        self.facts.insert((header.time, header.id, shorten(bytes)), header.kind.clone());
        self.keep_first();
    }

    /// Leave the facts beyond the first 64 of a kind to the ledger.
    fn keep_first(&mut self) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let before = self.facts.len();
        self.facts.retain(|_, kind| {
            let count = counts.entry(kind.clone()).or_default();
            *count += 1;
            *count <= MOST_OF_A_KIND
        });
        self.more |= self.facts.len() < before;
    }

    /// The bytes of the note, ending in a newline; empty if there is nothing to say.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = String::new();
        let more = self.more.then_some(MORE);
        let lines = self.foreign.iter().map(String::as_str).chain(self.facts.keys().map(|(_, _, line)| line.as_str()));
        for line in lines.chain(more) {
            out.push_str(line);
            out.push('\n');
        }
        out.into_bytes()
    }
}

/// The line of a fact in a note: its bytes without the newline, or a shortened form that says what is missing.
pub fn shorten(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).trim_end().to_owned();
    if text.len() <= LONGEST_LINE {
        return text;
    }
    let Ok(mut fact) = serde_json::from_str::<Map<String, Value>>(&text) else { return text };
    let mut taken = Map::new();
    // What tells of the machine goes first: it would be in the way of results.
    if let Some(metrics) = fact.get_mut("metrics").and_then(Value::as_object_mut) {
        let before = metrics.len();
        metrics.retain(|name, _| !is_system(name));
        if metrics.len() < before {
            taken.insert("metrics".to_owned(), (before - metrics.len()).into());
        }
    }
    // Then the settings: the commit has the file.
    if encoded(&fact, &taken).len() > LONGEST_LINE && fact.shift_remove("settings").is_some() {
        taken.insert("settings".to_owned(), 1.into());
    }
    for key in ["param_sources", "metrics", "params", "artifacts", "locks", "changed_paths"] {
        let size = fact.get(key).map_or(0, |value| value.to_string().len());
        let others = encoded(&fact, &taken).len().saturating_sub(size);
        // Room for the count of what is left out.
        let room = LONGEST_LINE.saturating_sub(others + 48);
        if size > 0 && others + size > LONGEST_LINE {
            let count = fact.get_mut(key).map_or(0, |value| shorten_collection(value, room));
            let before = taken.get(key).and_then(Value::as_u64).unwrap_or(0);
            taken.insert(key.to_owned(), (before + count as u64).into());
        }
    }
    // What is still too long is one long text, such as a command.
    let others = fact.iter().filter(|(key, _)| !KEPT.contains(&key.as_str()));
    let mut others: Vec<(usize, String)> = others.map(|(key, value)| (value.to_string().len(), key.clone())).collect();
    others.sort_by_key(|(size, _)| *size);
    while encoded(&fact, &taken).len() > LONGEST_LINE {
        if others.len() > MOST_KEYS {
            fact.retain(|key, _| KEPT.contains(&key.as_str()));
            taken = Map::from_iter([("keys".to_owned(), others.len().into())]);
            break;
        }
        let Some((_, key)) = others.pop() else { break };
        fact.shift_remove(&key);
        taken.insert(key, 1.into());
    }
    encoded(&fact, &taken)
}

/// Keep as many entries from the front as fit into `room` bytes; returns how many were taken off.
fn shorten_collection(value: &mut Value, room: usize) -> usize {
    let mut used = 2;
    let mut fits = |size: usize| {
        used += size;
        used <= room
    };
    match value {
        Value::Object(map) => {
            let kept = map.iter().take_while(|(key, value)| fits(key.len() + value.to_string().len() + 4)).count();
            let taken = map.len() - kept;
            *map = std::mem::take(map).into_iter().take(kept).collect();
            taken
        }
        Value::Array(items) => {
            let kept = items.iter().take_while(|item| fits(item.to_string().len() + 1)).count();
            let taken = items.len() - kept;
            items.truncate(kept);
            taken
        }
        _ => 0,
    }
}

fn encoded(fact: &Map<String, Value>, taken: &Map<String, Value>) -> String {
    let mut whole = fact.clone();
    if !taken.is_empty() {
        whole.insert("shortened".to_owned(), Value::Object(taken.clone()));
    }
    escape_json(Value::Object(whole).to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Header, LONGEST_LINE, MORE, MOST_OF_A_KIND, Note, shorten};
    use crate::model::fact::{About, Body, Fact};
    use crate::model::id::Id;
    use crate::model::time::Time;

    fn fact(n: u8, because: &str) -> (Header, Vec<u8>) {
        let header = Header::new("withdrawal", Id::from_random([n; 20]), Time(i64::from(n % 7)), "A <a@b>");
        let about = About { because: Some(because.to_owned()), ..About::default() };
        let fact = Fact { header: header.clone(), body: Body::Withdrawal(about) };
        (header, fact.encode().expect("encodes"))
    }

    #[test]
    fn settings_go_before_results() {
        let settings = "# a comment\n".repeat(400);
        let text =
            serde_json::json!({"xp": "1.0", "settings": settings, "metrics": {"acc": {"final": 0.9}}}).to_string();
        let short: serde_json::Value = serde_json::from_str(&shorten(text.as_bytes())).expect("JSON");
        assert_eq!(
            short,
            serde_json::json!({"xp": "1.0", "metrics": {"acc": {"final": 0.9}}, "shortened": {"settings": 1}})
        );
    }

    #[test]
    fn a_long_fact_is_shortened_with_a_count() {
        let metrics: Vec<String> = (0..10_000).map(|i| format!("\"metric{i}\":{{\"final\":{i}}}")).collect();
        let line =
            format!("{{\"xp\":\"1.0\",\"kind\":\"run\",\"id\":\"x\",\"metrics\":{{{}}},\"z\":1}}\n", metrics.join(","));
        let short = shorten(line.as_bytes());
        assert!(short.len() <= LONGEST_LINE && short.len() > LONGEST_LINE - 200, "{}", short.len());
        assert!(short.contains("\"metric0\"") && short.contains("\"z\":1"));
        let value: serde_json::Value = serde_json::from_str(&short).expect("JSON");
        let kept = value["metrics"].as_object().expect("map").len();
        assert_eq!(value["shortened"]["metrics"], 10_000 - kept);
        assert_eq!(shorten(short.as_bytes()), short);
    }

    #[test]
    fn a_fact_of_many_keys_is_shortened_too() {
        let keys: Vec<String> = (0..20_000).map(|i| format!("\"key{i}\":{i}")).collect();
        let line = format!("{{\"xp\":\"1.0\",\"kind\":\"run\",\"id\":\"x\",{}}}\n", keys.join(","));
        let short = shorten(line.as_bytes());
        assert_eq!(short, r#"{"xp":"1.0","kind":"run","id":"x","shortened":{"keys":20000}}"#);
        assert_eq!(shorten(short.as_bytes()), short);
    }

    #[test]
    fn what_tells_of_the_machine_makes_room_for_results() {
        let metric = |name: String| format!("\"{name}\":{{\"final\":1,\"count\":1}}");
        let system = (0..100).map(|i| metric(format!("system/gpu_{i}_x{}", "y".repeat(40))));
        let metrics: Vec<String> =
            std::iter::once(metric("loss".into())).chain(system).chain([metric("val_acc".into())]).collect();
        let line = format!("{{\"xp\":\"1.0\",\"kind\":\"run\",\"metrics\":{{{}}}}}", metrics.join(","));
        let short: serde_json::Value = serde_json::from_str(&shorten(line.as_bytes())).expect("JSON");
        assert_eq!(short["metrics"].as_object().expect("map").keys().collect::<Vec<_>>(), ["loss", "val_acc"]);
        assert_eq!(short["shortened"]["metrics"], 100);
    }

    #[test]
    fn the_first_64_of_a_kind_are_listed_in_any_order_of_insertion() {
        let facts: Vec<_> = (0..32u8).chain(0..32).zip(0..100u8).map(|(_, n)| fact(n, "x")).collect();
        let (mut forward, mut backward) = (Note::default(), Note::default());
        let more: Vec<_> =
            (0..32u8).flat_map(|n| (0..4).map(move |m| (n, m))).map(|(n, m)| fact(n, &format!("{m}"))).collect();
        facts.iter().chain(&more).for_each(|(header, bytes)| forward.insert(header, bytes));
        more.iter().rev().chain(facts.iter().rev()).for_each(|(header, bytes)| backward.insert(header, bytes));
        assert_eq!(forward.encode(), backward.encode());
        let text = String::from_utf8(forward.encode()).expect("text");
        assert_eq!(text.lines().count(), MOST_OF_A_KIND + 1);
        assert_eq!(text.lines().last(), Some(MORE));
        assert_eq!(Note::parse(text.as_bytes()), forward);
    }

    proptest! {
        #[test]
        fn arbitrary_notes_never_panic(bytes in any::<Vec<u8>>()) {
            let note = Note::parse(&bytes);
            assert_eq!(Note::parse(&note.encode()), note);
        }

        #[test]
        fn any_text_is_shortened_to_valid_json(text in any::<String>(), times in 1usize..3000) {
            let (_, bytes) = fact(1, &text.repeat(times.min(20_000 / text.len().max(1)).max(1)));
            let short = shorten(&bytes);
            assert!(serde_json::from_str::<Header>(&short).is_ok());
            assert!(short.len() <= LONGEST_LINE);
        }
    }
}
