//! Where artifacts are pushed to and fetched from: from what was typed, or set, to a remote that can be asked.

use super::context::Context;
use super::error::CliError;
use super::selector::nearest;
use crate::artifact::remote::place::{default_git_remote, is_git_remote, is_path, open as open_place};
use crate::artifact::remote::{Remote, RemoteError};

/// Open a remote: by its name in the settings, by a place itself, or, without a name, the default one.
///
/// # Errors
/// If there is none, or its place makes no sense.
pub fn open(cx: &Context, wanted: Option<&str>) -> Result<Box<dyn Remote>, CliError> {
    let (name, place) = find(cx, wanted)?;
    open_place(&cx.repo, &name, &place).map_err(failed)
}

/// The name and the place of a remote.
///
/// # Errors
/// If there is none.
pub fn find(cx: &Context, wanted: Option<&str>) -> Result<(String, String), CliError> {
    let known = &cx.settings.artifacts;
    let Some(wanted) = wanted else {
        return match known.first() {
            Some(found) => Ok(found.clone()),
            None => default_git_remote(&cx.repo).map(|name| (name.clone(), name)).ok_or_else(none),
        };
    };
    match known.iter().find(|(name, _)| name == wanted) {
        Some(found) => Ok(found.clone()),
        // Not by its address: if that is wrong, there may be a secret in it.
        None if wanted.contains("://") => Ok(("the remote".to_owned(), wanted.to_owned())),
        None if is_path(wanted) || wanted.contains(':') => Ok((wanted.to_owned(), wanted.to_owned())),
        // The name of a git remote, or a mistake: git knows.
        None if is_git_remote(&cx.repo, wanted) => Ok((wanted.to_owned(), wanted.to_owned())),
        None => Err(unknown(cx, wanted)),
    }
}

/// An error of a remote, as a user sees it.
pub fn failed(error: RemoteError) -> CliError {
    let shown = CliError::new(error.message);
    match error.hint {
        Some(hint) => shown.hint(hint),
        None => shown,
    }
}

fn none() -> CliError {
    CliError::new("no place for artifacts is set, and there is no git remote")
        .hint("git config xp.artifacts.shared /mnt/models    a folder that others see too; .xp.toml sets it for all: [artifacts]")
}

fn unknown(cx: &Context, wanted: &str) -> CliError {
    let names = || cx.settings.artifacts.iter().map(|(name, _)| name.as_str());
    let error = CliError::new(format!("'{wanted}' is no remote of artifacts"));
    match nearest(wanted, names()) {
        Some(name) => error.hint(format!("did you mean '{name}'?")),
        None if cx.settings.artifacts.is_empty() => error.hint(format!("git config xp.artifacts.{wanted} <place>")),
        None => error.hint(format!("there are: {}", names().collect::<Vec<_>>().join(", "))),
    }
}
