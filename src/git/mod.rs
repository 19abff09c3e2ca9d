//! The only place that knows git.
//!
//! `gix` reads and writes objects, refs and notes; the `git` executable does what it does best (status, snapshots, signing, reftable
//! repositories). Nothing here knows what a fact is.

pub mod branch;
pub mod config;
mod diff;
pub mod editor;
pub mod error;
pub mod head;
pub mod hooks;
mod look;
pub(crate) mod loose;
pub mod merged;
pub mod neighbour;
pub mod notes;
pub mod objects;
mod open;
pub mod pack_order;
pub mod pager;
pub mod process;
mod promisor;
pub mod refs;
pub mod repo;
mod rights;
pub mod status;
pub mod tree;

/// An object id, SHA-1 or SHA-256.
pub type Oid = gix::ObjectId;

pub use error::GitError;
pub use repo::Repo;
