//! `env.toml`: what a command runs in, read from files and checked against what the interpreters say themselves.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Part, TestRepo, need};

/// A backend that builds without any package: pip needs no network.
const BACKEND: &str = r#"
import zipfile
def _wheel(folder, files):
    name = "{name}-{version}-py3-none-any.whl"
    meta = "{name}-{version}.dist-info/"
    with zipfile.ZipFile(folder + "/" + name, "w") as out:
        for path, text in files.items():
            out.writestr(path, text)
        out.writestr(meta + "METADATA", "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        out.writestr(meta + "WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        out.writestr(meta + "RECORD", "")
    return name
def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _wheel(folder, {"{name}.py": open("{name}.py").read()})
def build_editable(folder, config_settings=None, metadata_directory=None):
    import os
    return _wheel(folder, {"{name}.pth": os.getcwd() + "\n"})
"#;

/// Asks a Python what it is and has.
const ASK: &str = r#"
import importlib.metadata, json, platform, re, sys
found = {}
for dist in importlib.metadata.distributions():
    name = re.sub("[-_.]+", "-", dist.metadata["Name"] or "").lower()
    found.setdefault(name, dist.version)
print(json.dumps({"version": platform.python_version(), "prefix": sys.prefix, "packages": found}))
"#;

/// A package `name` in a repository of its own beside the repository.
fn source(repo: &TestRepo, name: &str, version: &str) -> PathBuf {
    let dir = repo.outside().join(name);
    std::fs::create_dir_all(&dir).expect("a folder");
    let write = |file: &str, text: &str| std::fs::write(dir.join(file), text).expect("written");
    write(&format!("{name}.py"), "x = 1\n");
    write("backend.py", &BACKEND.replace("{name}", name).replace("{version}", version));
    let project = format!("[project]\nname = \"{name}\"\nversion = \"{version}\"\n");
    let build = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n";
    write("pyproject.toml", &format!("{build}{project}"));
    git_in(repo, &dir, &["init", "--quiet", "--initial-branch=main"]);
    git_in(repo, &dir, &["add", "--all"]);
    git_in(repo, &dir, &["commit", "--quiet", "-m", "Start"]);
    dir
}

fn git_in(repo: &TestRepo, dir: &Path, args: &[&str]) -> String {
    repo.output(repo.command("git").args(args).current_dir(dir)).ok().trim().to_owned()
}

/// A repository with a real virtual environment `.venv`, ignored.
fn with_venv() -> Option<TestRepo> {
    let python = need(Part::Program("python3"))?;
    let repo = TestRepo::new();
    repo.write(".gitignore", ".venv/\n");
    repo.commit("Ignore the environment");
    repo.output(repo.command(&python).args(["-m", "venv", ".venv"])).ok();
    Some(repo)
}

fn pip(repo: &TestRepo, args: &[&str]) {
    let mut command = repo.command(".venv/bin/python");
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]).args(args);
    repo.output(&mut command).ok();
}

/// `env.toml` of a run of a command, and its digest.
#[track_caller]
fn environment(repo: &TestRepo, set: &[(&str, &str)], command: &[&str]) -> (toml::Table, String) {
    let mut xp = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    xp.args(["run", "--again", "--seed", "1", "--"]).args(command).envs(set.iter().copied());
    repo.output(&mut xp).ok();
    let text = repo.xp(&["show", "last", "--file", "env.toml"]).ok();
    let digest = repo.facts("run").last().expect("a run")["environment"].as_str().expect("a digest").to_owned();
    (toml::from_str(&text).expect("TOML"), digest)
}

/// Checks the version and every package against what the interpreter itself says.
#[track_caller]
fn agrees(found: &toml::Table, repo: &TestRepo, command: &[&str]) {
    let said = repo.output(repo.command(command[0]).args(&command[1..]).args(["-c", ASK])).json();
    assert_eq!(found["python"]["version"].as_str(), said["version"].as_str(), "{found}");
    let said = said["packages"].as_object().expect("packages");
    let empty = toml::Table::new();
    let packages = found.get("packages").map_or(&empty, |packages| packages.as_table().expect("a table"));
    assert_eq!(packages.keys().collect::<Vec<_>>(), sorted(said.keys()), "{command:?}");
    for (name, version) in said {
        let found = packages[name].as_str().expect("a version");
        // Where two versions lie beside each other, both are named.
        assert!(found.split(", ").any(|found| found == version), "{name}: {found} and {version}");
    }
}

