//! From a pointer to the content of a file.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, Write};

use super::background::{Background, Came, Fetch, Paths};
use super::process::Smudged;
use super::selection::Selection;
use crate::artifact::pointer::{LONGEST, Pointer, Reading};
use crate::artifact::remote::{Fault, RemoteError};
use crate::artifact::store::Store;

/// What is no pointer is held in memory up to so many bytes.
const MOST_IN_MEMORY: usize = 1 << 20;

/// So many names of files are kept for what is said at the end.
const MOST_NAMES: usize = 5;

/// Makes contents of pointers.
pub struct Smudge<'a> {
    store: Store,
    selection: LazyCell<Selection, Box<dyn FnOnce() -> Selection + 'a>>,
    fetch: Option<Fetch>,
    /// What git keeps of files that it was told to wait for.
    delayed: HashMap<Vec<u8>, Vec<u8>>,
    /// Delayed files whose objects nobody fetches yet.
    waiting: Paths,
    background: Option<Background>,
    /// Objects that were asked for and did not come.
    failed: HashMap<Pointer, RemoteError>,
    /// Nothing comes at all: each further attempt would only take its time to fail.
    gave_up: Option<RemoteError>,
    left: Left,
}

/// What was checked out as it is.
#[derive(Debug, Default)]
pub struct Left {
    /// Pointers whose objects could not be had.
    pub missing: Named,
    /// Files that should be pointers and are none.
    pub malformed: Named,
}

/// Files, of which the first have names.
#[derive(Debug, Default)]
pub struct Named {
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub names: Vec<String>,
    /// What was the matter with the first one.
    pub why: Option<RemoteError>,
}

impl Named {
    fn add(&mut self, path: &[u8], why: Option<RemoteError>) {
        if self.names.len() < MOST_NAMES {
            self.names.push(String::from_utf8_lossy(path).into_owned());
        }
        if self.count == 0 {
            self.why = why;
        }
        self.count += 1;
    }
}

impl<'a> Smudge<'a> {
    /// With the objects of a store, and what can be fetched into it. `selection` is asked for with the first pointer.
    pub fn new(store: Store, selection: impl FnOnce() -> Selection + 'a, fetch: Option<Fetch>) -> Self {
        Self {
            store,
            selection: LazyCell::new(Box::new(selection)),
            fetch,
            delayed: HashMap::new(),
            waiting: Paths::new(),
            background: None,
            failed: HashMap::new(),
            gave_up: None,
            left: Left::default(),
        }
    }

    /// What stayed as git keeps it, so far.
    pub fn left(&self) -> &Left {
        &self.left
    }

    /// The content of a file. Where it cannot be had, that is the pointer, byte for byte: git then sees the file as unchanged.
    ///
    /// # Errors
    /// If it cannot be read from git or from the store.
    pub fn smudge(&mut self, path: &[u8], content: &mut dyn Read, can_delay: bool) -> io::Result<Smudged> {
        let mut blob = Vec::new();
        Read::take(&mut *content, LONGEST as u64).read_to_end(&mut blob)?;
        // Without a content git asks for what it was told to wait for; or the file is empty.
        if blob.is_empty() {
            blob = self.delayed.remove(path).unwrap_or_default();
        }
        let Some(reading) = Reading::parse(&blob) else {
            if !blob.is_empty() {
                self.left.malformed.add(path, None);
            }
            return Ok(Smudged::Content(spool(blob, content)?));
        };
        let pointer = reading.pointer;
        if !self.selection.allows(&String::from_utf8_lossy(path)) {
            return Ok(in_memory(blob));
        }
        if pointer.size == 0 {
            return Ok(in_memory(Vec::new()));
        }
        if let Some((_, name, _)) = reading.extensions.first() {
            let why = format!("it went through the Git LFS extension '{name}', which git-xp does not run");
            self.left.missing.add(path, Some(RemoteError::object(why)));
            return Ok(in_memory(blob));
        }
        if let Some(file) = self.open(&pointer) {
            return Ok(Smudged::Content(Box::new(file)));
        }
        if can_delay && self.can_come(&pointer) {
            self.waiting.entry(pointer).or_default().push(path.to_vec());
            self.delayed.insert(path.to_vec(), blob);
            return Ok(Smudged::Delayed);
        }
        if self.can_come(&pointer) {
            self.fetch_now(&pointer);
        }
        if let Some(file) = self.open(&pointer) {
            return Ok(Smudged::Content(Box::new(file)));
        }
        let why = self.failed.get(&pointer).or(self.gave_up.as_ref()).cloned();
        self.left.missing.add(path, why);
        Ok(in_memory(blob))
    }

    /// Those of the delayed files that can be had by now, with their content or as what they are; waits until there is one.
    pub fn available(&mut self) -> Vec<Vec<u8>> {
        loop {
            let background = match (self.background.take(), &self.fetch) {
                (Some(background), _) => background,
                // Here git has named all files that it could name: they are fetched together, several at once.
                (None, Some(fetch)) if !self.waiting.is_empty() => {
                    Background::begin(fetch, std::mem::take(&mut self.waiting))
                }
                _ => return Vec::new(),
            };
            match background.next() {
                (Came::Paths(paths), rest) => {
                    self.background = rest;
                    return paths;
                }
                (Came::End(paths, failed), _) => {
                    failed.into_iter().for_each(|(pointer, why)| self.fail(pointer, why));
                    if !paths.is_empty() {
                        return paths;
                    }
                }
            }
        }
    }

    fn open(&self, pointer: &Pointer) -> Option<File> {
        self.store.find(pointer).and_then(|path| File::open(path).ok())
    }

    fn can_come(&self, pointer: &Pointer) -> bool {
        self.fetch.is_some() && self.gave_up.is_none() && !self.failed.contains_key(pointer)
    }

    /// git cannot wait for it.
    fn fetch_now(&mut self, pointer: &Pointer) {
        let Some(fetch) = &self.fetch else { return };
        let (sender, _arrivals) = std::sync::mpsc::channel();
        let failed = fetch(vec![pointer.clone()], sender);
        failed.into_iter().for_each(|(pointer, why)| self.fail(pointer, why));
    }

    fn fail(&mut self, pointer: Pointer, why: RemoteError) {
        if why.fault != Fault::Object && self.gave_up.is_none() {
            self.gave_up = Some(why.clone());
        }
        self.failed.insert(pointer, why);
    }
}

fn in_memory(bytes: Vec<u8>) -> Smudged {
    Smudged::Content(Box::new(Cursor::new(bytes)))
}

/// All of a content whose beginning was read already: git sends the whole before it reads any of the answer.
fn spool(begin: Vec<u8>, rest: &mut dyn Read) -> io::Result<Box<dyn Read>> {
    if begin.len() < LONGEST {
        return Ok(Box::new(Cursor::new(begin)));
    }
    let mut file = tempfile::spooled_tempfile(MOST_IN_MEMORY);
    file.write_all(&begin)?;
    io::copy(rest, &mut file)?;
    file.rewind()?;
    Ok(Box::new(file))
}

#[cfg(test)]
mod tests;
