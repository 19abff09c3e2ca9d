//! Values in, text out: tables for terminals, Markdown and CSV.
//!
//! A [`Table`] says what stands where and how important each column is; [`terminal`](terminal::terminal) fits it into a
//! width, [`markdown`](markdown::markdown) makes it safe for a pull request. Names come from other people's repositories, so
//! no text reaches a terminal or a page as it is; only CSV and JSON, which are data, keep it exactly. Nothing here prints.

pub mod comparison;
pub mod csv;
pub mod difference;
pub mod fit;
pub mod markdown;
pub mod number;
pub mod table;
pub mod terminal;
pub mod value;

pub use table::{Align, Cell, Column, Grid, Kind, MOST_COLUMNS, Strip, Table, Tone};

#[cfg(test)]
mod tests;
