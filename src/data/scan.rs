//! The digest of a file or folder as it lies there.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use super::DataError;
use super::cache::{Cache, Record};
use super::dvc::normal;
use super::hash::{hash_bytes, hash_file};
use super::manifest::{self, Builder, Entry};
use super::walk::{Found, Kind, Walk, bytes_of};
use crate::artifact::stat::Stat;

/// How many files are looked at before those that are new are hashed together.
const BATCH: usize = 1024;

/// More threads than this do not make disks faster.
const MOST_THREADS: usize = 8;

/// How often a folder that changes while it is read is read again.
const ATTEMPTS: usize = 3;

/// A file or folder as it lies there.
#[derive(Debug)]
pub struct Scanned {
    /// SHA-256 of a file's content, or of a folder's manifest.
    pub sha256: [u8; 32],
    /// A folder's manifest, unless it is too long to be kept.
    pub manifest: Option<Vec<u8>>,
    /// How many files and links there are.
    pub files: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Links that lead out of the folder: what they point to is not part of the digest.
    pub leading_out: u64,
    /// Whether a file was read, for it was not known.
    hashed: bool,
    /// Whether what was read is known from now on.
    remembered: bool,
}

/// Hash a file or folder, with what `caches`, a folder, remembers. Links in the folder are not followed; `path` itself may be one.
///
/// What was read is looked at once more, which costs little as it is known now: two looks that agree saw the same files.
///
/// # Errors
/// If something cannot be read, is neither file nor folder, or changes all the time.
pub fn scan(path: &Path, caches: &Path) -> Result<Scanned, DataError> {
    scan_with(path, caches, &Digests)
}

/// How the content of files is read.
pub trait Read: Sync {
    /// Read one file: its digest, and what it was like at that moment.
    ///
    /// # Errors
    /// If it cannot be read, or changes every time while it is read.
    fn read(&self, path: &Path, buffer: &mut Vec<u8>) -> Result<([u8; 32], Stat), DataError>;

    /// Whether a file that is known need not be read: its digest and size.
    fn is_done(&self, sha256: &[u8; 32], size: u64) -> bool;
}

/// Reading for the digests alone.
struct Digests;

impl Read for Digests {
    fn read(&self, path: &Path, buffer: &mut Vec<u8>) -> Result<([u8; 32], Stat), DataError> {
        hash_file(path, buffer)
    }

    fn is_done(&self, _sha256: &[u8; 32], _size: u64) -> bool {
        true
    }
}

/// As [`scan`], reading files in another way.
///
/// # Errors
/// As [`scan`], and those of the way of reading.
pub fn scan_with(path: &Path, caches: &Path, reader: &dyn Read) -> Result<Scanned, DataError> {
    let root = path.canonicalize().map_err(DataError::io(path))?;
    let mut last: Option<Scanned> = None;
    for _ in 0..ATTEMPTS {
        let found = match look(&root, caches, reader) {
            // It was there when the folder was listed.
            Err(DataError::Missing { path }) if path != root => {
                last = None;
                continue;
            }
            found => found?,
        };
        let is_settled = !found.hashed || !found.remembered || last.is_some_and(|last| last.sha256 == found.sha256);
        if is_settled {
            return Ok(found);
        }
        last = Some(found);
    }
    Err(DataError::Changing { path: path.to_owned() })
}

/// How many files lie below a folder, and their bytes; links are followed, because other tools put them in the place of files.
///
/// # Errors
/// If something cannot be read.
pub fn count(path: &Path) -> Result<(u64, u64), DataError> {
    let (mut files, mut bytes) = (0, 0);
    for found in Walk::new(path)? {
        let found = found?;
        let size = fs::metadata(&found.full).map(|found| found.len()).unwrap_or_default();
        (files, bytes) = (files + 1, bytes + size);
    }
    Ok((files, bytes))
}

