//! The manifest of a folder: one line for each file, in an order and form of its own, so that the same files give the same bytes. Pure.
//!
//! `docs/format.md` is the specification. The digest of a folder is that of its manifest.

use sha2::{Digest, Sha256};

/// The first line.
pub const HEADER: &[u8] = b"git-xp manifest 1\n";

/// A manifest beyond this many bytes (about 90,000 files) is not kept, only its digest.
pub const LARGEST_KEPT: usize = 8 << 20;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file: its content counts.
    File,
    /// A symbolic link: its text counts, what it points to does not.
    Link,
}

/// A file or link of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Bytes of the content or of the link's text.
    pub size: u64,
    /// SHA-256 of the same.
    pub sha256: [u8; 32],
    /// Its path below the folder, `/` separated, as the file system has it.
    pub path: Vec<u8>,
}

/// A manifest under way: its digest, and its text as long as that is small enough to keep.
#[derive(Debug)]
pub struct Builder {
    hasher: Sha256,
    text: Option<Vec<u8>>,
    line: Vec<u8>,
    largest: usize,
    /// Entries so far.
    pub files: u64,
    /// The sum of their sizes.
    pub bytes: u64,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new(LARGEST_KEPT)
    }
}

impl Builder {
    /// An empty manifest, whose text is kept up to so many bytes.
    pub fn new(largest: usize) -> Self {
        let text = Some(HEADER.to_vec());
        Self { hasher: Sha256::new_with_prefix(HEADER), text, line: Vec::new(), largest, files: 0, bytes: 0 }
    }

    /// Add an entry. They come sorted by the bytes of their paths.
    pub fn add(&mut self, entry: &Entry) {
        self.line.clear();
        write_line(entry, &mut self.line);
        self.hasher.update(&self.line);
        self.files += 1;
        self.bytes = self.bytes.saturating_add(entry.size);
        match &mut self.text {
            Some(text) if text.len() + self.line.len() <= self.largest => text.extend_from_slice(&self.line),
            _ => self.text = None,
        }
    }

    /// The digest, and the text if it is not too long.
    pub fn finish(self) -> ([u8; 32], Option<Vec<u8>>) {
        (self.hasher.finalize().into(), self.text)
    }
}

/// Read a manifest: its entries in order. `None` for bytes that are none.
pub fn parse(bytes: &[u8]) -> Option<Vec<Entry>> {
    let lines = bytes.strip_prefix(HEADER)?;
    if !(lines.is_empty() || lines.ends_with(b"\n")) {
        return None;
    }
    let entries: Vec<Entry> = lines.split_inclusive(|byte| *byte == b'\n').map(parse_line).collect::<Option<_>>()?;
    entries.is_sorted_by(|a, b| a.path < b.path).then_some(entries)
}

/// `file 12 <64 hex digits> a/b.csv`, with its newline.
fn write_line(entry: &Entry, out: &mut Vec<u8>) {
    out.extend_from_slice(match entry.kind {
        Kind::File => b"file ",
        Kind::Link => b"link ",
    });
    out.extend_from_slice(entry.size.to_string().as_bytes());
    out.push(b' ');
    push_hex(&entry.sha256, out);
    out.push(b' ');
    escape(&entry.path, out);
    out.push(b'\n');
}

fn parse_line(line: &[u8]) -> Option<Entry> {
    let mut fields = line.strip_suffix(b"\n")?.splitn(4, |byte| *byte == b' ');
    let kind = match fields.next()? {
        b"file" => Kind::File,
        b"link" => Kind::Link,
        _ => return None,
    };
    let size: u64 = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let sha256 = read_hex(fields.next()?)?;
    let entry = Entry { kind, size, sha256, path: unescape(fields.next()?)? };
    // There is one way to write an entry, and no other is read.
    let mut again = Vec::with_capacity(line.len());
    write_line(&entry, &mut again);
    (again == line && !entry.path.is_empty()).then_some(entry)
}

