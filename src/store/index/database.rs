//! The index as a file: `<git common dir>/xp/index.sqlite`. Every failure means "no index", never an error.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::folders::{Folder, Source};
use crate::git::Oid;
use crate::records::FORMAT;

/// Changes with the tables; the rows' own form is [`FORMAT`].
const SCHEMA: u32 = 1;

/// `xpix`: what `file` and SQLite's own tools see.
const APPLICATION: i32 = 0x7870_6978;

/// How long another process's short transaction is waited for.
const PATIENCE: Duration = Duration::from_millis(100);

const TABLES: &str = "
    CREATE TABLE source (name TEXT PRIMARY KEY, tip BLOB NOT NULL, folders BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE segment (source TEXT NOT NULL, folder TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (source, folder));
";

/// An open index of this version.
pub(super) struct Database {
    connection: Connection,
}

impl Database {
    /// The index of a repository, if there is one that this version can read. One of an older version, or one that is none, is taken away.
    pub(super) fn open(common_dir: &Path) -> Option<Self> {
        let path = path(common_dir);
        if !path.exists() {
            return None;
        }
        let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)
            .or_else(|_| Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY))
            .ok()?;
        let found = Self { connection };
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
        let mut found = Self { connection };
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

    /// Hand out every segment: source, folder, bytes. `None` if the file broke off.
    pub(super) fn each_segment(&self, take: &mut dyn FnMut(&str, &str, &[u8])) -> Option<()> {
        let mut statement = self.connection.prepare("SELECT source, folder, bytes FROM segment").ok()?;
        let mut rows = statement.query([]).ok()?;
        while let Some(row) = rows.next().ok()? {
            let (source, folder, bytes) = (row.get_ref(0).ok()?, row.get_ref(1).ok()?, row.get_ref(2).ok()?);
            take(source.as_str().ok()?, folder.as_str().ok()?, bytes.as_blob().ok()?);
        }
        Some(())
    }

    /// Put in what is new, take out what is gone; all of it or nothing.
    pub(super) fn write<'a>(
        &mut self,
        sources: impl Iterator<Item = (&'a Source, Vec<&'a Folder>)>,
        gone: &[String],
        segments: impl Iterator<Item = (&'a str, &'a str, Vec<u8>)>,
    ) {
        let write = |connection: &mut Connection| -> rusqlite::Result<()> {
            connection.execute_batch("COMMIT")?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut put =
                    transaction.prepare("INSERT OR REPLACE INTO segment (source, folder, bytes) VALUES (?, ?, ?)")?;
                for (source, folder, bytes) in segments {
                    put.execute(params![source, folder, bytes])?;
                }
                for (source, folders) in sources {
                    let bytes = encode_folders(&folders);
                    transaction.execute(
                        "INSERT OR REPLACE INTO source (name, tip, folders) VALUES (?, ?, ?)",
                        params![source.name, source.tip.as_slice(), bytes],
                    )?;
                }
                for name in gone {
                    transaction.execute("DELETE FROM segment WHERE source = ?", params![name])?;
                    transaction.execute("DELETE FROM source WHERE name = ?", params![name])?;
                }
            }
            transaction.commit()
        };
        // Busy, read-only or full: the next command tries again.
        let _ = write(&mut self.connection);
    }
}

fn wanted_version() -> u32 {
    SCHEMA * 1000 + FORMAT
}

fn path(common_dir: &Path) -> std::path::PathBuf {
    common_dir.join("xp/index.sqlite")
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

fn decode_folders(bytes: &[u8]) -> Option<Vec<Folder>> {
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
