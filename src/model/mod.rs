//! Pure values: what a fact says. No module here reads a file, the clock excepted in [`time`].

pub mod direction;
pub mod experiment;
pub mod fact;
pub mod id;
pub mod metric;
pub mod number;
pub mod run;
pub mod text;
pub mod time;