fn sorted<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let mut names: Vec<&String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_venv_is_described_as_its_python_describes_itself() {
    let Some(repo) = with_venv() else { return };
    let local = source(&repo, "local_lib", "0.1");
    let vcs = source(&repo, "vcs_lib", "2.0");
    let commit = git_in(&repo, &vcs, &["rev-parse", "HEAD"]);
    pip(&repo, &["-e", local.to_str().expect("text")]);
    pip(&repo, &[&format!("git+file://{}@main", vcs.display())]);
    let (found, digest) = environment(&repo, &[], &[".venv/bin/python", "-c", "import local_lib, vcs_lib"]);
    agrees(&found, &repo, &[".venv/bin/python"]);
    assert_eq!(found["python"]["prefix"].as_str(), Some(".venv"));
    assert_eq!(found["python"]["kind"].as_str(), Some("venv"));
    assert_eq!(found["packages"]["local-lib"].as_str(), Some("0.1"));
    let sources = found["sources"].as_table().expect("sources");
    let mine = &sources["vcs-lib"];
    assert_eq!((mine["commit"].as_str(), mine["requested"].as_str()), (Some(commit.as_str()), Some("main")));
    let mine = &sources["local-lib"];
    let head = git_in(&repo, &local, &["rev-parse", "HEAD"]);
    assert_eq!((mine["commit"].as_str(), mine["dirty"].as_bool()), (Some(head.as_str()), Some(false)));
    assert_eq!(sources.len(), 2);

    // The same environment is the same text, whatever the seed; the console scripts and an activated shell lead to it too.
    assert_eq!(environment(&repo, &[], &[".venv/bin/python", "-c", "pass"]).1, digest);
    for command in [&[".venv/bin/pip", "--version"][..], &["env", "A=1", ".venv/bin/python3", "-V"]] {
        assert_eq!(environment(&repo, &[], command).1, digest, "{command:?}");
    }
    let path = format!("{}:/usr/bin:/bin", repo.path.join(".venv/bin").display());
    let active = environment(&repo, &[("PATH", &path)], &["sh", "-c", "python -V"]);
    assert_eq!(active.1, digest, "{}", active.0);

    // What changes without a new version is seen.
    std::fs::write(local.join("local_lib.py"), "x = 2\n").expect("written");
    let (found, _) = environment(&repo, &[], &[".venv/bin/python", "-c", "pass"]);
    assert_eq!(found["sources"]["local-lib"]["dirty"].as_bool(), Some(true));
    std::fs::write(vcs.join("vcs_lib.py"), "x = 2\n").expect("written");
    git_in(&repo, &vcs, &["commit", "--quiet", "-am", "More"]);
    pip(&repo, &["--force-reinstall", &format!("git+file://{}@main", vcs.display())]);
    let (found, _) = environment(&repo, &[], &[".venv/bin/python", "-c", "pass"]);
    assert_ne!(found["sources"]["vcs-lib"]["commit"].as_str(), Some(commit.as_str()));
    assert_eq!(found["packages"]["vcs-lib"].as_str(), Some("2.0"));
}

#[test]
fn the_environment_is_compared_package_by_package() {
    let Some(repo) = with_venv() else { return };
    let lib = source(&repo, "some_lib", "1.0");
    let run = ["run", "--again", "--seed", "1", "--", ".venv/bin/python", "-c", "pass"];
    repo.xp(&run).ok();
    pip(&repo, &["-e", lib.to_str().expect("text")]);
    repo.xp(&run).ok();
    std::fs::write(lib.join("some_lib.py"), "x = 2\n").expect("written");
    repo.xp(&run).ok();
    let text = repo.xp(&["diff", "last~2", "last~1", "--only", "env"]).ok();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert!(lines.contains(&"packages") && lines.contains(&"some-lib  added 1.0"), "{text}");
    assert!(lines.contains(&"sources") && lines.iter().any(|line| line.starts_with("some-lib.commit")), "{text}");
    let json = repo.xp(&["diff", "last~1", "last", "--only", "env", "--json"]).json();
    assert_eq!(json["environment"]["sources"]["some-lib.dirty"], serde_json::json!({"a": false, "b": true}));
    let shown = repo.xp(&["show", "last"]).ok();
    assert!(shown.contains(", Python 3.") && shown.contains(" packages"), "{shown}");
}

#[test]
fn every_python_here_is_described_as_it_describes_itself() {
    let repo = TestRepo::new();
    let mut looked_at = 0;
    for python in ["python3", "/usr/bin/python3", "/usr/local/bin/python3"] {
        if repo.sh(&format!("{python} -c 'import importlib.metadata'")).code == 0 {
            let (found, _) = environment(&repo, &[], &[python, "-c", "pass"]);
            let version = found["python"]["version"].as_str().expect("a version").to_owned();
            if version.matches('.').count() == 2 {
                agrees(&found, &repo, &[python]);
            }
            looked_at += 1;
        }
    }
    assert!(looked_at > 0 || need(Part::Program("python3")).is_none());
}

