//! What is printed of a run that is followed: its output, and between its lines what it logs.

use serde_json::Value;

use crate::cli::ui::Ui;
use crate::model::text::{printable, printable_lines};
use crate::store::line::{self, Line};

/// Where both are printed.
pub(super) struct Page<'a> {
    ui: &'a Ui,
    /// Bytes of output that are no whole character yet.
    rest: Vec<u8>,
    /// The beginning of a journal line.
    line: Vec<u8>,
    is_at_line_start: bool,
}

impl<'a> Page<'a> {
    /// At the beginning of a line.
    pub(super) fn new(ui: &'a Ui) -> Self {
        Self { ui, rest: Vec::new(), line: Vec::new(), is_at_line_start: true }
    }

    /// Print what the program printed.
    pub(super) fn output(&mut self, bytes: &[u8]) {
        if self.ui.is_terminal {
            self.rest.extend_from_slice(bytes);
            let whole = self.rest.len() - incomplete(&self.rest);
            let text = String::from_utf8_lossy(&self.rest[..whole]).into_owned();
            self.rest.drain(..whole);
            self.ui.print(&with_progress(&text));
        } else {
            self.ui.print_foreign(bytes);
        }
        self.is_at_line_start = bytes.last() == Some(&b'\n');
    }

    /// Say what was logged.
    pub(super) fn journal(&mut self, bytes: &[u8]) {
        let mut said = String::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            // A line that is too long for a journal is not kept here either.
            if self.line.len() <= line::LONGEST {
                self.line.extend_from_slice(part);
            }
            if part.ends_with(b"\n") {
                said += &logged(&std::mem::take(&mut self.line));
            }
        }
        if !said.is_empty() {
            self.end_line();
            self.ui.print(&said);
        }
    }

    /// What comes next begins a line.
    pub(super) fn end_line(&mut self) {
        if !self.is_at_line_start {
            self.ui.print("\n");
            self.is_at_line_start = true;
        }
    }
}

/// What a journal line says to people; nothing for git-xp's own lines and for those that cannot be read.
fn logged(line: &[u8]) -> String {
    let text = match line::parse(line, &mut Vec::new()) {
        Ok(Some(Line::Points { values, step, .. })) => {
            let values = values.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ");
            step.map_or_else(|| format!("[metrics] {values}"), |step| format!("[step {step}] {values}"))
        }
        Ok(Some(Line::Params(params))) => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let params = params.iter().map(|(name, value)| format!("{name} = {}", text(value)));
            format!("[params] {}", params.collect::<Vec<_>>().join(", "))
        }
        _ => return String::new(),
    };
    printable(&text) + "\n"
}

/// As [`printable_lines`], but a progress bar may return to the beginning of its line.
fn with_progress(text: &str) -> String {
    text.split('\r').map(printable_lines).collect::<Vec<_>>().join("\r")
}

/// How many bytes at the end are the beginning of a character.
fn incomplete(bytes: &[u8]) -> usize {
    let needed = |byte: u8| match byte {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => 1,
    };
    let starts = bytes.iter().rev().take(3).position(|byte| byte & 0xc0 != 0x80);
    starts.map(|back| back + 1).filter(|length| needed(bytes[bytes.len() - length]) > *length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{incomplete, logged, with_progress};

    #[test]
    fn lines_are_said_in_words() {
        assert_eq!(logged(br#"{"metric":"acc","value":0.5,"step":3}"#), "[step 3] acc 0.5\n");
        assert_eq!(logged(br#"{"metrics":{"a":NaN,"b\n":1}}"#), "[metrics] a NaN, b\\n 1\n");
        assert_eq!(logged(br#"{"param":"lr","value":"\u001b"}"#), "[params] lr = \\u001b\n");
        assert_eq!(logged(b"{\"journal\":\"owner\"}") + &logged(b"torn {"), "");
    }

    #[test]
    fn progress_bars_return_and_escapes_are_shown() {
        assert_eq!(with_progress("10 %\r20 %\r\n\u{1b}[2J"), "10 %\r20 %\r\n\\u001b[2J");
    }

    proptest! {
        #[test]
        fn text_survives_being_cut_anywhere(text in any::<String>(), at in any::<usize>()) {
            let bytes = text.as_bytes();
            let at = at % (bytes.len() + 1);
            let whole = at - incomplete(&bytes[..at]);
            assert!(std::str::from_utf8(&bytes[..whole]).is_ok());
            assert!(at - whole < 4);
        }

        #[test]
        fn any_bytes_are_said_or_not(bytes in any::<Vec<u8>>()) {
            let _ = (logged(&bytes), incomplete(&bytes));
        }
    }
}
