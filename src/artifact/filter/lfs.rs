//! The filter `lfs`, as git's protocol asks for it.

use std::io::{self, Read};

use super::clean::{as_io, clean};
use super::process::{Filter, Smudged};
use super::smudge::{Left, Smudge};
use crate::artifact::store::Store;

/// Clean and smudge of one repository.
pub struct Lfs<'a> {
    store: Store,
    smudge: Smudge<'a>,
    failed: &'a dyn Fn(&str, &io::Error),
}

impl<'a> Lfs<'a> {
    /// With a store; `failed` is told, by the path of a file, why git will refuse it.
    pub fn new(store: Store, smudge: Smudge<'a>, failed: &'a dyn Fn(&str, &io::Error)) -> Self {
        Self { store, smudge, failed }
    }

    /// What was checked out as git keeps it.
    pub fn left(&self) -> &Left {
        self.smudge.left()
    }
}

impl Filter for Lfs<'_> {
    fn clean(&mut self, _path: &[u8], content: &mut dyn Read) -> io::Result<Vec<u8>> {
        clean(&self.store, content).map_err(as_io)
    }

    fn smudge(&mut self, path: &[u8], content: &mut dyn Read, can_delay: bool) -> io::Result<Smudged> {
        self.smudge.smudge(path, content, can_delay)
    }

    fn available(&mut self) -> Vec<Vec<u8>> {
        self.smudge.available()
    }

    fn failed(&mut self, path: &[u8], error: &io::Error) {
        (self.failed)(&String::from_utf8_lossy(path), error);
    }
}
