//! From a place, as settings have it, to a remote.

use std::path::{Path, PathBuf};

use super::directory::Directory;
use super::{Remote, RemoteError, batch, bucket};
use crate::git::Repo;

/// Open the remote called `name` at `place`: a folder (relative to the top of the work tree), a bucket, the URL of a Git LFS server or of a git repository that has one,
/// or the name of a git remote. Nothing is asked yet.
///
/// # Errors
/// If the place is none, or cannot be used.
pub fn open(repo: &Repo, name: &str, place: &str) -> Result<Box<dyn Remote>, RemoteError> {
    if bucket::is_bucket(place) {
        return Ok(Box::new(bucket::open(name, place)?));
    }
    if let Some(path) = place.strip_prefix("file://") {
        return Ok(Box::new(Directory::new(name.to_owned(), PathBuf::from(path))));
    }
    if is_url(place) || is_git_remote(repo, place) {
        return Ok(Box::new(batch::open(repo, place)?.named(name)));
    }
    if let Some((scheme, _)) = place.split_once("://") {
        return Err(RemoteError::all(format!("{name}: nothing here can reach {scheme}://"))
            .hint("a folder, s3://, gs://, az://, https:// or ssh:// can be reached"));
    }
    if !is_path(place) {
        return Err(RemoteError::all(format!("{name}: '{place}' is neither a git remote nor a path"))
            .hint(format!("./{place} is a folder; git remote lists the remotes")));
    }
    let top = repo.work_dir().map_or_else(|_| repo.common_dir(), Path::to_owned);
    let path = match place.strip_prefix("~/") {
        Some(rest) => home().map_or_else(|| top.join(place), |home| home.join(rest)),
        None => top.join(place),
    };
    Ok(Box::new(Directory::new(name.to_owned(), path)))
}

/// The git remote whose Git LFS server is the default: `origin`, or the only one there is.
pub fn default_git_remote(repo: &Repo) -> Option<String> {
    let listed = repo.git("remote").text().ok()?;
    let names: Vec<&str> = listed.lines().collect();
    match names.as_slice() {
        [only] => Some((*only).to_owned()),
        names => names.iter().find(|name| **name == "origin").map(|name| (*name).to_owned()),
    }
}

/// Whether a text is a path for sure: a name alone could be many things.
pub fn is_path(text: &str) -> bool {
    text.contains('/') || text.starts_with(['.', '~']) || Path::new(text).is_absolute()
}

/// `https://…`, `ssh://…`, or `user@host:path` as git writes it.
fn is_url(place: &str) -> bool {
    let is_scheme =
        ["http://", "https://", "ssh://", "git+ssh://", "ssh+git://"].iter().any(|scheme| place.starts_with(scheme));
    let is_short = place.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/'));
    is_scheme || is_short
}

/// Whether git has a remote of this name.
pub fn is_git_remote(repo: &Repo, name: &str) -> bool {
    !is_path(name) && repo.git("remote").text().is_ok_and(|listed| listed.lines().any(|line| line == name))
}

#[expect(clippy::disallowed_methods, reason = "a place may begin with ~")]
fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}
