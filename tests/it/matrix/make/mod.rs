//! How each row's repository is made. A maker returns nothing where a part of it is missing here.

pub mod clones;
pub mod environment;
pub mod filters;
pub mod formats;
pub mod places;
pub mod rights;
pub mod settings;
pub mod states;
