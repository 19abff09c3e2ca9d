//! Digests of files that were hashed before, `<git common dir>/xp/data/`: one file for each folder that was ever pinned.
//!
//! Never the truth: a record counts only for a file whose inode, size and times are still the same, damage is seen by a checksum and costs time. A
//! file that was as new as the look at it is not remembered, because it could change again within the same tick of the clock. The records are sorted
//! as a walk finds the files, so both are read side by side, and neither is ever in memory as a whole. A new file takes the place of the old one in
//! one step: of several processes, the last one's stays.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::artifact::stat::Stat;

/// The beginning of the file. Another form gets another number.
const MAGIC: &[u8] = b"git-xp data 1\n";

/// Bytes of a record without its path.
const FIXED: usize = 80;

/// Longer paths are a sign of damage.
const LONGEST_PATH: usize = 1 << 16;

/// How many folders are remembered.
const MOST_KEPT: usize = 64;

/// One remembered digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The path below the folder.
    pub path: Vec<u8>,
    /// What the file was like.
    pub stat: Stat,
    /// Its digest.
    pub sha256: [u8; 32],
}

impl Record {
    /// Add its bytes to a buffer.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&u32::try_from(self.path.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(&self.stat.inode.to_le_bytes());
        out.extend_from_slice(&self.stat.size.to_le_bytes());
        for (seconds, nanos) in [self.stat.mtime, self.stat.ctime] {
            out.extend_from_slice(&seconds.to_le_bytes());
            out.extend_from_slice(&nanos.to_le_bytes());
        }
        out.extend_from_slice(&self.sha256);
        out.extend_from_slice(&self.path);
        let sum = crc32fast::hash(&out[start + 4..]).to_le_bytes();
        out[start..start + 4].copy_from_slice(&sum);
    }
}

/// Reads records one by one, in order.
pub struct Reader<R> {
    from: R,
    current: Option<Record>,
    bytes: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// Of a file of records. What is none, or damaged, holds none.
    pub fn new(mut from: R) -> Self {
        let mut magic = [0; MAGIC.len()];
        let is_one = from.read_exact(&mut magic).is_ok() && magic == *MAGIC;
        let mut reader = Self { from, current: None, bytes: Vec::new() };
        if is_one {
            reader.current = reader.read();
        }
        reader
    }

    /// The digest of a file, if it is known and still the same. Paths are asked for in ascending order.
    pub fn find(&mut self, path: &[u8], stat: &Stat) -> Option<[u8; 32]> {
        while self.current.as_ref()?.path.as_slice() < path {
            self.current = self.read();
        }
        self.current.as_ref().filter(|record| record.path == path && record.stat == *stat).map(|record| record.sha256)
    }

    fn read(&mut self) -> Option<Record> {
        self.bytes.resize(FIXED, 0);
        self.from.read_exact(&mut self.bytes).ok()?;
        let length = u32::from_le_bytes(*self.bytes[4..].first_chunk()?) as usize;
        if length > LONGEST_PATH {
            return None;
        }
        self.bytes.resize(FIXED + length, 0);
        self.from.read_exact(&mut self.bytes[FIXED..]).ok()?;
        if crc32fast::hash(&self.bytes[4..]) != u32::from_le_bytes(*self.bytes.first_chunk()?) {
            return None;
        }
        let eight = |at: usize| self.bytes[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
        let time = |at: usize| {
            let nanos = self.bytes[at + 8..].first_chunk().map(|bytes| u32::from_le_bytes(*bytes))?;
            Some((eight(at)?.cast_signed(), nanos))
        };
        Some(Record {
            path: self.bytes[FIXED..].to_vec(),
            stat: Stat { inode: eight(8)?, size: eight(16)?, mtime: time(24)?, ctime: time(36)? },
            sha256: *self.bytes[48..].first_chunk()?,
        })
    }
}

/// What is remembered of one folder: read, and written anew on the way.
pub(super) struct Cache {
    old: Option<Reader<BufReader<File>>>,
    new: Option<(BufWriter<tempfile::NamedTempFile>, (i64, u32))>,
    path: PathBuf,
    buffer: Vec<u8>,
}

impl Cache {
    /// Of a folder, in the folder of all such caches. Where nothing can be read or written, nothing is remembered.
    pub(super) fn open(caches: &Path, root: &[u8]) -> Self {
        let name = super::manifest::named(&super::hash::hash_bytes(root));
        let path = caches.join(name.split_at(39).0.trim_start_matches("sha256:"));
        let old = File::open(&path).ok().map(|file| Reader::new(BufReader::with_capacity(1 << 16, file)));
        Self { old, new: begin(caches).ok(), path, buffer: Vec::new() }
    }

