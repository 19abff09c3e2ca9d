//! Which files are to be had: `lfs.fetchinclude` and `lfs.fetchexclude`, patterns as in `.gitignore`, separated by commas.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Patterns of files that are checked out with their content. Those of others stay pointers.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Selection {
    /// From the values of both settings; an empty one says nothing. `ignores_case` as `core.ignoreCase`.
    pub fn new(include: &str, exclude: &str, ignores_case: bool) -> Self {
        let include = Some(include).filter(|text| !text.trim().is_empty());
        Self { include: include.map(|text| set(text, ignores_case)), exclude: set(exclude, ignores_case) }
    }

    /// No file: all stay pointers.
    pub fn nothing() -> Self {
        Self { include: Some(GlobSet::empty()), exclude: GlobSet::empty() }
    }

    /// Whether the file, its path relative to the top of the work tree and `/` separated, is to be had.
    pub fn allows(&self, path: &str) -> bool {
        self.include.as_ref().is_none_or(|include| include.is_match(path)) && !self.exclude.is_match(path)
    }
}

fn set(text: &str, ignores_case: bool) -> GlobSet {
    let mut all = GlobSetBuilder::new();
    for pattern in text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty()) {
        let build = |text: &String| {
            let mut glob = GlobBuilder::new(text);
            glob.literal_separator(true).backslash_escape(true).case_insensitive(ignores_case).build()
        };
        // What is no pattern may still be a name.
        let as_name = || forms(&globset::escape(pattern)).map(|form| build(&form));
        let globs = forms(pattern).map(|form| build(&form));
        let globs = if globs.iter().all(Result::is_ok) { globs } else { as_name() };
        globs.into_iter().flatten().for_each(|glob| {
            all.add(glob);
        });
    }
    all.build().unwrap_or_default()
}

/// A pattern names files, and folders with all that is in them. Without a slash in front or in the middle it does so anywhere.
fn forms(pattern: &str) -> [String; 2] {
    // Braces mean nothing in .gitignore.
    let pattern = pattern.strip_suffix('/').unwrap_or(pattern).replace('{', "[{]").replace('}', "[}]");
    let is_anchored = pattern.contains('/');
    let rest = pattern.strip_prefix('/').unwrap_or(&pattern);
    let whole = if is_anchored { rest.to_owned() } else { format!("**/{rest}") };
    [format!("{whole}/**"), whole]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Selection;

    #[test]
    fn patterns_mean_what_they_do_for_git_lfs() {
        let allows = |include, exclude, path| Selection::new(include, exclude, false).allows(path);
        assert!(allows("", "", "a/b.pt") && allows(" ", " ", "a/b.pt"));
        assert!(allows("*.pt", "", "a/b.pt") && allows("*.pt", "", "b.pt") && !allows("*.pt", "", "b.bin"));
        assert!(allows("data", "", "data/a/b") && allows("data", "", "x/data/b") && allows("data/", "", "data/b"));
        assert!(allows("/data", "", "data/b") && !allows("/data", "", "x/data/b"));
        assert!(
            allows("a/*.pt", "", "a/b.pt") && !allows("a/*.pt", "", "a/c/b.pt") && !allows("a/*.pt", "", "x/a/b.pt")
        );
        assert!(allows("a/**", "", "a/c/b.pt") && allows("**/c/*.pt", "", "a/c/b.pt"));
        assert!(!allows("", "*.pt", "b.pt") && !allows("*.pt", "old", "old/b.pt") && allows("*.pt", "old", "new/b.pt"));
        assert!(allows("a, b ,c", "", "b") && !allows("a, b ,c", "", "d"));
        assert!(allows("[a", "", "[a") && !allows("[a", "", "b") && allows("{a}", "", "{a}"));
        assert!(!allows("A.pt", "", "a.pt") && Selection::new("A.pt", "", true).allows("a.pt"));
    }

    proptest! {
        #[test]
        fn arbitrary_patterns_never_panic(include in any::<String>(), exclude in r"[]\[{}*?!,/\\a-c ]{0,20}", path in any::<String>()) {
            let selection = Selection::new(&include, &exclude, false);
            let _ = (selection.allows(&path), Selection::new(&exclude, &include, true).allows(&path));
        }
    }
}
