//! What can go wrong between here and a remote.

use std::time::Duration;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This object cannot be transferred; others may.
    Object,
    /// It may work again later: after so long, if the remote said.
    Later(Option<Duration>),
    /// What was prepared is too old: prepare the object again, then it may work.
    Expired,
    /// Too many objects at once: ask for half as many.
    Split,
    /// Nothing works here, for no object.
    All,
    /// The remote has no such request.
    Unsupported,
}

/// An error of a remote: a sentence, what to do, and what to type now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RemoteError {
    /// What follows from it.
    pub fault: Fault,
    /// What happened. Never a credential, nor a URL with one.
    pub message: String,
    /// What to type now.
    pub hint: Option<String>,
}

impl RemoteError {
    /// An error with what follows from it.
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into(), hint: None }
    }

    /// This object cannot be transferred.
    pub fn object(message: impl Into<String>) -> Self {
        Self::new(Fault::Object, message)
    }

    /// Nothing works here.
    pub fn all(message: impl Into<String>) -> Self {
        Self::new(Fault::All, message)
    }

    /// It may work again at once or later.
    pub fn later(message: impl Into<String>) -> Self {
        Self::new(Fault::Later(None), message)
    }

    /// The remote has no such request.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Fault::Unsupported, message)
    }

    /// Add what to type now.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
