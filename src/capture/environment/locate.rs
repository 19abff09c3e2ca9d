//! Which environment a command uses.

use std::path::{Path, PathBuf};

use super::command::{self, Asked};
use super::interpreter::Interpreter;
use super::surroundings::Surroundings;
use super::tool::Tool;
use super::{conda, kernel, program, project, script};

/// What a command uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Located {
    /// The Python, if there is one.
    pub(super) python: Option<Interpreter>,
    /// The Conda environment, with or without a Python.
    pub(super) conda: Option<PathBuf>,
    /// The tool that chose it, such as `uv`.
    pub(super) tool: Option<&'static str>,
}

/// Find the environment of a command. Variables that the command sets itself (`env NAME=VALUE …`) count.
pub(super) fn locate(surroundings: &Surroundings) -> Located {
    let mut own = surroundings.clone();
    let is_program = |word: &str| program::find(word, surroundings).is_some();
    let reading = command::read(&surroundings.argv, is_program);
    own.variables.extend(reading.assignments.into_iter().map(|(name, value)| (name.into(), value.into())));
    let mut found = match reading.asked {
        Some(Asked::Program(word)) => of_program(&word, &own),
        Some(Asked::Conda { name, prefix }) => {
            let prefix = conda::environment(name.as_deref(), prefix.as_deref(), &own);
            Located { python: prefix.as_deref().and_then(Interpreter::in_folder), conda: prefix, tool: Some("conda") }
        }
        Some(Asked::Own(tool)) => Located { tool: Some(tool.name()), ..Located::default() },
        Some(Asked::Project { tool: Tool::Uv, .. }) if script::has_own_environment(surroundings) => {
            Located { tool: Some(Tool::Uv.name()), ..Located::default() }
        }
        Some(Asked::Project { tool, folder, name, prefers_active }) => {
            let prefix = project::environment(tool, folder.as_deref(), name.as_deref(), prefers_active, &own);
            let python = prefix.as_deref().and_then(Interpreter::in_folder);
            Located { python, conda: None, tool: Some(tool.name()) }
        }
        // Of a manual run the command is not known; it is started from the same shell.
        Some(Asked::Script) | None => in_path(&own),
    };
    if let Some(kernel) = kernel::python(&own, found.python.as_ref()) {
        found = Located { python: Some(kernel), conda: None, tool: Some("jupyter") };
    }
    let prefixes = found.python.iter().flat_map(|python| [&python.prefix, &python.base]);
    found.conda = found.conda.or_else(|| prefixes.into_iter().find(|prefix| conda::is_environment(prefix)).cloned());
    found
}

/// A program's own environment; of the script of a shell, what lies first in PATH; else the active one.
fn of_program(word: &str, surroundings: &Surroundings) -> Located {
    let Some(path) = program::find(word, surroundings) else { return active(surroundings) };
    if let Some(python) = program::python(&path, surroundings).and_then(|path| Interpreter::of(&path)) {
        return Located { python: Some(python), ..Located::default() };
    }
    if let Some(prefix) = path.parent().and_then(Path::parent).filter(|prefix| conda::is_environment(prefix)) {
        return Located { python: Interpreter::in_folder(prefix), conda: Some(prefix.to_owned()), tool: None };
    }
    if program::is_shell_script(&path) { in_path(surroundings) } else { active(surroundings) }
}

/// The Python that a script gets that says no more than `python`.
fn in_path(surroundings: &Surroundings) -> Located {
    let pythons = ["python", "python3"].into_iter().filter_map(|name| program::find(name, surroundings));
    let mut pythons = pythons.filter_map(|path| Interpreter::of(&program::python(&path, surroundings)?));
    match pythons.next() {
        Some(python) => Located { python: Some(python), ..Located::default() },
        None => active(surroundings),
    }
}

/// The environment that is activated.
fn active(surroundings: &Surroundings) -> Located {
    let venv = surroundings.path("VIRTUAL_ENV").and_then(|prefix| Interpreter::in_folder(&prefix));
    let conda = surroundings.path("CONDA_PREFIX").filter(|prefix| conda::is_environment(prefix));
    let python = venv.or_else(|| Interpreter::in_folder(conda.as_deref()?));
    Located { python, conda, tool: None }
}
