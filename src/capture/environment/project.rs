//! The environments that tools keep for projects.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::pyvenv::PyVenv;
use super::surroundings::Surroundings;
use super::tool::Tool;
use crate::capture::file;

/// The largest `envs.toml` of Poetry that is read, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// The environment of a project, if it is there.
pub(super) fn environment(
    tool: Tool,
    folder: Option<&str>,
    name: Option<&str>,
    prefers_active: bool,
    surroundings: &Surroundings,
) -> Option<PathBuf> {
    let start = folder.map_or_else(|| surroundings.cwd.clone(), |folder| surroundings.cwd.join(folder));
    let is_venv = |path: &PathBuf| PyVenv::of(path).is_some();
    let active = || surroundings.path("VIRTUAL_ENV").filter(is_venv);
    let in_project = || start.ancestors().map(|dir| dir.join(".venv")).find(is_venv);
    match tool {
        Tool::Uv => {
            let named =
                surroundings.text("UV_PROJECT_ENVIRONMENT").map(|path| root(&start, "pyproject.toml").join(path));
            let has_project = start.ancestors().any(|dir| dir.join("pyproject.toml").is_file());
            if prefers_active || !has_project {
                return active().or_else(in_project);
            }
            named.filter(is_venv).or_else(in_project)
        }
        Tool::Poetry => active().or_else(in_project).or_else(|| poetry(&root(&start, "pyproject.toml"), surroundings)),
        Tool::Pipenv => active().or_else(in_project).or_else(|| pipenv(&root(&start, "Pipfile"), surroundings)),
        Tool::Pdm | Tool::Rye | Tool::Hatch => in_project().or_else(active),
        Tool::Pixi => {
            // The option may name the manifest itself.
            let name = name.unwrap_or("default");
            let is_plain = !name.starts_with('.') && !name.contains(['/', '\\']);
            let at = |dir: &Path| dir.join(".pixi/envs").join(name);
            start.ancestors().map(at).find(|path| is_plain && path.join("conda-meta").is_dir())
        }
    }
}

/// The nearest folder, from `start` upwards, that has the file; else `start`.
fn root(start: &Path, file: &str) -> PathBuf {
    start.ancestors().find(|dir| dir.join(file).is_file()).unwrap_or(start).to_owned()
}

