//! Masking of secrets before anything is recorded: known forms of tokens, values that are named like secrets, patterns of `.xp.toml`.
//!
//! A secret becomes `<secret:RULE>`, all other bytes stay. What is masked once stays as it is when it is masked again. [`rules`] is the table of
//! the forms, [`names`] says which names are those of secrets, [`masker`] applies both to a text, [`stream`] to one that comes in parts, [`record`] to
//! what a run is described by, `copy` to configs and to files of which nothing is known. `docs/security.md` lists the rules.

mod copy;
pub mod masker;
pub mod names;
pub mod record;
pub mod rules;
mod scan;
pub mod stream;

pub use masker::Masker;

/// How every mask begins.
pub const MASK: &str = "<secret:";
