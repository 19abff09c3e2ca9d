//! Text from other people's repositories, made safe to store and to show.

use std::fmt::Write;

/// Whether a character is shown as an escape: controls (C0, DEL, C1), bidirectional controls, and the Unicode line separators.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The text with every unsafe character as `\uXXXX` (tab and newline as `\t`, `\n`): safe on a terminal, one line.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_unsafe(c) => push_escape(&mut out, c),
            c => out.push(c),
        }
    }
    out
}

/// As [`printable`], but lines stay lines and tabs stay tabs.
pub fn printable_lines(text: &str) -> String {
    text.split('\n')
        .map(|line| line.split('\t').map(printable).collect::<Vec<_>>().join("\t"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// In JSON text (where such characters lie inside strings only), write the unsafe characters that JSON would leave bare as `\uXXXX`.
pub fn escape_json(json: String) -> String {
    if json.is_ascii() && !json.contains('\u{7f}') {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unsafe(c) && c != '\n' { push_escape(&mut out, c) } else { out.push(c) }
    }
    out
}

fn push_escape(out: &mut String, c: char) {
    // Every unsafe character lies in the basic plane, so one escape is enough.
    let _ = write!(out, "\\u{:04x}", u32::from(c));
}

/// The first of some names, and how many more there are: `a, b and 3 more`.
pub fn enumerate(names: impl IntoIterator<Item = impl AsRef<str>>, most: usize) -> String {
    let mut names = names.into_iter();
    let mut text = String::new();
    for name in names.by_ref().take(most) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name.as_ref());
    }
    match names.count() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{escape_json, is_unsafe, printable};

    #[test]
    fn terminal_escapes_and_bidi_are_shown_not_obeyed() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c|d\n"), "a\\u001b[31mb\\u202ec|d\\n");
    }

    proptest! {
        #[test]
        fn printable_text_is_safe(text in any::<String>()) {
            assert!(!printable(&text).chars().any(is_unsafe));
        }

        #[test]
        fn escaped_json_reads_back_the_same(text in any::<String>()) {
            let json = escape_json(serde_json::to_string(&text).expect("a string is JSON"));
            assert!(!json.chars().any(is_unsafe));
            assert_eq!(serde_json::from_str::<String>(&json).expect("still JSON"), text);
        }
    }
}
