//! git-xp: experiment tracking that lives in git.

pub mod artifact;
pub mod capture;
pub mod cli;
pub mod compare;
pub mod demo;
pub mod git;
pub mod model;
pub mod record;
pub mod render;
pub mod settings;
pub mod store;
