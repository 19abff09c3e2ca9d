//! Patterns of `like` and `glob`, matched in time that grows with text × pattern at most.

/// A pattern, ready to be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    tokens: Vec<Token>,
    ignore_case: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// Any number of characters.
    Any,
    /// One character.
    One,
    /// This character.
    Character(char),
    /// One of these characters, first and last of each range included, or one of the others.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// SQL's patterns: `%` any text, `_` one character, and a backslash before one of the three takes it as it is.
    pub(super) fn like(text: &str, ignore_case: bool) -> Self {
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '%' => Token::Any,
                '_' => Token::One,
                '\\' => Token::Character(chars.next_if(|next| matches!(next, '%' | '_' | '\\')).unwrap_or('\\')),
                c => Token::Character(c),
            });
        }
        Self { tokens, ignore_case }
    }

    /// A shell's patterns: `*`, `?`, `[a-z]`, `[!a-z]`; a backslash takes the next character as it is. `*` crosses `/`.
    ///
    /// # Errors
    /// Says what is wrong.
    pub(super) fn glob(text: &str) -> Result<Self, &'static str> {
        let mut tokens = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Any,
                '?' => Token::One,
                '[' => class(&mut chars).ok_or("the [ of this pattern is not closed; write [[] for the character")?,
                // Taken literally, it would silently match nothing.
                '{' => return Err("a pattern knows no {a,b}; write two, joined by or, or [{] for the character"),
                '\\' => Token::Character(chars.next().unwrap_or('\\')),
                c => Token::Character(c),
            });
        }
        Ok(Self { tokens, ignore_case: false })
    }

    /// Whether it matches the whole text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut rest = text;
        let mut at = 0;
        // Only the last `Any` needs to be tried again with one character more: what the earlier ones took can stay.
        let mut retry: Option<(usize, &str)> = None;
        loop {
            let mut chars = rest.chars();
            match (self.tokens.get(at), chars.next()) {
                (Some(Token::Any), _) => {
                    at += 1;
                    retry = Some((at, rest));
                    continue;
                }
                (Some(token), Some(c)) if self.accepts(token, c) => {
                    at += 1;
                    rest = chars.as_str();
                    continue;
                }
                (None, None) => return true,
                // What is left of the pattern wants more text, and a later start leaves less.
                (Some(_), None) => return false,
                _ => {}
            }
            let Some((after_any, from)) = retry else { return false };
            let mut chars = from.chars();
            chars.next();
            (at, rest) = (after_any, chars.as_str());
            retry = Some((after_any, rest));
        }
    }

    fn accepts(&self, token: &Token, c: char) -> bool {
        match token {
            Token::Any | Token::One => true,
            Token::Character(wanted) => {
                *wanted == c || (self.ignore_case && wanted.to_lowercase().eq(c.to_lowercase()))
            }
            Token::Class { negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != *negated
            }
        }
    }
}

/// What follows a `[`; a `]` that comes first is one of the characters.
fn class(chars: &mut std::str::Chars<'_>) -> Option<Token> {
    let mut rest = chars.clone();
    let mut next = rest.next()?;
    let negated = matches!(next, '!' | '^');
    if negated {
        next = rest.next()?;
    }
    let mut ranges = Vec::new();
    loop {
        let first = if next == '\\' { rest.next()? } else { next };
        let mut ahead = rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) if last != ']' => {
                let last = if last == '\\' { ahead.next()? } else { last };
                ranges.push((first, last));
                rest = ahead;
            }
            _ => ranges.push((first, first)),
        }
        next = rest.next()?;
        if next == ']' {
            *chars = rest;
            return Some(Token::Class { negated, ranges });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{Pattern, Token};

    fn like(pattern: &str, text: &str) -> bool {
        Pattern::like(pattern, false).matches(text)
    }

    fn glob(pattern: &str, text: &str) -> bool {
        Pattern::glob(pattern).expect("a pattern").matches(text)
    }

    #[test]
    fn like_is_sql() {
        assert!(like("res%", "resnet") && like("%net", "resnet") && like("r_s%t", "resnet") && like("", ""));
        assert!(!like("res", "resnet") && !like("_", "") && !like("RES%", "resnet"));
        assert!(Pattern::like("RÉS%", true).matches("résnet"));
        assert!(like(r"100\%", "100%") && !like(r"100\%", "1000") && like(r"C:\new", r"C:\new"));
        assert!(like("_", "é") && like("%a%b%", "xaxxb") && !like("%a%b%", "ba"));
    }

    #[test]
    fn glob_is_a_shell_s() {
        assert!(glob("exp/*", "exp/a/b") && glob("*", "") && glob("l?", "lr") && !glob("l?", "l"));
        assert!(glob("[a-c]1", "b1") && !glob("[!a-c]1", "b1") && glob("[^a-c]1", "é1") && glob("[é-ü]", "ö"));
        assert!(glob("[]]", "]") && glob("[a-]", "-") && glob(r"\*", "*") && !glob(r"\*", "a") && glob("[{]", "{"));
        for wrong in ["[", "[a", "[!", "[]", "{a,b}"] {
            assert!(Pattern::glob(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn many_stars_are_no_trap() {
        assert!(!glob(&"a*".repeat(2000), &"a".repeat(20_000).replacen('a', "b", 1)));
        assert!(!glob(&format!("{}b", "*a".repeat(500)), &"a".repeat(5000)));
    }

    /// By recursion over all splits.
    fn naive(tokens: &[Token], text: &[char]) -> bool {
        match (tokens.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((Token::Any, others)), rest) => {
                naive(others, text) || rest.is_some_and(|(_, after)| naive(tokens, after))
            }
            (Some((Token::One, others)), Some((_, after))) => naive(others, after),
            (Some((Token::Character(wanted), others)), Some((c, after))) => wanted == c && naive(others, after),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_it_says(pattern in "[ab%_]{0,8}", text in "[ab]{0,10}") {
            let pattern = Pattern::like(&pattern, false);
            prop_assert_eq!(pattern.matches(&text), naive(&pattern.tokens, &text.chars().collect::<Vec<_>>()));
        }

        #[test]
        fn arbitrary_patterns_never_panic(pattern in any::<String>(), near in r"[\[\]!^a\\*?-]{0,10}", text in any::<String>()) {
            Pattern::like(&pattern, true).matches(&text);
            for glob in [Pattern::glob(&pattern), Pattern::glob(&near)].into_iter().flatten() {
                glob.matches(&text);
            }
        }
    }
}
