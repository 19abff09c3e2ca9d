//! The folders in which a Python finds its packages.

use std::path::{Path, PathBuf};

use super::interpreter::{Interpreter, Kind};
use super::surroundings::Surroundings;

/// In the order of `sys.path`: what lies in an earlier one hides what is in a later one. Only those that are there, each once.
pub(super) fn folders(python: &Interpreter, surroundings: &Surroundings) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    if let Some(path) = surroundings.variable("PYTHONPATH") {
        all.extend(
            std::env::split_paths(path).filter(|dir| !dir.as_os_str().is_empty()).map(|dir| surroundings.cwd.join(dir)),
        );
    }
    let is_isolated = python.kind == Kind::Venv && !python.venv.has_system_site_packages;
    if python.kind == Kind::Venv {
        all.extend(below(&python.prefix, &python.library));
    }
    if !is_isolated {
        all.extend(of_user(python, surroundings));
        all.extend(below(&python.base, &python.library));
    }
    let mut seen = Vec::new();
    all.retain(|dir| match dir.canonicalize() {
        Ok(real) if real.is_dir() && !seen.contains(&real) => {
            seen.push(real);
            true
        }
        _ => false,
    });
    all
}

/// Those of an installation. The last three are Debian's.
fn below(prefix: &Path, library: &str) -> Vec<PathBuf> {
    let of_library =
        ["lib/{}/site-packages", "lib64/{}/site-packages", "local/lib/{}/dist-packages", "lib/{}/dist-packages"];
    let mut all: Vec<PathBuf> = of_library.iter().map(|path| prefix.join(path.replace("{}", library))).collect();
    all.push(prefix.join("lib/python3/dist-packages"));
    all.push(prefix.join("Lib/site-packages"));
    all
}

/// What `pip install --user` wrote, unless it is switched off.
fn of_user(python: &Interpreter, surroundings: &Surroundings) -> Option<PathBuf> {
    if surroundings.variable("PYTHONNOUSERSITE").is_some() {
        return None;
    }
    let base = surroundings.path("PYTHONUSERBASE").or_else(|| Some(surroundings.home()?.join(".local")))?;
    Some(base.join("lib").join(&python.library).join("site-packages"))
}
