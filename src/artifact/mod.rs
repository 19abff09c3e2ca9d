//! Large files, kept as Git LFS objects: pointers byte-identical to Git LFS v1, objects in `<git common dir>/lfs/objects/`.

pub mod objects;
pub mod pointer;
