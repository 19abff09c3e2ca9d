//! Masks a text that comes in parts of any length, as if it came whole.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use super::copy::without_nul;
use super::masker::Masker;
use super::scan::OpenKey;

/// A line that is longer is masked in pieces, which end between words.
const LONGEST_LINE: usize = 1 << 20;

/// How much of a file is read at once.
const PART: usize = 1 << 18;

/// Masks what is pushed into it.
pub struct Stream<'a> {
    masker: &'a Masker,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
    key: Option<OpenKey>,
}

impl<'a> Stream<'a> {
    /// An empty one.
    pub fn new(masker: &'a Masker) -> Self {
        Self { masker, rest: Vec::new(), key: None }
    }

    /// Take a part; what is whole by now goes to `out`. Returns whether something in it was masked.
    ///
    /// # Errors
    /// If `out` fails.
    pub fn push(&mut self, part: &[u8], out: &mut impl Write) -> io::Result<bool> {
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let Some(end) = part.iter().rposition(is_end).map(|end| end + 1) else {
            self.rest.extend_from_slice(part);
            return if self.rest.len() > LONGEST_LINE { self.cut(out) } else { Ok(false) };
        };
        let is_masked = if self.rest.is_empty() {
            self.write(&part[..end], out)?
        } else {
            let mut lines = std::mem::take(&mut self.rest);
            lines.extend_from_slice(&part[..end]);
            self.write(&lines, out)?
        };
        self.rest.extend_from_slice(&part[end..]);
        Ok(is_masked)
    }

    /// What is left, when nothing more comes.
    ///
    /// # Errors
    /// If `out` fails.
    pub fn finish(mut self, out: &mut impl Write) -> io::Result<bool> {
        let rest = std::mem::take(&mut self.rest);
        let is_masked = self.write(&rest, out)?;
        if let Some(key) = self.key.take() {
            out.write_all(&key.held)?;
        }
        Ok(is_masked)
    }

    fn cut(&mut self, out: &mut impl Write) -> io::Result<bool> {
        let line = std::mem::take(&mut self.rest);
        let at = line.iter().rposition(u8::is_ascii_whitespace).map_or(line.len(), |at| at + 1);
        let is_masked = self.write(&line[..at], out)?;
        self.rest.extend_from_slice(&line[at..]);
        Ok(is_masked)
    }

    fn write(&mut self, lines: &[u8], out: &mut impl Write) -> io::Result<bool> {
        let was_in_key = self.key.is_some();
        let masked = self.masker.mask_part(lines, &mut self.key);
        out.write_all(&masked)?;
        Ok(was_in_key || matches!(masked, std::borrow::Cow::Owned(_)))
    }
}

/// Mask a file of text: another takes its place if there was something to mask. What is masked already stays as it is, so this may be repeated.
///
/// A secret in UTF-16 is found too; then the NULs of the file go, and what it says in ASCII is left.
///
/// # Errors
/// If it cannot be read, or the disk refuses; then it is as it was.
pub fn mask_file(masker: &Masker, path: &Path) -> io::Result<()> {
    let mut masked = None;
    let mut has_nul = true;
    for nuls in [Nuls::Stay, Nuls::Go] {
        if !has_nul {
            break;
        }
        let from = masked.as_ref().map_or(path, tempfile::NamedTempFile::path);
        // Most files hold no secret: they are read once and nothing is written.
        let found = pass(masker, from, nuls, &mut io::sink())?;
        has_nul = found.has_nul;
        if found.is_masked {
            let mut new = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
            pass(masker, from, nuls, &mut io::BufWriter::new(new.as_file_mut()))?;
            masked = Some(new);
        }
    }
    masked.map_or(Ok(()), |file| replace(path, file))
}

/// As [`mask_file`], for a journal: its lines stay lines of JSON.
///
/// # Errors
/// As [`mask_file`].
pub fn mask_journal(masker: &Masker, path: &Path) -> io::Result<()> {
    let mut journal = BufReader::with_capacity(PART, File::open(path)?);
    let (mut line, mut masked, mut at) = (Vec::new(), None, 0);
    loop {
        line.clear();
        let read = io::Read::take(&mut journal, LONGEST_LINE as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        let new = masker.mask_journal_line(&line);
        if new.is_some() && masked.is_none() {
            // All that came before it is as it was.
            let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
            io::copy(&mut File::open(path)?.take(at), &mut file)?;
            masked = Some(file);
        }
        if let Some(file) = &mut masked {
            file.write_all(new.as_deref().unwrap_or(&line))?;
        }
        at += read as u64;
    }
    masked.map_or(Ok(()), |file| replace(path, file))
}

fn replace(path: &Path, by: tempfile::NamedTempFile) -> io::Result<()> {
    let was = fs::metadata(path)?;
    by.as_file().set_permissions(was.permissions())?;
    // When it was last written says when its run was last alive.
    by.as_file().set_modified(was.modified()?)?;
    by.persist(path).map(drop).map_err(|error| error.error)
}

/// What becomes of NULs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nuls {
    Stay,
    Go,
}

struct Passed {
    is_masked: bool,
    has_nul: bool,
}

fn pass(masker: &Masker, path: &Path, nuls: Nuls, out: &mut impl Write) -> io::Result<Passed> {
    let (mut file, mut stream, mut part) = (File::open(path)?, Stream::new(masker), vec![0; PART]);
    let mut passed = Passed { is_masked: false, has_nul: false };
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            break;
        }
        let has_nul = memchr::memchr(0, &part[..read]).is_some();
        passed.has_nul |= has_nul;
        passed.is_masked |= match nuls {
            Nuls::Go if has_nul => stream.push(&without_nul(&part[..read]), out)?,
            _ => stream.push(&part[..read], out)?,
        };
    }
    passed.is_masked |= stream.finish(out)?;
    out.flush()?;
    Ok(passed)
}
