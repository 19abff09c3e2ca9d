//! Large files, kept as Git LFS objects: pointers byte-identical to Git LFS v1, objects in `<git common dir>/lfs/objects/`.
//!
//! A [`mod@pointer`] names an object, the [`store`] keeps objects, a [`remote`] is a place that they are pushed to and fetched from, and [`transfer`] moves many of
//! them, each as a [`part`] until it is whole.

pub mod agent;
mod direct;
pub mod filter;
pub mod part;
pub mod place;
pub mod pointer;
pub mod remote;
pub mod stat;
pub mod store;
pub mod track;
pub mod transfer;
mod transplant;

use sha2::{Digest, Sha256};

/// `sha256:` and the digest of the bytes, in hex.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", store::hex(&Sha256::digest(bytes)))
}