#[test]
fn packages_of_the_system_are_seen_where_the_venv_sees_them() {
    let Some(python) = need(Part::Program("python3")) else { return };
    let repo = TestRepo::new();
    repo.write(".gitignore", ".venv/\n");
    repo.commit("Ignore");
    repo.output(repo.command(&python).args(["-m", "venv", "--without-pip", "--system-site-packages", ".venv"])).ok();
    let (found, _) = environment(&repo, &[], &[".venv/bin/python", "-c", "pass"]);
    agrees(&found, &repo, &[".venv/bin/python"]);
    assert_eq!(found["python"]["system_site_packages"].as_bool(), Some(true));
}

#[test]
fn uv_run_uses_the_environment_of_the_project() {
    let Some(python) = need(Part::Python) else { return };
    let uv = Path::new(&python).with_file_name("uv");
    assert!(uv.is_file(), "tests/requirements.txt installs uv");
    let repo = TestRepo::new();
    repo.write("pyproject.toml", "[project]\nname = \"p\"\nversion = \"1\"\nrequires-python = \">=3.9\"\n");
    repo.write(".gitignore", ".venv/\nuv.lock\n");
    repo.write("sub/a.py", "");
    repo.commit("Project");
    let uv = uv.to_str().expect("text");
    repo.output(repo.command(uv).args(["venv", "--quiet", "--offline", "--python", &python, ".venv"])).ok();
    let cache = repo.outside().join("uv-cache");
    let set = [("UV_OFFLINE", "1"), ("UV_CACHE_DIR", cache.to_str().expect("text"))];
    let (found, _) = environment(&repo, &set, &[uv, "run", "--quiet", "--directory", "sub", "python", "a.py"]);
    assert_eq!((found["python"]["prefix"].as_str(), found["python"]["run_by"].as_str()), (Some(".venv"), Some("uv")));
    assert!(found["python"]["made_by"].as_str().expect("a maker").starts_with("uv "), "{found}");
    agrees(&found, &repo, &[".venv/bin/python"]);
}

/// The first `uv run` in a clone makes the environment that it then uses.
#[test]
fn an_environment_that_a_tool_makes_first_is_described() {
    let Some(python) = need(Part::Python) else { return };
    let uv = Path::new(&python).with_file_name("uv");
    let repo = TestRepo::new();
    repo.write("pyproject.toml", "[project]\nname = \"p\"\nversion = \"1\"\nrequires-python = \">=3.9\"\n");
    repo.write(".gitignore", ".venv/\nuv.lock\n");
    repo.commit("Project");
    let cache = repo.outside().join("uv-cache");
    let set = [("UV_OFFLINE", "1"), ("UV_CACHE_DIR", cache.to_str().expect("text")), ("UV_PYTHON", python.as_str())];
    let (found, _) = environment(&repo, &set, &[uv.to_str().expect("text"), "run", "--quiet", "python", "-c", "1"]);
    assert_eq!((found["python"]["prefix"].as_str(), found["python"]["run_by"].as_str()), (Some(".venv"), Some("uv")));
    agrees(&found, &repo, &[".venv/bin/python"]);
    repo.is_sound();
}

#[test]
fn a_tool_whose_environment_is_not_found_is_named() {
    let repo = TestRepo::new();
    let path = fake(&repo, "conda", "exit 0");
    let output = repo.output(
        repo.command(env!("CARGO_BIN_EXE_git-xp"))
            .args(["run", "--seeds", "1..2", "--", "conda", "run", "-n", "x", "python"])
            .env("PATH", path),
    );
    let said =
        output.stderr.matches("conda ran the command in an environment of its own that git-xp does not find").count();
    assert_eq!(said, 1, "{}", output.stderr);
}

