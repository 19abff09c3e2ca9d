//! How the model becomes git objects and files: journals on disk, ledgers, notes and keep refs in git.

pub mod journal;
pub mod line;