/// Backslashes as `\\`; control characters of ASCII, and bytes that are no UTF-8, as `\x` and two hex digits.
fn escape(path: &[u8], out: &mut Vec<u8>) {
    let is_plain = |byte: &u8| (b' '..0x7f).contains(byte) && *byte != b'\\';
    if path.iter().all(is_plain) {
        return out.extend_from_slice(path);
    }
    let push_escaped = |byte: u8, out: &mut Vec<u8>| {
        out.extend_from_slice(b"\\x");
        push_hex(&[byte], out);
    };
    for chunk in path.utf8_chunks() {
        for byte in chunk.valid().bytes() {
            match byte {
                b'\\' => out.extend_from_slice(b"\\\\"),
                byte if byte.is_ascii_control() => push_escaped(byte, out),
                byte => out.push(byte),
            }
        }
        chunk.invalid().iter().for_each(|byte| push_escaped(*byte, out));
    }
}

fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        match rest {
            [b'\\', after @ ..] => {
                out.push(b'\\');
                rest = after;
            }
            [b'x', high, low, after @ ..] => {
                out.push(digit(*high)? << 4 | digit(*low)?);
                rest = after;
            }
            _ => return None,
        }
    }
    Some(out)
}

fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// `sha256:` and the digest in hex.
pub fn named(sha256: &[u8; 32]) -> String {
    let mut text = b"sha256:".to_vec();
    push_hex(sha256, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// A digest from its 64 hex digits; `None` for anything else.
pub fn read_hex(text: &[u8]) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::{any, proptest};

    use super::{Builder, Entry, HEADER, Kind, parse};

    fn entry(path: &[u8]) -> Entry {
        Entry { kind: Kind::File, size: 3, sha256: [0xab; 32], path: path.to_vec() }
    }

    #[test]
    fn a_manifest_is_text_whatever_the_names() {
        let mut builder = Builder::default();
        builder.add(&entry(b"a\n\\b \xff\x1b"));
        builder.add(&entry("\u{e4}/x y".as_bytes()));
        assert_eq!((builder.files, builder.bytes), (2, 6));
        let text = String::from_utf8(builder.finish().1.expect("short")).expect("UTF-8");
        let digest = "ab".repeat(32);
        let lines = format!("file 3 {digest} a\\x0a\\\\b \\xff\\x1b\nfile 3 {digest} \u{e4}/x y\n");
        assert_eq!(text, format!("git-xp manifest 1\n{lines}"));
    }

    #[test]
    fn a_long_one_has_only_its_digest() {
        let digest = |largest| {
            let mut builder = Builder::new(largest);
            builder.add(&entry(b"a"));
            builder.add(&entry(b"b"));
            builder.finish()
        };
        let (short, long) = (digest(1 << 20), digest(HEADER.len() + 80));
        assert_eq!(short.0, long.0);
        assert!(short.1.is_some() && long.1.is_none());
    }

    #[test]
    fn only_the_one_form_is_read() {
        let digest = "0".repeat(64);
        for wrong in [
            format!("file 03 {digest} a\n"),
            format!("file 3 {digest} \n"),
            format!("file 3 {digest} \\x41\n"),
            format!("file 3 {digest} b\nfile 3 {digest} a\n"),
            format!("dir 3 {digest} a\n"),
            "file 3 00 a\n".to_owned(),
        ] {
            assert_eq!(parse(format!("git-xp manifest 1\n{wrong}").as_bytes()), None, "{wrong}");
        }
        assert_eq!(parse(HEADER), Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(files in btree_map(vec(any::<u8>(), 1..12), (any::<u64>(), any::<[u8; 32]>(), any::<bool>()), 0..8)) {
            let entries: Vec<Entry> = files
                .into_iter()
                .map(|(path, (size, sha256, file))| Entry { kind: if file { Kind::File } else { Kind::Link }, size, sha256, path })
                .collect();
            let mut builder = Builder::default();
            entries.iter().for_each(|entry| builder.add(entry));
            assert_eq!(parse(&builder.finish().1.expect("short")), Some(entries));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>(), lines in r"(file|link) [0-9]{1,3} [0-9a-f]{64} (\\x?[0-9a-f]{0,3}|[a-z ]){0,6}\n") {
            let _ = parse(&bytes);
            let _ = parse(&[HEADER, lines.as_bytes()].concat());
        }
    }
}
