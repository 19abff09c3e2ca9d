//! Regular expressions that people write: in `.xp.toml`, after `--match`.

use regex::bytes::{Regex, RegexBuilder};

/// A compiled pattern takes at most this many bytes.
const LARGEST: usize = 1 << 20;

/// Compile a pattern. The engine takes time linear in the text, whatever the pattern; `^` and `$` are the ends of a line.
///
/// # Errors
/// In one line, why it is none: its syntax, its size, or that it matches an empty text and so everything.
pub fn compile(text: &str) -> Result<Regex, String> {
    let pattern =
        RegexBuilder::new(text).multi_line(true).size_limit(LARGEST).dfa_size_limit(4 * LARGEST).build().map_err(
            |error| match error {
                regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                // The last line says why, those before it draw where.
                other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
            },
        )?;
    if pattern.is_match(b"") { Err("it matches an empty text".to_owned()) } else { Ok(pattern) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::compile;

    #[test]
    fn patterns_are_checked() {
        assert!(compile("corp-[0-9]{6}").is_ok());
        assert_eq!(compile("a{1000}{1000}").unwrap_err(), "it is too large");
        assert_eq!(compile("a(").unwrap_err(), "unclosed group");
        assert_eq!(compile("a*").unwrap_err(), "it matches an empty text");
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = compile(&text);
        }
    }
}
