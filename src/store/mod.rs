//! How the model becomes git objects and files: journals on disk, ledgers, notes and keep refs in git.
//!
//! A run writes into its [`folder`]; its [`journal`] is read back when it ends; [`seal`] brings the fact and its files into the [`ledger`], the
//! notes (a [`projection`] of it) and the [`keep`] ref in one transaction. The format is `docs/format.md`.

pub mod folder;
pub mod journal;
pub mod keep;
pub mod ledger;
pub mod line;
pub mod merge;
pub mod notebook;
pub mod owner;
pub mod projection;
pub mod records;
pub mod seal;
