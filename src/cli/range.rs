//! What `compare` is asked to compare: `main..exp/*`, `main..exp/`, `main...exp/a`, names, or nothing. Pure.

/// A parsed range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The left side: the baseline. `None`: each experiment's own.
    pub baseline: Option<String>,
    /// Three dots: the baseline is the merge base.
    pub from_merge_base: bool,
    /// The right side: patterns of experiments; empty means all.
    pub patterns: Vec<String>,
}

/// Read the arguments.
///
/// # Errors
/// If there are several ranges, or a range among names.
pub fn parse(args: &[String]) -> Result<Range, String> {
    let ranges: Vec<&String> = args.iter().filter(|arg| arg.contains("..")).collect();
    match (ranges.as_slice(), args) {
        ([], names) => Ok(Range { baseline: None, from_merge_base: false, patterns: names.to_vec() }),
        ([range], [first, more @ ..]) if *range == first => {
            let (left, right, three) = match range.split_once("...") {
                Some((left, right)) => (left, right, true),
                None => range.split_once("..").map(|(left, right)| (left, right, false)).unwrap_or((range, "", false)),
            };
            if right.contains("..") {
                return Err(format!("'{range}' has too many dots: write BASELINE..EXPERIMENTS"));
            }
            let patterns = Some(right).filter(|right| !right.is_empty()).into_iter().map(str::to_owned);
            Ok(Range {
                baseline: Some(left.to_owned()).filter(|left| !left.is_empty()),
                from_merge_base: three,
                patterns: patterns.chain(more.iter().cloned()).collect(),
            })
        }
        _ => Err("a range comes first, and there is one: git xp compare main..exp/a exp/b".to_owned()),
    }
}

/// Patterns, ready to be asked about many experiments.
pub struct Names<'a> {
    prefix: &'a str,
    patterns: Vec<(&'a str, Option<globset::GlobMatcher>)>,
}

impl<'a> Names<'a> {
    /// Read patterns: a name, a branch, or a glob; one that ends in `/` names everything below. No pattern at all names everything.
    pub fn new(patterns: &'a [String], prefix: &'a str) -> Self {
        let glob = |pattern: &str| {
            let text = if pattern.ends_with('/') { format!("{pattern}**") } else { pattern.to_owned() };
            globset::Glob::new(&text).ok().map(|glob| glob.compile_matcher())
        };
        let patterns =
            patterns.iter().map(|text| (text.as_str(), is_pattern(text).then(|| glob(text)).flatten())).collect();
        Self { prefix, patterns }
    }

    /// Whether one of them names a branch (its short name) or an experiment (its name).
    pub fn is_any(&self, branch: &str, name: &str) -> bool {
        self.patterns.is_empty()
            || self.patterns.iter().any(|(text, glob)| match glob {
                Some(glob) => glob.is_match(branch) || glob.is_match(name),
                None => *text == name || *text == branch || branch.strip_prefix(self.prefix) == Some(text),
            })
    }
}

/// Whether a pattern can name several things.
pub fn is_pattern(text: &str) -> bool {
    text.ends_with('/') || text.contains(['*', '?', '[', '{'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Names, parse};

    fn is_named(pattern: &str, prefix: &str, branch: &str, name: &str) -> bool {
        Names::new(&[pattern.to_owned()], prefix).is_any(branch, name)
    }

    fn range(args: &[&str]) -> (Option<String>, bool, Vec<String>) {
        let range = parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()).expect("a range");
        (range.baseline, range.from_merge_base, range.patterns)
    }

    #[test]
    fn all_forms_are_read() {
        assert_eq!(range(&["main..exp/*"]), (Some("main".into()), false, vec!["exp/*".into()]));
        assert_eq!(range(&["main..exp/"]), (Some("main".into()), false, vec!["exp/".into()]));
        assert_eq!(range(&["main...exp/a"]), (Some("main".into()), true, vec!["exp/a".into()]));
        assert_eq!(range(&["main..a", "b"]), (Some("main".into()), false, vec!["a".into(), "b".into()]));
        assert_eq!(range(&["..exp/a"]), (None, false, vec!["exp/a".into()]));
        assert_eq!(range(&[]), (None, false, vec![]));
        assert!(parse(&["a".into(), "b..c".into()]).is_err());
    }

    #[test]
    fn patterns_name_branches_and_experiments() {
        assert!(is_named("exp/*", "exp/", "exp/a", "a"));
        assert!(is_named("exp/", "exp/", "exp/a/b", "a/b"));
        assert!(is_named("a", "exp/", "exp/a", "a"));
        assert!(!is_named("exp/a", "exp/", "exp/ab", "ab"));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(a in any::<String>(), b in any::<String>()) {
            let _ = is_named(&a, "exp/", &b, &b);
            let _ = parse(&[a, b]);
        }
    }
}
