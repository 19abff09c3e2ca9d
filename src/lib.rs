//! git-xp: experiment tracking that lives in git.
//!
//! An experiment is a branch with a hypothesis, a run is a fact about the commit that produced it, and git is the store.
//!
//! The modules, lowest layer first (`docs/architecture.md` has the table of who may import whom, `tests/it/layering.rs` enforces it):
//!
//! - [`model`]: pure values, what a fact says; [`git`]: the only place that knows git; [`artifact`]: large files as Git LFS objects.
//! - [`settings`]: options, git's config and `.xp.toml`; [`store`]: facts as git objects and files; [`capture`]: what is seen of a run as it happens; [`data`]: pins of data.
//! - [`record`]: the life of a run: open, log, close, seal; [`compare`]: runs in, findings out; [`render`]: findings in, text out; [`report`]: findings in, a page out.
//! - [`diff`]: what differs between runs; [`query`]: filters, sort orders and columns, from text; [`similar`]: distances of configurations and a tree of them.
//! - [`series`]: logged points in, learning curves out; [`plot`]: learning curves in, drawings out; [`export`]: runs and series as files for other programs.
//! - [`demo`]: the demo's data and trainer; [`cli`]: what can be typed, and the terminal.
//!
//! What lies where (`docs/format.md` is the specification):
//!
//! - `refs/xp/runs/<YYYY-MM>`: the ledger of a month, the truth; `refs/notes/xp`: the same facts under their commits.
//! - `refs/xp/keep/<YYYY-MM>`: keeps the code of runs alive; `refs/xp/open/<id>`: pins that of a run under way.
//! - `<git common dir>/xp/runs/<id>/`: a run under way, with its journal; `…/xp/sealed/<id>/`: the same after the seal.

pub mod artifact;
pub mod capture;
pub mod cli;
pub mod compare;
pub mod data;
pub mod demo;
pub mod diff;
pub mod export;
pub mod git;
pub mod init;
pub mod model;
pub mod plot;
pub mod query;
pub mod record;
pub mod records;
pub mod render;
pub mod report;
pub mod series;
pub mod settings;
pub mod similar;
pub mod store;
