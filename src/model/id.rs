//! Random ids of facts and their shortest unique prefixes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Crockford's base 32, lower case: no `i`, `l`, `o`, `u`. <https://www.crockford.com/base32.html>
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Whether a byte is in the alphabet, for those who read ids by the ten thousand.
const IN_ALPHABET: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < ALPHABET.len() {
        table[ALPHABET[at] as usize] = true;
        at += 1;
    }
    table
};

/// Length of an id in characters: 100 random bits.
pub const LENGTH: usize = 20;

/// The fewest characters that people are shown or may type.
pub const SHORTEST_PREFIX: usize = 3;

/// The id of a fact: 20 characters of Crockford's base 32 in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; LENGTH]);

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no id: an id has {LENGTH} characters of 0-9 and a-z without i, l, o, u")]
pub struct InvalidId(pub String);

impl Id {
    /// Make an id from 20 random bytes, of which the low five bits each are used.
    pub fn from_random(bytes: [u8; LENGTH]) -> Self {
        Self(bytes.map(|byte| ALPHABET[usize::from(byte & 31)]))
    }

    /// A new random id, from the operating system's generator.
    ///
    /// # Errors
    /// If the operating system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes)?;
        Ok(Self::from_random(bytes))
    }

    /// The 20 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an id is ASCII")
    }

    /// The first eight characters as a number: two ids that begin otherwise are different ones.
    pub fn beginning(&self) -> u64 {
        self.0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    /// The fan-out folder: the first two characters.
    pub fn fan_out(&self) -> &str {
        &self.as_str()[..2]
    }
}

/// Whether `text` could be the beginning of an id.
pub fn is_prefix(text: &str) -> bool {
    (SHORTEST_PREFIX..=LENGTH).contains(&text.len()) && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// For each id of a sorted, deduplicated slice, the length of its shortest prefix that no other one shares.
pub fn shortest_prefixes(sorted: &[Id]) -> Vec<usize> {
    let common = |a: &Id, b: &Id| a.0.iter().zip(&b.0).take_while(|(x, y)| x == y).count();
    let mut lengths = vec![SHORTEST_PREFIX; sorted.len()];
    for i in 1..sorted.len() {
        let needed = (common(&sorted[i - 1], &sorted[i]) + 1).min(LENGTH);
        lengths[i - 1] = lengths[i - 1].max(needed);
        lengths[i] = lengths[i].max(needed);
    }
    lengths
}

impl FromStr for Id {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bytes: [u8; LENGTH] = text.as_bytes().try_into().map_err(|_| InvalidId(text.to_owned()))?;
        if bytes.iter().all(|byte| IN_ALPHABET[usize::from(*byte)]) {
            Ok(Self(bytes))
        } else {
            Err(InvalidId(text.to_owned()))
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

impl Serialize for Id {
    /// The text in formats that people read; 20 bytes in others.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(self.as_str())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                text.parse().map_err(E::custom)
            }
        }
        if deserializer.is_human_readable() {
            return deserializer.deserialize_str(Visitor);
        }
        let bytes = <[u8; LENGTH]>::deserialize(deserializer)?;
        if bytes.iter().all(|byte| IN_ALPHABET[usize::from(*byte)]) {
            Ok(Self(bytes))
        } else {
            Err(serde::de::Error::custom("no id"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Id, LENGTH, shortest_prefixes};

    proptest! {
        #[test]
        fn text_round_trips(bytes in any::<[u8; LENGTH]>()) {
            let id = Id::from_random(bytes);
            assert_eq!(id.as_str().parse(), Ok(id));
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = text.parse::<Id>();
        }

        #[test]
        fn prefixes_are_unique(all in proptest::collection::btree_set(any::<[u8; LENGTH]>(), 0..50)) {
            let mut ids: Vec<Id> = all.into_iter().map(Id::from_random).collect();
            ids.sort();
            ids.dedup();
            for (id, length) in ids.iter().zip(shortest_prefixes(&ids)) {
                let prefix = &id.as_str()[..length];
                assert_eq!(ids.iter().filter(|other| other.as_str().starts_with(prefix)).count(), 1);
            }
        }
    }
}