/// Poetry's environment outside of the project: `<name>-<8 characters of the digest of the project's folder>-py3.11`. How it writes the name differs
/// between versions, the digest is enough.
fn poetry(root: &Path, surroundings: &Surroundings) -> Option<PathBuf> {
    let digest = Sha256::digest(root.canonicalize().ok()?.to_string_lossy().as_bytes());
    let mark = format!("-{}", base64_start(&digest));
    let folder = surroundings.path("POETRY_VIRTUALENVS_PATH").or_else(|| {
        let cache = surroundings.path("POETRY_CACHE_DIR").or_else(|| {
            let home = surroundings.home()?;
            let mac = home.join("Library/Caches/pypoetry");
            let usual = surroundings.path("XDG_CACHE_HOME").unwrap_or_else(|| home.join(".cache")).join("pypoetry");
            Some(if mac.is_dir() { mac } else { usual })
        })?;
        Some(cache.join("virtualenvs"))
    })?;
    // `poetry env use` notes which one it is, where there are several.
    let chosen = file::text(&folder.join("envs.toml"), LIMIT).and_then(|text| {
        let table: toml::Table = toml::from_str(&text).ok()?;
        let (_, chosen) = table.iter().find(|(name, _)| name.ends_with(&mark))?;
        Some(chosen.get("minor")?.as_str()?.to_owned())
    });
    let begin = format!("{mark}-py");
    let names = std::fs::read_dir(&folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let all: Vec<(String, String)> =
        names.filter_map(|name| Some((name.split_once(&begin)?.1.to_owned(), name))).collect();
    let (_, name) = all
        .iter()
        .find(|(version, _)| chosen.as_deref() == Some(version))
        .or_else(|| all.iter().max_by_key(|(version, _)| super::version::numbers(version)))?;
    Some(folder.join(name))
}

/// The first 8 characters of the URL-safe base64 of a digest: of its first 6 bytes.
fn base64_start(digest: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = digest.iter().take(6).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (0..8).rev().map(|at| char::from(ALPHABET[(bits >> (6 * at)) as usize & 63])).collect()
}

/// Pipenv's environment outside of the project: each one says in `.project` whose it is.
fn pipenv(root: &Path, surroundings: &Surroundings) -> Option<PathBuf> {
    let home = surroundings.home();
    let folder = surroundings.path("WORKON_HOME").or_else(|| Some(home?.join(".local/share/virtualenvs")))?;
    let root = root.canonicalize().ok()?;
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    all.sort();
    let is_its =
        |path: &PathBuf| file::text(&path.join(".project"), 4096).is_some_and(|text| Path::new(text.trim()) == root);
    all.into_iter().find(is_its)
}

#[cfg(test)]
mod tests {
    use super::{Digest, Sha256, Surroundings, Tool, base64_start, environment};

    #[test]
    fn the_digest_is_written_as_poetry_does() {
        // python3 -c 'import base64, hashlib; print(base64.urlsafe_b64encode(hashlib.sha256(b"/home/ada/x").digest())[:8])'
        assert_eq!(base64_start(&Sha256::digest(b"/home/ada/x")), "NHrouGjg");
    }

    #[test]
    fn an_environment_of_the_project_is_found_from_below() {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path().canonicalize().expect("a path");
        let write = |path: &str, text: &str| {
            let path = top.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("written");
        };
        write("p/pyproject.toml", "[project]\nname = \"P\"\n");
        write("p/.venv/pyvenv.cfg", "home = /usr/bin\n");
        write("p/sub/x", "");
        write("active/pyvenv.cfg", "home = /usr/bin\n");
        let mut here = Surroundings { cwd: top.join("p/sub"), ..Surroundings::default() };
        here.variables.insert("VIRTUAL_ENV".into(), top.join("active").into());
        here.variables.insert("HOME".into(), top.clone().into());
        let find = |tool, here: &Surroundings| environment(tool, None, None, false, here);
        assert_eq!(find(Tool::Uv, &here), Some(top.join("p/.venv")));
        assert_eq!(environment(Tool::Uv, None, None, true, &here), Some(top.join("active")));
        assert_eq!(find(Tool::Poetry, &here), Some(top.join("active")));
        here.variables.remove(std::ffi::OsStr::new("VIRTUAL_ENV"));
        assert_eq!(find(Tool::Poetry, &here), Some(top.join("p/.venv")));
        std::fs::remove_dir_all(top.join("p/.venv")).expect("removed");
        let digest = base64_start(&Sha256::digest(top.join("p").to_string_lossy().as_bytes()));
        for minor in ["3.9", "3.11"] {
            write(&format!(".cache/pypoetry/virtualenvs/p-{digest}-py{minor}/pyvenv.cfg"), "home = /usr/bin\n");
        }
        let folder = top.join(".cache/pypoetry/virtualenvs");
        assert_eq!(find(Tool::Poetry, &here), Some(folder.join(format!("p-{digest}-py3.11"))));
        write(".cache/pypoetry/virtualenvs/envs.toml", &format!("[p-{digest}]\nminor = \"3.9\"\n"));
        assert_eq!(find(Tool::Poetry, &here), Some(folder.join(format!("p-{digest}-py3.9"))));
        write("p/Pipfile", "");
        write(".local/share/virtualenvs/p-x/.project", &format!("{}\n", top.join("p").display()));
        assert_eq!(find(Tool::Pipenv, &here), Some(top.join(".local/share/virtualenvs/p-x")));
    }
}
