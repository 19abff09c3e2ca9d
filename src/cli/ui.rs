//! Everything that is printed goes through here.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::{Duration, Instant};

use super::error::exit;
use crate::model::text::printable_lines;

/// Columns beyond this are not used: `COLUMNS` may hold any number.
const WIDEST: usize = 10_000;

/// Work that takes less needs no word about how far it is, and then one so often is enough.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(200);

/// Where output goes, and what the terminal can do.
#[derive(Debug, Clone)]
pub struct Ui {
    /// Colours may be used on stdout.
    pub colour: bool,
    /// Columns of the terminal; `None` if stdout is none.
    pub width: Option<usize>,
    /// Whether stdout is a terminal, on which no byte from outside may act.
    pub is_terminal: bool,
    quiet: bool,
}

impl Ui {
    /// By the environment: `NO_COLOR`, `COLUMNS`, `TERM`, and whether stdout is a terminal.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks what the terminal can do")]
    pub fn new(quiet: bool) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let columns = std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok())
            .map(|columns: usize| columns.min(WIDEST));
        let width = if is_terminal { columns.or_else(terminal_width).or(Some(80)) } else { columns };
        Self { colour: is_terminal && !no_colour && !is_dumb, width, is_terminal, quiet }
    }

    /// Print a result on stdout. Text from outside must have been made printable.
    pub fn print(&self, text: &str) {
        self.print_bytes(text.as_bytes());
    }

    /// Print what a program or a stranger wrote: a pipe gets the bytes as they are, on a terminal they are made printable.
    pub fn print_foreign(&self, bytes: &[u8]) {
        if self.is_terminal {
            self.print(&printable_lines(&String::from_utf8_lossy(bytes)));
        } else {
            self.print_bytes(bytes);
        }
    }

    fn print_bytes(&self, bytes: &[u8]) {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Ok(()) => {}
            // Whoever read the output has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(exit::BROKEN_PIPE.into()),
            // As git does: half an answer must not pass for a whole one.
            Err(error) => {
                self.stderr(&format!("error: cannot write standard output: {error}\n"));
                std::process::exit(exit::ERROR.into());
            }
        }
    }

    /// Whether a text is higher than the terminal.
    pub fn is_long(&self, text: &str) -> bool {
        self.is_terminal && text.lines().count() >= terminal_height().unwrap_or(usize::MAX)
    }

    /// Print a value as one JSON document.
    pub fn print_json(&self, value: &impl serde::Serialize) {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        self.print(&(crate::model::text::escape_json(text) + "\n"));
    }

    /// Say on stderr what was done.
    pub fn status(&self, text: &str) {
        if !self.quiet {
            self.stderr(&format!("{}\n", printable_lines(text)));
        }
    }

    /// Say on stderr what might be wrong.
    pub fn warning(&self, text: &str) {
        self.stderr(&format!("warning: {}\n", printable_lines(text)));
    }

    /// Say on stderr what to type now.
    pub fn hint(&self, text: &str) {
        if !self.quiet {
            self.stderr(&format!("hint: {}\n", printable_lines(text)));
        }
    }

    /// Something to call with how far work has come, out of how much: from its second second on it is shown on a terminal.
    pub fn progress<'a>(&'a self, what: &'a str) -> impl FnMut(usize, usize) + 'a {
        let begin = Instant::now();
        let is_shown = !self.quiet && io::stderr().is_terminal();
        let mut shown = begin;
        let mut has_shown = false;
        move |done, all| {
            let now = Instant::now();
            if is_shown && has_shown && done >= all {
                self.stderr("\r\u{1b}[K");
                has_shown = false;
            } else if is_shown && done < all && now - begin > PATIENCE && now - shown > TICK {
                self.stderr(&format!("\r{what}: {done} of {all}\u{1b}[K"));
                (shown, has_shown) = (now, true);
            }
        }
    }

    /// Ask whoever sits at the terminal, who says yes or no; `None` if nobody does.
    ///
    /// # Errors
    /// If the answer cannot be read.
    pub fn ask(&self, question: &str) -> io::Result<Option<bool>> {
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        self.stderr(&format!("{} [y/N] ", printable_lines(question)));
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        Ok(Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")))
    }

    /// Whether progress may be shown at all.
    pub fn shows_progress(&self) -> bool {
        !self.quiet
    }

    /// Print on stderr as it is. A terminal that is gone is no error.
    pub fn stderr(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

#[cfg(unix)]
fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

#[cfg(unix)]
fn terminal_height() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_row > 0).then_some(size.ws_row.into())
}

#[cfg(not(unix))]
fn terminal_height() -> Option<usize> {
    None
}

#[cfg(not(unix))]
fn terminal_width() -> Option<usize> {
    None
}
