//! An LFS host as a remote: the Batch API over https, found by ssh where the git remote is one. Format: <https://github.com/git-lfs/git-lfs/tree/main/docs/api>.
//!
//! Where the API is, says `endpoint`; what it is asked and answers, `api`; `session` brings the login and `http` the bytes. Whatever a server names is looked
//! at by `guard` before it is asked. An upload is confirmed by the verify action, or else by asking for a download of the object.

mod action;
pub mod api;
mod config;
mod connection;
mod credential;
mod endpoint;
mod guard;
pub mod header;
mod http;
pub mod lfsconfig;
mod move_bytes;
pub mod netrc;
mod options;
mod pace;
mod reply;
mod secrets;
mod session;
mod ssh;
mod status;
pub mod url;

pub use options::{Environment, Options, Timeouts};

use std::fs::File;

use action::{Actions, Kept, expiry};
use session::{Batched, Session};
use status::Refusal;

use super::{Fault, Operation, Prepared, Presence, Remote, RemoteError};
use crate::artifact::part::Part;
use crate::artifact::pointer::Pointer;
use crate::git::Repo;

/// How often a look is tried again after a fault that passes.
const MOST_LOOKS: u32 = 5;

/// A remote with the LFS Batch API.
pub struct Batch {
    name: String,
    session: Session,
    actions: Actions,
}

/// The LFS API of a git remote, or of a URL: that of an API, or of a git repository (`….git`, ssh). It serves uploads and downloads; nothing is asked yet.
///
/// # Errors
/// If there is no such remote, or none of a kind that can be asked.
pub fn open(repo: &Repo, remote: &str) -> Result<Batch, RemoteError> {
    Batch::new(repo, remote, Options::from_environment())
}

impl Batch {
    /// As [`open`], told how to behave.
    ///
    /// # Errors
    /// As [`open`].
    pub fn new(repo: &Repo, remote: &str, options: Options) -> Result<Self, RemoteError> {
        let session = Session::new(repo, remote, options)?;
        let is_name = !remote.contains(['/', ':', '@']);
        let name = if is_name { remote.to_owned() } else { session.place() };
        Ok(Self { name, session, actions: Actions::default() })
    }

    /// The same remote under the name that people gave it.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// What the server says of one object.
    fn sort(&self, operation: Operation, pointer: &Pointer, batched: &mut Batched) -> Prepared {
        let host = batched.door.url.place();
        let Some(object) = batched.answer.objects.remove(&pointer.oid) else {
            return Prepared::Refused(RemoteError::object(format!("{host} said nothing of it")));
        };
        if let Some((status, words)) = object.error {
            let refusal = Refusal { status, host, words: Some(words), retry_after: None };
            return Prepared::Refused(refusal.of_one_in_batch());
        }
        let action = match operation {
            Operation::Upload => object.upload,
            Operation::Download => object.download,
        };
        // A server that wants the object sent may name the size of a half one that it has.
        let is_other = object.size.is_some_and(|size| size != pointer.size);
        if let Some(size) = object.size.filter(|_| is_other && (action.is_none() || operation == Operation::Download)) {
            let message = format!("{host} has {size} bytes under this name instead of {}", pointer.size);
            return Prepared::Refused(RemoteError::object(message));
        }
        let Some(action) = action else {
            return match operation {
                Operation::Upload => Prepared::There,
                Operation::Download => Prepared::Refused(RemoteError::object(format!("{host} does not have it"))),
            };
        };
        let expires = expiry(&action, batched.asked, batched.server_time);
        let verify = object.verify.filter(|verify| !verify.href.is_empty());
        let kept = Kept {
            action,
            verify,
            is_authenticated: object.is_authenticated,
            expires,
            door: batched.door.clone(),
            is_used: false,
        };
        self.actions.keep(operation, &pointer.oid, kept);
        Prepared::Go
    }

