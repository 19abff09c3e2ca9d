//! Files as they lie on the disk: found without following a link, read without waiting for a pipe.

pub use super::hash::hash_file;
pub use super::walk::{Found, Kind, Walk};
pub use crate::artifact::stat::{Stat, open_file};
