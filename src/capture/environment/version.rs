//! Versions, as names of folders and headers of C give them.

use std::path::Path;

use crate::capture::file;

/// The numbers in a version, for sorting.
pub(super) fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

/// The full version of the Python in a folder, of which `short` (`3.11`) is known: by its C header, by Conda's record of it, or by the folder's
/// name, as pyenv, uv and others choose it.
pub(super) fn full(base: &Path, short: &str) -> Option<String> {
    let number = short.trim_end_matches('t');
    let belongs = |version: &String| version.strip_prefix(number).is_some_and(|rest| rest.starts_with('.'));
    let header = base.join(format!("include/python{short}/patchlevel.h"));
    let defined = file::text(&header, 64 * 1024).and_then(|text| defined(&text));
    let recorded = || super::conda::python_version(base);
    let named = || base.iter().rev().filter_map(|part| part.to_str()).find_map(|part| named(part, number));
    defined.filter(belongs).or_else(|| recorded().filter(belongs)).or_else(named)
}

/// `#define PY_VERSION "3.11.7"`.
fn defined(header: &str) -> Option<String> {
    let line = header.lines().find_map(|line| line.strip_prefix("#define PY_VERSION")?.trim().strip_prefix('"'))?;
    let version = line.split('"').next()?;
    Some(version.chars().take(32).collect()).filter(|_| version.starts_with(|c: char| c.is_ascii_digit()))
}

/// The version in `3.11.7`, `cpython-3.11.7-linux-x86_64-gnu`.
fn named(part: &str, number: &str) -> Option<String> {
    part.split('-').find_map(|word| {
        let patch = word.strip_prefix(number)?.strip_prefix('.')?;
        (!patch.is_empty() && patch.len() < 16 && patch.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .then(|| word.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::{any, proptest};

    use super::{defined, full, named, numbers};

    #[test]
    fn versions_are_read_from_names_and_headers() {
        assert_eq!(named("cpython-3.12.1-linux-x86_64-gnu", "3.12"), Some("3.12.1".to_owned()));
        assert_eq!(named("3.12.0rc1", "3.12"), Some("3.12.0rc1".to_owned()));
        assert_eq!(named("3.1", "3.1"), None);
        assert_eq!(named("3.11.7", "3.1"), None);
        assert_eq!(defined("/* x */\n#define PY_VERSION      \t\"3.11.7+\"\n"), Some("3.11.7+".to_owned()));
        assert_eq!(defined("#define PY_VERSION \"\""), None);
        assert_eq!(full(Path::new("/nowhere/Python/3.11.7/x64"), "3.11"), Some("3.11.7".to_owned()));
        assert!(numbers("3.11.10") > numbers("3.11.9"));
    }

    proptest! {
        #[test]
        fn any_name_and_any_header_are_read(text in any::<String>(), quoted in "[0-9\" ]{0,40}") {
            let _ = (named(&text, "3.1"), numbers(&text), defined(&text));
            assert!(defined(&format!("#define PY_VERSION {quoted}")).unwrap_or_default().len() <= 32);
        }
    }
}
