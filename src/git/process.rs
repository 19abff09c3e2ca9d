//! The only spawner of `git`.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::error::GitError;

/// A call of `git`, in a folder, without prompts, optional locks or a translated output.
pub struct Git {
    command: Command,
    name: String,
    patience: Option<Duration>,
}

impl Git {
    /// `git <subcommand>` in `dir`.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that starts git")]
    pub fn new(dir: &Path, subcommand: &str) -> Self {
        let mut command = Command::new("git");
        command.current_dir(dir).arg(subcommand).env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        command.env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null());
        Self { command, name: subcommand.to_owned(), patience: None }
    }

    /// Add an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Add arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// Set an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Leave environment variables out.
    pub fn without(mut self, names: &[&str]) -> Self {
        for name in names {
            self.command.env_remove(name);
        }
        self
    }

    /// Let it ask on the terminal for what it must know, unless the user forbade it.
    #[expect(clippy::disallowed_methods, reason = "git's own switch")]
    pub fn may_ask(mut self) -> Self {
        match std::env::var_os("GIT_TERMINAL_PROMPT") {
            Some(value) => self.command.env("GIT_TERMINAL_PROMPT", value),
            None => self.command.env_remove("GIT_TERMINAL_PROMPT"),
        };
        self
    }

    /// Kill it if it takes longer; it then counts as failed.
    pub fn within(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Run it and return what it printed on stdout.
    ///
    /// # Errors
    /// If git is missing, or ends with an exit code other than 0; then with its stderr.
    pub fn output(self) -> Result<Vec<u8>, GitError> {
        let name = self.name.clone();
        let output = self.raw_output(None)?;
        success(&name, output)
    }

    /// As [`Self::output`], with `input` on stdin.
    ///
    /// # Errors
    /// As [`Self::output`].
    pub fn output_with_input(self, input: &[u8]) -> Result<Vec<u8>, GitError> {
        let name = self.name.clone();
        let output = self.raw_output(Some(input))?;
        success(&name, output)
    }

    /// As [`Self::output`], as text without the final newline.
    ///
    /// # Errors
    /// As [`Self::output`].
    pub fn text(self) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.output()?).trim_end_matches('\n').to_owned())
    }

    /// Start it and do not wait for it.
    pub fn leave_running(mut self) {
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        // If it does not start now, it will another time.
        let _ = self.command.spawn();
    }

    fn raw_output(mut self, input: Option<&[u8]>) -> Result<Output, GitError> {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if input.is_some() {
            self.command.stdin(Stdio::piped());
        }
        let mut child = self.command.spawn().map_err(|source| GitError::NoGit { source })?;
        let stdin = child.stdin.take();
        std::thread::scope(|scope| {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // A git that ends early closes the pipe; its exit code then says why.
                scope.spawn(move || stdin.write_all(input));
            }
            if let Some(patience) = self.patience {
                kill_after(&mut child, patience);
            }
            child.wait_with_output().map_err(|source| GitError::NoGit { source })
        })
    }
}

/// Wait until the child ends, or kill it. Its output must fit into a pipe's buffer.
fn kill_after(child: &mut Child, patience: Duration) {
    let begun = Instant::now();
    while let Ok(None) = child.try_wait() {
        if begun.elapsed() > patience {
            // It may have ended this very moment; then there is nothing to kill.
            let _ = child.kill();
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn success(name: &str, output: Output) -> Result<Vec<u8>, GitError> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let message = if message.is_empty() { output.status.to_string() } else { message };
    Err(GitError::Command { command: name.to_owned(), message })
}

/// Run a command line of `git` as a user would type it, in a folder, with this program found first in PATH. Its output goes where ours goes, or nowhere.
///
/// # Errors
/// If it cannot be started or fails, says how.
#[expect(clippy::disallowed_methods, reason = "this is the one place that starts git")]
pub fn typed_command(words: &[&str], dir: &Path, is_silent: bool) -> Result<(), String> {
    let own_dir = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(own_dir.into_iter().chain(std::env::split_paths(&path)))
        .map_err(|error| error.to_string())?;
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(dir).env("PATH", path);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    if is_silent {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("it ended with {status}")),
        Err(error) => Err(error.to_string()),
    }
}
