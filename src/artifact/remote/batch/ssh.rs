//! `ssh <host> git-lfs-authenticate <path> <operation>`: a server that knows the user by ssh says where its API is and what to send along.

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::action::{LEEWAY, expiry};
use super::api;
use super::config::Config;
use super::options::Environment;
use super::status::readable;
use super::url::Url;
use crate::artifact::remote::{Fault, Operation, RemoteError};

/// Bytes of an answer that are read.
const MOST_BYTES: usize = 1 << 20;

/// What a server without the command says, where its shell does not say it with the code 127.
const UNKNOWN: [&str; 4] = [
    "git-lfs-authenticate: not found",
    "git-lfs-authenticate: command not found",
    "git-lfs-authenticate: no such file",
    "command not found: git-lfs-authenticate",
];

/// Who is asked by ssh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) user: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) path: String,
}

/// What a server said.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// Where the API is, if it said.
    pub(super) url: Option<Url>,
    /// What to send along.
    pub(super) header: Vec<(String, String)>,
    expires: Option<Instant>,
}

/// Answers, until they are too old. `None` stands for a server that does not know the command.
#[derive(Debug, Default)]
pub(super) struct Ssh(Mutex<HashMap<Operation, Option<Access>>>);

impl Target {
    /// What begins with a dash would be an option of ssh, or of what it starts.
    pub(super) fn check(&self) -> Result<(), RemoteError> {
        let parts = [self.user.as_deref().unwrap_or("x"), &self.host, &self.path];
        if parts.iter().any(|part| part.is_empty() || part.starts_with('-') || part.contains(char::is_control)) {
            let hint = "neither user, host nor path of an ssh URL may be empty or begin with a dash";
            return Err(RemoteError::all("the ssh URL of the remote is refused").hint(hint));
        }
        Ok(())
    }

    /// As ssh is told it.
    pub(super) fn user_and_host(&self) -> String {
        self.user.as_ref().map_or_else(|| self.host.clone(), |user| format!("{user}@{}", self.host))
    }

    /// The command there: one text, which a shell reads there.
    fn command(&self, operation: Operation) -> String {
        format!("git-lfs-authenticate {} {}", quoted(&self.path), api::word(operation))
    }
}

impl Ssh {
    /// Ask, or say again what was answered. `None`: the server does not know the command.
    pub(super) fn authenticate(
        &self,
        target: &Target,
        operation: Operation,
        config: &Config,
        environment: &Environment,
    ) -> Result<Option<Access>, RemoteError> {
        // Whoever comes meanwhile waits, so that ssh asks a user once.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known.get(&operation) {
            let is_old = |access: &Access| access.expires.is_some_and(|at| at <= Instant::now() + LEEWAY);
            if !answer.as_ref().is_some_and(is_old) {
                return Ok(answer.clone());
            }
        }
        let answer = ask(target, operation, config, environment)?;
        known.insert(operation, answer.clone());
        Ok(answer)
    }

    /// Forget an answer that the server did not take. Whether there was one.
    pub(super) fn forget(&self, operation: Operation) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&operation).flatten().is_some()
    }
}