fn look(root: &Path, caches: &Path, reader: &dyn Read) -> Result<Scanned, DataError> {
    let mut cache = Cache::open(caches, &bytes_of(root.as_os_str()));
    let kind = fs::metadata(root).map_err(DataError::io(root))?;
    if kind.is_file() {
        let mut items =
            [Item::new(Found { path: Vec::new(), full: root.to_owned(), kind: Kind::File }, &mut cache, reader)?];
        let hashed = hash_all(&mut items, reader)?;
        let item = &items[0];
        cache.keep(&item.record(), item.is_known);
        let (sha256, bytes) = (item.sha256.unwrap_or_default(), item.stat.size);
        let remembered = hashed && cache.finish();
        return Ok(Scanned { sha256, manifest: None, files: 1, bytes, leading_out: 0, hashed, remembered });
    }
    if !kind.is_dir() {
        return Err(DataError::Special { path: root.to_owned() });
    }
    let (mut builder, mut leading_out, mut hashed) = (Builder::default(), 0, false);
    let mut walk = Walk::new(root)?;
    let mut items: Vec<Item> = Vec::new();
    loop {
        items.clear();
        for found in walk.by_ref().take(BATCH) {
            items.push(Item::new(found?, &mut cache, reader)?);
        }
        if items.is_empty() {
            break;
        }
        hashed |= hash_all(&mut items, reader)?;
        for item in &mut items {
            if item.found.kind == Kind::Link {
                leading_out += u64::from(item.leads_out);
            } else {
                cache.keep(&item.record(), item.is_known);
            }
            builder.add(&item.entry());
        }
    }
    let remembered = hashed && cache.finish();
    let (files, bytes) = (builder.files, builder.bytes);
    let (sha256, manifest) = builder.finish();
    Ok(Scanned { sha256, manifest, files, bytes, leading_out, hashed, remembered })
}

/// A file on its way into a manifest.
struct Item {
    found: Found,
    stat: Stat,
    sha256: Option<[u8; 32]>,
    is_known: bool,
    leads_out: bool,
    error: Option<DataError>,
}

impl Item {
    fn new(found: Found, cache: &mut Cache, reader: &dyn Read) -> Result<Self, DataError> {
        let mut stat = Stat::of(&fs::symlink_metadata(&found.full).map_err(DataError::io(&found.full))?);
        let (mut sha256, mut leads_out) = (None, false);
        if found.kind == Kind::Other {
            return Err(DataError::Special { path: found.full });
        }
        if found.kind == Kind::Link {
            let target = bytes_of(fs::read_link(&found.full).map_err(DataError::io(&found.full))?.as_os_str());
            leads_out = is_outside(&found.path, &target);
            stat.size = target.len() as u64;
            sha256 = Some(hash_bytes(&target));
        } else if let Some(known) = cache.find(&found.path, &stat)
            && reader.is_done(&known, stat.size)
        {
            sha256 = Some(known);
        }
        let is_known = sha256.is_some();
        Ok(Self { found, stat, sha256, is_known, leads_out, error: None })
    }

    fn hash(&mut self, reader: &dyn Read, buffer: &mut Vec<u8>) {
        match reader.read(&self.found.full, buffer) {
            Ok((sha256, stat)) => (self.sha256, self.stat) = (Some(sha256), stat),
            Err(error) => self.error = Some(error),
        }
    }

    fn record(&self) -> Record {
        Record { path: self.found.path.clone(), stat: self.stat, sha256: self.sha256.unwrap_or_default() }
    }

    fn entry(&mut self) -> Entry {
        let kind = if self.found.kind == Kind::Link { manifest::Kind::Link } else { manifest::Kind::File };
        let path = std::mem::take(&mut self.found.path);
        Entry { kind, size: self.stat.size, sha256: self.sha256.unwrap_or_default(), path }
    }
}

