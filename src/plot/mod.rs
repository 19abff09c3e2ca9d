//! Drawings of learning curves: a [`Figure`] in, text out. Pure; nothing here prints.
//!
//! [`braille::draw`] is for terminals, [`svg::document`] for files, [`svg::embedded`] for pages, [`sparkline::sparkline`] for one line of text.
//! Lines are told apart by marks; colour only repeats what the marks say. However many points there are, each column of a drawing shows the
//! smallest and the largest of its own, so no spike is lost. Names come from strangers: none reaches a terminal or a page as it is.

pub mod axis;
pub mod braille;
mod canvas;
mod downsample;
pub mod figure;
mod mark;
pub mod sparkline;
pub mod svg;

pub use figure::{Figure, Line};

#[cfg(test)]
mod tests;
