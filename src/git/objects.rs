//! Reading objects, and writing them so that a `git gc --prune=now` in between cannot lose them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use gix::objs::{Exists, Find, Kind, Write};

use super::Oid;
use super::error::GitError;
use super::look::pack_time;
use super::repo::Repo;

/// How long a signature may take: an agent that waits for a finger must not hold up a training's end.
const SIGNING_PATIENCE: Duration = Duration::from_secs(5);

/// How long the end of a `git gc` is waited for. In a repository where it takes longer, `fsck --repair` seals again what it took.
const GC_PATIENCE: Duration = Duration::from_secs(12);

impl Repo {
    /// The content of a blob.
    ///
    /// # Errors
    /// If the object is missing, no blob, or corrupt.
    pub fn read_blob(&self, oid: Oid) -> Result<Vec<u8>, GitError> {
        self.prefetch([oid]);
        let read = |repo: &gix::Repository| Ok(std::mem::take(&mut repo.find_blob(oid)?.data));
        self.look(read).map_err(self.cannot_read(format!("cannot read the blob {oid}")))
    }

    /// As [`Repo::read_blob`], into memory that is used again: who reads many blobs allocates once.
    ///
    /// # Errors
    /// If the object is missing, no blob, or corrupt.
    pub fn read_blob_into(&self, oid: Oid, bytes: &mut Vec<u8>) -> Result<(), GitError> {
        let doing = || format!("cannot read the blob {oid}");
        self.prefetch([oid]);
        let found = self.inner.objects.try_find(&oid, bytes).map_err(|error| GitError::gix(doing())(error))?;
        let message = match found.map(|data| data.kind) {
            Some(Kind::Blob) => return Ok(()),
            Some(kind) => format!("it is a {kind}"),
            // Between two packings it may be nowhere, for a moment.
            None => {
                *bytes = self.read_blob(oid)?;
                return Ok(());
            }
        };
        Err(GitError::Gix { doing: doing(), message })
    }

    /// The size of an object in bytes, without reading it; `None` if it is missing.
    pub fn object_size(&self, oid: Oid) -> Option<u64> {
        self.inner.try_find_header(oid).ok().flatten().map(|header| header.size())
    }

    /// Whether the object is here.
    ///
    /// gix's own answer is always yes for the empty tree, which git wants to find all the same.
    pub fn has_object(&self, oid: Oid) -> bool {
        self.inner.objects.exists(&oid)
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// If the commit is missing or corrupt.
    pub fn commit_tree(&self, commit: Oid) -> Result<Oid, GitError> {
        let doing = || format!("cannot read the commit {commit}");
        let tree = |found: gix::Commit<'_>| found.tree_id().map(gix::Id::detach).map_err(|error| error.to_string());
        let found = self.look(|repo| repo.find_commit(commit).map(tree)).map_err(GitError::gix(doing()))?;
        found.map_err(|message| GitError::Gix { doing: doing(), message })
    }

    /// The tree of the commit that a ref points to; `None` if it points to something that is no commit. Anybody can push such a ref.
    ///
    /// # Errors
    /// If the object is missing or corrupt.
    pub fn tip_tree(&self, tip: Oid) -> Result<Option<Oid>, GitError> {
        match self.inner.try_find_header(tip).ok().flatten() {
            Some(header) if header.kind() != Kind::Commit => Ok(None),
            _ => self.commit_tree(tip).map(Some),
        }
    }

    /// The parents of a commit.
    ///
    /// # Errors
    /// If the commit is missing or corrupt.
    pub fn commit_parents(&self, commit: Oid) -> Result<Vec<Oid>, GitError> {
        let parents = |found: gix::Commit<'_>| found.parent_ids().map(gix::Id::detach).collect();
        self.look(|repo| repo.find_commit(commit).map(parents))
            .map_err(GitError::gix(format!("cannot read the commit {commit}")))
    }

    /// The committer's time of a commit, seconds since 1970.
    pub fn commit_seconds(&self, commit: Oid) -> Option<i64> {
        self.inner.find_commit(commit).ok()?.time().ok().map(|time| time.seconds)
    }

    /// The message of a commit.
    ///
    /// # Errors
    /// If the commit is missing or corrupt.
    pub fn commit_message(&self, commit: Oid) -> Result<String, GitError> {
        let found =
            self.inner.find_commit(commit).map_err(GitError::gix(format!("cannot read the commit {commit}")))?;
        Ok(String::from_utf8_lossy(found.message_raw_sloppy()).into_owned())
    }
}

impl Repo {
    /// A signed commit by `git commit-tree -S`; `None`, so that the caller goes on unsigned, if signing fails or takes over five seconds.
    pub fn signed_commit(&self, tree: Oid, parents: &[Oid], author: &Author, message: &str) -> Option<Oid> {
        let mut git = self.git("commit-tree").args(["-S", &tree.to_string()]);
        for parent in parents {
            git = git.args(["-p", &parent.to_string()]);
        }
        let date = format!("{} +0000", author.seconds);
        let signed = git
            .args(["-m", message.trim_end()])
            .env("GIT_AUTHOR_NAME", &author.name)
            .env("GIT_AUTHOR_EMAIL", &author.email)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", &author.name)
            .env("GIT_COMMITTER_EMAIL", &author.email)
            .env("GIT_COMMITTER_DATE", &date)
            .within(SIGNING_PATIENCE)
            .text();
        let oid = signed.ok().and_then(|hex| self.parse_oid(&hex));
        if oid.is_none() {
            self.signing_failed.set(true);
        }
        oid
    }
}

/// Writes objects and remembers them until the refs that need them are written.
///
/// Between the writing of an object and the writing of the ref nothing reaches it, so a `git gc --prune=now` may delete it. After
/// the transaction [`Self::restore`] looks for each object again.
pub struct Writer<'repo> {
    repo: &'repo Repo,
    written: RefCell<HashMap<Oid, (Kind, Vec<u8>)>>,
    /// When packs last came or went, as this began.
    pack_time: Option<SystemTime>,
}

