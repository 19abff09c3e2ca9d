//! The index as a file: `<git common dir>/xp/index.sqlite`. Every failure means "no index", never an error.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::blob::Blob;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::facts::Facts;
use super::folders::{Folder, Source};
use super::lookup::Entry;
use crate::git::Oid;
use crate::records::{FORMAT, Names, Rests, Segment};

/// Changes with the tables; the rows' own form is [`FORMAT`].
const SCHEMA: u32 = 1;

/// `xpix`: what `file` and SQLite's own tools see.
const APPLICATION: i32 = 0x7870_6978;

/// Room is made for at most this many facts at once, whatever a damaged index says.
const MOST_FACTS: usize = 1_000_000;

/// How long another process's short transaction is waited for.
const PATIENCE: Duration = Duration::from_millis(100);

const TABLES: &str = "
    CREATE TABLE source (name TEXT PRIMARY KEY, tip BLOB NOT NULL, folders BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE segment (source TEXT NOT NULL, folder TEXT NOT NULL, facts INTEGER NOT NULL, bytes BLOB NOT NULL, rest BLOB NOT NULL, PRIMARY KEY (source, folder));
    CREATE TABLE fact (
        id TEXT NOT NULL, kind TEXT NOT NULL, target TEXT, experiment TEXT, origin TEXT, name TEXT, branch TEXT, commit_id TEXT, time INTEGER NOT NULL,
        source TEXT NOT NULL, folder TEXT NOT NULL
    );
    CREATE INDEX fact_id ON fact (id);
    CREATE INDEX fact_place ON fact (source, folder);
    CREATE INDEX fact_target ON fact (target) WHERE target IS NOT NULL;
    CREATE INDEX fact_experiment ON fact (experiment) WHERE experiment IS NOT NULL;
    CREATE INDEX fact_name ON fact (name) WHERE name IS NOT NULL;
    CREATE INDEX fact_branch ON fact (branch, kind, time, id) WHERE branch IS NOT NULL;
    CREATE INDEX fact_commit ON fact (commit_id) WHERE commit_id IS NOT NULL;
    CREATE INDEX fact_time ON fact (kind, time, id);
";

/// An open index of this version.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    path: PathBuf,
}

