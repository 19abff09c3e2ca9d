//! Running the command: its output goes straight into the log file, which is followed onto the terminal, so that it outlives a killed git-xp.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use crate::model::run::Resources;

/// How often the log is looked at while the command runs.
const FOLLOW_EVERY: Duration = Duration::from_millis(25);

/// What to run.
#[derive(Debug)]
pub struct Spec<'a> {
    /// Program and arguments.
    pub argv: &'a [String],
    /// Variables added to the environment.
    pub env: &'a [(String, OsString)],
    /// The file that takes stdout and stderr.
    pub output: &'a Path,
    /// Give the command the terminal instead; its output is then not recorded.
    pub tty: bool,
}

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    /// The exit code; 127 if the program was not found, 126 if it could not be started.
    pub exit: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether a signal that asks for the end reached git-xp meanwhile.
    pub was_asked_to_end: bool,
    /// What it used, with all descendants that were waited for; `None` if it was not started, or the system does not tell.
    pub used: Option<Resources>,
}

impl Ended {
    /// The exit code that a shell would give.
    pub fn code(&self) -> i32 {
        self.exit.or(self.signal.map(|signal| 128 + signal)).unwrap_or(128)
    }
}

/// Run a command to its end. `started` is told the process id; `echo` gets what the command prints, and may fail.
///
/// # Errors
/// Only if the log file cannot be opened. A command that cannot be started has ended with 126 or 127, and the log says why.
pub fn run(spec: &Spec<'_>, started: impl FnOnce(u32), echo: &mut dyn Write) -> io::Result<Ended> {
    let log = OpenOptions::new().create(true).append(true).open(spec.output)?;
    #[expect(clippy::disallowed_methods, reason = "this is the one place that starts the user's command")]
    let mut command = Command::new(&spec.argv[0]);
    command.args(&spec.argv[1..]).envs(spec.env.iter().map(|(name, value)| (name, value)));
    if !spec.tty {
        command.stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log.try_clone()?));
    }
    let asked_to_end = AtomicBool::new(false);
    // Before the start: a signal in between must not end git-xp and leave the command alone.
    let mut signals = signals::Signals::catch()?;
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ok(not_started(spec, &error, log, echo)),
    };
    started(child.id());
    let pid = child.id();
    let handle = signals.handle();
    let (sender, ended) = mpsc::channel();
    let mut follower = File::open(spec.output).ok().filter(|_| !spec.tty);
    let (status, used) = std::thread::scope(|scope| {
        scope.spawn(|| signals.pass_on(pid, &asked_to_end));
        scope.spawn(move || sender.send(wait(&mut child)));
        let status = loop {
            match ended.recv_timeout(FOLLOW_EVERY) {
                Ok(status) => break status,
                Err(mpsc::RecvTimeoutError::Timeout) => copy_new(&mut follower, echo),
                Err(mpsc::RecvTimeoutError::Disconnected) => break Err(io::ErrorKind::BrokenPipe.into()),
            }
        };
        copy_new(&mut follower, echo);
        handle.close();
        status
    })?;
    let was_asked_to_end = asked_to_end.load(Ordering::SeqCst);
    Ok(Ended { exit: status.code(), signal: signal_of(status), was_asked_to_end, used })
}

/// Wait for the command, and ask what it used. The kernel tells of this one process and its descendants, whatever else git-xp has started.
#[cfg(unix)]
fn wait(child: &mut Child) -> io::Result<(ExitStatus, Option<Resources>)> {
    use wait4::Wait4;
    loop {
        match child.wait4() {
            Ok(ended) => {
                let used = ended.rusage;
                let (user, system) = (used.utime.as_secs_f64(), used.stime.as_secs_f64());
                let used = Resources { user_seconds: user, system_seconds: system, peak_memory: used.maxrss };
                return Ok((ended.status, Some(used)));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(not(unix))]
fn wait(child: &mut Child) -> io::Result<(ExitStatus, Option<Resources>)> {
    Ok((child.wait()?, None))
}

/// Copy what is new in the log. A terminal that is gone takes nothing more, and the command goes on.
fn copy_new(follower: &mut Option<File>, echo: &mut dyn Write) {
    let Some(file) = follower else { return };
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) if echo.write_all(&buffer[..n]).is_ok() => {}
            Ok(_) | Err(_) => {
                *follower = None;
                return;
            }
        }
    }
    let _ = echo.flush();
}

fn not_started(spec: &Spec<'_>, error: &io::Error, mut log: File, echo: &mut dyn Write) -> Ended {
    let (exit, why) = match error.kind() {
        io::ErrorKind::NotFound => (127, "no such program".to_owned()),
        _ => (126, error.to_string()),
    };
    let line = format!("git-xp: {}: {why}\n", crate::model::text::printable(&spec.argv[0]));
    let _ = log.write_all(line.as_bytes());
    let _ = echo.write_all(line.as_bytes());
    Ended { exit: Some(exit), signal: None, was_asked_to_end: false, used: None }
}

#[cfg(unix)]
fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal_of(_status: ExitStatus) -> Option<i32> {
    None
}

#[cfg(unix)]
mod signals {
    //! Passing signals on. What the terminal sends reaches the command by itself, because both are in the terminal's foreground group;
    //! passing that on too would interrupt the command twice.

    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};

    use rustix::process::{Pid, Signal, getpid, getsid, kill_process};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::exfiltrator::origin::WithOrigin;
    use signal_hook::iterator::{Handle, SignalsInfo};
    use signal_hook::low_level::siginfo::Cause;

    pub(super) struct Signals(SignalsInfo<WithOrigin>);

    impl Signals {
        pub(super) fn catch() -> io::Result<Self> {
            SignalsInfo::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2]).map(Self)
        }

        pub(super) fn handle(&self) -> Handle {
            self.0.handle()
        }

        pub(super) fn pass_on(&mut self, pid: u32, asked_to_end: &AtomicBool) {
            let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
            for origin in &mut self.0 {
                let signal = match origin.signal {
                    SIGINT => Signal::INT,
                    SIGTERM => Signal::TERM,
                    SIGHUP => Signal::HUP,
                    SIGQUIT => Signal::QUIT,
                    SIGUSR1 => Signal::USR1,
                    _ => Signal::USR2,
                };
                if !matches!(signal, Signal::USR1 | Signal::USR2) {
                    asked_to_end.store(true, Ordering::SeqCst);
                }
                // A lost terminal is told to the leader of its session alone.
                let is_ours_alone = origin.signal == SIGHUP && getsid(None).is_ok_and(|leader| leader == getpid());
                if is_ours_alone || !matches!(origin.cause, Cause::Kernel) {
                    // It may have ended this very moment; then there is nobody to tell.
                    let _ = kill_process(pid, signal);
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod signals {
    //! Elsewhere the console tells both processes.

    use std::io;
    use std::sync::atomic::AtomicBool;

    pub(super) struct Signals;
    pub(super) struct Handle;

    impl Handle {
        pub(super) fn close(&self) {}
    }

    impl Signals {
        pub(super) fn catch() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) fn handle(&self) -> Handle {
            Handle
        }

        pub(super) fn pass_on(&mut self, _pid: u32, _asked_to_end: &AtomicBool) {}
    }
}
