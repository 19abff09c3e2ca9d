//! Text that fits a width, measured in terminal columns: wide characters take two, combining ones none.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most `max` columns, its middle replaced by `…` if it is longer.
pub fn shorten(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    // Sequences of several characters can be wider together than alone, so what was put together is measured again.
    for room in (0..max).rev() {
        let front = prefix(text, room.div_ceil(2));
        let short = format!("{front}…{}", suffix(&text[front.len()..], room / 2));
        if width(&short) <= max {
            return short;
        }
    }
    String::new()
}

/// The text in lines of at most `max` columns, broken at spaces, and inside words where a word is longer than a line.
///
/// `max` is at least 2, what the widest character takes.
pub fn wrap(text: &str, max: usize) -> Vec<String> {
    let max = max.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&longer) <= max {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut rest = word;
        while width(rest) > max {
            let head = match prefix(rest, max) {
                "" => &rest[..rest.chars().next().map_or(0, char::len_utf8)],
                head => head,
            };
            lines.push(head.to_owned());
            rest = &rest[head.len()..];
        }
        line = rest.to_owned();
    }
    lines.push(line);
    lines
}

/// The longest beginning in at most `max` columns.
fn prefix(text: &str, max: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > max
    });
    let mut head = &text[..end.map_or(text.len(), |(at, _)| at)];
    while width(head) > max {
        let Some((at, _)) = head.char_indices().next_back() else { break };
        head = &head[..at];
    }
    head
}

/// The longest end in at most `max` columns that does not start with a combining character.
fn suffix(text: &str, max: usize) -> &str {
    let mut used = 0;
    let start = text.char_indices().rev().find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > max
    });
    let tail = &text[start.map_or(0, |(at, c)| at + c.len_utf8())..];
    tail.trim_start_matches(|c: char| c.width() == Some(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{shorten, width, wrap};

    #[test]
    fn the_middle_goes() {
        assert_eq!(shorten("experiment", 10), "experiment");
        assert_eq!(shorten("experiments", 10), "exper…ents");
        assert_eq!(shorten("\u{6f22}\u{5b57}\u{6f22}\u{5b57}", 5), "\u{6f22}…\u{5b57}");
        assert_eq!(shorten("abcde\u{301}\u{302}", 3), "a…e\u{301}\u{302}");
        assert_eq!(shorten("abc", 0), "");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrap("", 3), [""]);
    }

    proptest! {
        #[test]
        fn shortened_text_fits(text in any::<String>(), max in 0..40_usize) {
            assert!(width(&shorten(&text, max)) <= max);
        }

        #[test]
        fn wrapped_lines_fit_and_lose_nothing(text in "[\\PC]*", max in 2..40_usize) {
            let lines = wrap(&text, max);
            assert!(lines.iter().all(|line| width(line) <= max), "{lines:?}");
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
