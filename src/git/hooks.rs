//! The user's own hook `xp-pre-run`, from git's hooks path. Hooks are never cloned, so nobody else's command is run.

use std::process::{Command, Stdio};

use super::repo::Repo;

/// Run the hook, if there is one: with the command as its arguments, and the seed as `GIT_XP_SEED`.
///
/// # Errors
/// If it refuses, with its exit code.
#[expect(clippy::disallowed_methods, reason = "a git hook is started here, as git does")]
pub fn pre_run(repo: &Repo, command: &[String], seed: Option<i64>) -> Result<(), String> {
    let dir = match repo.config("core.hooksPath") {
        Some(path) => repo.any_dir().join(path),
        None => repo.common_dir().join("hooks"),
    };
    let hook = dir.join("xp-pre-run");
    if !is_executable(&hook) {
        return Ok(());
    }
    let mut started = Command::new(&hook);
    started.args(command).current_dir(repo.any_dir()).stdin(Stdio::null());
    match seed {
        Some(seed) => started.env("GIT_XP_SEED", seed.to_string()),
        None => started.env_remove("GIT_XP_SEED"),
    };
    match started.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} ended with {status}", hook.display())),
        Err(error) => Err(format!("{}: {error}", hook.display())),
    }
}

#[cfg(unix)]
fn is_executable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &std::path::Path) -> bool {
    path.is_file()
}
