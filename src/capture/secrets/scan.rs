//! One look over a text: where known forms of secrets stand. Pure, apart from the tables that are made on first use.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use regex::bytes::{Regex, RegexBuilder};

use super::MASK;
use super::names::{self, Strength};
use super::rules::{Form, RULES};

/// A form is looked for in at most this many bytes behind its start, and never behind the end of the line.
const WINDOW: usize = 16 << 10;

/// Longer names are none.
const LONGEST_NAME: usize = 100;

/// Where a login in an address ends.
const LONGEST_LOGIN: usize = 512;

/// A block of a key that never ends is left after this many lines.
const LONGEST_BLOCK: u32 = 400;

/// All starts, and the rule of each; the last is [`MASK`], which is no rule's.
static STARTS: LazyLock<(AhoCorasick, Vec<usize>)> = LazyLock::new(|| {
    let starts =
        RULES.iter().enumerate().flat_map(|(rule, found)| found.starts.iter().map(move |start| (*start, rule)));
    let named = RULES.iter().position(|rule| matches!(rule.form, Form::Named)).unwrap_or(usize::MAX);
    let roots = names::roots().map(|root| (root, named));
    let (texts, rules): (Vec<&str>, Vec<usize>) = starts.chain(roots).chain([(MASK, usize::MAX)]).unzip();
    let finder = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(texts);
    (finder.expect("a hundred short texts are within its limits"), rules)
});

/// The compiled forms, each when it is first needed: most never are.
static FORMS: LazyLock<Vec<OnceLock<Regex>>> = LazyLock::new(|| RULES.iter().map(|_| OnceLock::new()).collect());

static PEM_BEGIN: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\A-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----"));
static PEM_END: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)-----END[ A-Z0-9_-]{0,100}KEY(?: BLOCK)?-----"));

fn regex(text: &str) -> Regex {
    RegexBuilder::new(text).unicode(false).build().expect("a test compiles every pattern of the table")
}

/// A secret that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it stands.
    pub(super) at: Range<usize>,
    /// The name of its rule.
    pub(super) rule: &'static str,
    /// It is a key that goes on in the next lines.
    pub(super) is_open: bool,
}

/// The first secret from a place on.
pub(super) fn next(text: &[u8], mut from: usize, is_allowed: &dyn Fn(&[u8]) -> bool) -> Option<Found> {
    let (finder, rules) = &*STARTS;
    let mut judged = from;
    while let Some(hit) = finder.find(Input::new(text).range(from..)) {
        let start = hit.start();
        let Some(rule) =
            rules.get(hit.pattern().as_usize()).and_then(|rule| RULES.get(*rule).map(|found| (*rule, found)))
        else {
            from = mask_end(text, start).unwrap_or(start + 1);
            continue;
        };
        let (number, rule) = rule;
        let found = match rule.form {
            Form::Token(form) => token(text, start, number, form),
            Form::Word(form) => token(text, start, number, form).filter(|_| begins_word(text, start)),
            Form::Digits(form) => token(text, start, number, form)
                .filter(|at| begins_word(text, start) && text[at.clone()].iter().any(u8::is_ascii_digit)),
            Form::Url => login(text, hit.end()),
            // A name is judged once; a token in it is looked for all the same.
            Form::Named if start < judged => None,
            Form::Named => match named(text, hit.range()) {
                Ok(at) => Some(at),
                Err(end) => {
                    judged = end;
                    None
                }
            },
            Form::Pem => match block(text, start) {
                Some((at, is_open)) => return Some(Found { at, rule: rule.name, is_open }),
                None => None,
            },
        };
        match found {
            Some(at) if !at.is_empty() && !is_allowed(&text[at.clone()]) => {
                return Some(Found { at, rule: rule.name, is_open: false });
            }
            Some(at) => from = at.end.max(start + 1),
            None => from = start + 1,
        }
    }
    None
}

/// The end of the mask that begins here.
pub(super) fn mask_end(text: &[u8], start: usize) -> Option<usize> {
    let rest = text.get(start..)?.strip_prefix(MASK.as_bytes())?;
    let name = rest.iter().take(40).take_while(|byte| byte.is_ascii_lowercase() || **byte == b'-').count();
    (name > 0 && rest.get(name) == Some(&b'>')).then_some(start + MASK.len() + name + 1)
}

/// The end of the line that a place is in.
pub(super) fn line_end(text: &[u8], from: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &text[from..]).map_or(text.len(), |at| from + at)
}

/// As [`line_end`], within the window.
fn window(text: &[u8], from: usize) -> &[u8] {
    near(text, from, WINDOW)
}

/// So many bytes from a place on, within its line.
fn near(text: &[u8], from: usize, length: usize) -> &[u8] {
    let near = &text[from..text.len().min(from + length)];
    &near[..line_end(near, 0)]
}

