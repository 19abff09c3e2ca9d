//! The long-running filter of git, protocol version 2: gitattributes(5), "Long Running Filter Process". One process serves all files of a git command.
//!
//! git sends a request whole before it reads the answer; an answer that began earlier would leave both waiting for each other.

use std::io::{self, Read, Write};

use super::pktline::{Reader, Writer};

/// What the filter can.
const CAPABILITIES: [&str; 3] = ["clean", "smudge", "delay"];

/// What the protocol asks for.
pub trait Filter {
    /// Make what git keeps of the content of a file.
    ///
    /// # Errors
    /// If it cannot be made: git then refuses the file.
    fn clean(&mut self, path: &[u8], content: &mut dyn Read) -> io::Result<Vec<u8>>;

    /// Make the content of a file of what git keeps. `content` has to be read to its end before the answer is. Where git can wait, the answer may be that it shall; then it
    /// asks again, without a content, once [`Self::available`] has named the file.
    ///
    /// # Errors
    /// If it cannot be made: git then ends the checkout.
    fn smudge(&mut self, path: &[u8], content: &mut dyn Read, can_delay: bool) -> io::Result<Smudged>;

    /// Those of the delayed files that can be had by now; waits until there is one. Without any, none is left.
    fn available(&mut self) -> Vec<Vec<u8>>;

    /// Something could not be done; git says only that, not why.
    fn failed(&mut self, path: &[u8], error: &io::Error);
}

/// An answer to [`Filter::smudge`].
pub enum Smudged {
    /// The content.
    Content(Box<dyn Read>),
    /// It is not here yet.
    Delayed,
}

/// Serve git until it closes the stream.
///
/// # Errors
/// If git is not what is on the other side, speaks another version, or went away.
pub fn serve(input: impl Read, output: impl Write, filter: &mut dyn Filter) -> io::Result<()> {
    let (mut from, mut to) = (Reader::new(input), Writer::new(output));
    greet(&mut from, &mut to)?;
    while let Some(lines) = from.lines()? {
        let request = Request::parse(&lines);
        match request.command {
            b"clean" => {
                let mut content = from.content();
                let made = filter.clean(request.path, &mut content);
                content.drain()?;
                let made = made.map(|bytes| Smudged::Content(Box::new(io::Cursor::new(bytes))));
                answer(&mut to, filter, request.path, made)?;
            }
            b"smudge" => {
                let mut content = from.content();
                let made = filter.smudge(request.path, &mut content, request.can_delay);
                content.drain()?;
                answer(&mut to, filter, request.path, made)?;
            }
            b"list_available_blobs" => {
                to.lines(filter.available().iter().map(|path| [b"pathname=", path.as_slice()].concat()))?;
                to.lines(["status=success"])?;
            }
            other => return Err(unknown("command", other)),
        }
    }
    Ok(())
}

fn greet<R: Read, W: Write>(from: &mut Reader<R>, to: &mut Writer<W>) -> io::Result<()> {
    let Some(hello) = from.lines()? else { return Err(io::ErrorKind::UnexpectedEof.into()) };
    if hello.first().is_none_or(|line| line != b"git-filter-client") {
        return Err(unknown("greeting", hello.first().map_or(b"", Vec::as_slice)));
    }
    if !hello.iter().any(|line| line == b"version=2") {
        return Err(unknown("version", hello.get(1).map_or(b"", Vec::as_slice)));
    }
    to.lines(["git-filter-server", "version=2"])?;
    let Some(asked) = from.lines()? else { return Err(io::ErrorKind::UnexpectedEof.into()) };
    let ours = CAPABILITIES.iter().map(|word| format!("capability={word}"));
    to.lines(ours.filter(|line| asked.iter().any(|asked| asked == line.as_bytes())))
}

fn unknown(what: &str, found: &[u8]) -> io::Error {
    let found = String::from_utf8_lossy(&found[..found.len().min(40)]).into_owned();
    io::Error::new(io::ErrorKind::InvalidData, format!("not what git says to a filter: {what} '{found}'"))
}

fn answer<W: Write>(
    to: &mut Writer<W>,
    filter: &mut dyn Filter,
    path: &[u8],
    made: io::Result<Smudged>,
) -> io::Result<()> {
    let sent = match made {
        Ok(Smudged::Delayed) => return to.lines(["status=delayed"]),
        Ok(Smudged::Content(mut content)) => {
            to.lines(["status=success"])?;
            to.content(&mut *content)?
        }
        Err(error) => Err(error),
    };
    match sent {
        // The status from before holds.
        Ok(()) => to.lines::<&str>([]),
        Err(error) => {
            filter.failed(path, &error);
            to.lines(["status=error"])
        }
    }
}

/// What git asks for. Keys that are not known are passed over, as the protocol has it.
#[derive(Debug, Default)]
struct Request<'a> {
    command: &'a [u8],
    path: &'a [u8],
    can_delay: bool,
}

impl<'a> Request<'a> {
    fn parse(lines: &'a [Vec<u8>]) -> Self {
        let mut request = Self::default();
        for line in lines {
            let at = line.iter().position(|byte| *byte == b'=').unwrap_or(line.len());
            let value = line.get(at + 1..).unwrap_or_default();
            match &line[..at] {
                b"command" => request.command = value,
                b"pathname" => request.path = value,
                b"can-delay" => request.can_delay = value == b"1",
                _ => {}
            }
        }
        request
    }
}

#[cfg(test)]
mod tests;
