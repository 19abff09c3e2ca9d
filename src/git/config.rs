//! `GIT_CONFIG_PARAMETERS`: what `git -c key=value xp …` hands down. gix does not read it.

/// Read the value of the variable: single-quoted words, `'key=value'` (old git) or `'key'='value'` (git ≥ 2.31), separated by spaces.
///
/// Words that follow neither form are left out; git itself made the text.
pub(super) fn parse_parameters(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some((key, after)) = quoted(rest) {
        rest = after;
        if let Some((value, after)) = after.strip_prefix('=').and_then(quoted) {
            out.push(format!("{key}={value}"));
            rest = after;
        } else if let Some(after) = after.strip_prefix('=') {
            out.push(key);
            rest = after;
        } else {
            out.push(key);
        }
        rest = rest.trim_start();
    }
    out
}

/// One word in git's shell quoting: `'it'\''s'`, also `'\!'`.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut word = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        word.push_str(part);
        if let Some(after) = after.strip_prefix("\\''") {
            word.push('\'');
            rest = after;
        } else if let Some(after) = after.strip_prefix("\\!'") {
            word.push('!');
            rest = after;
        } else {
            return Some((word, after));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::parse_parameters;

    #[test]
    fn both_forms_are_read() {
        let text = r"'user.name'='O'\''Hara' 'xp.rules.clean=warn' 'a.b'";
        assert_eq!(parse_parameters(text), ["user.name=O'Hara", "xp.rules.clean=warn", "a.b"]);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = parse_parameters(&text);
        }

        #[test]
        fn quoted_text_never_panics(text in r"['=\\! a]{0,40}") {
            let _ = parse_parameters(&text);
        }
    }
}
