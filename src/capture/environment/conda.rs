//! Conda: where its environments lie, and what it recorded of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::program;
use super::surroundings::Surroundings;
use crate::capture::file;
use crate::model::text::printable;

/// The largest record that is read, in bytes. It lists the files of a package; only where the record's name does not tell, it is opened.
const LIMIT: u64 = 32 * 1024 * 1024;
/// How many packages are listed at most.
const MAX_PACKAGES: usize = 20_000;

/// Whether a folder is an environment of Conda.
pub(super) fn is_environment(prefix: &Path) -> bool {
    prefix.join("conda-meta").is_dir()
}

/// The environment that `conda run` is told to use; the active one if it is told none.
pub(super) fn environment(name: Option<&str>, prefix: Option<&str>, surroundings: &Surroundings) -> Option<PathBuf> {
    let found = match (name, prefix) {
        (_, Some(prefix)) => Some(surroundings.cwd.join(prefix)),
        (Some("base"), None) => root(surroundings),
        // A name with a separator is a path.
        (Some(name), None) if name.contains('/') => Some(surroundings.cwd.join(name)),
        (Some(name), None) => {
            let named = folders(surroundings).into_iter().map(|folder| folder.join(name));
            let known =
                listed(surroundings).into_iter().filter(|path| path.file_name().is_some_and(|last| last == name));
            named.chain(known).find(|path| is_environment(path))
        }
        (None, None) => surroundings.path("CONDA_PREFIX").or_else(|| root(surroundings)),
    };
    found.filter(|path| is_environment(path))
}

/// The folder of the base environment.
fn root(surroundings: &Surroundings) -> Option<PathBuf> {
    let of_program = |path: PathBuf| Some(path.canonicalize().ok()?.parent()?.parent()?.to_owned());
    let named = surroundings.path("MAMBA_ROOT_PREFIX").or_else(|| surroundings.path("CONDA_EXE").and_then(of_program));
    named.or_else(|| program::find("conda", surroundings).and_then(of_program))
}

/// The folders that hold environments by name.
fn folders(surroundings: &Surroundings) -> Vec<PathBuf> {
    let listed = ["CONDA_ENVS_DIRS", "CONDA_ENVS_PATH"].into_iter().filter_map(|name| surroundings.variable(name));
    let mut folders: Vec<PathBuf> = listed.flat_map(std::env::split_paths).collect();
    folders.extend(root(surroundings).map(|root| root.join("envs")));
    // Where conda, micromamba and mamba put them if nothing is said.
    let usual = [".conda/envs", "micromamba/envs", ".local/share/mamba/envs"];
    folders.extend(surroundings.home().iter().flat_map(|home| usual.map(|folder| home.join(folder))));
    folders
}

/// The environments that conda has ever made, by its own list.
fn listed(surroundings: &Surroundings) -> Vec<PathBuf> {
    let list = surroundings.home().and_then(|home| file::text(&home.join(".conda/environments.txt"), LIMIT));
    list.unwrap_or_default().lines().map(|line| PathBuf::from(line.trim())).filter(|path| path.is_absolute()).collect()
}

/// The packages of an environment by name: version and build, as in `2.0.1 py312h22e1c76_0`.
pub(super) fn packages(prefix: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(prefix.join("conda-meta")).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".json")) else { continue };
        let record = split(stem).or_else(|| recorded(&file::read(&entry.path(), LIMIT)?));
        if let Some((name, version, build)) = record
            && found.len() < MAX_PACKAGES
        {
            found.insert(printable(&name), printable(format!("{version} {build}").trim()));
        }
    }
    found
}

/// The version of the Python in an environment.
pub(super) fn python_version(prefix: &Path) -> Option<String> {
    let entries = std::fs::read_dir(prefix.join("conda-meta")).ok()?.filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut records = names.filter_map(|name| split(name.strip_suffix(".json")?));
    let (_, version, _) = records.find(|(name, ..)| name == "python")?;
    Some(version)
}

/// Name, version and build of a record's file name. Neither versions nor builds have a `-`.
fn split(stem: &str) -> Option<(String, String, String)> {
    let mut parts = stem.rsplitn(3, '-');
    let (build, version, name) = (parts.next()?, parts.next()?, parts.next()?);
    let starts_with_digit = version.starts_with(|c: char| c.is_ascii_digit());
    (starts_with_digit && !build.is_empty() && !name.is_empty()).then(|| (name.into(), version.into(), build.into()))
}

/// The same from the record itself.
fn recorded(json: &[u8]) -> Option<(String, String, String)> {
    #[derive(serde::Deserialize)]
    struct Record {
        name: String,
        version: String,
        #[serde(default)]
        build: String,
    }
    let record: Record = serde_json::from_slice(json).ok()?;
    let cut = |text: String| text.chars().take(200).collect();
    Some((cut(record.name), cut(record.version), cut(record.build)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{environment, packages, python_version, recorded, split};
    use crate::capture::environment::Surroundings;

    #[test]
    fn packages_are_told_by_the_names_of_their_records() {
        let dir = tempfile::tempdir().expect("a folder");
        let meta = dir.path().join("envs/ml/conda-meta");
        std::fs::create_dir_all(&meta).expect("a folder");
        for (name, text) in [
            ("numpy-2.0.1-py312h22e1c76_0.json", ""),
            ("python-3.12.4-h194c7f8_0_cpython.json", ""),
            ("python-dateutil-2.9.0-pyhd8ed1ab_0.json", ""),
            ("odd.json", r#"{"name":"odd","version":"1","build":"0","files":["a"]}"#),
            ("broken.json", "{"),
            ("history", ""),
        ] {
            std::fs::write(meta.join(name), text).expect("written");
        }
        let prefix = dir.path().join("envs/ml");
        let found: Vec<String> =
            packages(&prefix).into_iter().map(|(name, version)| format!("{name} {version}")).collect();
        let all = [
            "numpy 2.0.1 py312h22e1c76_0",
            "odd 1 0",
            "python 3.12.4 h194c7f8_0_cpython",
            "python-dateutil 2.9.0 pyhd8ed1ab_0",
        ];
        assert_eq!(found, all);
        assert_eq!(python_version(&prefix), Some("3.12.4".to_owned()));
        let mut here = Surroundings { cwd: dir.path().to_owned(), ..Surroundings::default() };
        here.variables.insert("MAMBA_ROOT_PREFIX".into(), dir.path().into());
        assert_eq!(environment(Some("ml"), None, &here), Some(prefix.clone()));
        assert_eq!(environment(None, Some("envs/ml"), &here), Some(prefix.clone()));
        assert_eq!(environment(Some("other"), None, &here), None);
        assert_eq!(environment(None, None, &here), None);
        here.variables.insert("CONDA_PREFIX".into(), prefix.clone().into());
        assert_eq!(environment(None, None, &here), Some(prefix));
    }

    proptest! {
        #[test]
        fn any_record_is_read(bytes in any::<Vec<u8>>(), name in any::<String>(), dashes in "[a-z0-9-]{0,16}") {
            let _ = (recorded(&bytes), split(&name), split(&dashes));
        }
    }
}