impl Database {
    /// The index of a repository, if there is one that this version can read. One of an older version, or one that is none, is taken away.
    pub(super) fn open(common_dir: &Path) -> Option<Self> {
        let path = path(common_dir);
        if !is_plain(&path) {
            return None;
        }
        let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)
            .or_else(|_| Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY))
            .ok()?;
        let found = Self { connection, path: path.clone() };
        match found.begin() {
            Ok(version) if version == wanted_version() => Some(found),
            // A newer git-xp works here too; its index is not ours to replace.
            Ok(version) if version > wanted_version() => None,
            Ok(_) => remove(&path),
            Err(error) if is_broken(&error) => remove(&path),
            Err(_) => None,
        }
    }

    /// A new, empty index.
    pub(super) fn create(common_dir: &Path) -> Option<Self> {
        let path = path(common_dir);
        if path.exists() {
            return None;
        }
        std::fs::create_dir_all(path.parent()?).ok()?;
        let connection = Connection::open(&path).ok()?;
        connection.busy_timeout(PATIENCE).ok()?;
        // Segments take 10 to 100 KiB: few large pages are read faster than many small ones.
        connection.pragma_update(None, "page_size", 16384).ok()?;
        let mut found = Self { connection, path };
        let transaction = found.connection.transaction_with_behavior(TransactionBehavior::Immediate).ok()?;
        transaction.pragma_update(None, "application_id", APPLICATION).ok()?;
        transaction.pragma_update(None, "user_version", wanted_version()).ok()?;
        // Another process may have been faster.
        transaction.execute_batch(TABLES).ok()?;
        transaction.commit().ok()?;
        found.begin().ok().map(|_| found)
    }

    /// Begin to read: everything until [`Self::write`] is seen as it is now. Returns the version.
    fn begin(&self) -> rusqlite::Result<u32> {
        self.connection.busy_timeout(PATIENCE)?;
        // Nothing in here is worth a wait for the disk: what a power cut leaves is checked, and made again.
        self.connection.pragma_update(None, "synchronous", "OFF")?;
        self.connection.execute_batch("BEGIN")?;
        self.connection.pragma_query_value(None, "user_version", |row| row.get(0))
    }

    /// The same for reads that have nothing to do with each other, long after: none of them keeps others from writing.
    pub(super) fn between_reads(self) -> Option<Self> {
        self.connection.execute_batch("COMMIT").ok().map(|()| self)
    }

    /// The sources that the index knows: tip and folders.
    pub(super) fn sources(&self) -> HashMap<String, (Oid, Vec<Folder>)> {
        let read = || -> rusqlite::Result<HashMap<String, (Oid, Vec<Folder>)>> {
            let mut statement = self.connection.prepare("SELECT name, tip, folders FROM source")?;
            let mut rows = statement.query([])?;
            let mut all = HashMap::new();
            while let Some(row) = rows.next()? {
                let (tip, folders) = (row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
                if let (Ok(tip), Some(folders)) = (Oid::try_from(tip), decode_folders(folders)) {
                    all.insert(row.get(0)?, (tip, folders));
                }
            }
            Ok(all)
        };
        read().unwrap_or_default()
    }

    /// How many facts it holds.
    pub(super) fn facts(&self) -> usize {
        let found: Option<Vec<i64>> = self.select("SELECT coalesce(sum(facts), 0) FROM segment", [], |row| row.get(0));
        found.and_then(|found| usize::try_from(*found.first()?).ok()).unwrap_or(0).min(MOST_FACTS)
    }

    /// Hand out every segment, or `with_facts` only those that hold facts of their own: source, folder, bytes. `None` if the file broke off.
    pub(super) fn each_segment(&self, with_facts: bool, take: &mut dyn FnMut(&str, &str, Vec<u8>)) -> Option<()> {
        let sql = "SELECT rowid, source, folder FROM segment WHERE facts >= ?";
        let mut statement = self.connection.prepare(sql).ok()?;
        let mut rows = statement.query([i32::from(with_facts)]).ok()?;
        let mut blob: Option<Blob<'_>> = None;
        while let Some(row) = rows.next().ok()? {
            // A blob is read from the file to where it is needed, without a stay in between.
            let id = row.get(0).ok()?;
            match &mut blob {
                Some(blob) => blob.reopen(id).ok()?,
                None => blob = Some(self.connection.blob_open("main", "segment", "bytes", id, true).ok()?),
            }
            let blob = blob.as_ref()?;
            let mut bytes = vec![0; blob.len()];
            blob.read_at_exact(&mut bytes, 0).ok()?;
            let (source, folder) = (row.get_ref(1).ok()?, row.get_ref(2).ok()?);
            take(source.as_str().ok()?, folder.as_str().ok()?, bytes);
        }
        Some(())
    }

    /// What is kept of a segment apart from its bytes.
    pub(super) fn rest(&self, source: &str, folder: &str) -> Option<Vec<u8>> {
        self.select("SELECT rest FROM segment WHERE source = ? AND folder = ?", [source, folder], |row| row.get(0))?
            .pop()
    }

    /// Put in what is new, take out what is gone; all of it or nothing.
    pub(super) fn write<'a>(
        &mut self,
        sources: impl Iterator<Item = (&'a Source, Vec<&'a Folder>)>,
        gone: &[String],
        segments: impl Iterator<Item = (&'a str, &'a str, &'a Segment)>,
        names: &Names,
    ) {
        let write = |connection: &mut Connection| -> rusqlite::Result<()> {
            connection.execute_batch("COMMIT")?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut put = transaction.prepare(
                    "INSERT OR REPLACE INTO segment (source, folder, facts, bytes, rest) VALUES (?, ?, ?, ?, ?)",
                )?;
                let mut forget = transaction.prepare("DELETE FROM fact WHERE source = ? AND folder = ?")?;
                let mut entries = Facts::new(&transaction)?;
                for (source, folder, segment) in segments {
                    let facts = i64::try_from(segment.len()).unwrap_or(i64::MAX);
                    put.execute(params![source, folder, facts, segment.bytes(), segment.rest()])?;
                    let runs = segment.runs.iter().map(|run| Entry::of_run(run, names));
                    let experiments = segment.experiments.iter().map(|found| Entry::of_experiment(found, names));
                    let others = segment.others.iter().map(|row| Entry::of(row, names));
                    entries.set(source, folder, runs.chain(experiments).chain(others).collect())?;
                }
                for (source, folders) in sources {
                    let bytes = encode_folders(&folders);
                    let there: HashSet<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
                    let mut kept = transaction.prepare("SELECT folder FROM segment WHERE source = ?")?;
                    let kept: Vec<String> =
                        kept.query_map([&source.name], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
                    for folder in kept.iter().filter(|folder| !there.contains(folder.as_str())) {
                        transaction.execute(
                            "DELETE FROM segment WHERE source = ? AND folder = ?",
                            params![source.name, folder],
                        )?;
                        forget.execute(params![source.name, folder])?;
                    }
                    transaction.execute(
                        "INSERT OR REPLACE INTO source (name, tip, folders) VALUES (?, ?, ?)",
                        params![source.name, source.tip.as_slice(), bytes],
                    )?;
                }
                for name in gone {
                    transaction.execute("DELETE FROM segment WHERE source = ?", params![name])?;
                    transaction.execute("DELETE FROM fact WHERE source = ?", params![name])?;
                    transaction.execute("DELETE FROM source WHERE name = ?", params![name])?;
                }
            }
            transaction.commit()
        };
        if let Err(error) = write(&mut self.connection)
            && !is_passing(&error)
        {
            // Its tables are not what its version says: the next command makes a new one.
            remove(&self.path);
        }
    }
}

