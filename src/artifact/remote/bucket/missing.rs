//! What stands for buckets where git-xp was built without them.

use std::fs::File;

use super::super::{Presence, Remote, RemoteError};
use super::url::Location;
use crate::artifact::part::Part;
use crate::artifact::pointer::Pointer;

/// A bucket; there is none.
#[derive(Debug)]
pub enum Bucket {}

/// Say why there is none.
///
/// # Errors
/// Always.
pub fn open(name: &str, url: &str) -> Result<Bucket, RemoteError> {
    Location::parse(url)?;
    Err(RemoteError::all(format!("{name} is a bucket, and this git-xp was built without the feature `cloud`"))
        .hint("cargo install git-xp    builds it with all features"))
}

impl Remote for Bucket {
    fn name(&self) -> &str {
        match *self {}
    }

    fn place(&self) -> String {
        match *self {}
    }

    fn upload(&self, _pointer: &Pointer, _file: &mut File, _sent: &dyn Fn(i64)) -> Result<(), RemoteError> {
        match *self {}
    }

    fn download(&self, _pointer: &Pointer, _part: &mut Part<'_>) -> Result<(), RemoteError> {
        match *self {}
    }

    fn look(&self, _pointers: &[Pointer]) -> Result<Vec<Presence>, RemoteError> {
        match *self {}
    }
}
