//! Which file a program is, and which Python runs it.

use std::path::{Path, PathBuf};

use super::command::base_name;
use super::pyenv;
use super::surroundings::Surroundings;
use crate::capture::file;

/// How much of a script is looked at for its interpreter, in bytes.
const HEAD: u64 = 1024;
/// How many scripts may name each other as interpreter.
const DEPTH: usize = 4;

/// Shells, as the first lines of scripts name them.
const SHELLS: [&str; 6] = ["bash", "dash", "fish", "ksh", "sh", "zsh"];

/// The file that a word starts: a path if it has a separator, else the first in PATH.
pub(super) fn find(word: &str, surroundings: &Surroundings) -> Option<PathBuf> {
    if word.contains('/') || (cfg!(windows) && word.contains('\\')) {
        return Some(surroundings.cwd.join(word)).filter(|path| is_executable(path));
    }
    find_all(word, surroundings).next()
}

/// Every file of this name in PATH.
pub(super) fn find_all<'a>(word: &'a str, surroundings: &'a Surroundings) -> impl Iterator<Item = PathBuf> + 'a {
    let path = surroundings.variable("PATH").unwrap_or_default();
    let names = [word.to_owned(), format!("{word}.exe")];
    let names = if cfg!(windows) { &names[..] } else { &names[..1] }.to_vec();
    std::env::split_paths(path)
        .filter(|_| !word.is_empty())
        // An empty entry is the current folder.
        .flat_map(move |dir| names.clone().into_iter().map(move |name| surroundings.cwd.join(&dir).join(name)))
        .filter(|path| is_executable(path))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Whether a file is a program of a virtual or a Conda environment: `.venv/bin/torchrun`.
pub fn is_program(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| folder.ends_with("bin") || folder.ends_with("Scripts"));
    let prefix = folder.and_then(Path::parent);
    prefix.is_some_and(|prefix| prefix.join("pyvenv.cfg").is_file() || prefix.join("conda-meta").is_dir())
}

/// The Python that a program is, or is run by: pyenv's shims are followed, then the first line of a script. `None` if it is none.
pub(super) fn python(program: &Path, surroundings: &Surroundings) -> Option<PathBuf> {
    let mut program = program.to_owned();
    for _ in 0..DEPTH {
        if let Some(root) = pyenv::root_of_shim(&program) {
            program = pyenv::resolve(&root, &program, surroundings)?;
        }
        let head = file::head(&program, HEAD)?;
        if !head.starts_with(b"#!") {
            return Some(program).filter(|program| is_python(program));
        }
        let word = interpreter(&String::from_utf8_lossy(&head))?;
        program = find(&word, surroundings)?;
    }
    None
}

/// Whether a program is the script of a shell. R is one too, and starts no Python.
pub(super) fn is_shell_script(program: &Path) -> bool {
    let head = file::head(program, HEAD).unwrap_or_default();
    is_of_shell(&String::from_utf8_lossy(&head)) && !program.ends_with("R")
}

fn is_of_shell(script: &str) -> bool {
    let first = script.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default();
    let mut names = first.split_whitespace().map(base_name).skip_while(|name| *name == "env" || name.starts_with('-'));
    names.next().is_some_and(|name| SHELLS.contains(&name))
}

/// The program that a script names in its first line, `env` and its options left out.
fn interpreter(script: &str) -> Option<String> {
    let mut lines = script.lines();
    let mut words = lines.next()?.strip_prefix("#!")?.split_whitespace();
    let first = words.next()?;
    match base_name(first) {
        "env" => words.find(|word| !word.starts_with('-') && !word.contains('=')).map(str::to_owned),
        // pip writes this where the path is too long for a first line, or has a space: '''exec' "/a path/python" "$0" "$@"
        "sh" => match lines.next()?.strip_prefix("'''exec' ")? {
            quoted if quoted.starts_with('"') => quoted[1..].split('"').next().map(str::to_owned),
            plain => plain.split(' ').next().map(str::to_owned),
        },
        _ => Some(first.to_owned()),
    }
}

/// Whether a file is named as a Python is: `python`, `python3`, `python3.12`, `python3.13t`, `pypy3`.
fn is_python(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).map(base_name).unwrap_or_default();
    let name = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
    name.is_some_and(|rest| rest.trim_end_matches('t').bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::{any, proptest};

    use super::{interpreter, is_of_shell, is_python};

    #[test]
    fn the_first_line_tells_the_interpreter() {
        let found = |text: &str| interpreter(text).unwrap_or_default();
        assert_eq!(found("#!/v/bin/python3\nimport x"), "/v/bin/python3");
        assert_eq!(found("#! /usr/bin/env python\n"), "python");
        assert_eq!(found("#!/usr/bin/env -S A=1 uv run --script\n"), "uv");
        assert_eq!(found("#!/bin/sh\n'''exec' \"/a b/bin/python\" \"$0\" \"$@\"\n' '''\n"), "/a b/bin/python");
        assert_eq!(found("#!/bin/sh\n'''exec' /long/bin/python \"$0\" \"$@\"\n"), "/long/bin/python");
        assert_eq!(found("#!/bin/sh\necho\n"), "");
        assert_eq!(found("import x"), "");
        assert!(is_of_shell("#!/bin/sh\n") && is_of_shell("#! /usr/bin/env -S bash -e\n"));
        assert!(!is_of_shell("#!/usr/bin/env Rscript\n") && !is_of_shell("sh\n") && !is_of_shell("#!\n"));
    }

    #[test]
    fn pythons_are_known_by_their_names() {
        for name in ["python", "python3", "python3.12", "python3.13t", "pypy3", "pypy3.10"] {
            assert!(is_python(Path::new(name)), "{name}");
        }
        for name in ["python-config", "pythonw-x", "ipython", "perl", ""] {
            assert!(!is_python(Path::new(name)), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_script_is_read(text in any::<String>(), quoted in "#!/bin/sh\n'''exec' [\"a-z/ ]{0,12}") {
            let _ = (is_of_shell(&format!("#!{text}")), interpreter(&text), interpreter(&format!("#!{text}")), interpreter(&quoted));
        }
    }
}