/// A program in a folder that comes first in PATH.
fn fake(repo: &TestRepo, name: &str, script: &str) -> String {
    let dir = repo.outside().join("bin");
    std::fs::create_dir_all(&dir).expect("a folder");
    std::fs::write(dir.join(name), format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(dir.join(name), std::fs::Permissions::from_mode(0o755)).expect("allowed");
    format!("{}:{}", dir.display(), std::env::var("PATH").expect("a PATH"))
}

#[test]
fn conda_run_uses_the_environment_that_it_names() {
    let repo = TestRepo::new();
    let prefix = repo.outside().join("conda/envs/ml");
    for (path, text) in [
        ("bin/python3.12", ""),
        ("conda-meta/python-3.12.4-h194c7f8_0_cpython.json", "{}"),
        ("conda-meta/numpy-2.0.1-py312h22e1c76_0.json", "{}"),
        ("conda-meta/openblas-0.3.27-h0_0.json", "{}"),
        ("lib/python3.12/site-packages/numpy-2.0.1.dist-info/METADATA", ""),
    ] {
        let path = prefix.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }
    std::os::unix::fs::symlink("python3.12", prefix.join("bin/python")).expect("linked");
    let path = fake(&repo, "conda", "exit 0");
    let root = repo.outside().join("conda");
    let set = [("PATH", path.as_str()), ("MAMBA_ROOT_PREFIX", root.to_str().expect("text"))];
    let (found, _) = environment(&repo, &set, &["conda", "run", "-n", "ml", "python", "train.py"]);
    let python = &found["python"];
    assert_eq!((python["kind"].as_str(), python["version"].as_str()), (Some("conda"), Some("3.12.4")));
    assert_eq!(python["prefix"].as_str(), Some("~/conda/envs/ml"));
    assert_eq!(found["packages"]["numpy"].as_str(), Some("2.0.1"));
    assert_eq!(found["conda"]["openblas"].as_str(), Some("0.3.27 h0_0"));
    assert_eq!(found["conda"].as_table().expect("packages").len(), 3);
}

#[test]
fn gpus_are_asked_for_once_and_a_failing_tool_stops_nothing() {
    let repo = TestRepo::new();
    let path = fake(&repo, "nvidia-smi", "echo asked >> ../asked; echo 'NVIDIA A100-SXM4-80GB, 81920, 550.54.15'");
    let set = [("PATH", path.as_str()), ("CUDA_VISIBLE_DEVICES", "0"), ("NOT_LISTED", "1")];
    let first = environment(&repo, &set, &["true"]);
    let hardware = &first.0["hardware"];
    assert_eq!(hardware["gpu_driver"].as_str(), Some("nvidia 550.54.15"));
    assert_eq!(hardware["gpus"]["0"]["name"].as_str(), Some("NVIDIA A100-SXM4-80GB"));
    assert_eq!(hardware["gpus"]["0"]["memory_gib"].as_float(), Some(80.0));
    assert_eq!(environment(&repo, &set, &["true"]).1, first.1);
    let asked = || std::fs::read_to_string(repo.outside().join("asked")).expect("asked");
    assert_eq!(asked(), "asked\n");
    assert_eq!(first.0["variables"].as_table().expect("variables").len(), 1, "{}", first.0);
    fake(&repo, "nvidia-smi", "echo 'NVIDIA-SMI has failed'; exit 9");
    // What a repository brings along is not started.
    repo.write("nvidia-smi", "#!/bin/sh\ntouch ../was-run\n");
    repo.sh("chmod +x nvidia-smi && git add -A && git commit -qm Tool").ok();
    let (found, _) = environment(&repo, &[("PATH", &format!(".::{path}"))], &["true"]);
    assert!(found["system"].is_table() && !repo.outside().join("was-run").exists());
    // Nor from another work tree of it.
    repo.git(&["worktree", "add", "--quiet", "../linked"]);
    let mut xp = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    xp.args(["run", "--seed", "7", "--", "true"]);
    let elsewhere = format!("{}:{path}", repo.path.display());
    repo.output(xp.current_dir(repo.outside().join("linked")).env("PATH", elsewhere)).ok();
    assert!(!repo.outside().join("was-run").exists());
    let (found, _) = environment(&repo, &set, &["true"]);
    assert!(!found.contains_key("hardware") || found["hardware"].get("gpus").is_none(), "{found}");
}

#[test]
fn lock_files_of_the_folder_of_the_command_are_named_too() {
    let repo = TestRepo::new();
    for path in ["requirements-dev.txt", "a/uv.lock", "a/b/pnpm-lock.yaml", "a/c/yarn.lock", "a/b/train.sh"] {
        repo.write(path, "x\n");
    }
    repo.commit("Locks");
    let mut xp = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    xp.current_dir(repo.path.join("a/b")).args(["run", "--seed", "1", "--", "true"]);
    repo.output(&mut xp).ok();
    let locks = &repo.facts("run")[0]["locks"];
    let names: Vec<&String> = locks.as_object().expect("locks").keys().collect();
    assert_eq!(names, ["a/b/pnpm-lock.yaml", "a/uv.lock", "requirements-dev.txt"]);
    assert_eq!(locks["a/uv.lock"], Value::from(repo.git(&["rev-parse", "HEAD:a/uv.lock"])));
}

#[test]
fn patterns_add_variables_and_none_is_so_wide_that_it_takes_all() {
    let repo = TestRepo::new();
    repo.write(".xp.toml", "[run]\nenvironment = [\"MY_*\"]\n");
    repo.commit("Settings");
    let set = [("MY_FLAG", "1"), ("MY_OTHER", "2"), ("SECRET", "3")];
    let (found, _) = environment(&repo, &set, &["true"]);
    assert_eq!(found["variables"].to_string(), "{ MY_FLAG = \"1\", MY_OTHER = \"2\" }");
    for wide in ["*", "A*", "*_TOKEN", "MY_*_X"] {
        repo.write(".xp.toml", &format!("[run]\nenvironment = [\"{wide}\"]\n"));
        let error = repo.xp(&["status"]).fails(128);
        assert!(error.contains(".xp.toml:2:") && error.contains("CUDA_VISIBLE_DEVICES"), "{error}");
    }
}

#[test]
fn a_manual_run_has_its_environment_too() {
    let repo = TestRepo::new();
    repo.xp(&["log-metric", "a", "1"]).ok();
    repo.xp(&["finish"]).ok();
    let text = repo.xp(&["show", "last", "--file", "env.toml"]).ok();
    let found: toml::Table = toml::from_str(&text).expect("TOML");
    assert_eq!(found["system"]["os"].as_str(), Some(std::env::consts::OS));
    if repo.sh("python3 -c pass || python -c pass").code == 0 {
        assert!(found["python"]["version"].as_str().is_some(), "{text}");
    }
}

#[test]
fn the_documentation_names_every_variable_and_shows_a_file_that_can_be_read() {
    let read =
        |path: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a document");
    let capture = read("docs/capture.md");
    for variable in git_xp::capture::environment::VARIABLES {
        assert!(capture.contains(&format!("`{variable}`")), "docs/capture.md lacks {variable}");
    }
    let format = read("docs/format.md");
    let example = format.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let table: toml::Table = toml::from_str(example).expect("TOML");
    let names: Vec<&String> = table.keys().collect();
    let all = ["system", "hardware", "container", "python", "packages", "sources", "conda", "locks", "variables"];
    assert_eq!(names, all);
}

#[cfg(target_os = "linux")]
#[test]
fn what_strangers_left_in_an_environment_neither_blocks_nor_breaks_a_run() {
    let repo = TestRepo::new();
    repo.write(".gitignore", "env/\n");
    repo.write("env/pyvenv.cfg", "home = ../../../..\nversion = \u{1b}[31m\nuv = \u{202e}x\n");
    let python = repo.outside().join("python3.11");
    std::fs::write(&python, "").expect("written");
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).expect("allowed");
    repo.write("env/bin/activate", "");
    std::os::unix::fs::symlink(&python, repo.path.join("env/bin/python")).expect("linked");
    repo.write("env/lib/python3.11/site-packages/ok-1.dist-info/METADATA", "");
    let packages = repo.path.join("env/lib/python3.11/site-packages");
    let at = |name: &str| packages.join(format!("{name}.dist-info"));
    for name in ["pipe-1", "large-1", "deep-1", "away-1"] {
        std::fs::create_dir(at(name)).expect("a folder");
    }
    repo.output(repo.command("mkfifo").arg(at("pipe-1").join("direct_url.json"))).ok();
    std::fs::write(at("large-1").join("direct_url.json"), " ".repeat(1 << 20)).expect("written");
    std::fs::write(at("deep-1").join("direct_url.json"), "[".repeat(60_000)).expect("written");
    let away = r#"{"url":"file:///../../etc/%00","dir_info":{"editable":true}}"#;
    std::fs::write(at("away-1").join("direct_url.json"), away).expect("written");
    std::fs::create_dir(packages.join("\u{202e}x-1.dist-info")).expect("a folder");
    repo.commit("Ignore");
    // An empty file cannot be started, which is a run that failed.
    repo.xp(&["run", "--seed", "1", "--", "env/bin/python"]).fails(126);
    let text = repo.xp(&["show", "last", "--file", "env.toml"]).ok();
    let found: toml::Table = toml::from_str(&text).expect("TOML");
    let names: Vec<&String> = found["packages"].as_table().expect("packages").keys().collect();
    assert_eq!(names, ["away", "deep", "large", "ok", "pipe"]);
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
}
