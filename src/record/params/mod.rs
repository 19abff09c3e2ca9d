//! Reading params from what teams have: files of params before the command starts, what Hydra and papermill leave when it has ended.
//!
//! Nothing here refuses or fails a run: what cannot be read is said, and no param is taken from it.

mod before;
mod hydra;
mod left;
mod notebook;

pub use before::{Asked, Taken, read};
pub use left::Left;
pub(super) use left::Search;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use crate::artifact::digest;
use crate::capture::params::limit::{MAX_FILE, fit};
use crate::capture::secrets::Masker;
use crate::data::files::open_file;
use crate::model::param::ParamSource;
use crate::store::folder::Folder;

/// The content of a file of at most so many bytes; `None` if there is none. A link is not followed, a pipe not waited for.
fn read_file(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, String> {
    let file = match open_file(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("it is larger than {} MiB", limit >> 20));
    }
    Ok(Some(bytes))
}

/// As [`read_file`], for a file of the work tree: it may be a link, but not to somewhere else.
fn read_inside(top: &Path, path: &Path) -> Result<Option<Vec<u8>>, String> {
    let path = match fs::canonicalize(path) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if !path.starts_with(top) {
        return Err("it leads out of the repository".to_owned());
    }
    read_file(&path, MAX_FILE)
}

/// What a file says, secrets masked and what cannot be a param left out; and a sentence about each of these.
fn masked(values: &BTreeMap<String, Value>, file: &str, masker: &Masker) -> (BTreeMap<String, Value>, Vec<String>) {
    // First what is too much: it need not be searched for secrets.
    let (values, said) = fit(values.clone(), file);
    (masker.mask_params(&values), said)
}

/// A source that is a file: `bytes` are what is recorded of it, `stored` is its name among the run's files.
fn source_of(kind: &str, file: &str, bytes: &[u8], stored: Option<String>) -> ParamSource {
    ParamSource {
        kind: kind.to_owned(),
        file: Some(file.to_owned()),
        digest: Some(digest(bytes)),
        stored,
        ..ParamSource::default()
    }
}

/// Store a file with a run that is open.
fn store(folder: &Folder, name: &str, bytes: &[u8]) -> Result<String, String> {
    folder.write_file(name, bytes).map(|_| name.to_owned()).map_err(|error| error.to_string())
}
