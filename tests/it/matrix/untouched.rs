//! Before and after, byte for byte: what a verb may not touch.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::scene::Scene;

/// Everything that lies in a row's temporary folder: the work trees with tracked and untracked files, the git folders with index, HEAD, refs, reflogs, stash,
/// config and hooks, whatever repositories there are. A file is its kind, mode, size, inode, times and bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint(BTreeMap<PathBuf, String>);

/// What a verb may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Caches alone: a verb that reads, or one that refuses.
    Cache,
    /// Caches, and objects that are fetched.
    Fetch,
    /// The record.
    Record,
    /// The record, and what making a branch and moving onto it changes: that branch, HEAD, the index, the branch's settings.
    MoveTo(&'static str),
}

impl Footprint {
    /// Look at everything.
    pub fn of(scene: &Scene) -> Self {
        let mut found = BTreeMap::new();
        walk(scene.repo.outside(), scene.repo.outside(), &mut found);
        if found.keys().any(|path| path.ends_with("tables.list")) {
            // The tables hold the record's refs too.
            let refs = scene.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
            found.insert("every ref".into(), refs);
            let head = scene.try_git(&["reflog", "HEAD"]).stdout;
            found.insert(
                "every ref/HEAD's log".into(),
                format!("{head} {:?}", scene.try_git(&["symbolic-ref", "HEAD"])),
            );
        }
        Self(found)
    }

    /// What a verb changed that it may not.
    pub fn damage(&self, after: &Self, may: May) -> Vec<String> {
        let (before, after) = (self.seen_with(may), after.seen_with(may));
        let names = before.keys().chain(after.keys()).collect::<std::collections::BTreeSet<_>>();
        let differs = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
        let told =
            |side: &BTreeMap<PathBuf, String>, name: &PathBuf| side.get(name).cloned().unwrap_or("nothing".to_owned());
        differs
            .map(|name| format!("{}: {} became {}", name.display(), told(&before, name), told(&after, name)))
            .collect()
    }

    /// Without what may change.
    fn seen_with(&self, may: May) -> BTreeMap<PathBuf, String> {
        let kept = self.0.iter().filter(|(path, _)| !may.change(path));
        kept.map(|(path, text)| (path.clone(), may.lines(path, text))).collect()
    }
}

impl May {
    fn change(self, path: &Path) -> bool {
        let text = format!("/{}", path.display());
        // Disposable: the index of facts, patch ids, digests of data, what the hardware is.
        let is_under_way = ["runs", "sealed", "manual"].iter().any(|dir| text.contains(&format!("/xp/{dir}/")));
        // `git maintenance`, left running after a seal now and then, holds its lock a little longer.
        let is_cache = text.contains("/xp/") && !is_under_way || text.ends_with("/maintenance.lock");
        let is_record = ["/objects/", "/xp/", "/refs/xp/", "/refs/notes/xp", "/reftable/", "/lfs/"]
            .iter()
            .any(|part| text.contains(part));
        match self {
            Self::Cache => is_cache,
            Self::Fetch => is_cache || text.contains("/objects/"),
            Self::Record => is_record,
            Self::MoveTo(branch) => {
                let moved = ["/HEAD", "/index", "/config", "/HEAD's log", "/config.worktree"];
                is_record
                    || moved.iter().any(|end| text.ends_with(end))
                    || text.contains(&format!("/refs/heads/{branch}"))
                    || text.contains("/sharedindex.")
            }
        }
    }

    /// Of lists of refs, the lines that may not change.
    fn lines(self, path: &Path, text: &str) -> String {
        let is_kept = |line: &&str| match self {
            Self::Cache | Self::Fetch => true,
            Self::Record => !line.contains("refs/xp/") && !line.contains("refs/notes/xp"),
            Self::MoveTo(branch) => {
                !line.contains("refs/xp/") && !line.contains("refs/notes/xp") && !line.contains(branch)
            }
        };
        match path.file_name().and_then(|name| name.to_str()) {
            Some("packed-refs" | "every ref") => text.lines().filter(is_kept).collect::<Vec<_>>().join("\n"),
            _ => text.to_owned(),
        }
    }
}

fn walk(top: &Path, dir: &Path, found: &mut BTreeMap<PathBuf, String>) {
    // What the scene's user may not read cannot have been read by git-xp either; root reads it all.
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(meta) = path.symlink_metadata() else { continue };
        if meta.is_dir() {
            walk(top, &path, found);
            continue;
        }
        // The name of an object says what is in it, and nobody reads the templates of hooks.
        let is_known = path.components().any(|part| part.as_os_str() == "objects")
            || path.extension().is_some_and(|extension| extension == "sample");
        let bytes = match meta.is_symlink() {
            true => fs::read_link(&path).map(|to| to.as_os_str().as_bytes().to_vec()),
            false if is_known => Ok(Vec::new()),
            false => fs::read(&path),
        };
        let bytes = bytes.unwrap_or_default();
        let name = path.strip_prefix(top).expect("below the top").to_owned();
        // git and git-xp write a list of refs anew for the sake of one.
        if path.ends_with("packed-refs") {
            found.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            continue;
        }
        // git itself says now and then that a shared index is still in use.
        let is_shared_index = name.file_name().is_some_and(|name| name.as_bytes().starts_with(b"sharedindex."));
        // The key box of whoever tries to sign.
        if name.starts_with(".gnupg") {
            continue;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        let times = (meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
        let times = if is_shared_index { (0, 0, 0, 0) } else { times };
        let text = format!(
            "mode {:o}, {} bytes, inode {}, times {times:?}, hash {:x}",
            meta.mode(),
            meta.len(),
            meta.ino(),
            hasher.finish()
        );
        found.insert(name, text);
    }
}
