//! Packets as git sends them: four hex digits with the length, themselves included, then the bytes; `0000` ends a list or a content.
//! Format: gitprotocol-common(5).

use std::io::{self, Read, Write};

/// The most bytes that one packet carries.
pub const LONGEST: usize = 65516;

/// Bytes before the content of a packet.
const HEADER: usize = 4;

/// A list has at most so many packets: the keys of one request are a handful.
const MOST_LINES: usize = 1024;

/// Reads packets. No more than one of them is in memory.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    packet: Vec<u8>,
    at: usize,
}

/// What is between two packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// A packet, which may be empty.
    Data,
    /// The end of a list or a content.
    Flush,
    /// The end of everything.
    End,
}

impl<R: Read> Reader<R> {
    /// Packets from a stream.
    pub fn new(from: R) -> Self {
        Self { from, packet: Vec::new(), at: 0 }
    }

    /// All packets up to the next flush, each without the newline at its end; `None` at the end of the stream.
    ///
    /// # Errors
    /// If what comes is no packet, ends in the middle, or is longer than any list.
    pub fn lines(&mut self) -> io::Result<Option<Vec<Vec<u8>>>> {
        let mut lines = Vec::new();
        loop {
            match self.next()? {
                Found::Flush => return Ok(Some(lines)),
                Found::End if lines.is_empty() => return Ok(None),
                Found::End => return Err(io::ErrorKind::UnexpectedEof.into()),
                Found::Data if lines.len() == MOST_LINES => return Err(invalid("a list without an end")),
                Found::Data => lines.push(self.packet.strip_suffix(b"\n").unwrap_or(&self.packet).to_vec()),
            }
        }
    }

    /// The bytes of all packets up to the next flush.
    pub fn content(&mut self) -> Content<'_, R> {
        (self.packet, self.at) = (Vec::new(), 0);
        Content { packets: self, is_over: false }
    }

    fn next(&mut self) -> io::Result<Found> {
        let mut header = [0; HEADER];
        match read_full(&mut self.from, &mut header)? {
            0 => return Ok(Found::End),
            HEADER => {}
            _ => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        let length = length(header).ok_or_else(|| invalid("no length of a packet"))?;
        if length == 0 {
            return Ok(Found::Flush);
        }
        if !(HEADER..=HEADER + LONGEST).contains(&length) {
            return Err(invalid("no length of a packet"));
        }
        self.packet.resize(length - HEADER, 0);
        self.at = 0;
        self.from.read_exact(&mut self.packet)?;
        Ok(Found::Data)
    }
}

