//! The Python that a notebook's cells run in: papermill's kernel is often another environment than papermill's own.
//! Places of kernels: <https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs>.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::command::base_name;
use super::interpreter::Interpreter;
use super::surroundings::Surroundings;
use crate::capture::file;

/// Larger notebooks are not looked into, in bytes.
const LARGEST_NOTEBOOK: u64 = 64 << 20;

/// The Python of the kernel that `papermill` starts, where its kernel names one. `own` is papermill's own.
///
/// `None` for other commands, kernels that are not found, and those that are papermill's own Python.
pub(super) fn python(surroundings: &Surroundings, own: Option<&Interpreter>) -> Option<Interpreter> {
    let at = surroundings.argv.iter().position(|word| base_name(word) == "papermill")?;
    let words = &surroundings.argv[at + 1..];
    let name = named(words).or_else(|| of_notebook(&surroundings.cwd.join(notebook(words)?)))?;
    // A name with a slash would be looked for elsewhere.
    if name.contains(['/', '\\']) || name == ".." {
        return None;
    }
    let spec = folders(surroundings, own).into_iter().find_map(|folder| {
        let bytes = file::read(&folder.join(&name).join("kernel.json"), 64 * 1024)?;
        serde_json::from_slice::<Value>(&bytes).ok()
    })?;
    let program = Path::new(spec.get("argv")?.get(0)?.as_str()?);
    // `python` alone is the one that papermill runs in.
    if program.is_absolute() { Interpreter::of(program) } else { None }
}

/// `-k NAME`, `--kernel NAME` or `--kernel=NAME`.
fn named(words: &[String]) -> Option<String> {
    let at = words.iter().position(|word| word == "-k" || word == "--kernel");
    let next = at.and_then(|at| words.get(at + 1)).cloned();
    next.or_else(|| words.iter().find_map(|word| word.strip_prefix("--kernel=")).map(str::to_owned))
}

/// The notebook that is read: the first word that is one.
fn notebook(words: &[String]) -> Option<&String> {
    words.iter().find(|word| word.ends_with(".ipynb"))
}

fn of_notebook(path: &Path) -> Option<String> {
    let notebook: Value = serde_json::from_slice(&file::read(path, LARGEST_NOTEBOOK)?).ok()?;
    notebook.get("metadata")?.get("kernelspec")?.get("name")?.as_str().map(str::to_owned)
}

/// Folders of kernels, in Jupyter's order.
fn folders(surroundings: &Surroundings, own: Option<&Interpreter>) -> Vec<PathBuf> {
    let listed = surroundings.variable("JUPYTER_PATH");
    let mut all: Vec<PathBuf> =
        listed.iter().flat_map(std::env::split_paths).map(|path| surroundings.cwd.join(path)).collect();
    let user = surroundings.path("JUPYTER_DATA_DIR").or_else(|| {
        let data = surroundings.path("XDG_DATA_HOME");
        let data = data.or_else(|| surroundings.home().map(|home| home.join(".local/share")));
        data.map(|data| data.join("jupyter"))
    });
    // Inside of an environment its own come first.
    all.extend(own.map(|own| own.prefix.join("share/jupyter")));
    all.extend(user);
    all.extend(["/usr/local/share/jupyter", "/usr/share/jupyter"].map(PathBuf::from));
    all.into_iter().map(|folder| folder.join("kernels")).collect()
}

#[cfg(test)]
mod tests {
    use super::{named, python};
    use crate::capture::environment::Surroundings;
    use std::fs;

    #[test]
    fn the_kernel_names_the_python() {
        let dir = tempfile::tempdir().expect("a folder");
        let venv = dir.path().join("venv");
        fs::create_dir_all(venv.join("bin")).expect("made");
        fs::write(venv.join("pyvenv.cfg"), "home = /usr/bin\nversion = 3.11.2\n").expect("written");
        fs::write(venv.join("bin/python"), "").expect("written");
        let kernel = dir.path().join("data/kernels/proj");
        fs::create_dir_all(&kernel).expect("made");
        let spec = serde_json::json!({"argv": [venv.join("bin/python"), "-m", "ipykernel_launcher"]});
        fs::write(kernel.join("kernel.json"), spec.to_string()).expect("written");
        fs::write(dir.path().join("a.ipynb"), r#"{"metadata": {"kernelspec": {"name": "proj"}}}"#).expect("written");
        let words = |line: &str| line.split(' ').map(str::to_owned).collect();
        let mut surroundings = Surroundings { cwd: dir.path().into(), ..Surroundings::default() };
        surroundings.variables.insert("JUPYTER_DATA_DIR".into(), dir.path().join("data").into());
        for line in [
            "/opt/bin/papermill a.ipynb b.ipynb",
            "papermill x.ipynb b.ipynb -k proj",
            "python -m papermill --kernel=proj x y",
        ] {
            surroundings.argv = words(line);
            let found = python(&surroundings, None);
            assert_eq!(found.map(|found| found.prefix), Some(venv.clone()), "{line}");
        }
        for line in [
            "python a.ipynb",
            "papermill x.ipynb y.ipynb",
            "papermill a.ipynb b -k ../proj",
            "papermill a.ipynb b -k none",
        ] {
            surroundings.argv = words(line);
            assert!(python(&surroundings, None).is_none(), "{line}");
        }
        assert_eq!(named(&words("-k")), None);
    }
}
