//! Places that objects are pushed to and fetched from. What all kinds have in common is this interface; [`super::transfer`] does the rest: many at
//! once, again after a fault, checked. A remote that stores objects in another form, in chunks or as differences, is one more kind.

pub mod batch;
pub mod bucket;
pub mod directory;
mod error;
pub mod place;

pub use error::{Fault, RemoteError};

use std::fs::File;
use std::time::SystemTime;

use super::part::Part;
use super::pointer::Pointer;

/// What is to be done with objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// To the remote.
    Upload,
    /// From the remote.
    Download,
}

/// What a remote says of an object before it is transferred.
#[derive(Debug)]
pub enum Prepared {
    /// It can be transferred.
    Go,
    /// It is there already: nothing has to be uploaded.
    There,
    /// It cannot be transferred.
    Refused(RemoteError),
}

/// Whether a remote has an object, asked and not guessed.
#[derive(Debug)]
pub enum Presence {
    /// It has it, with this size.
    Has,
    /// It has it not.
    Lacks,
    /// It could not say.
    Unknown(RemoteError),
}

/// An object as a remote lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub oid: String,
    /// Bytes.
    pub size: u64,
    /// When it came there.
    pub modified: Option<SystemTime>,
}

/// An error of this side: its disk, not the remote.
pub fn here(error: &std::io::Error) -> RemoteError {
    let message = format!("what came cannot be written here: {error}");
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => RemoteError::object(message),
        _ => RemoteError::all(message),
    }
}

/// A place for objects. One value serves all threads of a transfer.
///
/// Contract: after an [`Self::upload`] without an error the object is there, whole, and was confirmed by the remote's own word (a verify action, its size and
/// checksum, or by reading it again). Nothing lies under an object's final name before it is whole, as far as the protocol allows. A [`Self::download`] only adds
/// bytes to its part; the caller checks them.
pub trait Remote: Send + Sync {
    /// What people call it.
    fn name(&self) -> &str;

    /// Where it is, as it may be shown: without credentials.
    fn place(&self) -> String;

    /// How many objects are prepared together.
    fn batch_size(&self) -> usize {
        100
    }

    /// Ask for what the transfer of these objects needs; one answer each, in order.
    ///
    /// # Errors
    /// What concerns all of them. [`Fault::Split`]: ask for fewer at once.
    fn prepare(&self, operation: Operation, pointers: &[Pointer]) -> Result<Vec<Prepared>, RemoteError> {
        let _ = operation;
        Ok(pointers.iter().map(|_| Prepared::Go).collect())
    }

    /// Send an object, whose bytes are `file`, read from its beginning. `sent` is told of bytes on their way; a negative count takes back what has to be sent again.
    ///
    /// # Errors
    /// If it did not arrive, or was not confirmed.
    fn upload(&self, pointer: &Pointer, file: &mut File, sent: &dyn Fn(i64)) -> Result<(), RemoteError>;

    /// Get an object: write the bytes that `part` lacks to it. A remote that cannot begin in the middle calls [`Part::restart`] first.
    ///
    /// # Errors
    /// If bytes are missing; those that came stay in the part.
    fn download(&self, pointer: &Pointer, part: &mut Part<'_>) -> Result<(), RemoteError>;

    /// Whether the objects are there; one answer each, in order.
    ///
    /// # Errors
    /// If nothing can be asked at all.
    fn look(&self, pointers: &[Pointer]) -> Result<Vec<Presence>, RemoteError>;

    /// All objects that are there.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] where the protocol has no such question.
    fn list(&self) -> Result<Vec<Listed>, RemoteError> {
        Err(RemoteError::unsupported(format!("{} cannot list its objects: Git LFS has no such request", self.name())))
    }

    /// Delete an object. It is no error if it is gone already.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] where the protocol has no such request.
    fn delete(&self, oid: &str) -> Result<(), RemoteError> {
        let _ = oid;
        Err(RemoteError::unsupported(format!("{} deletes nothing: Git LFS has no such request", self.name()))
            .hint("delete objects on the web pages of the host, or the repository there"))
    }
}