/// Hex digits alone: `from_str_radix` would take a sign too.
fn length(header: [u8; HEADER]) -> Option<usize> {
    let digit = |sum: usize, byte: u8| Some(sum * 16 + char::from(byte).to_digit(16)? as usize);
    header.into_iter().try_fold(0, digit)
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Fill a buffer as far as there are bytes; returns how many there were.
///
/// # Errors
/// If it cannot be read.
pub fn read_full(from: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A content that comes in packets.
#[derive(Debug)]
pub struct Content<'a, R> {
    packets: &'a mut Reader<R>,
    is_over: bool,
}

impl<R: Read> Content<'_, R> {
    /// Read what is left of it: git answers to nothing before it has sent all.
    ///
    /// # Errors
    /// If it does not come to its end.
    pub fn drain(mut self) -> io::Result<()> {
        while !self.is_over {
            self.packets.at = self.packets.packet.len();
            self.fill()?;
        }
        Ok(())
    }

    /// See that there is something to read, unless it is over.
    fn fill(&mut self) -> io::Result<()> {
        while !self.is_over && self.packets.at == self.packets.packet.len() {
            match self.packets.next()? {
                Found::Data => {}
                Found::Flush => self.is_over = true,
                Found::End => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        if self.is_over {
            return Ok(0);
        }
        let rest = &self.packets.packet[self.packets.at..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.packets.at += n;
        Ok(n)
    }
}

/// Writes packets.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
}

impl<W: Write> Writer<W> {
    /// Packets into a stream, which should not be buffered: each packet is one write.
    pub fn new(to: W) -> Self {
        Self { to }
    }

    /// A list: a packet for each line, and the flush.
    ///
    /// # Errors
    /// If nobody reads it, or a line is too long.
    pub fn lines<T: AsRef<[u8]>>(&mut self, lines: impl IntoIterator<Item = T>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for line in lines {
            let line = line.as_ref();
            if line.len() >= LONGEST {
                return Err(invalid("a line is too long for a packet"));
            }
            write!(bytes, "{:04x}", line.len() + 1 + HEADER)?;
            bytes.extend_from_slice(line);
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(b"0000");
        self.to.write_all(&bytes)?;
        self.to.flush()
    }

    /// A content: packets of what `from` gives, and the flush. What cannot be read of it is the inner error; the packets end there all the same.
    ///
    /// # Errors
    /// If nobody reads it.
    pub fn content(&mut self, from: &mut dyn Read) -> io::Result<io::Result<()>> {
        let mut packet = vec![0; HEADER + LONGEST];
        let ended = loop {
            match read_full(from, &mut packet[HEADER..]) {
                Ok(0) => break Ok(()),
                Ok(n) => {
                    packet[..HEADER].copy_from_slice(format!("{:04x}", n + HEADER).as_bytes());
                    self.to.write_all(&packet[..HEADER + n])?;
                }
                Err(error) => break Err(error),
            }
        };
        self.to.write_all(b"0000")?;
        self.to.flush()?;
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::{LONGEST, Reader, Writer};

    #[test]
    fn packets_are_as_git_writes_them() {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.lines(["status=success"]).expect("written");
        writer.content(&mut &b"abc"[..]).expect("written").expect("read");
        assert_eq!(bytes, b"0013status=success\n00000007abc0000");
        let mut reader = Reader::new(&bytes[..]);
        assert_eq!(reader.lines().expect("a list"), Some(vec![b"status=success".to_vec()]));
        let mut content = reader.content();
        let mut text = String::new();
        content.read_to_string(&mut text).expect("read");
        content.drain().expect("it is over");
        assert_eq!(text, "abc");
        assert_eq!(reader.lines().expect("the end"), None);
        for wrong in ["0001", "0003", "000", "+00a123456", "fff1", "0005", "00g0", "0008abc", "000aabc"] {
            assert!(Reader::new(wrong.as_bytes()).lines().is_err(), "{wrong}");
        }
        assert!(Reader::new(&b"0005a"[..]).content().drain().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(lines in vec(vec(1..=u8::MAX, 0..20), 0..9), size in 0..3 * LONGEST, cut in 0..2 * LONGEST) {
            let lines: Vec<Vec<u8>> = lines.into_iter().map(|line| line.into_iter().filter(|byte| *byte != b'\n').collect()).collect();
            let content: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes);
            writer.content(&mut &content[..]).expect("written").expect("read");
            writer.content(&mut &content[..]).expect("written").expect("read");
            writer.lines(&lines).expect("written");
            let mut reader = Reader::new(&bytes[..]);
            let mut found = Vec::new();
            reader.content().read_to_end(&mut found).expect("read");
            assert_eq!(found, content);
            // What nobody wants to read is passed over.
            let mut part = reader.content();
            let mut some = vec![0; cut.min(size)];
            part.read_exact(&mut some).expect("read");
            part.drain().expect("passed over");
            assert_eq!(reader.lines().expect("a list"), Some(lines));
            assert_eq!(reader.lines().expect("the end"), None);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = Reader::new(&bytes[..]).lines();
            let _ = Reader::new(&bytes[..]).content().read_to_end(&mut Vec::new());
        }

        #[test]
        fn what_looks_like_packets_never_panics(text in "(00(00|0[4-9a-f]|1[0-4])[a-z=\n]{0,16}){0,6}") {
            let mut reader = Reader::new(text.as_bytes());
            while let Ok(Some(_)) = reader.lines() {
                let _ = reader.content().drain();
            }
        }
    }
}
