//! git-xp.
