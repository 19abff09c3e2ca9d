//! Which files of the branch are Git LFS objects: lines of `.gitattributes`, edited so that everything else stays, byte for byte. Pure.

use std::borrow::Cow;

/// What a line says of the files that it names.
const ATTRIBUTES: [&str; 4] = ["filter=lfs", "diff=lfs", "merge=lfs", "-text"];

/// What git-lfs adds to it.
const LOCKABLE: &str = "lockable";

/// Bytes of the longest pattern: git passes over lines of more than 2048.
const LONGEST: usize = 1900;

/// What separates words, as git has it.
const BLANK: [u8; 3] = [b' ', b'\t', b'\r'];

/// A pattern as `.gitattributes` wants it, written as git-lfs writes it.
///
/// # Errors
/// In one line, why it can be no pattern.
pub fn encode(pattern: &str) -> Result<String, String> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    if pattern.is_empty() {
        return Err("it is empty".to_owned());
    }
    if pattern.ends_with('/') {
        return Err(format!("a folder has no attributes, its files have: {pattern}**"));
    }
    if pattern.starts_with("[attr]") {
        return Err("a line that begins so defines a macro: write [a]ttr".to_owned());
    }
    let mut out = String::new();
    for (at, c) in pattern.char_indices() {
        match c {
            '\\' => out += "\\\\",
            '#' => out += "\\#",
            ' ' | '\t' => out += "[[:space:]]",
            c if c.is_control() => return Err(format!("it holds the control character {}", c.escape_default())),
            // In front they would mean something else.
            '"' | '!' if at == 0 => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    if out.len() > LONGEST {
        return Err("it is too long".to_owned());
    }
    Ok(out)
}

/// The text with a line for each of the patterns, as [`encode`] writes them, that is not tracked by it; and whether each one is new.
pub fn track(text: &[u8], patterns: &[String]) -> (Vec<u8>, Vec<bool>) {
    let mut out = text.to_vec();
    let is_crlf = lines(text).next().is_some_and(|line| line.ends_with(b"\r\n"));
    let end = if is_crlf { "\r\n" } else { "\n" };
    let mut is_new = Vec::new();
    for pattern in patterns {
        let is_tracked = patterns_of(&out).iter().any(|known| known == pattern);
        is_new.push(!is_tracked);
        if is_tracked {
            continue;
        }
        if !out.is_empty() && !out.ends_with(b"\n") {
            out.extend_from_slice(end.as_bytes());
        }
        // At the end: what a line says counts more than what lines before it say.
        out.extend_from_slice(format!("{pattern} {}{end}", ATTRIBUTES.join(" ")).as_bytes());
    }
    (out, is_new)
}

/// The text without what makes LFS objects of the files of each pattern, given as typed or as it stands there; and whether each one was tracked. What else a line says of them stays.
pub fn untrack(text: &[u8], patterns: &[String]) -> (Vec<u8>, Vec<bool>) {
    let mut was_tracked = vec![false; patterns.len()];
    let mut out = Vec::new();
    for line in lines(text) {
        let found = Line::parse(line).filter(|found| found.filter() == Some(b"lfs"));
        let Some((found, at)) = found.and_then(|found| {
            let name = found.pattern();
            let is_it = |pattern: &String| *pattern == name || encode(pattern).as_ref() == Ok(&name);
            let at = patterns.iter().position(is_it)?;
            Some((found, at))
        }) else {
            out.extend_from_slice(line);
            continue;
        };
        was_tracked[at] = true;
        let is_ours = |word: &[u8]| ATTRIBUTES.iter().chain([&LOCKABLE]).any(|known| known.as_bytes() == word);
        let rest: Vec<&[u8]> = found.words().filter(|word| !is_ours(word)).collect();
        if !rest.is_empty() {
            let end = &line[line.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |at| at + 1)..];
            out.extend_from_slice(found.name);
            rest.iter().for_each(|word| out.extend([b" ", *word].concat()));
            out.extend_from_slice(end);
        }
    }
    (out, was_tracked)
}

/// The patterns whose files are LFS objects, as they stand there.
pub fn patterns_of(text: &[u8]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in lines(text).filter_map(Line::parse) {
        let Some(filter) = line.filter() else { continue };
        let pattern = line.pattern();
        // Of several lines about a pattern the last one counts.
        found.retain(|known| *known != pattern);
        if filter == b"lfs" {
            found.push(pattern);
        }
    }
    found
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

/// A line that says something of files.
struct Line<'a> {
    /// The pattern with what lies before it.
    name: &'a [u8],
    /// The pattern itself.
    pattern: Cow<'a, [u8]>,
    rest: &'a [u8],
}

impl<'a> Line<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        // A byte order mark can only stand in the first one.
        let mark = text.strip_prefix(b"\xef\xbb\xbf").map_or(0, |_| 3);
        let blanks = text[mark..].iter().position(|byte| !BLANK.contains(byte))?;
        let begin = mark + blanks;
        let body = &text[begin..];
        if body[0] == b'#' || body.starts_with(b"[attr]") {
            return None;
        }
        let (pattern, length) = match unquote(body) {
            Some((pattern, length)) => (Cow::Owned(pattern), length),
            None => {
                let length = body.iter().position(|byte| BLANK.contains(byte)).unwrap_or(body.len());
                (Cow::Borrowed(&body[..length]), length)
            }
        };
        Some(Self { name: &text[..begin + length], pattern, rest: &body[length..] })
    }

    /// The pattern in the form that [`encode`] gives.
    fn pattern(&self) -> String {
        let text = String::from_utf8_lossy(&self.pattern).replace([' ', '\t'], "[[:space:]]");
        if text.starts_with(['#', '"']) { format!("\\{text}") } else { text }
    }

    fn words(&self) -> impl Iterator<Item = &'a [u8]> {
        self.rest.split(|byte| BLANK.contains(byte)).filter(|word| !word.is_empty())
    }

    /// What the line says of the filter: its name, nothing at all, or that there is none.
    fn filter(&self) -> Option<&'a [u8]> {
        let value = |word: &'a [u8]| match word.strip_prefix(b"filter=") {
            Some(name) => Some(name),
            None => [&b"filter"[..], b"-filter", b"!filter"].contains(&word).then_some(&b""[..]),
        };
        self.words().filter_map(value).last()
    }
}

/// A pattern in double quotes, as C has them, and its length with the quotes.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut out = Vec::new();
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((out, text.len() - rest.len())),
            b'\\' => {
                let (byte, after) = rest.split_first()?;
                rest = after;
                match byte {
                    b'a' => out.push(7),
                    b'b' => out.push(8),
                    b'f' => out.push(12),
                    b'n' => out.push(b'\n'),
                    b'r' => out.push(b'\r'),
                    b't' => out.push(b'\t'),
                    b'v' => out.push(11),
                    b'\\' | b'"' => out.push(*byte),
                    b'0'..=b'3' => {
                        let (more, after) = rest.split_at_checked(2)?;
                        rest = after;
                        let digit = |byte: u8| char::from(byte).to_digit(8);
                        let value = u32::from(byte - b'0') * 64 + digit(more[0])? * 8 + digit(more[1])?;
                        out.push(u8::try_from(value).ok()?);
                    }
                    _ => return None,
                }
            }
            byte => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests;
