//! From the content of a file to what git keeps of it: the pointer.

use std::io::{self, Read};

use crate::artifact::pointer::Reading;
use crate::artifact::store::{Store, StoreError};

/// A content with fewer bytes is held in memory: if it is in the store already, nothing is written.
const SMALL: u64 = 256 << 10;

/// Store a content and return the pointer to it. What is a pointer already stays as it is, byte for byte, and an empty file stays empty; git-lfs does the same.
///
/// # Errors
/// If it cannot be read, or the disk refuses.
pub fn clean(store: &Store, content: &mut dyn Read) -> Result<Vec<u8>, StoreError> {
    let mut head = Vec::new();
    Read::take(&mut *content, SMALL).read_to_end(&mut head).map_err(StoreError::io("standard input"))?;
    if head.is_empty() || Reading::parse(&head).is_some() {
        return Ok(head);
    }
    let is_all = (head.len() as u64) < SMALL;
    let pointer = if is_all { store.put(&head) } else { store.read(head.chain(content)) }?;
    Ok(pointer.to_string().into_bytes())
}

/// An error of the store as one of reading.
pub(super) fn as_io(error: StoreError) -> io::Error {
    let kind = match &error {
        StoreError::Io { source, .. } => source.kind(),
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{SMALL, clean};
    use crate::artifact::pointer::Pointer;
    use crate::artifact::store::Store;

    #[test]
    fn content_becomes_a_pointer_and_a_pointer_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::new(dir.path().join("lfs"), Vec::new());
        for size in [1, 1023, 1024, SMALL - 1, SMALL, SMALL + 1, 3 * SMALL] {
            let pointer = clean(&store, &mut std::io::repeat(7).take(size)).expect("stored");
            let found = Pointer::parse(&pointer).expect("a pointer");
            assert_eq!(found.size, size);
            assert!(store.find(&found).is_some());
            assert_eq!(clean(&store, &mut &pointer[..]).expect("nothing to do"), pointer);
            // Not as git-lfs writes it, and taken for one all the same.
            let odd = [b" \n", &pointer[..], b"\r\n"].concat();
            assert_eq!(clean(&store, &mut &odd[..]).expect("nothing to do"), odd);
            // One byte too many for a pointer.
            let long = [&pointer[..], &vec![b' '; 1024 - pointer.len()]].concat();
            assert_ne!(clean(&store, &mut &long[..]).expect("stored"), long);
        }
        assert_eq!(clean(&store, &mut &b""[..]).expect("nothing to do"), b"");
    }
}
