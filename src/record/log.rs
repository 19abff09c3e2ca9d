//! Appending to a journal: all that logging is.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::Serialize;

use crate::git::loose::is_same_file;

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The lines are in the journal and will be sealed with it.
    InTime,
    /// Sealing had begun: the lines may not be part of the fact.
    TooLate,
}

/// Append whole lines (each ending in a newline) in one write.
///
/// No lock is taken. A sealer renames the journal before it reads it, so lines that were written while the journal still had its name are part of the
/// fact; the name is looked at after the write.
///
/// # Errors
/// If there is no journal, or the disk refuses.
pub fn append(journal: &Path, lines: &[u8]) -> io::Result<Appended> {
    let mut file = open(journal)?;
    let torn = ends_in_torn_line(&mut file)?;
    // After a writer that was killed in mid-line, the next line must not become part of its rest.
    if torn {
        file.write_all(&[b"\n", lines].concat())?
    } else {
        file.write_all(lines)?
    }
    Ok(if is_same_file(&file, journal) { Appended::InTime } else { Appended::TooLate })
}

/// As [`append`], but only where nobody has left a line half written, and may be about to write its rest; else `None`.
///
/// # Errors
/// As [`append`].
pub fn append_between_lines(journal: &Path, lines: &[u8]) -> io::Result<Option<Appended>> {
    if ends_in_torn_line(&mut open(journal)?)? { Ok(None) } else { append(journal, lines).map(Some) }
}

fn open(journal: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).read(true).open(journal)
}

/// One line of git-xp's own.
///
/// # Errors
/// As [`append`].
pub fn append_event(journal: &Path, event: &impl Serialize) -> io::Result<Appended> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    append(journal, &line)
}

fn ends_in_torn_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
