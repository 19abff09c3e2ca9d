//! A repository to try things in: everything that could leak in from outside is fixed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A temporary repository and the way to run `git` and `git-xp` in it.
pub struct TestRepo {
    dir: tempfile::TempDir,
    /// The work tree.
    pub path: PathBuf,
}

/// What a command did.
#[derive(Debug, Clone)]
pub struct Output {
    /// The exit code; 128 + n for a signal.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Output {
    /// Assert success; returns stdout.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stdout
    }

    /// Assert an exit code; returns stderr.
    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stderr
    }

    /// stdout as JSON.
    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl TestRepo {
    /// A repository with one commit on `main`: a `train.sh` that logs `val_acc` from its seed and learning rate.
    pub fn new() -> Self {
        let repo = Self::empty();
        repo.write("train.sh", TRAIN);
        repo.commit("Start");
        repo
    }

    /// A repository without a commit.
    pub fn empty() -> Self {
        Self::init(&["--initial-branch=main"])
    }

    /// `git init` with options, in a folder `repo` of a new temporary folder.
    pub fn init(options: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("repo");
        std::fs::create_dir(&path).expect("a folder");
        let repo = Self { dir, path };
        repo.git(&[&["init", "--quiet"], options].concat());
        repo
    }

    /// A folder outside the repository that lives as long.
    pub fn outside(&self) -> &Path {
        self.dir.path()
    }

    /// Run git; it must succeed. Returns stdout without the last newline.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        self.output(self.command("git").args(args)).ok().trim_end_matches('\n').to_owned()
    }

    /// Run git, whatever comes of it.
    pub fn try_git(&self, args: &[&str]) -> Output {
        self.output(self.command("git").args(args))
    }

    /// Run git-xp.
    pub fn xp(&self, args: &[&str]) -> Output {
        self.output(self.command(env!("CARGO_BIN_EXE_git-xp")).args(args))
    }

    /// Run a line of bash with git-xp in PATH.
    pub fn sh(&self, line: &str) -> Output {
        self.output(self.command("bash").args(["-c", line]))
    }

    /// A command in the work tree, with a fixed environment.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let own = Path::new(env!("CARGO_BIN_EXE_git-xp")).parent().expect("a folder").to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).expect("a PATH");
        command.current_dir(&self.path).env_clear().env("PATH", path);
        command
            .env("HOME", self.dir.path())
            .env("XDG_CONFIG_HOME", self.dir.path())
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.org");
        }
        command.stdin(Stdio::null());
        command
    }

    /// Run a command to its end.
    pub fn output(&self, command: &mut Command) -> Output {
        let output = command.output().expect("it starts");
        Output {
            code: exit_code(output.status),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Write a file of the work tree.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    /// Commit everything; returns the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Record one run of `train.sh`.
    #[track_caller]
    pub fn train(&self, seed: i64, lr: &str) {
        let (seed, lr) = (seed.to_string(), format!("lr={lr}"));
        self.xp(&["run", "--seed", &seed, "-p", &lr, "--", "sh", "train.sh", "{lr}", "{seed}"]).ok();
    }

    /// All run facts in the ledgers, by time, as git and JSON say, without git-xp.
    pub fn facts(&self, kind: &str) -> Vec<serde_json::Value> {
        let mut facts: Vec<serde_json::Value> = Vec::new();
        for ledger in self.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]).lines() {
            for path in self.git(&["ls-tree", "-r", "--name-only", ledger, "facts/"]).lines() {
                let text = self.git(&["cat-file", "blob", &format!("{ledger}:{path}")]);
                facts.push(serde_json::from_str(&text).expect("a fact is JSON"));
            }
        }
        facts.retain(|fact| fact["kind"] == kind);
        facts.sort_by_key(|fact| fact["time"].as_str().expect("a time").to_owned());
        facts
    }

    /// `git fsck` and `git xp fsck` find nothing.
    #[track_caller]
    pub fn is_sound(&self) {
        self.git(&["fsck", "--strict", "--no-dangling"]);
        let found = self.xp(&["fsck"]);
        assert_eq!(found.code, 0, "{}{}", found.stdout, found.stderr);
    }
}

/// `val_acc` depends on seed and learning rate.
pub const TRAIN: &str = r#"lr=$1 seed=$2
for step in 1 2 3; do
  echo "{\"metric\":\"val_acc\",\"value\":0.8$seed$step,\"step\":$step}" >> "$GIT_XP_JOURNAL"
done
echo "{\"metric\":\"loss\",\"value\":$lr}" >> "$GIT_XP_JOURNAL"
echo "trained with $lr"
"#;

/// The exit code as a shell gives it.
pub fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// Something that a test needs beside Rust and git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A Python with the packages of `tests/requirements.txt`: `GIT_XP_TEST_PYTHON`.
    Python,
    /// A program in PATH.
    Program(&'static str),
    /// A git-lfs that is newer than Debian's: `GIT_XP_TEST_GIT_LFS`.
    NewGitLfs,
    /// The Azure server of `npm`: `GIT_XP_TEST_AZURITE`, or one of PATH.
    Azurite,
    /// The right to mount and to change owners.
    Root,
    /// A folder with the git of Debian 12, 2.39: `GIT_XP_TEST_OLD_GIT`, or one of PATH.
    OldGit,
}

/// Where a part is. Where it is missing the test leaves itself out, loudly; with `GIT_XP_TEST_COMPLETE=1` (`tests/all.sh`) that is a failure.
#[track_caller]
pub fn need(part: Part) -> Option<String> {
    let found = match part {
        Part::Python => std::env::var("GIT_XP_TEST_PYTHON").ok(),
        Part::NewGitLfs => std::env::var("GIT_XP_TEST_GIT_LFS").ok(),
        Part::Program(name) => program(name),
        Part::Azurite => std::env::var("GIT_XP_TEST_AZURITE").ok().or_else(|| program("azurite-blob")),
        Part::Root => rustix_is_root().then(String::new),
        Part::OldGit => old_git(),
    };
    if found.is_none() {
        let complete = std::env::var("GIT_XP_TEST_COMPLETE").is_ok_and(|value| value == "1");
        let at = std::panic::Location::caller();
        assert!(!complete, "{at}: {part:?} is missing");
        // Not through the test harness, which would hide it.
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "LEFT OUT: {at}: needs {part:?}; ./tests/all.sh installs it");
    }
    found
}

/// Where a program of PATH is.
fn program(name: &str) -> Option<String> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file());
    found.map(|path| path.display().to_string())
}

/// A folder where `git` is of version 2.39.
fn old_git() -> Option<String> {
    let named = std::env::var_os("GIT_XP_TEST_OLD_GIT").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_old = |folder: &PathBuf| {
        let version = Command::new(folder.join("git")).arg("--version").output();
        version.is_ok_and(|output| output.stdout.starts_with(b"git version 2.39."))
    };
    named.into_iter().chain(std::env::split_paths(&path)).find(is_old).map(|folder| folder.display().to_string())
}

fn rustix_is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}
