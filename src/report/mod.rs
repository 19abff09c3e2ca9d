//! A comparison as a page of HTML: one file that asks nothing of any network.
//!
//! The table is whole without the script, which only sorts, filters and pages it. Everything that comes from facts is text: escaped, its controls
//! shown. Should that ever fail, the page's own policy lets no other script run and nothing be loaded.

mod escape;
mod page;
mod policy;
mod table;

#[cfg(test)]
mod tests;

pub use page::{Curves, html};
