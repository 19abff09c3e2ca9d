//! What is looked at to describe an environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::model::text::printable;

/// The command and where it runs. A value, so that tests can make any.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The command; empty if it is not known, as in a manual run.
    pub argv: Vec<String>,
    /// The folder it is started in, absolute.
    pub cwd: PathBuf,
    /// The top of the work tree, absolute.
    pub top: PathBuf,
    /// The git folder that all work trees share; what was asked of the GPU lies below it.
    pub common_dir: PathBuf,
    /// The whole environment. Only what [`super::variables`] picks is recorded.
    pub variables: BTreeMap<OsString, OsString>,
}

impl Surroundings {
    /// With the environment of this process, which is what the command gets.
    pub fn of_this_process(argv: &[String], cwd: &Path, top: &Path, common_dir: &Path) -> Self {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Self {
            argv: argv.to_vec(),
            cwd: real(cwd),
            top: real(top),
            common_dir: common_dir.to_owned(),
            variables: std::env::vars_os().collect(),
        }
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// As [`Self::variable`], of those that are text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.variable(name)?.to_str()
    }

    /// As [`Self::variable`], as a path below the folder of the command.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).map(|value| self.cwd.join(value))
    }

    /// The user's home.
    pub(super) fn home(&self) -> Option<PathBuf> {
        self.path("HOME").or_else(|| self.path("USERPROFILE"))
    }

    /// The folders from that of the command up to the root of the file system.
    pub(super) fn ancestors(&self) -> impl Iterator<Item = &Path> {
        self.cwd.ancestors()
    }

    /// A path as it is recorded: relative to the top of the work tree or to the home (`~/…`) where it lies there, so that it is the same for
    /// everybody, and names nobody.
    pub(super) fn shown(&self, path: &Path) -> String {
        let text = |path: &Path| printable(&path.to_string_lossy());
        let real = path.canonicalize().ok();
        let below = |folder: &Path| {
            [Some(path), real.as_deref()].into_iter().flatten().find_map(|path| path.strip_prefix(folder).ok())
        };
        if let Some(inside) = below(&self.top) {
            return if inside.as_os_str().is_empty() { ".".to_owned() } else { text(inside) };
        }
        // Some containers have the home `/`, which would say nothing.
        let home = self.home().filter(|home| home.parent().is_some());
        let homes = [home.as_ref().and_then(|home| home.canonicalize().ok()), home];
        match homes.iter().flatten().find_map(|home| below(home)) {
            Some(inside) => format!("~/{}", text(inside)).trim_end_matches('/').to_owned(),
            None => text(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Surroundings;

    #[test]
    fn paths_are_recorded_without_the_place_of_a_clone() {
        let mut surroundings =
            Surroundings { cwd: "/home/ada/code/sub".into(), top: "/home/ada/code".into(), ..Surroundings::default() };
        surroundings.variables.insert("HOME".into(), "/home/ada".into());
        let shown = |path: &str| surroundings.shown(Path::new(path));
        assert_eq!(shown("/home/ada/code"), ".");
        assert_eq!(shown("/home/ada/code/.venv"), ".venv");
        assert_eq!(shown("/home/ada/.pyenv/versions/3.11.7"), "~/.pyenv/versions/3.11.7");
        assert_eq!(shown("/home/ada"), "~");
        assert_eq!(shown("/opt/a\u{1b}b"), "/opt/a\\u001bb");
    }
}
