//! The files of a run, wherever their bytes lie.

use super::context::Context;
use super::error::CliError;
use crate::artifact::objects;
use crate::artifact::pointer::Pointer;
use crate::git::Oid;

/// No pointer is as long, so that nobody looks for one in a large file.
const LONGEST_POINTER: usize = 1024;

/// The content of a file of a run: the blob, or the LFS object that it points to.
///
/// # Errors
/// If the blob or the object is missing or damaged.
pub fn read(cx: &Context, blob: Oid) -> Result<Vec<u8>, CliError> {
    let content = cx.repo.read_blob(blob)?;
    let Some(pointer) =
        Some(&content).filter(|content| content.len() <= LONGEST_POINTER).and_then(|bytes| Pointer::parse(bytes))
    else {
        return Ok(content);
    };
    let path = objects::path(&cx.repo.common_dir(), &pointer.oid);
    let wrong =
        |what: &dyn std::fmt::Display| CliError::new(format!("{}: {what}", path.display())).hint("git lfs fetch --all");
    let content = std::fs::read(&path).map_err(|error| wrong(&error))?;
    if content.len() as u64 != pointer.size {
        return Err(wrong(&format_args!("it has {} bytes instead of {}", content.len(), pointer.size)));
    }
    Ok(content)
}