impl Database {
    /// Whether it knows exactly these sources, as they are now.
    pub(super) fn is_fresh(&self, sources: &[Source]) -> bool {
        let known: Option<Vec<(String, Vec<u8>)>> =
            self.select("SELECT name, tip FROM source", [], |row| Ok((row.get(0)?, row.get(1)?)));
        known.is_some_and(|known| {
            known.len() == sources.len()
                && sources
                    .iter()
                    .all(|source| known.iter().any(|(name, tip)| *name == source.name && *tip == source.tip.as_slice()))
        })
    }

    /// The folders of a source.
    pub(super) fn folders_of(&self, source: &str) -> Option<Vec<Folder>> {
        let sql = "SELECT folders FROM source WHERE name = ?";
        decode_folders(&self.select(sql, [source], |row| row.get::<_, Vec<u8>>(0))?.pop()?)
    }

    /// The segment of a folder, if it is the one of this key.
    pub(super) fn segment(&self, source: &str, folder: &str, names: &mut Names, key: &str) -> Option<Segment> {
        let sql = "SELECT bytes, rest FROM segment WHERE source = ? AND folder = ?";
        let (bytes, rest) = self.select(sql, [source, folder], |row| Ok((row.get(0)?, row.get(1)?)))?.pop()?;
        Segment::decode(bytes, Rests::Here(rest), names).filter(|segment| segment.key() == key)
    }

    pub(super) fn select<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Option<Vec<T>> {
        let mut statement = self.connection.prepare(sql).ok()?;
        let rows = statement.query_map(params, read).ok()?;
        rows.collect::<rusqlite::Result<_>>().ok()
    }
}

fn wanted_version() -> u32 {
    SCHEMA * 1000 + FORMAT
}

fn path(common_dir: &Path) -> PathBuf {
    common_dir.join("xp/index.sqlite")
}

/// Busy, read-only or full: the next command tries again.
fn is_passing(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, PermissionDenied, ReadOnly, SystemIoFailure,
    };
    error.sqlite_error_code().is_some_and(|code| {
        matches!(
            code,
            CannotOpen
                | DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | OutOfMemory
                | PermissionDenied
                | ReadOnly
                | SystemIoFailure
        )
    })
}

/// Whether SQLite can open it without a wait: there it is, and neither it nor what lies beside it is a pipe or a device.
fn is_plain(path: &Path) -> bool {
    let beside = ["sqlite-journal", "sqlite-wal", "sqlite-shm"].map(|ending| path.with_extension(ending));
    path.is_file() && beside.iter().all(|other| !other.exists() || other.is_file())
}

fn is_broken(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    error.sqlite_error_code().is_some_and(|code| matches!(code, DatabaseCorrupt | NotADatabase))
}

/// Take a useless index away; there is none then.
fn remove(path: &Path) -> Option<Database> {
    let _ = std::fs::remove_file(path);
    let _ = std::fs::remove_file(path.with_extension("sqlite-journal"));
    None
}

/// A CRC-32, then for each folder the length of its name, the name, the length of its tree's id, the id.
fn encode_folders(folders: &[&Folder]) -> Vec<u8> {
    let mut body = Vec::new();
    for folder in folders {
        for part in [folder.name.as_bytes(), folder.tree.as_slice()] {
            body.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
            body.extend_from_slice(part);
        }
    }
    let mut bytes = crc32fast::hash(&body).to_le_bytes().to_vec();
    bytes.extend(body);
    bytes
}

pub(super) fn decode_folders(bytes: &[u8]) -> Option<Vec<Folder>> {
    let (sum, mut rest) = bytes.split_first_chunk::<4>()?;
    if crc32fast::hash(rest).to_le_bytes() != *sum {
        return None;
    }
    let mut part = || -> Option<Option<&[u8]>> {
        let Some((length, behind)) = rest.split_first() else { return Some(None) };
        let part = behind.get(..usize::from(*length))?;
        rest = &behind[part.len()..];
        Some(Some(part))
    };
    let mut all = Vec::new();
    while let Some(name) = part()? {
        let tree = Oid::try_from(part()??).ok()?;
        all.push(Folder { name: std::str::from_utf8(name).ok()?.to_owned(), tree });
    }
    Some(all)
}