fn token(text: &[u8], start: usize, rule: usize, form: &str) -> Option<Range<usize>> {
    let form = FORMS[rule].get_or_init(|| regex(&format!(r"\A(?:{form})")));
    let found = form.captures(window(text, start))?;
    let secret = found.iter().skip(1).flatten().next().or_else(|| found.get(0))?;
    // The scheme of a header whose credentials are masked already, for one.
    let is_plain = names::is_harmless(&String::from_utf8_lossy(secret.as_bytes()));
    (!is_plain).then_some(start + secret.start()..start + secret.end())
}

/// Whether no word goes on here. Escapes (`\n` in JSON, `%3D` in addresses, colours of terminals) are no part of a word.
fn begins_word(text: &[u8], start: usize) -> bool {
    let before = &text[..start];
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => true,
        [.., b'm'] => {
            let digits = before[..start - 1].iter().rev().take(16).take_while(|b| b.is_ascii_digit() || **b == b';');
            before[..start - 1 - digits.count()].ends_with(b"\x1b[")
        }
        [.., last] => !(last.is_ascii_alphanumeric() || *last == b'_'),
        [] => true,
    }
}

/// The password of `user:password@host`, or a token that stands for both.
fn login(text: &[u8], start: usize) -> Option<Range<usize>> {
    let near = &text[start..text.len().min(start + LONGEST_LOGIN)];
    let is_over =
        |byte: &u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || b"/?#\"'<>`\\,;(){}[]|".contains(byte);
    let authority = &near[..near.iter().position(is_over).unwrap_or(near.len())];
    let login = &authority[..authority.iter().rposition(|byte| *byte == b'@')?];
    let secret = match login.iter().position(|byte| *byte == b':') {
        Some(colon) => colon + 1..login.len(),
        None if login.len() >= 20 && std::str::from_utf8(login).is_ok_and(names::is_credential) => 0..login.len(),
        None => return None,
    };
    let is_plain = names::is_harmless(&String::from_utf8_lossy(&login[secret.clone()]));
    (!is_plain).then_some(start + secret.start..start + secret.end)
}

/// The value behind a name, or where the name ends.
fn named(text: &[u8], hit: Range<usize>) -> Result<Range<usize>, usize> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    let before = text[..hit.start].iter().rev().take(LONGEST_NAME).take_while(|byte| is_name(byte)).count();
    let after = text[hit.end..].iter().take(LONGEST_NAME).take_while(|byte| is_name(byte)).count();
    let (begin, end) = (hit.start - before, hit.end + after);
    // Most names that have a root in them are followed by no value.
    let given = given(text, end, text.get(begin) == Some(&b'-')).ok_or(end)?;
    let name = std::str::from_utf8(&text[begin..end]).map_err(|_| end)?;
    let strength = names::strength(name).ok_or(end)?;
    // Base64 may end so.
    if name.ends_with("Pw") && matches!(&text[end..], [b'=', b'"' | b'\'' | b'\\', ..]) {
        return Err(end);
    }
    let at = value(text, given.at, strength);
    let value = String::from_utf8_lossy(&text[at.clone()]);
    let is_secret = !names::is_harmless(&value)
        && (given.is_assigned || names::takes(name, &value))
        && !value.contains(MASK)
        && (strength == Strength::Certain || names::is_credential(&value));
    if is_secret { Ok(at) } else { Err(end) }
}

/// Where a value begins.
struct Given {
    at: usize,
    /// It stands behind `=` or `:`, not behind an option and a space.
    is_assigned: bool,
}

/// Where the value begins that a name ending here is given: behind `=` or `:`, or (of an option) behind a space.
fn given(text: &[u8], end: usize, is_option: bool) -> Option<Given> {
    let line = near(text, end, LONGEST_NAME);
    let mut at = quote(line);
    at += blanks(&line[at..]);
    let sign = match &line[at..] {
        [b'=', b'=', ..] => return None,
        [b'=', b'>', ..] | [b':', b'=', ..] => 2,
        [b'=' | b':', ..] => 1,
        _ if is_option && at > 0 && line[0] != b'"' => 0,
        _ => return None,
    };
    at += sign;
    at += blanks(&line[at..]);
    Some(Given { at: end + at, is_assigned: sign > 0 })
}

/// The value that begins here.
fn value(text: &[u8], begin: usize, strength: Strength) -> Range<usize> {
    let line = window(text, begin);
    let mut at = 0;
    // Python's b'…' and f'…'.
    if matches!(line, [b'b' | b'f' | b'r' | b'u', b'"' | b'\'', ..]) {
        at += 1;
    }
    let opening = quote(&line[at..]);
    let rest = &line[at + opening..];
    let length = match (opening, strength, rest) {
        // All that is in a list.
        (0, Strength::Certain, [b'[', list @ ..]) => {
            return begin + 1..begin + 1 + list_end(list);
        }
        (0, ..) => bare(rest, strength),
        _ => closing(rest, &line[at..at + opening]),
    };
    // A quote that is never closed quotes the rest of the line; of a bare value all is taken.
    let length = length.unwrap_or(rest.len());
    begin + at + opening..begin + at + opening + length
}

