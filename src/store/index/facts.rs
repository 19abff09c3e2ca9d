//! The table of facts in the index: which fact lies where, and what is known by what name.

use std::collections::{BTreeSet, HashMap, HashSet};

use rusqlite::{Connection, Statement, params};

use super::database::{Database, decode_folders};
use super::lookup::{Entry, UNREADABLE};
use crate::model::id::Id;

/// Looking things up; `None` is a file that cannot be read.
impl Database {
    /// Whether anything was ever forgotten, could not be read, or is missing from the index.
    pub(super) fn is_odd(&self) -> Option<bool> {
        let sql = "SELECT 1 FROM fact WHERE kind IN ('tombstone', ?) LIMIT 1";
        let found: Vec<i64> = self.select(sql, [UNREADABLE], |row| row.get(0))?;
        let sql = "SELECT folders, (SELECT count(*) FROM segment WHERE segment.source = source.name) FROM source";
        let counts: Vec<(Vec<u8>, i64)> = self.select(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let is_whole = |(folders, count): &(Vec<u8>, i64)| {
            decode_folders(folders).is_some_and(|folders| i64::try_from(folders.len()) == Ok(*count))
        };
        Some(!found.is_empty() || !counts.iter().all(is_whole))
    }

    /// Experiments of a name or branch: the id of each first registration.
    pub(super) fn experiments_named(&self, names: [&str; 2], branches: [&str; 2]) -> Option<Vec<String>> {
        let first = "SELECT DISTINCT coalesce(experiment, id) FROM fact WHERE kind = 'experiment' AND";
        let mut found: Vec<String> = self.select(&format!("{first} name IN (?, ?)"), names, |row| row.get(0))?;
        found.extend(self.select(&format!("{first} branch IN (?, ?)"), branches, |row| row.get::<_, String>(0))?);
        Some(found)
    }

    /// Runs and registrations whose id begins so: id, kind, experiment.
    pub(super) fn beginning_with(&self, text: &str) -> Option<Vec<(String, String, Option<String>)>> {
        let sql = "SELECT id, kind, experiment FROM fact INDEXED BY fact_id WHERE id >= ?1 AND id < ?1 || '~' AND kind IN ('run', 'experiment')";
        self.select(sql, [text], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }

    /// The runs of a commit: id, experiment.
    pub(super) fn runs_of_commit(&self, commit: &str) -> Option<Vec<(String, Option<String>)>> {
        let sql = "SELECT id, experiment FROM fact WHERE commit_id = ? AND kind = 'run'";
        self.select(sql, [commit], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The last runs on a branch, or on none: id, experiment.
    pub(super) fn last_runs(&self, branch: Option<&str>, count: i64) -> Option<Vec<(String, Option<String>)>> {
        let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let order = "ORDER BY time DESC, id DESC LIMIT ?";
        match branch {
            Some(branch) => {
                let sql = format!("SELECT id, experiment FROM fact WHERE branch = ? AND kind = 'run' {order}");
                self.select(&sql, params![branch, count], pair)
            }
            None => {
                let sql = format!("SELECT id, experiment FROM fact WHERE branch IS NULL AND kind = 'run' {order}");
                self.select(&sql, params![count], pair)
            }
        }
    }

    /// The last runs of all.
    pub(super) fn last_runs_of_all(&self, count: i64) -> Option<Vec<(String, Option<String>)>> {
        let sql = "SELECT id, experiment FROM fact WHERE kind = 'run' ORDER BY time DESC, id DESC LIMIT ?";
        self.select(sql, params![count], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Later registrations and runs of an experiment: id, kind.
    pub(super) fn of_experiment(&self, id: &str) -> Option<Vec<(String, String)>> {
        let sql = "SELECT id, kind FROM fact WHERE experiment = ?";
        self.select(sql, [id], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Facts about a fact.
    pub(super) fn facts_about(&self, id: &str) -> Option<Vec<String>> {
        self.select("SELECT id FROM fact WHERE target = ?", [id], |row| row.get(0))
    }

    /// The experiment that one started from.
    pub(super) fn origin(&self, id: &str) -> Option<Option<String>> {
        let sql = "SELECT origin FROM fact WHERE id = ? AND origin IS NOT NULL";
        Some(self.select(sql, [id], |row| row.get(0))?.pop())
    }

    /// For each id the one before and the one behind it: what decides how far it has to be spelt out.
    pub(super) fn neighbours(&self, ids: &BTreeSet<String>) -> Option<Vec<Id>> {
        let mut all = Vec::new();
        for id in ids {
            let sql = "SELECT id FROM (SELECT id FROM fact INDEXED BY fact_id WHERE id < ?1 AND kind IN ('run', 'experiment') ORDER BY id DESC LIMIT 1)
                       UNION ALL SELECT id FROM (SELECT id FROM fact INDEXED BY fact_id WHERE id > ?1 AND kind IN ('run', 'experiment') ORDER BY id LIMIT 1)";
            let found: Vec<String> = self.select(sql, [id], |row| row.get(0))?;
            all.extend(found.iter().filter_map(|id| id.parse::<Id>().ok()));
        }
        Some(all)
    }

    /// The folders that hold facts: source, folder.
    pub(super) fn places(&self, ids: &BTreeSet<String>) -> Option<BTreeSet<(String, String)>> {
        let mut all = BTreeSet::new();
        for id in ids {
            let found: Vec<(String, String)> =
                self.select("SELECT source, folder FROM fact WHERE id = ?", [id], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            all.extend(found);
        }
        Some(all)
    }
}

/// The table of facts while it is written.
pub(super) struct Facts<'c> {
    known: Statement<'c>,
    forget: Statement<'c>,
    add: Statement<'c>,
}

impl<'c> Facts<'c> {
    pub(super) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            known: connection.prepare(
                "SELECT id, kind, target, experiment, origin, name, branch, commit_id, time, rowid FROM fact
                 WHERE source = ? AND folder = ?",
            )?,
            forget: connection.prepare("DELETE FROM fact WHERE rowid = ?")?,
            add: connection.prepare(
                "INSERT INTO fact (id, kind, target, experiment, origin, name, branch, commit_id, time, source, folder)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?,
        })
    }

    /// Make the entries of a folder what they should be. Most of them are: to write them all again would change pages all over the file.
    pub(super) fn set(&mut self, source: &str, folder: &str, wanted: HashSet<Entry<'_>>) -> rusqlite::Result<()> {
        let mut by_id: HashMap<&str, Vec<Entry<'_>>> = HashMap::with_capacity(wanted.len());
        wanted.into_iter().for_each(|entry| by_id.entry(entry.id).or_default().push(entry));
        let mut gone: Vec<i64> = Vec::new();
        let mut rows = self.known.query([source, folder])?;
        while let Some(row) = rows.next()? {
            let text = |at: usize| row.get::<_, Option<String>>(at);
            let (id, kind) = (text(0)?.unwrap_or_default(), text(1)?.unwrap_or_default());
            let others = [text(2)?, text(3)?, text(4)?, text(5)?, text(6)?, text(7)?];
            let [target, experiment, origin, name, branch, commit] = others.each_ref().map(Option::as_deref);
            let time = row.get(8)?;
            let known = Entry { id: &id, kind: &kind, target, experiment, origin, name, branch, commit, time };
            let same = by_id.get_mut(id.as_str());
            let found = same.and_then(|same| same.iter().position(|wanted| *wanted == known).map(|at| same.remove(at)));
            if found.is_none() {
                gone.push(row.get(9)?);
            }
        }
        for row in gone {
            self.forget.execute([row])?;
        }
        for Entry { id, kind, target, experiment, origin, name, branch, commit, time } in by_id.into_values().flatten()
        {
            self.add
                .execute(params![id, kind, target, experiment, origin, name, branch, commit, time, source, folder])?;
        }
        Ok(())
    }
}
