//! The text of a Git LFS pointer, version 1. Format: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.
//!
//! git-xp writes the canonical form alone. It reads what git-lfs itself takes for a pointer, `lfs/pointer.go` of git-lfs 3.6: the specification says to keep
//! unknown keys, but the client refuses them, and so does this.

use std::fmt;

/// A pointer has fewer bytes than this: what is as long is no pointer.
pub const LONGEST: usize = 1024;

/// The version that is written.
const VERSION: &str = "https://git-lfs.github.com/spec/v1";

/// What else git-lfs takes for that version.
const ALIASES: [&str; 2] = ["http://git-media.io/v/2", "https://hawser.github.com/spec/v1"];

/// What a pointer says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer {
    /// SHA-256 of the content, 64 lower-case hex digits.
    pub oid: String,
    /// Size of the content in bytes.
    pub size: u64,
}

/// A pointer as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What it points to.
    pub pointer: Pointer,
    /// Programs that the content went through before it was stored, by priority: name and the digest of what came in.
    pub extensions: Vec<(u8, String, String)>,
    /// Whether it is written as it should be, byte for byte.
    pub is_canonical: bool,
}

impl Pointer {
    /// Read a pointer that git-xp could have written; `None` for anything else.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let found = Reading::parse(bytes)?;
        (found.is_canonical && found.extensions.is_empty()).then_some(found.pointer)
    }
}

impl Reading {
    /// Read what git-lfs takes for a pointer; `None` for anything else. No bytes at all stand for an empty file and are none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() >= LONGEST {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let mut wanted = ["version", "oid", "size"].into_iter().peekable();
        let mut values = Vec::new();
        let mut extensions = Vec::new();
        for line in text.trim().lines().filter(|line| !line.is_empty()) {
            let (key, value) = line.split_once(' ')?;
            // After the last key nothing may follow.
            let expected = wanted.peek()?;
            if key == *expected {
                values.push(value);
                wanted.next();
            } else {
                // Of a line that is there twice the last one counts.
                let found = extension(key, value)?;
                extensions.retain(|(priority, name, _)| (priority, name) != (&found.0, &found.1));
                extensions.push(found);
            }
        }
        let [version, oid, size] = values.as_slice() else { return None };
        if *version != VERSION && !ALIASES.contains(version) {
            return None;
        }
        let pointer = Pointer { oid: sha256(oid)?.to_owned(), size: number(size)? };
        extensions.sort();
        if extensions.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return None;
        }
        let mut found = Self { pointer, extensions, is_canonical: false };
        // An empty file is an empty blob: a pointer to nothing is none that git-lfs would write.
        found.is_canonical = found.pointer.size > 0 && found.to_string() == text;
        Some(found)
    }
}

/// `ext-0-name sha256:…`.
fn extension(key: &str, value: &str) -> Option<(u8, String, String)> {
    let (priority, name) = key.strip_prefix("ext-")?.split_once('-')?;
    let priority = priority.parse().ok().filter(|priority| *priority <= 9 && key.as_bytes()[5] == b'-')?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(is_word).then(|| Some((priority, name.to_owned(), sha256(value)?.to_owned())))?
}

fn sha256(value: &str) -> Option<&str> {
    let oid = value.strip_prefix("sha256:")?;
    is_oid(oid).then_some(oid)
}

/// Whether a text is the name of an object: 64 lower-case hex digits.
pub fn is_oid(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// As Go's `ParseInt` reads it, if it is not negative.
fn number(text: &str) -> Option<u64> {
    text.parse::<i64>().ok().and_then(|size| u64::try_from(size).ok())
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {VERSION}\noid sha256:{}\nsize {}\n", self.oid, self.size)
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "version {VERSION}")?;
        for (priority, name, oid) in &self.extensions {
            writeln!(f, "ext-{priority}-{name} sha256:{oid}")?;
        }
        write!(f, "oid sha256:{}\nsize {}\n", self.pointer.oid, self.pointer.size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Pointer, Reading};

    const OID: &str = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";

    /// The verdicts of `git lfs pointer --check` and `--check --strict`, git-lfs 3.6.1; tests/it compares them with those of the client that is there.
    #[test]
    fn verdicts_are_those_of_git_lfs() {
        let version = "version https://git-lfs.github.com/spec/v1";
        let text = format!("{version}\noid sha256:{OID}\nsize 12345\n");
        let with = |from: &str, to: &str| text.replace(from, to);
        for (found, check, strict) in [
            (text.clone(), true, true),
            (with("oid", &format!("ext-0-foo sha256:{OID}\noid")), true, true),
            (with("\n", "\r\n"), true, false),
            (text.trim_end().to_owned(), true, false),
            (format!("{text}\n"), true, false),
            (format!(" {text}"), true, false),
            (with("git-lfs.github.com", "hawser.github.com"), true, false),
            (with("https://git-lfs.github.com/spec/v1", "http://git-media.io/v/2"), true, false),
            (with("12345", "012345"), true, false),
            (with("12345", "+12345"), true, false),
            (with("12345", "0"), true, false),
            (with("oid", "key value\noid"), false, false),
            (format!("{text}key value\n"), false, false),
            (with("4d7a", "4D7A"), false, false),
            (with("12345", "-12345"), false, false),
            (with("12345", "9223372036854775808"), false, false),
            (format!("{version}\nsize 12345\noid sha256:{OID}\n"), false, false),
            (format!("{text}{}", " ".repeat(1201 - text.len())), false, false),
            (with("oid", &format!("ext-0-a sha256:{OID}\next-0-b sha256:{OID}\noid")), false, false),
            (with("oid", &format!("ext-0-a sha256:{OID}\next-0-a sha256:{OID}\noid")), true, false),
            (String::new(), false, false),
        ] {
            let reading = Reading::parse(found.as_bytes());
            assert_eq!(reading.is_some(), check, "{found}");
            assert_eq!(reading.is_some_and(|reading| reading.is_canonical), strict, "{found}");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(oid in "[0-9a-f]{64}", size in 1..=i64::MAX.unsigned_abs()) {
            let pointer = Pointer { oid, size };
            assert_eq!(Pointer::parse(pointer.to_string().as_bytes()), Some(pointer));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = Reading::parse(&bytes);
        }

        #[test]
        fn what_is_nearly_one_never_panics(text in r"version https://git-lfs.github.com/spec/v1\n(ext-[0-9a-z]{0,2}-?[a-z]{0,2} sha256:[0-9a-f]{64}\n|\n){0,3}oid sha256:[0-9a-f]{63,65}\nsize [-+]?[0-9]{1,20}\n?") {
            if let Some(found) = Reading::parse(text.as_bytes()) {
                assert_eq!(Reading::parse(found.to_string().as_bytes()).map(|again| again.pointer), Some(found.pointer));
            }
        }
    }
}
