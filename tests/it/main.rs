//! The integration tests, one binary: every test starts the real `git-xp` in a real repository.

mod support;

mod compare;
mod completions;
mod concurrency;
mod demo;
mod discard;
mod docs;
mod exit_codes;
mod faults;
mod finish;
mod format;
mod fsck;
mod hostile;
mod journal;
mod layering;
mod log;
mod log_metric;
mod output;
mod repositories;
mod run;
mod selectors;
mod settings;
mod show;
mod start;
mod status;
mod survival;
mod tutorial;
