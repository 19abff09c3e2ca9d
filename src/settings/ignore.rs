//! Paths that never count as dirty, `run.ignore`.

use globset::{Glob, GlobSet, GlobSetBuilder};

/// Patterns of paths, relative to the root of the work tree, as `git` separates them: with `/`.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Ignore {
    /// # Errors
    /// Says which pattern is none, and why.
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            set.add(Glob::new(pattern).map_err(|error| error.to_string())?);
        }
        let set = set.build().map_err(|error| error.to_string())?;
        Ok(Self { patterns: patterns.to_vec(), set })
    }

    /// The patterns as they were written.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether a path matches one of them.
    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

impl PartialEq for Ignore {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl Eq for Ignore {}

/// Why a text is no pattern; `None` for one that is.
pub(super) fn fault(text: &str) -> Option<String> {
    Ignore::new(&[text.to_owned()]).err()
}

#[cfg(test)]
mod tests {
    use super::{Ignore, fault};

    #[test]
    fn patterns_match_as_in_gitignore_files_of_today() {
        let ignore = Ignore::new(&["data/**".to_owned(), "*.log".to_owned()]).expect("patterns");
        assert!(ignore.is_match("data/a/b") && ignore.is_match("x/y.log") && !ignore.is_match("train.py"));
        assert!(!Ignore::default().is_match("train.py"));
        assert!(fault("data/[a").is_some_and(|why| why.contains("[")) && fault("data/**").is_none());
    }
}