/// Where a value without quotes ends.
fn bare(rest: &[u8], strength: Strength) -> Option<usize> {
    let is_over =
        |byte: u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || b"\"'`<>()[]{}|\\".contains(&byte);
    let ends = |at: usize| match rest[at] {
        // Between two values, or a character of a password.
        sign @ (b';' | b',' | b'&') => {
            let after = &rest[at + 1..];
            let name = after.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte)).count();
            let is_next = match after.get(name) {
                Some(b'=') => name > 0,
                Some(b':') => name > 0 && sign == b',',
                _ => false,
            };
            strength == Strength::Token
                || is_next
                || after.first().is_none_or(|next| is_over(*next) || matches!(next, b';' | b',' | b'&'))
        }
        byte => is_over(byte),
    };
    (0..rest.len()).find(|at| ends(*at))
}

/// Where a list is closed, brackets in quotes aside; one that is not takes the rest of the line.
fn list_end(list: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = list.get(at) {
        at += match byte {
            b']' => return at,
            b'"' | b'\'' => 1 + closing(&list[at + 1..], &list[at..=at]).map_or(0, |length| length + 1),
            _ => 1,
        };
    }
    list.len()
}

fn blanks(rest: &[u8]) -> usize {
    rest.iter().take(3).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

fn quote(rest: &[u8]) -> usize {
    match rest {
        [b'\\', b'"' | b'\'', ..] => 2,
        [b'"' | b'\'' | b'`', ..] => 1,
        _ => 0,
    }
}

/// Where the quote is closed.
fn closing(text: &[u8], quote: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = memchr::memchr2(quote[0], b'\\', &text[at..]) {
        at += found;
        if text[at..].starts_with(quote) {
            return Some(at);
        }
        at = (at + if text[at] == b'\\' { 2 } else { 1 }).min(text.len());
    }
    None
}

/// A PEM block as far as its first line goes, and whether it goes on.
fn block(text: &[u8], start: usize) -> Option<(Range<usize>, bool)> {
    PEM_BEGIN.find(window(text, start))?;
    let end = line_end(text, start);
    Some(match PEM_END.find(&text[start..end]) {
        Some(found) => (start..start + found.end(), false),
        None => (start..end, true),
    })
}

/// A key that began in an earlier line.
#[derive(Debug, Default, Clone)]
pub(super) struct OpenKey {
    lines: u32,
    was_full: bool,
    /// The end of the last line, which is the key's if the next line is.
    pub(super) held: Vec<u8>,
}

impl OpenKey {
    /// Go over what is still the key, from the end of a line (or the beginning of a part) on. Returns where that ends; the key itself is over if the
    /// answer lies within the text.
    pub(super) fn pass(&mut self, text: &[u8], from: usize) -> (usize, bool) {
        let mut at = from;
        loop {
            let ends = text[at..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let line = at + ends;
            if line == text.len() {
                self.held.extend_from_slice(&text[at..]);
                return (text.len(), false);
            }
            let end = line_end(text, line);
            if let Some(found) = PEM_END.find(&text[line..end]) {
                self.held.clear();
                return (line + found.end(), true);
            }
            if !self.takes(&text[line..end]) {
                return (at, true);
            }
            self.held.clear();
            at = end;
        }
    }

    /// Whether a line looks as if it belonged to a key.
    fn takes(&mut self, line: &[u8]) -> bool {
        self.lines += 1;
        let line = line.trim_ascii();
        let is_base64 = |text: &[u8]| text.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b));
        let is_header = self.lines < 8
            && line.len() < 100
            && line.first().is_some_and(u8::is_ascii_uppercase)
            && line.windows(2).any(|pair| pair == b": ");
        // A logger may have put something in front.
        let last = line.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
        let is_body = is_base64(last) && (last.len() >= 16 || (self.was_full && last.len() == line.len()));
        self.was_full = last.len() >= 60;
        self.lines <= LONGEST_BLOCK && (line.is_empty() || is_header || is_body)
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMS, Form, RULES, regex};

    #[test]
    fn every_pattern_of_the_table_compiles_and_every_name_is_one() {
        assert_eq!(FORMS.len(), RULES.len());
        for rule in RULES {
            if let Form::Token(form) | Form::Word(form) | Form::Digits(form) = rule.form {
                regex(form);
            }
            assert!(rule.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", rule.name);
            assert!(rule.starts.iter().all(|start| *start == start.to_lowercase()), "{}", rule.name);
            assert!(!rule.source.is_empty() && !rule.what.is_empty());
        }
    }
}
