//! Masks texts.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::Regex;

use super::scan::{self, OpenKey};
use super::{MASK, names, rules};
use crate::model::pattern;

/// Shorter values that were named as secrets are not looked for elsewhere: they may be words.
const SHORTEST_LEARNED: usize = 6;

/// Masks secrets, and counts them.
#[derive(Debug, Default)]
pub struct Masker {
    patterns: Vec<Regex>,
    allow: Vec<Regex>,
    learned: RefCell<Learned>,
    /// By rule the digests of what was masked, so that a value counts once.
    seen: RefCell<BTreeMap<&'static str, HashSet<u64>>>,
}

/// Values that were named as secrets: they are masked wherever they stand.
#[derive(Debug, Default)]
struct Learned {
    values: HashSet<Vec<u8>>,
    /// What finds them, and which each one finds. A new value joins those that are not more than it brings along, so that of many values each is built
    /// in only a few times.
    finders: Vec<(Vec<Vec<u8>>, AhoCorasick)>,
}

impl Learned {
    fn add(&mut self, value: &[u8]) {
        if !self.values.insert(value.to_vec()) {
            return;
        }
        let mut group = vec![value.to_vec()];
        while let Some((known, _)) = self.finders.pop_if(|(known, _)| known.len() <= group.len()) {
            group.extend(known);
        }
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&group);
        self.finders.extend(finder.ok().map(|finder| (group, finder)));
    }
}

impl Masker {
    /// A masker with patterns of `.xp.toml`; what matches one of `allow` is not masked.
    ///
    /// # Errors
    /// If one of them is no pattern.
    pub fn new(patterns: &[String], allow: &[String]) -> Result<Self, String> {
        let compile = |texts: &[String]| texts.iter().map(|text| pattern::compile(text)).collect::<Result<_, _>>();
        Ok(Self { patterns: compile(patterns)?, allow: compile(allow)?, ..Self::default() })
    }

