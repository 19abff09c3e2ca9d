//! Pins of data: what a run read, said so that others can tell whether theirs is the same.
//!
//! A [`spec`] is what was typed: `NAME=PATH` or `NAME=URI`. [`pin`] looks at it: a file or folder is hashed ([`scan`], with what [`cache`] remembers),
//! what DVC ([`dvc`]) or Git LFS track is taken at their word, and a URI ([`uri`]) is only checked. A folder's digest is that of its [`manifest`],
//! which `docs/format.md` specifies; [`compare`] says how two of them differ.

pub mod cache;
pub mod compare;
pub mod dvc;
mod error;
pub mod files;
mod hash;
pub mod manifest;
pub mod pin;
pub mod scan;
pub mod spec;
pub mod uri;
mod walk;

pub use error::DataError;
