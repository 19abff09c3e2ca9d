//! Pure values: what a fact says. No module here reads a file; only [`time`] knows the clock.

pub mod data;
pub mod direction;
pub mod duration;
pub mod expectation;
pub mod experiment;
pub mod fact;
pub mod file_change;
pub mod hypothesis;
pub mod hypothesis_template;
pub mod id;
pub mod metric;
pub mod naming;
pub mod number;
pub mod param;
pub mod pattern;
pub mod run;
pub mod tag;
pub mod text;
pub mod time;
