//! git-xp: experiment tracking that lives in git.

pub mod model;
pub mod store;