    pub(super) fn find(&mut self, path: &[u8], stat: &Stat) -> Option<[u8; 32]> {
        self.old.as_mut()?.find(path, stat)
    }

    /// Remember a digest, unless the file is too new for that. `is_known` ones were old enough when they were first remembered.
    pub(super) fn keep(&mut self, record: &Record, is_known: bool) {
        let Some((out, begun)) = &mut self.new else { return };
        if !is_known && record.stat.is_racy(*begun) {
            return;
        }
        self.buffer.clear();
        record.write(&mut self.buffer);
        if out.write_all(&self.buffer).is_err() {
            self.new = None;
        }
    }

    /// Put the new file in the place of the old one; whether that worked.
    pub(super) fn finish(self) -> bool {
        let Some(file) = self.new.and_then(|(out, _)| out.into_inner().ok()) else { return false };
        let is_done = file.persist(&self.path).is_ok();
        if is_done && let Some(caches) = self.path.parent() {
            forget_old(caches);
        }
        is_done
    }
}

/// A new file, and when it was made by the file system's own clock.
fn begin(caches: &Path) -> io::Result<(BufWriter<tempfile::NamedTempFile>, (i64, u32))> {
    fs::create_dir_all(caches)?;
    let file = tempfile::Builder::new().prefix(".new-").tempfile_in(caches)?;
    let begun = Stat::of(&file.as_file().metadata()?).mtime;
    let mut out = BufWriter::with_capacity(1 << 16, file);
    out.write_all(MAGIC)?;
    Ok((out, begun))
}

/// Beyond some number, those that were not written for the longest time go; what a killed process left behind goes with them.
fn forget_old(caches: &Path) {
    let Ok(entries) = fs::read_dir(caches) else { return };
    let age = |entry: &fs::DirEntry| entry.metadata().and_then(|found| found.modified()).ok();
    let mut all: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| (age(&entry), entry.path()))).collect();
    all.sort_unstable();
    let superfluous = all.len().saturating_sub(MOST_KEPT);
    for (_, path) in all.into_iter().take(superfluous) {
        // Another process may have been faster.
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::{any, proptest};

    use super::{MAGIC, Reader, Record, Stat};

    fn bytes(records: &[Record]) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        records.iter().for_each(|record| record.write(&mut out));
        out
    }

    proptest! {
        #[test]
        fn what_is_kept_is_found(
            files in btree_map(vec(any::<u8>(), 0..6), (any::<u64>(), any::<(i64, u32)>(), any::<[u8; 32]>()), 0..6),
            damaged in any::<proptest::sample::Index>(),
        ) {
            let records: Vec<Record> = files
                .into_iter()
                .map(|(path, (inode, time, sha256))| Record { path, stat: Stat { inode, size: inode / 2, mtime: time, ctime: time }, sha256 })
                .collect();
            let whole = bytes(&records);
            let mut reader = Reader::new(whole.as_slice());
            for record in &records {
                assert_eq!(reader.find(&record.path, &record.stat), Some(record.sha256));
                assert_eq!(reader.find(&record.path, &Stat { size: record.stat.size + 1, ..record.stat }), None);
            }
            // A byte that is wrong gives no wrong answer.
            let mut broken = whole;
            let at = damaged.index(broken.len());
            broken[at] ^= 1;
            let mut reader = Reader::new(broken.as_slice());
            for record in &records {
                assert!(reader.find(&record.path, &record.stat).is_none_or(|found| found == record.sha256));
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(tail in vec(any::<u8>(), 0..200)) {
            let stat = Stat { inode: 1, size: 1, mtime: (1, 1), ctime: (1, 1) };
            assert_eq!(Reader::new(tail.as_slice()).find(b"a", &stat), None);
            assert_eq!(Reader::new([MAGIC, &tail].concat().as_slice()).find(b"a", &stat), None);
        }
    }
}
