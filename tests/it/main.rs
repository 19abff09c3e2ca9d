//! The integration tests, one binary: every test starts the real `git-xp` in a real repository.
#![allow(
    clippy::disallowed_methods,
    unreachable_pub,
    missing_docs,
    reason = "tests start programs, and nobody imports them"
)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

mod artifacts;
#[cfg(feature = "cloud")]
mod buckets;
mod check;
mod compare;
mod completions;
mod concurrency;
mod data;
mod demo;
mod diff;
mod discard;
mod docs;
mod environment;
mod exit_codes;
mod export;
mod faults;
mod filter;
mod finish;
mod forget;
mod format;
mod fsck;
mod hostile;
mod html;
mod index;
mod init;
mod journal;
mod layering;
mod lfs_agent;
mod lfs_batch;
mod lfs_hosts;
mod lfs_interop;
mod lfs_server;
mod list;
mod log;
mod log_metric;
mod matrix;
mod names;
mod output;
mod outputs;
mod params;
mod plot;
mod remark;
mod repositories;
mod run;
mod schema;
mod secrets;
mod selectors;
#[cfg(feature = "cloud")]
mod servers;
mod settings;
mod show;
mod start;
mod status;
mod survival;
mod system;
mod tag;
mod track;
mod tutorial;
