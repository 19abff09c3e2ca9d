//! Reads the text of an expectation. Works on characters, so that columns are what an editor shows.

use super::{Comparison, Expectation, ExpectationError, Summary, Target};

/// Whether a metric's name may hold this character without quotes.
pub(super) fn is_bare(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '/' | ':' | '@' | '%')
}

/// Line separators, direction marks and other invisible characters that must not be printed raw.
pub(super) fn is_deceptive(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

pub(super) fn expectation(text: &str) -> Result<Expectation, ExpectationError> {
    let mut cursor = Cursor { text, chars: text.chars().collect(), at: 0 };
    cursor.skip_space();
    let (summary, metric) = cursor.subject()?;
    cursor.skip_space();
    let op = cursor.comparison(&metric)?;
    cursor.skip_space();
    let target = cursor.target()?;
    cursor.skip_space();
    match cursor.peek() {
        None => Ok(Expectation { metric, summary, op, target }),
        Some('%') => {
            let example = match target {
                Target::Value(value) => format!("val_acc {} {}", op.as_str(), value / 100.0),
                _ => "val_acc >= baseline + 0.01".to_owned(),
            };
            Err(cursor.error("the end, for a percentage is written as a fraction: 0.92 for 92%", &example))
        }
        Some(_) if matches!(target, Target::BaselinePlus(0.0)) => {
            Err(cursor.error("+, - or * and a number, or the end", "val_acc >= baseline + 0.01"))
        }
        Some(_) => Err(cursor.error("the end; give --expect once for each expectation", EXAMPLE)),
    }
}

const EXAMPLE: &str = "val_acc >= 0.92";

struct Cursor<'a> {
    text: &'a str,
    chars: Vec<char>,
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> bool {
        let found = self.peek().is_some_and(wanted);
        self.at += usize::from(found);
        found
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.take(&wanted) {}
        self.chars[start..self.at].iter().collect()
    }

    fn skip_space(&mut self) {
        while self.take(char::is_whitespace) {}
    }

    fn error(&self, expected: &str, example: &str) -> ExpectationError {
        ExpectationError {
            text: self.text.to_owned(),
            column: self.at + 1,
            expected: expected.to_owned(),
            example: example.to_owned(),
        }
    }

    fn subject(&mut self) -> Result<(Summary, String), ExpectationError> {
        let start = self.at;
        let quoted = self.peek() == Some('"');
        let name = self.metric()?;
        let after_name = self.at;
        self.skip_space();
        if quoted || !self.take(|c| c == '(') {
            self.at = after_name;
            return Ok((Summary::Final, name));
        }
        let summary = match name.as_str() {
            "final" => Summary::Final,
            "best" => Summary::Best,
            "min" => Summary::Min,
            "max" => Summary::Max,
            _ => {
                self.at = start;
                return Err(self.error("final, best, min or max before the parenthesis", "best(val_acc) >= 0.92"));
            }
        };
        self.skip_space();
        let metric = self.metric()?;
        self.skip_space();
        if !self.take(|c| c == ')') {
            return Err(self.error("a closing parenthesis after the metric", "best(val_acc) >= 0.92"));
        }
        Ok((summary, metric))
    }

    fn metric(&mut self) -> Result<String, ExpectationError> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let name = self.take_while(is_bare);
        if name.is_empty() {
            let expected = "a metric's name (letters, digits, _ - . / : @ %; anything else in double quotes)";
            return Err(self.error(expected, EXAMPLE));
        }
        Ok(name)
    }

    fn quoted(&mut self) -> Result<String, ExpectationError> {
        let start = self.at;
        self.at += 1;
        let mut name = String::new();
        loop {
            let Some(character) = self.peek() else {
                return Err(self.error("a closing double quote", r#""val acc" >= 0.92"#));
            };
            self.at += 1;
            match character {
                '"' if name.is_empty() => {
                    self.at = start;
                    return Err(self.error("a metric's name between the quotes", r#""val acc" >= 0.92"#));
                }
                '"' => return Ok(name),
                '\\' => name.push(self.escape()?),
                _ => name.push(character),
            }
        }
    }

    /// What follows a backslash: a quote, a backslash, `n`, `r`, `t` or `u{…}`.
    fn escape(&mut self) -> Result<char, ExpectationError> {
        let start = self.at;
        let character = self.peek();
        self.at += 1;
        let meant = match character {
            Some('"' | '\\') => character,
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') if self.take(|c| c == '{') => {
                let digits = self.take_while(|c| c.is_ascii_hexdigit());
                if self.take(|c| c == '}') {
                    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
                } else {
                    None
                }
            }
            _ => None,
        };
        meant.ok_or_else(|| {
            self.at = start;
            self.error(r#"\" \\ \n \r \t or \u{…} after a backslash"#, r#""val \"acc\"" >= 0.92"#)
        })
    }

    fn comparison(&mut self, metric: &str) -> Result<Comparison, ExpectationError> {
        let start = self.at;
        let strict = match self.peek() {
            Some('≥' | '≤') => None,
            Some('>') => Some((Comparison::Gt, Comparison::Ge)),
            Some('<') => Some((Comparison::Lt, Comparison::Le)),
            _ => {
                let example =
                    if metric.chars().all(is_bare) { format!("{metric} >= 0.92") } else { EXAMPLE.to_owned() };
                return Err(self.error("one of >=, >, <=, <", &example));
            }
        };
        self.at += 1;
        let op = match strict {
            None if self.chars[start] == '≥' => Comparison::Ge,
            None => Comparison::Le,
            Some((_, or_equal)) if self.take(|c| c == '=') => or_equal,
            Some((strict, _)) => strict,
        };
        if matches!(self.peek(), Some('=' | '<' | '>')) {
            self.at = start;
            return Err(self.error("one of >=, >, <=, <", EXAMPLE));
        }
        Ok(op)
    }

    fn target(&mut self) -> Result<Target, ExpectationError> {
        let start = self.at;
        let word = self.take_while(|c| c.is_alphabetic() || c == '_');
        if word == "baseline" {
            return self.relative();
        }
        self.at = start;
        let unknown = !word.is_empty();
        match self.number() {
            Some(value) if !unknown => Ok(Target::Value(value)),
            _ => {
                self.at = start;
                Err(self.error("a finite number or `baseline`", "val_acc >= baseline + 0.01"))
            }
        }
    }

    fn relative(&mut self) -> Result<Target, ExpectationError> {
        let end = self.at;
        self.skip_space();
        let sign = self.peek();
        if !matches!(sign, Some('+' | '-' | '*')) {
            self.at = end;
            return Ok(Target::BaselinePlus(0.0));
        }
        self.at += 1;
        self.skip_space();
        let Some(value) = self.number() else {
            return Err(self.error("a finite number", "loss <= baseline * 0.95"));
        };
        Ok(match sign {
            Some('*') => Target::BaselineTimes(value),
            Some('-') => Target::BaselinePlus(-value),
            _ => Target::BaselinePlus(value),
        })
    }

    /// A decimal number with optional sign, fraction and exponent, which must be finite. Stays put on failure.
    fn number(&mut self) -> Option<f64> {
        let start = self.at;
        self.take(|c| matches!(c, '+' | '-'));
        let mut digits = self.take_while(|c| c.is_ascii_digit()).len();
        if self.take(|c| c == '.') {
            digits += self.take_while(|c| c.is_ascii_digit()).len();
        }
        if digits > 0 {
            let mantissa_end = self.at;
            if self.take(|c| matches!(c, 'e' | 'E')) {
                self.take(|c| matches!(c, '+' | '-'));
                if self.take_while(|c| c.is_ascii_digit()).is_empty() {
                    self.at = mantissa_end;
                }
            }
        }
        let text: String = self.chars[start..self.at].iter().collect();
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        if value.is_none() {
            self.at = start;
        }
        value
    }
}
