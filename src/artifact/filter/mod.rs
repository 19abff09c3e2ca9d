//! Files of the branch that are Git LFS objects: what git calls when it adds and checks out files with `filter=lfs`, in place of git-lfs.
//!
//! [`process`] speaks git's protocol in packets of [`pktline`]; [`lfs`] is what it is asked for: [`clean`] makes a pointer of content, [`smudge`] content of a pointer,
//! with what is not here fetched in the background. [`selection`] says which files are to be had at all.

mod background;
pub mod clean;
pub mod lfs;
pub mod pktline;
pub mod process;
pub mod selection;
pub mod smudge;

pub use background::Fetch;
