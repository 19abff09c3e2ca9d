//! Runs under way: they are in no ledger, only in their folders.

use super::context::Context;
use super::error::CliError;
use crate::model::id::is_prefix;
use crate::model::run::Run;
use crate::model::time::Time;
use crate::store::folder::Folder;
use crate::store::line::Event;

/// A run under way, or one whose fact waits to be sealed.
#[derive(Debug)]
pub struct Live {
    /// Its folder.
    pub folder: Folder,
    /// Who runs it.
    pub by: String,
    /// What was known when it was opened.
    pub run: Run,
}

/// All runs under way, by their start.
pub fn all(cx: &Context) -> Vec<Live> {
    let read = |folder: Folder| match folder.read_head().ok()?.open {
        Some(Event::Open { by, fact, .. }) => Some(Live { folder, by, run: *fact }),
        _ => None,
    };
    let mut all: Vec<Live> = cx.root.under_way().into_iter().filter_map(read).collect();
    all.sort_by_key(|live| -> (Time, _) { (live.run.start, live.folder.id) });
    all
}

/// The run under way whose id begins with `text`.
///
/// # Errors
/// If there are several.
pub fn find(cx: &Context, text: &str) -> Result<Option<Live>, CliError> {
    if !is_prefix(text) {
        return Ok(None);
    }
    let mut found: Vec<Live> = all(cx).into_iter().filter(|live| live.folder.id.as_str().starts_with(text)).collect();
    if found.len() > 1 {
        let ids = found.iter().map(|live| live.folder.id.to_string()).collect::<Vec<_>>().join(", ");
        return Err(CliError::new(format!("'{text}' is the beginning of several runs under way: {ids}"))
            .hint("type one more character"));
    }
    Ok(found.pop())
}