fn ask(
    target: &Target,
    operation: Operation,
    config: &Config,
    environment: &Environment,
) -> Result<Option<Access>, RemoteError> {
    target.check()?;
    let (program, args) = command_line(target, operation, config, environment);
    let failed = |why: String| RemoteError::all(format!("ssh {} failed: {why}", readable(&target.host)));
    let begun = Instant::now();
    let output = run(&program, &args).map_err(|error| {
        failed(format!("{program} cannot be started, {error}")).hint("install OpenSSH, or set core.sshCommand")
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let words = said.to_lowercase();
        if output.status.code() == Some(127) || UNKNOWN.iter().any(|unknown| words.contains(unknown)) {
            return Ok(None);
        }
        let why = if said.trim().is_empty() { output.status.to_string() } else { readable(said.trim()) };
        let hint = format!("ssh -T {}    says whether the server knows you", readable(&target.user_and_host()));
        // The network may be back in a moment; a server that refuses stays as it is.
        let is_lost =
            output.status.code() == Some(255) && !words.contains("permission denied") && !words.contains("host key");
        let error = failed(why).hint(hint);
        return Err(if is_lost { RemoteError { fault: Fault::Later(None), ..error } } else { error });
    }
    let answer = &output.stdout[..output.stdout.len().min(MOST_BYTES)];
    let action = api::parse_authentication(answer).map_err(|why| failed(format!("its answer is {why}")))?;
    let url = match action.href.as_str() {
        "" => None,
        href => Some(Url::parse(href).ok_or_else(|| failed("it named no URL of https".to_owned()))?),
    };
    let seconds = config.get("lfs.defaulttokenttl").and_then(|text| text.parse::<u64>().ok()).filter(|n| *n > 0);
    let default = seconds.and_then(|seconds| begun.checked_add(Duration::from_secs(seconds)));
    Ok(Some(Access { url, expires: expiry(&action, begun, None).or(default), header: action.header }))
}

/// The program and its arguments: as git does it, `GIT_SSH_COMMAND`, else `GIT_SSH`, else `core.sshCommand`, else ssh.
fn command_line(
    target: &Target,
    operation: Operation,
    config: &Config,
    environment: &Environment,
) -> (String, Vec<String>) {
    let from_config = config.get("core.sshcommand").filter(|line| !line.trim().is_empty());
    let line = match (&environment.ssh_command, &environment.ssh) {
        (Some(line), _) => Some(line.as_str()),
        (None, Some(_)) => None,
        (None, None) => from_config,
    };
    let program = environment.ssh.as_deref().unwrap_or("ssh");
    let first = line.map_or(program, |line| line.split_whitespace().next().unwrap_or("ssh").trim_matches(['"', '\'']));
    let name = first.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let variant = environment.ssh_variant.as_deref().or_else(|| config.get("ssh.variant")).filter(|v| *v != "auto");
    let variant = variant.unwrap_or(name.trim_end_matches(".exe"));
    let mut args = Vec::new();
    if variant == "tortoiseplink" {
        args.push("-batch".to_owned());
    }
    if let Some(port) = target.port {
        args.push(if matches!(variant, "plink" | "putty" | "tortoiseplink") { "-P" } else { "-p" }.to_owned());
        args.push(port.to_string());
    }
    args.push(target.user_and_host());
    args.push(target.command(operation));
    match line {
        // A line of shell gets the arguments as they are.
        Some(line) => {
            let mut all = vec!["-c".to_owned(), format!("{line} \"$@\""), line.to_owned()];
            all.append(&mut args);
            ("sh".to_owned(), all)
        }
        None => (program.to_owned(), args),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that starts ssh")]
fn run(program: &str, args: &[String]) -> std::io::Result<std::process::Output> {
    Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).output()
}

/// A word for a shell; quoted only where it must be, since some servers split the command themselves.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-~+@%,:=".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::{Config, Environment, Operation, Target, command_line};

    #[test]
    fn ssh_is_started_as_git_does_it() {
        let target = |path: &str| Target {
            user: Some("git".to_owned()),
            host: "h".to_owned(),
            port: Some(22),
            path: path.to_owned(),
        };
        let config = Config::new(vec![("core.sshcommand".to_owned(), "ssh -i key".to_owned())]);
        let line = |config: &Config, environment: &Environment, path: &str| {
            let (program, args) = command_line(&target(path), Operation::Upload, config, environment);
            format!("{program}|{}", args.join("|"))
        };
        let none = Environment::default();
        assert_eq!(line(&Config::default(), &none, "a.git"), "ssh|-p|22|git@h|git-lfs-authenticate a.git upload");
        assert_eq!(line(&Config::default(), &none, "a;'b"), r"ssh|-p|22|git@h|git-lfs-authenticate 'a;'\''b' upload");
        let own = "sh|-c|ssh -i key \"$@\"|ssh -i key|-p|22|git@h|git-lfs-authenticate a upload";
        assert_eq!(line(&config, &none, "a"), own);
        let program = Environment { ssh: Some("/opt/plink.exe".to_owned()), ..none.clone() };
        assert_eq!(line(&config, &program, "a"), "/opt/plink.exe|-P|22|git@h|git-lfs-authenticate a upload");
        let both = Environment { ssh_command: Some("x".to_owned()), ..program };
        assert!(line(&config, &both, "a").starts_with("sh|-c|x \"$@\"|x|-p|22|"));
    }
}
