//! What `git xp init` brings into a repository: settings guessed from what lies there, a project to begin with, and how to take it back.
//! Pure but for [`made`], which writes and removes the files.

pub mod direction;
pub mod guess;
pub mod made;
pub mod project;