/// Hash what is not known, with several threads; whether there was anything.
fn hash_all(items: &mut [Item], reader: &dyn Read) -> Result<bool, DataError> {
    let unknown: Vec<&mut Item> = items.iter_mut().filter(|item| item.sha256.is_none()).collect();
    if unknown.is_empty() {
        return Ok(false);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS).min(unknown.len());
    let queue = Mutex::new(unknown.into_iter());
    let work = || {
        let mut buffer = Vec::new();
        // Nobody panics while the queue is held.
        while let Some(item) = queue.lock().ok().and_then(|mut queue| queue.next()) {
            item.hash(reader, &mut buffer);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // Where no thread is to be had, this one does all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    match items.iter_mut().find_map(|item| item.error.take()) {
        Some(error) => Err(error),
        None => Ok(true),
    }
}

/// Whether a link at a path below the folder points out of it, by its text.
fn is_outside(path: &[u8], target: &[u8]) -> bool {
    let (path, target) = (String::from_utf8_lossy(path), String::from_utf8_lossy(target));
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let lands = normal(&format!("{folder}/{target}").trim_start_matches('/').replace('\\', "_"));
    target.starts_with('/') || lands == ".." || lands.starts_with("../")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{is_outside, scan};
    use crate::data::manifest::parse;

    #[test]
    fn links_are_judged_by_their_text() {
        for (path, target, outside) in [
            ("a", "b", false),
            ("a/b", "../c", false),
            ("a/b", "../../c", true),
            ("a", "..", true),
            ("a", "/etc/passwd", true),
            ("a", "x/../../y", true),
        ] {
            assert_eq!(is_outside(path.as_bytes(), target.as_bytes()), outside, "{path} -> {target}");
        }
    }

    #[test]
    fn a_folder_is_its_files_and_the_cache_never_lies() {
        let dir = tempfile::tempdir().expect("a folder");
        let (root, caches) = (dir.path().join("data"), dir.path().join("caches"));
        fs::create_dir_all(root.join("deep/er")).expect("made");
        for i in 0..50 {
            fs::write(root.join(format!("deep/er/{i}.txt")), format!("{i}\n")).expect("written");
        }
        let first = scan(&root, &caches).expect("read");
        assert_eq!((first.files, first.bytes), (50, 140));
        assert_eq!(parse(first.manifest.as_deref().expect("short")).expect("read").len(), 50);
        // Every change is seen at once, also within one tick of the clock and with the same size.
        let mut seen = vec![first.sha256];
        for round in 0..20 {
            fs::write(root.join("deep/er/7.txt"), format!("{}\n", (b'a' + round) as char)).expect("written");
            let now = scan(&root, &caches).expect("read").sha256;
            assert!(!seen.contains(&now), "round {round}");
            seen.push(now);
        }
        fs::write(root.join("deep/er/7.txt"), "7\n").expect("written");
        assert_eq!(scan(&root, &caches).expect("read").sha256, first.sha256);
        // What is damaged or gone costs time alone.
        for entry in fs::read_dir(&caches).expect("caches") {
            let path = entry.expect("one").path();
            let mut bytes = fs::read(&path).expect("read");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xff;
            fs::write(&path, bytes).expect("written");
        }
        assert_eq!(scan(&root, &caches).expect("read").sha256, first.sha256);
        fs::remove_dir_all(&caches).expect("removed");
        fs::write(&caches, "no folder").expect("written");
        assert_eq!(scan(&root, &caches).expect("read").sha256, first.sha256);
    }

    #[test]
    fn a_file_is_its_content() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.csv");
        fs::write(&path, "abc").expect("written");
        for _ in 0..2 {
            let found = scan(&path, &dir.path().join("caches")).expect("read");
            let name = crate::data::manifest::named(&found.sha256);
            assert_eq!(name, crate::artifact::digest(b"abc"));
            assert_eq!((found.files, found.bytes, found.manifest), (1, 3, None));
        }
        assert!(scan(&dir.path().join("missing"), dir.path()).is_err());
    }

    #[test]
    fn what_changes_while_it_is_read_is_read_again_or_named() {
        use std::io::Write;
        use std::sync::atomic::{AtomicBool, Ordering};
        let dir = tempfile::tempdir().expect("a folder");
        let (path, caches, is_done) = (dir.path().join("grows"), dir.path().join("caches"), AtomicBool::new(false));
        fs::write(&path, vec![b'x'; 1 << 20]).expect("written");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut file = fs::OpenOptions::new().append(true).open(&path).expect("opened");
                while !is_done.load(Ordering::SeqCst) {
                    file.write_all(b"x").expect("written");
                }
            });
            for _ in 0..5 {
                match scan(&path, &caches) {
                    // Whatever the moment was, size and digest are of the same one.
                    Ok(found) => {
                        let content = vec![b'x'; usize::try_from(found.bytes).expect("small")];
                        assert_eq!(found.sha256, crate::data::hash::hash_bytes(&content));
                    }
                    Err(error) => assert!(error.to_string().ends_with("grows changes while it is read"), "{error}"),
                }
            }
            is_done.store(true, Ordering::SeqCst);
        });
    }

    #[cfg(unix)]
    #[test]
    fn links_count_by_their_text_and_pipes_are_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let (root, caches) = (dir.path().join("data"), dir.path().join("caches"));
        fs::create_dir_all(&root).expect("made");
        std::os::unix::fs::symlink("/etc/passwd", root.join("out")).expect("linked");
        std::os::unix::fs::symlink("out", root.join("in")).expect("linked");
        // A link to itself is no reason to run in circles.
        std::os::unix::fs::symlink(".", root.join("self")).expect("linked");
        let found = scan(&root, &caches).expect("read");
        assert_eq!((found.files, found.leading_out, found.bytes), (3, 1, 11 + 3 + 1));
        std::os::unix::fs::symlink("data", dir.path().join("alias")).expect("linked");
        assert_eq!(scan(&dir.path().join("alias"), &caches).expect("read").sha256, found.sha256);
        let pipe = std::ffi::CString::new(root.join("pipe").to_str().expect("text")).expect("text");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
            .expect("made");
        assert!(scan(&root, &caches).expect_err("a pipe").to_string().contains("neither"));
    }
}
