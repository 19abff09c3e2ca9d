//! The text of a Git LFS pointer, version 1. Format: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>.

use std::fmt;

/// What a pointer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// SHA-256 of the content, 64 hex digits.
    pub oid: String,
    /// Size of the content in bytes.
    pub size: u64,
}

impl Pointer {
    /// Read the canonical form, the only one that git-xp writes; `None` for anything else.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let rest = text.strip_prefix("version https://git-lfs.github.com/spec/v1\noid sha256:")?;
        let (oid, rest) = rest.split_once('\n')?;
        let size = rest.strip_prefix("size ")?.strip_suffix('\n')?;
        let is_oid = oid.len() == 64 && oid.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let pointer = Self { oid: oid.to_owned(), size: size.parse().ok()? };
        (is_oid && pointer.to_string() == text).then_some(pointer)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n", self.oid, self.size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Pointer;

    proptest! {
        #[test]
        fn text_round_trips(oid in "[0-9a-f]{64}", size in any::<u64>()) {
            let pointer = Pointer { oid, size };
            assert_eq!(Pointer::parse(pointer.to_string().as_bytes()), Some(pointer));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = Pointer::parse(&bytes);
        }
    }
}
