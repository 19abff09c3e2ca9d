//! A Python interpreter, described by the files around it.

use std::path::{Path, PathBuf};

use super::pyvenv::PyVenv;
use super::version;

/// A Python, not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// The folder of its environment.
    pub(super) prefix: PathBuf,
    /// The folder of the installation: another one than `prefix` in a virtual environment.
    pub(super) base: PathBuf,
    /// What kind of environment it is.
    pub(super) kind: Kind,
    /// `CPython` or `PyPy`.
    pub(super) implementation: &'static str,
    /// The folder of its library, such as `python3.11`; empty if that cannot be told.
    pub(super) library: String,
    /// Its version, as exactly as it can be told.
    pub(super) version: Option<String>,
    /// What the virtual environment says of itself.
    pub(super) venv: PyVenv,
}

/// Kinds of environments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Venv,
    Conda,
    /// An installation of its own, the system's or another.
    Installation,
}

impl Kind {
    /// The word for it in `env.toml`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Venv => "venv",
            Self::Conda => "conda",
            Self::Installation => "installation",
        }
    }
}

impl Interpreter {
    /// That of a program. `None` if no library of a Python is near it.
    pub(super) fn of(program: &Path) -> Option<Self> {
        // As Python itself does: a symlink into a virtual environment does not belong to it, its own folder decides.
        let prefix = program.parent()?.parent()?;
        let real = program.canonicalize().ok()?;
        match PyVenv::of(prefix) {
            Some(venv) => Self::in_venv(prefix, &real, venv),
            None => Self::installed(&real),
        }
    }

    /// The one of an environment's folder.
    pub(super) fn in_folder(prefix: &Path) -> Option<Self> {
        let programs = ["bin/python", "bin/python3", "Scripts/python.exe", "python.exe", "bin/pypy3"];
        let program = programs.into_iter().map(|name| prefix.join(name)).find(|path| path.is_file());
        match (program, PyVenv::of(prefix)) {
            (Some(program), _) => Self::of(&program),
            // Its interpreter is gone or lies elsewhere; its packages can be read all the same.
            (None, Some(venv)) => Self::in_venv(prefix, &prefix.join("bin/python"), venv),
            (None, None) => None,
        }
    }

    fn in_venv(prefix: &Path, real: &Path, venv: PyVenv) -> Option<Self> {
        let home = venv.home.clone();
        // With copies instead of symlinks, only the file tells.
        let program = if real.starts_with(prefix) { home.map(|home| home.join("python"))? } else { real.to_owned() };
        let base = prefix_of(&program)?;
        let of_version = || {
            let mut numbers = venv.version.as_deref()?.splitn(3, '.');
            Some(format!("python{}.{}", numbers.next()?, numbers.next()?))
        };
        let library = library_by_name(real).or_else(|| library(prefix)).or_else(of_version).unwrap_or_default();
        let version = full_version(&base, &library).or_else(|| venv.version.clone()).or_else(|| short(&library));
        let implementation = implementation(&library);
        Some(Self { prefix: prefix.to_owned(), base, kind: Kind::Venv, implementation, library, version, venv })
    }

    fn installed(real: &Path) -> Option<Self> {
        let base = prefix_of(real)?;
        let library = library_by_name(real).or_else(|| library(&base))?;
        let version = full_version(&base, &library).or_else(|| short(&library));
        let kind = if base.join("conda-meta").is_dir() { Kind::Conda } else { Kind::Installation };
        let implementation = implementation(&library);
        Some(Self { prefix: base.clone(), base, kind, implementation, library, version, venv: PyVenv::default() })
    }
}

/// `/usr` of `/usr/bin/python3`. On Windows the program lies at the top.
fn prefix_of(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?;
    Some(if cfg!(windows) && !folder.ends_with("Scripts") { folder } else { folder.parent()? }.to_owned())
}

/// `python3.11` of `/usr/bin/python3.11`.
fn library_by_name(real: &Path) -> Option<String> {
    let name = real.file_name()?.to_str()?;
    is_library(name).then(|| name.to_owned())
}

/// The newest folder `python3.…` or `pypy3.…` below `lib`.
fn library(prefix: &Path) -> Option<String> {
    let names =
        std::fs::read_dir(prefix.join("lib")).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| is_library(name)).max_by_key(|name| version::numbers(name))
}

fn is_library(name: &str) -> bool {
    let Some(version) = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy")) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    version.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor.trim_end_matches('t')))
}

fn short(library: &str) -> Option<String> {
    Some(library.trim_start_matches(|c: char| c.is_ascii_alphabetic()).to_owned()).filter(|text| !text.is_empty())
}

fn full_version(base: &Path, library: &str) -> Option<String> {
    version::full(base, &short(library)?)
}

fn implementation(library: &str) -> &'static str {
    if library.starts_with("pypy") { "PyPy" } else { "CPython" }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Interpreter, Kind, is_library, short};

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    #[cfg(unix)]
    #[test]
    fn a_venv_an_installation_and_conda_are_told_apart() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |path: &str| dir.path().canonicalize().expect("a path").join(path);
        write(&at("py/bin/python3.11"), "");
        write(&at("py/include/python3.11/patchlevel.h"), "#define PY_VERSION \"3.11.9\"\n");
        std::os::unix::fs::symlink("python3.11", at("py/bin/python")).expect("linked");
        let found = Interpreter::of(&at("py/bin/python")).expect("a Python");
        assert_eq!(
            (found.kind, found.version.as_deref(), &found.base),
            (Kind::Installation, Some("3.11.9"), &at("py"))
        );

        // The interpreter was renewed since the environment was made: its own word counts.
        write(&at("v/pyvenv.cfg"), &format!("home = {}\nversion = 3.11.7\n", at("py/bin").display()));
        std::fs::create_dir(at("v/bin")).expect("a folder");
        std::os::unix::fs::symlink(at("py/bin/python"), at("v/bin/python")).expect("linked");
        let found = Interpreter::of(&at("v/bin/python")).expect("a Python");
        assert_eq!((found.kind, found.version.as_deref(), &found.base), (Kind::Venv, Some("3.11.9"), &at("py")));
        assert_eq!((&found.prefix, found.library.as_str()), (&at("v"), "python3.11"));

        write(&at("c/bin/python3.12"), "");
        write(&at("c/conda-meta/python-3.12.4-h1_0_cpython.json"), "{}");
        let found = Interpreter::of(&at("c/bin/python3.12")).expect("a Python");
        assert_eq!((found.kind, found.version.as_deref()), (Kind::Conda, Some("3.12.4")));

        // What is left when the interpreter was deleted.
        write(&at("w/pyvenv.cfg"), "home = /nowhere/bin\nversion = 3.10.2\n");
        let found = Interpreter::in_folder(&at("w")).expect("a Python");
        assert_eq!(
            (found.kind, found.version.as_deref(), found.library.as_str()),
            (Kind::Venv, Some("3.10.2"), "python3.10")
        );
        assert_eq!(Interpreter::in_folder(&at("py/include")), None);
    }

    #[test]
    fn libraries_are_known_by_their_names() {
        assert!(["python3.11", "python3.13t", "pypy3.10"].into_iter().all(is_library));
        assert!(!["python3", "python3.x", "python3.11.egg", "perl5.36", ""].into_iter().any(is_library));
        assert_eq!(short("python3.13t"), Some("3.13t".to_owned()));
    }
}
