//! git-xp: experiment tracking that lives in git.

pub mod artifact;
pub mod capture;
pub mod git;
pub mod model;
pub mod record;
pub mod store;
