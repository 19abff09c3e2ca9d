//! Files as they lie on the disk: found without following a link, read without waiting for a pipe.

pub use super::hash::{Stat, hash_file, open_file};
pub use super::walk::{Found, Kind, Walk};
