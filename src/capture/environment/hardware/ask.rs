//! Asking the GPU's own tool, which may hang when its driver does.

use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// No answer is longer, in bytes.
const MAX_ANSWER: u64 = 1024 * 1024;

/// What came of a question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// What the tool printed.
    Text(String),
    /// It could not be started, or failed.
    None,
    /// It took too long and was given up.
    TooLate,
}

/// Start a tool and wait for its answer, but no longer than `patience`.
pub(super) fn ask(tool: &Path, arguments: &[&str], patience: Duration) -> Answer {
    let Some((mut child, stdout)) = start(tool, arguments) else { return Answer::None };
    let deadline = Instant::now() + patience;
    let (sender, answer) = mpsc::channel();
    // Left behind if somebody keeps the output open.
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let is_read = stdout.take(MAX_ANSWER).read_to_end(&mut text).is_ok();
        sender.send(is_read.then_some(text))
    });
    let text = answer.recv_timeout(patience);
    loop {
        match (&text, child.try_wait()) {
            (Ok(Some(text)), Ok(Some(status))) if status.success() => {
                return Answer::Text(String::from_utf8_lossy(text).into_owned());
            }
            (Ok(_), Ok(Some(_)) | Err(_)) => return Answer::None,
            (Ok(_), Ok(None)) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            _ => {
                end(&mut child);
                return Answer::TooLate;
            }
        }
    }
}

/// Start a tool whose answer can be read.
pub(super) fn start(tool: &Path, arguments: &[&str]) -> Option<(Child, ChildStdout)> {
    #[expect(clippy::disallowed_methods, reason = "no file tells all that the GPU's own tool knows")]
    let mut command = Command::new(tool);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // A group of its own, so that what it started can be ended with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().ok()?;
    let stdout = child.stdout.take()?;
    Some((child, stdout))
}

/// Kill it with what it started. Not waited for: a tool that hangs in its driver cannot even be killed.
pub(super) fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};

    use super::{Answer, ask};

    #[test]
    fn a_tool_answers_fails_or_is_given_up() {
        let dir = tempfile::tempdir().expect("a folder");
        let tool = |name: &str, script: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("allowed");
            path
        };
        let long = Duration::from_secs(60);
        assert_eq!(ask(&tool("a", "echo $1"), &["x"], long), Answer::Text("x\n".to_owned()));
        assert_eq!(ask(&tool("b", "echo x; exit 9"), &[], long), Answer::None);
        assert_eq!(ask(&dir.path().join("missing"), &[], long), Answer::None);
        let begun = Instant::now();
        assert_eq!(ask(&tool("c", "sleep 600"), &[], Duration::from_millis(50)), Answer::TooLate);
        assert_eq!(ask(&tool("d", "exec >&-; sleep 600"), &[], Duration::from_millis(50)), Answer::TooLate);
        assert_eq!(ask(&tool("e", "sleep 600 & echo x"), &[], Duration::from_millis(50)), Answer::TooLate);
        assert!(begun.elapsed() < long);
    }
}