    /// After a fault that passes an action may be used again; after any other, and when it is done, it is forgotten. A download is done when the caller has
    /// looked at its bytes, so its action is kept: it may be wanted again for the same object.
    fn settle(
        &self,
        operation: Operation,
        pointer: &Pointer,
        result: Result<(), RemoteError>,
    ) -> Result<(), RemoteError> {
        match &result {
            Ok(()) if operation == Operation::Download => self.actions.mark(operation, &pointer.oid),
            Err(error) if matches!(error.fault, Fault::Later(_)) => {}
            _ => self.actions.forget(operation, &pointer.oid),
        }
        result
    }

    /// Ask whether objects can be downloaded, again and in smaller batches if need be.
    fn ask_presence(&self, pointers: &[Pointer]) -> Vec<Presence> {
        let mut attempt = 0;
        let error = loop {
            let error = match self.session.batch(Operation::Download, pointers) {
                Ok(mut batched) => return pointers.iter().map(|pointer| presence(pointer, &mut batched)).collect(),
                Err(error) => error,
            };
            match error.fault {
                Fault::Split if pointers.len() > 1 => {
                    let (one, other) = pointers.split_at(pointers.len() / 2);
                    let mut found = self.ask_presence(one);
                    found.extend(self.ask_presence(other));
                    return found;
                }
                Fault::Later(asked) if attempt < MOST_LOOKS => {
                    let pause = asked.unwrap_or(self.session.timeouts().pause * 2_u32.pow(attempt));
                    std::thread::sleep(pause.min(self.session.timeouts().digestion));
                    attempt += 1;
                }
                _ => break error,
            }
        };
        pointers.iter().map(|_| Presence::Unknown(error.clone())).collect()
    }
}

impl Remote for Batch {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> String {
        self.session.place()
    }

    fn prepare(&self, operation: Operation, pointers: &[Pointer]) -> Result<Vec<Prepared>, RemoteError> {
        let mut batched = self.session.batch(operation, pointers)?;
        Ok(pointers.iter().map(|pointer| self.sort(operation, pointer, &mut batched)).collect())
    }

    fn upload(&self, pointer: &Pointer, file: &mut File, sent: &dyn Fn(i64)) -> Result<(), RemoteError> {
        let kept = self.actions.get(Operation::Upload, &pointer.oid).ok_or_else(too_old)?;
        let result = move_bytes::upload(&self.session, &kept, pointer, file, sent);
        self.settle(Operation::Upload, pointer, result)
    }

    fn download(&self, pointer: &Pointer, part: &mut Part<'_>) -> Result<(), RemoteError> {
        let kept = self.actions.get(Operation::Download, &pointer.oid).ok_or_else(too_old)?;
        let result = move_bytes::download(&self.session, &kept, pointer, part);
        self.settle(Operation::Download, pointer, result)
    }

    fn look(&self, pointers: &[Pointer]) -> Result<Vec<Presence>, RemoteError> {
        Ok(pointers.chunks(self.batch_size()).flat_map(|some| self.ask_presence(some)).collect())
    }
}

fn too_old() -> RemoteError {
    RemoteError::new(Fault::Expired, "the permission that the server gave is too old")
}

fn presence(pointer: &Pointer, batched: &mut Batched) -> Presence {
    let host = batched.door.url.place();
    let unknown = |message: String| Presence::Unknown(RemoteError::object(message));
    let Some(object) = batched.answer.objects.remove(&pointer.oid) else {
        return unknown(format!("{host} said nothing of it"));
    };
    match (object.error, object.size) {
        (Some((404 | 410, _)), _) => Presence::Lacks,
        (Some((status, words)), _) => {
            let refusal = Refusal { status, host, words: Some(words), retry_after: None };
            Presence::Unknown(refusal.of_one_in_batch())
        }
        (None, Some(size)) if size != pointer.size => {
            unknown(format!("{host} has {size} bytes under this name instead of {}", pointer.size))
        }
        (None, _) if object.download.is_none() => unknown(format!("{host} does not say how to get it")),
        (None, _) => Presence::Has,
    }
}
