//! The files of a run.

use crate::artifact::pointer::Pointer;
use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::git::Oid;
use crate::store::folder::Folder;

use super::view::{Files, View};

/// Print one of the run's files.
///
/// # Errors
/// If there is none of that name, or it is not here.
pub(super) fn show(cx: &Context, view: &View, name: &str) -> Result<u8, CliError> {
    cx.ui.print_foreign(&read(cx, view, name)?);
    Ok(exit::OK)
}

/// Read one of the run's files.
///
/// # Errors
/// If there is none of that name, or it is not here.
pub(super) fn read(cx: &Context, view: &View, name: &str) -> Result<Vec<u8>, CliError> {
    let names: Vec<&str> = match &view.files {
        Files::Blobs(blobs) => match blobs.get(name) {
            Some(blob) => return content(cx, *blob),
            None => blobs.keys().map(String::as_str).collect(),
        },
        Files::Disk(files) if files.iter().any(|(found, _)| found == name) => {
            let folder = cx.root.folder(view.id);
            let path = if name == "output.log" { folder.output() } else { folder.files().join(name) };
            return std::fs::read(&path).map_err(|error| CliError::new(format!("{}: {error}", path.display())));
        }
        Files::Disk(files) => files.iter().map(|(name, _)| name.as_str()).collect(),
    };
    let hint = if names.is_empty() { "it has none".to_owned() } else { format!("it has: {}", names.join(", ")) };
    Err(CliError::new(format!("run {} has no file '{name}'", view.id)).hint(hint))
}

/// The content of a file in a ledger: a pointer stands for its object.
///
/// # Errors
/// If it is not here.
pub(super) fn content(cx: &Context, blob: Oid) -> Result<Vec<u8>, CliError> {
    crate::cli::files::read(cx, blob)
}

/// The size of a file in a ledger in bytes.
pub(super) fn size(cx: &Context, blob: Oid) -> u64 {
    /// Pointers are smaller than this, and few other files are.
    const POINTER: u64 = 200;
    let size = cx.repo.object_size(blob).unwrap_or_default();
    let pointer = (size < POINTER).then(|| Pointer::parse(&cx.repo.read_blob(blob).ok()?)).flatten();
    pointer.map_or(size, |pointer| pointer.size)
}

/// The files that a run under way has so far: name, size in bytes.
pub(super) fn on_disk(folder: &Folder) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    let mut open = vec![(folder.files(), String::new())];
    while let Some((dir, prefix)) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok) {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => open.push((entry.path(), format!("{name}/"))),
                Ok(metadata) => found.push((name, metadata.len())),
                Err(_) => {}
            }
        }
    }
    // Until the end the output lies beside the other files.
    if let Ok(metadata) = folder.output().metadata()
        && !found.iter().any(|(name, _)| name == "output.log")
    {
        found.push(("output.log".to_owned(), metadata.len()));
    }
    found.sort();
    found
}
