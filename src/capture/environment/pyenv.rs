//! pyenv: which version a shim stands for.

use std::path::{Path, PathBuf};

use super::surroundings::Surroundings;
use super::{program, version};
use crate::capture::file;

/// The largest `.python-version` that is read, in bytes.
const LIMIT: u64 = 64 * 1024;

/// The root of pyenv if a program is one of its shims.
pub(super) fn root_of_shim(program: &Path) -> Option<PathBuf> {
    let shims = program.parent()?;
    let root = shims.parent().filter(|root| shims.ends_with("shims") && root.join("versions").is_dir())?;
    Some(root.to_owned())
}

/// The program that a shim starts. As pyenv does: `PYENV_VERSION`, then `.python-version` here or above, then the global version.
pub(super) fn resolve(root: &Path, shim: &Path, surroundings: &Surroundings) -> Option<PathBuf> {
    let name = shim.file_name()?;
    for wanted in wanted(root, surroundings) {
        if wanted == "system" {
            let name = name.to_str()?;
            return program::find_all(name, surroundings).find(|path| root_of_shim(path).is_none());
        }
        let found = installed(&root.join("versions"), &wanted).map(|dir| dir.join("bin").join(name));
        if let Some(found) = found.filter(|path| path.is_file()) {
            return Some(found);
        }
    }
    None
}

fn wanted(root: &Path, surroundings: &Surroundings) -> Vec<String> {
    if let Some(text) = surroundings.text("PYENV_VERSION") {
        return text.split(':').map(str::to_owned).collect();
    }
    let local = surroundings.ancestors().map(|dir| dir.join(".python-version"));
    let text = local.chain([root.join("version")]).find_map(|path| file::text(&path, LIMIT));
    let found = text.as_deref().map(parse).unwrap_or_default();
    if found.is_empty() { vec!["system".to_owned()] } else { found }
}

/// The versions that `.python-version` lists, in order.
fn parse(text: &str) -> Vec<String> {
    let words = text.lines().map(|line| line.split('#').next().unwrap_or_default()).flat_map(str::split_whitespace);
    words
        .map(|word| word.strip_prefix("python-").unwrap_or(word))
        .filter(|word| is_name(word))
        .map(str::to_owned)
        .collect()
}

/// Whether it names a folder, and none further away.
fn is_name(word: &str) -> bool {
    !word.starts_with('.') && !word.contains(['/', '\\', ':', '\0'])
}

/// The folder of a version; of a shortened one (`3.11`) the newest that begins so.
fn installed(versions: &Path, wanted: &str) -> Option<PathBuf> {
    let exact = versions.join(wanted);
    if exact.is_dir() {
        return Some(exact);
    }
    let begin = format!("{wanted}.");
    let names = std::fs::read_dir(versions).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let newest = names.filter(|name| name.starts_with(&begin)).max_by_key(|name| version::numbers(name))?;
    Some(versions.join(newest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Surroundings, parse, resolve, root_of_shim};

    #[test]
    fn a_shim_stands_for_the_version_that_is_chosen() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("pyenv");
        for version in ["3.9.2", "3.11.7", "3.11.10"] {
            let bin = root.join("versions").join(version).join("bin");
            std::fs::create_dir_all(&bin).expect("a folder");
            std::fs::write(bin.join("python"), "").expect("written");
        }
        std::fs::write(root.join("version"), "3.9.2\n").expect("written");
        let shim = root.join("shims/python");
        assert_eq!(root_of_shim(&shim), Some(root.clone()));
        let mut here = Surroundings { cwd: dir.path().join("a/b"), ..Surroundings::default() };
        std::fs::create_dir_all(&here.cwd).expect("a folder");
        let found = |here: &Surroundings| {
            let path = resolve(&root, &shim, here).expect("found");
            path.strip_prefix(root.join("versions")).expect("inside").display().to_string()
        };
        assert_eq!(found(&here), "3.9.2/bin/python");
        std::fs::write(dir.path().join("a/.python-version"), "3.12 # not there\n3.11\n").expect("written");
        assert_eq!(found(&here), "3.11.10/bin/python");
        here.variables.insert("PYENV_VERSION".into(), "3.11.7".into());
        assert_eq!(found(&here), "3.11.7/bin/python");
    }

    proptest! {
        #[test]
        fn no_version_leaves_the_folder(text in any::<String>(), paths in "[./a\\\\\n]{0,20}") {
            for name in parse(&text).into_iter().chain(parse(&paths)) {
                assert!(!name.contains(['/', '\\']) && name != ".." && name != "." && !name.is_empty());
            }
        }
    }
}
