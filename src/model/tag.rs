//! Tags: which names are ones, and which a run or an experiment has now.

use std::collections::BTreeSet;

use super::fact::{About, Header};
use super::text::is_unsafe;

/// The longest tag, in bytes.
pub const MAX_BYTES: usize = 250;

/// A text that is no tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// It is empty.
    #[error("a tag is one word, and this one is empty")]
    Empty,
    /// It is over [`MAX_BYTES`].
    #[error("the tag starting with {start:?} has {bytes} bytes: use at most {MAX_BYTES}")]
    Long {
        /// Its first characters.
        start: String,
        /// Its length.
        bytes: usize,
    },
    /// It starts as an option does.
    #[error("the tag {tag:?} starts with a dash, as options do")]
    Dash {
        /// The tag as given.
        tag: String,
    },
    /// It holds white space or a character that does not print.
    #[error("the tag {tag:?} holds {character:?}: a tag is one word, without spaces and control characters")]
    Character {
        /// The tag as given.
        tag: String,
        /// What it must not hold.
        character: char,
    },
}

/// Whether a text can be a tag: one word of at most [`MAX_BYTES`], without control characters, that does not start with a dash.
///
/// # Errors
/// Names what is wrong with it.
pub fn check(tag: &str) -> Result<(), TagError> {
    if tag.is_empty() {
        return Err(TagError::Empty);
    }
    if tag.len() > MAX_BYTES {
        return Err(TagError::Long { start: tag.chars().take(24).collect(), bytes: tag.len() });
    }
    if tag.starts_with('-') {
        return Err(TagError::Dash { tag: tag.to_owned() });
    }
    match tag.chars().find(|&character| character.is_whitespace() || is_unsafe(character)) {
        Some(character) => Err(TagError::Character { tag: tag.to_owned(), character }),
        None => Ok(()),
    }
}

/// The tags that count now: those given at the beginning, and what later facts, by time, added and took away.
pub fn tags(initial: &[String], about: &[(Header, About)]) -> BTreeSet<String> {
    let mut tags: BTreeSet<String> = initial.iter().cloned().collect();
    for (_, fact) in about.iter().filter(|(header, _)| header.kind == "tag") {
        tags.retain(|tag| !fact.removed.contains(tag));
        tags.extend(fact.tags.iter().cloned());
    }
    tags
}

/// What a tag fact says: `keep wip; removed slow`.
pub fn words(about: &About) -> String {
    let removed = (!about.removed.is_empty()).then(|| format!("removed {}", about.removed.join(" ")));
    let added = (!about.tags.is_empty()).then(|| about.tags.join(" "));
    added.into_iter().chain(removed).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{About, Header, check, tags, words};
    use crate::model::id::Id;
    use crate::model::time::Time;

    fn fact(kind: &str, added: &[&str], removed: &[&str]) -> (Header, About) {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        let about = About { tags: owned(added), removed: owned(removed), ..About::default() };
        (Header::new(kind, Id::from_random([1; 20]), Time(0), "A <a@b>"), about)
    }

    #[test]
    fn later_facts_win() {
        let initial = ["lr".to_owned(), "wip".to_owned()];
        let facts = [
            fact("tag", &["keep"], &["wip"]),
            fact("tag", &[], &["keep", "never-there"]),
            fact("tag", &["keep", "wip"], &["wip"]),
            // A kind that this version does not know says nothing about tags.
            fact("poem", &["rose"], &["lr"]),
        ];
        assert_eq!(tags(&initial, &facts[..1]).into_iter().collect::<Vec<_>>(), ["keep", "lr"]);
        assert_eq!(tags(&initial, &facts[..2]).into_iter().collect::<Vec<_>>(), ["lr"]);
        assert_eq!(tags(&initial, &facts).into_iter().collect::<Vec<_>>(), ["keep", "lr", "wip"]);
    }

    #[test]
    fn facts_read_well() {
        assert_eq!(words(&fact("tag", &["a", "b"], &[]).1), "a b");
        assert_eq!(words(&fact("tag", &[], &["c"]).1), "removed c");
        assert_eq!(words(&fact("tag", &["a"], &["c"]).1), "a; removed c");
    }

    #[test]
    fn one_printable_word_is_a_tag() {
        for tag in ["keep", "a/b", "\u{e9}t\u{e9}", "v1.2", "a-b", "=", &"x".repeat(250)] {
            assert_eq!(check(tag), Ok(()), "{tag}");
        }
        for tag in ["", "a b", "a\tb", "a\n", "-x", "\u{1b}[31m", "\u{202e}x", "a\u{a0}b", &"x".repeat(251)] {
            assert!(check(tag).is_err(), "{tag:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_tag_or_refused(text in any::<String>()) {
            if let Err(error) = check(&text) {
                let _ = error.to_string();
            }
        }
    }
}
