//! `pyvenv.cfg`: what a virtual environment says of itself.

use std::path::{Path, PathBuf};

use crate::capture::file;

/// The largest one that is read, in bytes.
const LIMIT: u64 = 64 * 1024;

/// What `pyvenv.cfg` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PyVenv {
    /// The folder of the interpreter that it was made from.
    pub home: Option<PathBuf>,
    /// The version of the interpreter that it was made from, such as `3.11.7`.
    pub version: Option<String>,
    /// Whether the packages of that interpreter are seen too.
    pub has_system_site_packages: bool,
    /// What made it, if that was not `venv`: `uv 0.4.2`, `virtualenv 20.25`.
    pub maker: Option<String>,
}

impl PyVenv {
    /// That of the environment in a folder. `None` if it is none.
    pub(super) fn of(prefix: &Path) -> Option<Self> {
        file::text(&prefix.join("pyvenv.cfg"), LIMIT).map(|text| Self::parse(&text))
    }

    /// Read `key = value` lines as CPython does: keys in any case, the first value that is there counts.
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            if value.is_empty() {
                continue;
            }
            match key.as_str() {
                "home" => drop(found.home.get_or_insert_with(|| value.into())),
                // virtualenv writes `version_info = 3.12.1.final.0` beside or instead of `version`.
                "version" | "version_info" => {
                    if let Some(version) = version(value) {
                        found.version.get_or_insert(version);
                    }
                }
                "include-system-site-packages" => found.has_system_site_packages = value.eq_ignore_ascii_case("true"),
                "uv" | "virtualenv" | "poetry" => drop(found.maker.get_or_insert_with(|| format!("{key} {value}"))),
                _ => {}
            }
        }
        found
    }
}

/// The numbers that a version begins with, two or three of them.
fn version(text: &str) -> Option<String> {
    let is_number = |part: &&str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('.').take_while(is_number).take(3).collect();
    (parts.len() >= 2).then(|| parts.join("."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::PyVenv;

    #[test]
    fn what_venv_virtualenv_and_uv_write_is_read() {
        let venv = "home = /usr/bin\ninclude-system-site-packages = true\nversion = 3.11.2\nexecutable = /usr/bin/python3.11\n";
        let found = PyVenv::parse(venv);
        assert_eq!((found.version.as_deref(), found.maker.as_deref()), (Some("3.11.2"), None));
        assert!(found.has_system_site_packages);
        assert_eq!(found.home.as_deref(), Some("/usr/bin".as_ref()));
        let uv = "home = /opt/py/bin\nimplementation = CPython\nuv = 0.4.2\nversion_info = 3.12.1\ninclude-system-site-packages = false\n";
        let found = PyVenv::parse(uv);
        assert_eq!((found.version.as_deref(), found.maker.as_deref()), (Some("3.12.1"), Some("uv 0.4.2")));
        assert!(!found.has_system_site_packages);
        let found = PyVenv::parse("HOME=/a\nvirtualenv = 20.25.0\nversion_info = 3.10.13.final.0\nhome = /b\n");
        assert_eq!((found.version.as_deref(), found.maker.as_deref()), (Some("3.10.13"), Some("virtualenv 20.25.0")));
        assert_eq!(found.home.as_deref(), Some("/a".as_ref()));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any::<String>(), lines in "((home|version|version_info|uv) ?= ?[0-9a-z./]{0,12}\n){0,6}") {
            let _ = PyVenv::parse(&text);
            let version = PyVenv::parse(&lines).version.unwrap_or_default();
            assert!(version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
        }
    }
}