    /// The text with a mask in the place of each secret.
    pub fn mask<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut key = None;
        let masked = self.mask_part(text, &mut key);
        match key.filter(|key| !key.held.is_empty()) {
            Some(key) => Cow::Owned([&masked, &key.held[..]].concat()),
            None => masked,
        }
    }

    /// As [`Self::mask`].
    pub fn mask_text(&self, text: &str) -> String {
        match self.mask(text.as_bytes()) {
            Cow::Borrowed(_) => text.to_owned(),
            Cow::Owned(bytes) => {
                String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
            }
        }
    }

    /// As [`Self::mask`] for a part of a text that consists of whole lines; `key` is a key that goes on from the part before.
    pub(super) fn mask_part<'a>(&self, text: &'a [u8], key: &mut Option<OpenKey>) -> Cow<'a, [u8]> {
        self.mask_all_but(&|secret| self.is_allowed(secret), text, key)
    }

    /// As [`Self::mask`] for bytes that are no text: in millions of them something short looks like a name and its value by chance.
    pub(super) fn mask_binary<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let is_chance = |secret: &[u8]| secret.len() < SHORTEST_LEARNED || std::str::from_utf8(secret).is_err();
        self.mask_all_but(&|secret| is_chance(secret) || self.is_allowed(secret), bytes, &mut None)
    }

    fn mask_all_but<'a>(
        &self,
        is_allowed: &dyn Fn(&[u8]) -> bool,
        text: &'a [u8],
        key: &mut Option<OpenKey>,
    ) -> Cow<'a, [u8]> {
        let mut masked = self.pass(is_allowed, text, key);
        // What is left may look like a secret only now: without this, masking twice would mask more than masking once.
        while matches!(masked, Cow::Owned(_)) {
            match self.pass(is_allowed, &masked, &mut None) {
                Cow::Owned(next) => masked = Cow::Owned(next),
                Cow::Borrowed(_) => break,
            }
        }
        masked
    }

    fn pass<'a>(&self, is_allowed: &dyn Fn(&[u8]) -> bool, text: &'a [u8], key: &mut Option<OpenKey>) -> Cow<'a, [u8]> {
        let known = self.known(is_allowed, text, key);
        match self.own(&known) {
            Some(own) => Cow::Owned(own),
            None => known,
        }
    }

    /// One pass of the known forms.
    fn known<'a>(
        &self,
        is_allowed: &dyn Fn(&[u8]) -> bool,
        text: &'a [u8],
        key: &mut Option<OpenKey>,
    ) -> Cow<'a, [u8]> {
        let (mut out, mut copied) = (Vec::new(), 0);
        if let Some(open) = key {
            let (end, is_over) = open.pass(text, 0);
            copied = end;
            if !is_over {
                return if end == 0 { Cow::Borrowed(text) } else { Cow::Owned(out) };
            }
            out.append(&mut open.held);
            *key = None;
        }
        let was_in_key = copied > 0 || !out.is_empty();
        let mut is_changed = was_in_key;
        while let Some(found) = scan::next(text, copied, is_allowed) {
            is_changed = true;
            self.note(found.rule, &text[found.at.clone()]);
            out.extend_from_slice(&text[copied..found.at.start]);
            out.extend_from_slice(mask(found.rule).as_bytes());
            copied = found.at.end;
            if found.is_open {
                let mut open = OpenKey::default();
                let (end, is_over) = open.pass(text, copied);
                copied = end;
                if !is_over {
                    *key = Some(open);
                }
            }
        }
        if !is_changed {
            return Cow::Borrowed(text);
        }
        out.extend_from_slice(&text[copied..]);
        Cow::Owned(out)
    }

    /// One pass of the patterns of `.xp.toml` and of values that are known to be secret, between the masks.
    fn own(&self, text: &[u8]) -> Option<Vec<u8>> {
        let learned = self.learned.borrow();
        if self.patterns.is_empty() && learned.finders.is_empty() {
            return None;
        }
        let (mut out, mut copied) = (Vec::new(), 0);
        let mut at = 0;
        while at < text.len() {
            let next_mask = find(&text[at..], MASK.as_bytes()).map_or(text.len(), |found| at + found);
            for (span, rule) in self.own_in(&text[at..next_mask], &learned) {
                let span = at + span.start..at + span.end;
                self.note(rule, &text[span.clone()]);
                out.extend_from_slice(&text[copied..span.start]);
                out.extend_from_slice(mask(rule).as_bytes());
                copied = span.end;
            }
            at = scan::mask_end(text, next_mask).unwrap_or(next_mask + 1);
        }
        if copied == 0 {
            return None;
        }
        out.extend_from_slice(&text[copied..]);
        Some(out)
    }

    /// What stands between two masks, by place; of two that overlap the first.
    fn own_in(&self, text: &[u8], learned: &Learned) -> Vec<(Range<usize>, &'static str)> {
        let mut spans: Vec<(Range<usize>, &'static str)> = Vec::new();
        let is_masked = |span: &Range<usize>| !span.is_empty() && !self.is_allowed(&text[span.clone()]);
        for pattern in &self.patterns {
            let mut from = 0;
            // A pattern is matched line by line, so that a text may come in any parts.
            while let Some(found) = pattern.find_at(text, from) {
                let start =
                    text[..found.start()].iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(0, |at| at + 1);
                let end = scan::line_end(text, found.start());
                for found in pattern.captures_iter(&text[start..end]) {
                    let Some(secret) = found.iter().skip(1).flatten().next().or_else(|| found.get(0)) else { continue };
                    spans.push((start + secret.start()..start + secret.end(), rules::PATTERN));
                }
                from = end + 1;
                if from > text.len() {
                    break;
                }
            }
        }
        for (_, finder) in &learned.finders {
            spans.extend(finder.find_iter(text).map(|found| (found.range(), rules::RULES[0].name)));
        }
        spans.retain(|(span, _)| is_masked(span));
        spans.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let mut end = 0;
        spans.retain(|(span, _)| {
            let is_free = span.start >= end;
            if is_free {
                end = span.end;
            }
            is_free
        });
        spans
    }

    /// The value of something with a name, if it has to be masked: then it is masked wherever else it stands too.
    pub fn mask_named(&self, name: &str, value: &str) -> Option<String> {
        let is_secret =
            names::strength(name).is_some() && !names::is_harmless(value) && !self.is_allowed(value.as_bytes());
        is_secret.then(|| self.hide(value))
    }

    /// The mask of a value of which is known that it is secret.
    pub fn hide(&self, value: &str) -> String {
        let rule = rules::RULES[0].name;
        self.note(rule, value.as_bytes());
        let mut learned = self.learned.borrow_mut();
        for line in value.lines().map(|line| line.trim().as_bytes()) {
            if line.len() >= SHORTEST_LEARNED {
                learned.add(line);
            }
        }
        mask(rule)
    }

    fn is_allowed(&self, secret: &[u8]) -> bool {
        self.allow.iter().any(|allowed| allowed.is_match(secret))
    }

    fn note(&self, rule: &'static str, secret: &[u8]) {
        let mut hasher = DefaultHasher::new();
        secret.hash(&mut hasher);
        self.seen.borrow_mut().entry(rule).or_default().insert(hasher.finish());
    }

    /// How many values were masked since this was last asked, by rule.
    pub fn take_counts(&self) -> Vec<(&'static str, usize)> {
        self.seen.take().into_iter().map(|(rule, values)| (rule, values.len())).collect()
    }
}

/// What stands in the place of a secret.
fn mask(rule: &str) -> String {
    format!("{MASK}{rule}>")
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, part)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
