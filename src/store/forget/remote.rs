//! Forgetting at a remote: its own refs are rewritten, not replaced by ours, so that nothing of others is lost and nothing unpushed is published.

use std::collections::BTreeMap;

use super::View;
use super::rewrite::{Wish, rewrite};
use crate::git::objects::Writer;
use crate::git::refs::Expected;
use crate::git::{GitError, Repo};
use crate::store::ledger::{NOTES, PREFIX};

/// How often it is tried again when others push meanwhile.
const TRIES: usize = 4;

/// The refs of the record that a remote has.
///
/// # Errors
/// If the remote cannot be reached.
pub fn view(repo: &Repo, remote: &str) -> Result<View, GitError> {
    let text = repo.git("ls-remote").args(["--refs", "--", remote, "refs/xp/*", NOTES]).text()?;
    let refs: BTreeMap<_, _> = text
        .lines()
        .filter_map(|line| {
            let (oid, name) = line.split_once('\t')?;
            Some((name.to_owned(), repo.parse_oid(oid)?))
        })
        .collect();
    Ok(View { refs })
}

/// Rewrite the refs of a remote, each with a lease on what it was; returns their names.
///
/// # Errors
/// If the remote cannot be reached or refuses, or others keep pushing; then it is as it was.
pub fn forget(repo: &Repo, remote: &str, wish: &Wish<'_>) -> Result<Vec<String>, GitError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match forget_once(repo, remote, wish) {
            Err(GitError::Command { message, .. }) if tries < TRIES && message.contains("stale info") => {}
            result => return result,
        }
    }
}

fn forget_once(repo: &Repo, remote: &str, wish: &Wish<'_>) -> Result<Vec<String>, GitError> {
    let view = view(repo, remote)?;
    if !view.refs.keys().any(|name| name.starts_with(PREFIX) || name == NOTES) {
        return Ok(Vec::new());
    }
    // No ref here is to name what is about to be forgotten, whatever refspecs the remote has.
    repo.git("fetch")
        .args(["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--refmap=", "--", remote])
        .args(view.refs.keys())
        .output()?;
    let writer = Writer::new(repo);
    let edits = rewrite(repo, &writer, &view, wish)?.edits;
    if edits.is_empty() {
        return Ok(Vec::new());
    }
    let mut push = repo.git("push").args(["--quiet", "--atomic", "--no-verify"]);
    for edit in &edits {
        let old = match edit.expected {
            Expected::Is(old) => old.to_string(),
            Expected::Missing => String::new(),
        };
        push = push.arg(format!("--force-with-lease={}:{old}", edit.name));
    }
    let new = edits.iter().filter_map(|edit| Some(format!("{}:{}", edit.new?, edit.name)));
    push.args(["--", remote]).args(new).output()?;
    Ok(edits.into_iter().map(|edit| edit.name).collect())
}
