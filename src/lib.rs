//! git-xp: experiment tracking that lives in git.

pub mod artifact;
pub mod capture;
pub mod demo;
pub mod git;
pub mod model;
pub mod record;
pub mod settings;
pub mod store;