/// Author and committer of a commit.
#[derive(Debug, Clone)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Seconds since 1970.
    pub seconds: i64,
}

impl<'repo> Writer<'repo> {
    /// A writer into the repository.
    pub fn new(repo: &'repo Repo) -> Self {
        Self { repo, written: RefCell::default(), pack_time: pack_time(repo.inner.common_dir()) }
    }

    /// Write a blob.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn blob(&self, bytes: &[u8]) -> Result<Oid, GitError> {
        self.put(Kind::Blob, bytes)
    }

    /// Write a tree.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn tree(&self, tree: &gix::objs::Tree) -> Result<Oid, GitError> {
        self.put(Kind::Tree, &encode(tree)?)
    }

    /// Write a commit.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn commit(&self, tree: Oid, parents: &[Oid], author: &Author, message: &str) -> Result<Oid, GitError> {
        let signature = gix::actor::Signature {
            name: author.name.as_str().into(),
            email: author.email.as_str().into(),
            time: gix::date::Time { seconds: author.seconds, offset: 0 },
        };
        let commit = gix::objs::Commit {
            tree,
            parents: parents.iter().copied().collect(),
            author: signature.clone(),
            committer: signature,
            encoding: None,
            message: message.into(),
            extra_headers: Vec::new(),
        };
        self.put(Kind::Commit, &encode(&commit)?)
    }

    /// After the refs are written: write again what was pruned meanwhile.
    ///
    /// A gc that began before the refs were written knows nothing of them and prunes until it ends, so its end is waited for; one that begins
    /// later sees them.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn restore(&self) -> Result<(), GitError> {
        let pid_file = self.repo.common_dir().join("gc.pid");
        let begun = Instant::now();
        // First the waiting, then the look: a gc that is done before the look has deleted all that it deletes.
        while is_gc_running(&pid_file) && begun.elapsed() < GC_PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        if pack_time(self.repo.inner.common_dir()) == self.pack_time {
            return self.put_back(&self.repo.inner);
        }
        // An open repository still sees the packs that a gc has deleted.
        let fresh = gix::open(self.repo.common_dir())
            .map_err(|error| GitError::gix("cannot open the repository again")(error))?;
        self.put_back(&fresh)
    }

    fn put_back(&self, repo: &gix::Repository) -> Result<(), GitError> {
        for (oid, (kind, bytes)) in self.written.borrow().iter() {
            if !repo.objects.exists(oid) {
                repo.objects.write_buf(*kind, bytes).map_err(GitError::gix("cannot write an object"))?;
            }
        }
        Ok(())
    }

    fn put(&self, kind: Kind, bytes: &[u8]) -> Result<Oid, GitError> {
        let oid = self.write_buf(kind, bytes).map_err(GitError::gix("cannot write an object"))?;
        Ok(oid)
    }
}

/// Whether the `git gc` that a file `gc.pid` names (its process id, a space, its host) is still at work here.
fn is_gc_running(pid_file: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(pid_file) else { return false };
    text.split_whitespace().next().and_then(|pid| pid.parse().ok()).is_some_and(is_alive)
}

#[cfg(unix)]
fn is_alive(pid: i32) -> bool {
    rustix::process::Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

#[cfg(not(unix))]
fn is_alive(_pid: i32) -> bool {
    true
}

fn encode(object: &impl gix::objs::WriteTo) -> Result<Vec<u8>, GitError> {
    let mut bytes = Vec::new();
    object
        .write_to(&mut bytes)
        .map_err(|error| GitError::Gix { doing: "cannot encode an object".to_owned(), message: error.to_string() })?;
    Ok(bytes)
}

impl Find for Writer<'_> {
    fn try_find<'a>(
        &self,
        id: &gix::hash::oid,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<gix::objs::Data<'a>>, gix::Error> {
        self.repo.prefetch([id.to_owned()]);
        self.repo.inner.objects.try_find(id, buffer)
    }
}

impl Write for Writer<'_> {
    fn write_buf(&self, kind: Kind, bytes: &[u8]) -> Result<Oid, gix::Error> {
        let oid = gix::objs::compute_hash(self.repo.inner.object_hash(), kind, bytes)?;
        self.write_buf_with_known_id(kind, bytes, oid)
    }

    fn write_buf_with_known_id(&self, kind: Kind, bytes: &[u8], id: Oid) -> Result<Oid, gix::Error> {
        if !self.repo.has_object(id) {
            self.repo.inner.objects.write_buf_with_known_id(kind, bytes, id)?;
        }
        self.written.borrow_mut().insert(id, (kind, bytes.to_vec()));
        Ok(id)
    }

    fn write_stream(&self, kind: Kind, _size: u64, from: &mut dyn std::io::Read) -> Result<Oid, gix::Error> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).map_err(gix::Error::from_error)?;
        self.write_buf(kind, &bytes)
    }

    fn write_stream_with_known_id(
        &self,
        kind: Kind,
        _size: u64,
        from: &mut dyn std::io::Read,
        id: Oid,
    ) -> Result<Oid, gix::Error> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).map_err(gix::Error::from_error)?;
        self.write_buf_with_known_id(kind, &bytes, id)
    }
}
