//! The files of a run, wherever their bytes lie.

use std::io::Read;

use super::context::Context;
use super::error::CliError;
use crate::artifact::pointer::Pointer;
use crate::artifact::store::{Store, StoreError};
use crate::git::Oid;

/// The content of a file of a run: the blob, or the LFS object that it points to.
///
/// # Errors
/// If the blob or the object is missing or damaged.
pub fn read(cx: &Context, blob: Oid) -> Result<Vec<u8>, CliError> {
    let content = cx.repo.read_blob(blob)?;
    match Pointer::parse(&content) {
        Some(pointer) => object(cx, &pointer),
        None => Ok(content),
    }
}

/// The bytes of an object.
///
/// # Errors
/// If it is not here.
pub fn object(cx: &Context, pointer: &Pointer) -> Result<Vec<u8>, CliError> {
    let missing =
        |error: StoreError| CliError::new(error.to_string()).hint("git xp artifact fetch    gets what is missing");
    let mut content = Vec::new();
    let mut file = Store::of(&cx.repo).open(pointer).map_err(missing)?;
    file.read_to_end(&mut content).map_err(|error| CliError::new(format!("object {}: {error}", pointer.oid)))?;
    Ok(content)
}
