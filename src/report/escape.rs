//! Text from outside, made safe for HTML.

use crate::model::text::printable;

/// A text for between two tags and for a quoted attribute: markup is shown, and so are controls of terminals and of the writing direction.
pub(super) fn escape(text: &str) -> String {
    let text = printable(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::escape;
    use crate::model::text::{is_unsafe, printable};

    fn unescape(text: &str) -> String {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
        text.replace("&amp;", "&")
    }

    #[test]
    fn markup_and_controls_are_shown() {
        assert_eq!(escape("<script>'a'&\"b\""), "&lt;script&gt;&#39;a&#39;&amp;&quot;b&quot;");
        assert_eq!(escape("\u{202e}x\u{1b}[31m\n"), "\\u202ex\\u001b[31m\\n");
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_place(text in any::<String>(), more in "[<>&\"'a;#\\n\u{202e}]*") {
            for text in [text, more] {
                let escaped = escape(&text);
                assert!(!escaped.contains(['<', '>', '"', '\'']) && !escaped.chars().any(is_unsafe));
                assert_eq!(unescape(&escaped), printable(&text));
            }
        }
    }
}
