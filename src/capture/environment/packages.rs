//! The packages in the folders of a Python, by the names of their `*.dist-info` and `*.egg-info`.
//!
//! The name of such a folder tells name and version ([recording installed packages][spec]), so that hardly any file is opened. That is fast enough to
//! need no cache, and what is read is always what is there.
//!
//! [spec]: https://packaging.python.org/en/latest/specifications/recording-installed-packages/

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::installed::{Installed, metadata, normal_name};
use super::origin::Origin;
use crate::capture::file;

/// How many packages are listed at most.
const MAX_PACKAGES: usize = 20_000;
/// How much of the metadata is read: its headers come first. Bytes.
const HEADERS: u64 = 64 * 1024;
/// The largest `direct_url.json`, `.egg-link` or `.pth` that is read, in bytes.
const LIMIT: u64 = 64 * 1024;

/// What is installed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Packages {
    /// Version by name; where leftovers of an update lie beside each other, all of them.
    pub(super) versions: BTreeMap<String, String>,
    /// Where those came from that are from no index.
    pub(super) origins: BTreeMap<String, Origin>,
}

/// Read all folders; a package of an earlier one hides that of a later one.
pub(super) fn read(folders: &[PathBuf]) -> Packages {
    let mut all = Packages::default();
    for folder in folders {
        let mut found: BTreeMap<String, (BTreeSet<String>, Option<Origin>)> = BTreeMap::new();
        for (installed, origin) in in_folder(folder) {
            let (versions, known) = found.entry(installed.name).or_default();
            versions.extend(installed.version);
            *known = known.take().or(origin);
        }
        for (name, (versions, origin)) in found {
            if all.versions.contains_key(&name) || all.versions.len() >= MAX_PACKAGES {
                continue;
            }
            let versions: Vec<String> = versions.into_iter().collect();
            all.origins.extend(origin.map(|origin| (name.clone(), origin)));
            all.versions.insert(name, versions.join(", "));
        }
    }
    all
}

fn in_folder(folder: &Path) -> Vec<(Installed, Option<Origin>)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let mut found = Vec::new();
    for name in &names {
        let path = folder.join(name);
        if let Some(mut installed) = Installed::by_name(name) {
            if installed.version.is_none() {
                installed = read_metadata(&path).unwrap_or(installed);
            }
            let is_recorded = name.ends_with(".dist-info");
            let json = is_recorded.then(|| file::read(&path.join("direct_url.json"), LIMIT)).flatten();
            found.push((installed, json.as_deref().and_then(Origin::parse)));
        } else if let Some(stem) = name.strip_suffix(".egg-link") {
            found.extend(linked(&path, stem));
        } else if let Some(stem) = name.strip_prefix("__editable__.").and_then(|name| name.strip_suffix(".pth")) {
            // Beside it lies a `.dist-info` that mostly says the same.
            let installed = Installed::by_name(&format!("{stem}.dist-info"));
            found.extend(installed.map(|installed| (installed, Some(Origin::editable(added_path(&path))))));
        }
    }
    // What `direct_url.json` says comes before what a `.pth` lets guess.
    found.sort_by_key(|(_, origin)| {
        origin.as_ref().is_some_and(|origin| *origin == Origin::editable(origin.folder.clone()))
    });
    found
}

/// The first folder that a `.pth` adds to the path. The lines that are code are not run.
fn added_path(pth: &Path) -> Option<PathBuf> {
    let text = file::text(pth, LIMIT)?;
    text.lines().map(Path::new).find(|path| path.is_absolute()).map(Path::to_owned)
}

/// A package of `setup.py develop`: the link names the folder with the code and its `.egg-info`.
fn linked(link: &Path, stem: &str) -> Option<(Installed, Option<Origin>)> {
    let text = file::text(link, LIMIT)?;
    let folder = PathBuf::from(text.lines().next()?.trim());
    let name = normal_name(stem)?;
    let metadata = folder.join(format!("{}.egg-info", stem.replace('-', "_")));
    let installed =
        read_metadata(&metadata).filter(|found| found.name == name).unwrap_or(Installed { name, version: None });
    Some((installed, Some(Origin::editable(Some(folder).filter(|folder| folder.is_absolute())))))
}

/// The metadata of a folder, or of a file that is the metadata itself.
fn read_metadata(path: &Path) -> Option<Installed> {
    let files = [path.join("METADATA"), path.join("PKG-INFO"), path.to_owned()];
    metadata(&files.iter().find_map(|path| file::head(path, HEADERS))?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::read;

    #[test]
    fn folders_are_read_in_order_and_editable_packages_are_marked() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("written");
        };
        write("a/numpy-2.0.dist-info/METADATA", "");
        write("a/left-1.0.dist-info/METADATA", "");
        write("a/left-1.1.dist-info/METADATA", "");
        write("a/old-style.egg-info/PKG-INFO", "Name: old-style\nVersion: 3\n");
        write(
            "a/vcs-1.dist-info/direct_url.json",
            r#"{"url":"https://h/x","vcs_info":{"vcs":"git","commit_id":"12"}}"#,
        );
        write("a/guessed-1.dist-info/METADATA", "");
        write("a/__editable__.guessed-1.pth", "import x\n/src/guessed\n");
        write("a/said-1.dist-info/direct_url.json", r#"{"url":"file:///src/said","dir_info":{"editable":true}}"#);
        write("a/__editable__.said-1.pth", "/src/said/inner\n");
        write("a/dev.egg-link", &format!("{}\n.\n", dir.path().join("dev").display()));
        write("dev/dev.egg-info/PKG-INFO", "Name: dev\nVersion: 0.1\n");
        write("b/numpy-1.26.dist-info/METADATA", "");
        write("b/only-1.dist-info/METADATA", "");
        let found = read(&["a", "b", "missing"].map(|name| dir.path().join(name)));
        let versions: Vec<String> = found.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let all = ["dev 0.1", "guessed 1", "left 1.0, 1.1", "numpy 2.0", "old-style 3", "only 1", "said 1", "vcs 1"];
        assert_eq!(versions, all);
        let folder = |name: &str| found.origins[name].folder.clone().expect("a folder");
        assert_eq!(folder("guessed"), Path::new("/src/guessed"));
        assert_eq!(folder("said"), Path::new("/src/said"));
        assert_eq!(folder("dev"), dir.path().join("dev"));
        assert_eq!(found.origins["vcs"].commit.as_deref(), Some("12"));
        assert_eq!(found.origins.len(), 4);
    }
}
