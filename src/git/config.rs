//! git's config: files in its format, all that counts in a repository, and `GIT_CONFIG_PARAMETERS`: what `git -c key=value xp …` hands down. gix does not read that.

use gix::bstr::ByteSlice;

use super::repo::Repo;

/// All settings in the bytes of a file, in order, as `section.key` or `section.subsection.key`, section and key in lower case. What it includes is not
/// looked at. `None` if git could not read it.
pub fn parse(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let file = gix::config::File::try_from(bytes.as_bstr()).ok()?;
    Some(file.sections().flat_map(settings).collect())
}

impl Repo {
    /// All settings of sections of this name that count here, in order: of those that are the same, the last one counts. Keys as in [`parse`].
    pub fn config_all(&self, section: &str) -> Vec<(String, String)> {
        let snapshot = self.inner.config_snapshot();
        snapshot.plumbing().sections_by_name(section).into_iter().flatten().flat_map(settings).collect()
    }
}

fn settings(section: gix::config::file::SectionRef<'_>) -> Vec<(String, String)> {
    let name = section.header().name().to_str_lossy().to_lowercase();
    let subsection = section.header().subsection_name().map(|name| format!(".{}", name.to_str_lossy()));
    let before = format!("{name}{}", subsection.unwrap_or_default());
    let setting = |(key, value): (String, gix::bstr::BString)| {
        (format!("{before}.{}", key.to_lowercase()), value.to_str_lossy().into_owned())
    };
    section.body().into_iter().map(setting).collect()
}

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

    use super::{parse, parse_parameters};

    #[test]
    fn files_are_read_in_order() {
        let text = b"[A]\n\tKey = 1 ; one\n\tkey = \"2 \\\"\\n\"\n[a \"B.c\"]\n\tx\n[include]\n\tpath = /nowhere\n";
        let found = parse(text).expect("a config");
        let found: Vec<(&str, &str)> = found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(found, [("a.key", "1"), ("a.key", "2 \"\n"), ("a.B.c.x", ""), ("include.path", "/nowhere")]);
        assert_eq!(parse(b"[a"), None);
    }

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
