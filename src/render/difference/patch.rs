//! A patch on a terminal.

use crate::model::text::printable_lines;

/// A patch as git wrote it, safe to show: no byte of a stranger's file acts on the terminal. With colours as git has them.
pub fn patch(patch: &str, colour: bool) -> String {
    let mut out = String::with_capacity(patch.len());
    let mut is_header = true;
    for line in patch.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        // Lines of files start with a blank, a plus or a minus, so only git's own can start with a letter.
        if line.starts_with("diff ") {
            is_header = true;
        } else if line.starts_with("@@") {
            is_header = false;
        }
        let code = match line.as_bytes().first() {
            _ if is_header => "1",
            Some(b'+') => "32",
            Some(b'-') => "31",
            Some(b'@') => "36",
            _ => "",
        };
        let text = printable_lines(line);
        if colour && !code.is_empty() && !text.is_empty() {
            out.push_str(&format!("\u{1b}[{code}m{text}\u{1b}[0m{end}"));
        } else {
            out.push_str(&text);
            out.push_str(end);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::patch;

    #[test]
    fn colours_are_those_of_git() {
        let given = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n--- was\n+++ is\n same\u{1b}[2J\n";
        assert_eq!(patch(given, false), given.replace('\u{1b}', "\\u001b"));
        let colours: Vec<String> = patch(given, true).lines().map(|line| line.chars().take(5).collect()).collect();
        let colours: Vec<&str> = colours.iter().map(|colour| colour.trim_start_matches('\u{1b}')).collect();
        assert_eq!(colours, ["[1md", "[1m-", "[1m+", "[36m", "[31m", "[32m", " same"]);
    }

    proptest! {
        #[test]
        fn nothing_acts_on_the_terminal(text in any::<String>()) {
            assert!(!patch(&text, false).contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
