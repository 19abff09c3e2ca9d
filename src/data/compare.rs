//! How the files of two manifests differ. Pure.

use std::cmp::Ordering;

use super::manifest::{Entry, parse};
use crate::model::data::{ChangedFile, FolderChanges};

/// How many files are listed; the others are counted.
pub const LISTED: usize = 1000;

/// How the files of a pin differ; `None` if one of the manifests is damaged, or nothing differs.
pub fn compare(name: &str, a: &[u8], b: &[u8]) -> Option<FolderChanges> {
    let (a, b) = (parse(a)?, parse(b)?);
    let mut changes = FolderChanges { name: name.to_owned(), changed: 0, added: 0, removed: 0, files: Vec::new() };
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let (left, right) = match (a.peek(), b.peek()) {
            (None, None) => break,
            (Some(_), None) => (a.next(), None),
            (None, Some(_)) => (None, b.next()),
            (Some(one), Some(two)) => match one.path.cmp(&two.path) {
                Ordering::Less => (a.next(), None),
                Ordering::Greater => (None, b.next()),
                Ordering::Equal => (a.next(), b.next()),
            },
        };
        changes.add(left, right);
    }
    (changes.count() > 0).then_some(changes)
}

impl FolderChanges {
    fn add(&mut self, a: Option<&Entry>, b: Option<&Entry>) {
        match (a, b) {
            (Some(a), Some(b)) if a == b => return,
            (Some(_), Some(_)) => self.changed += 1,
            (None, _) => self.added += 1,
            (_, None) => self.removed += 1,
        }
        if let Some(entry) = a.or(b).filter(|_| self.files.len() < LISTED) {
            let path = String::from_utf8_lossy(&entry.path).into_owned();
            self.files.push(ChangedFile { path, a: a.map(|entry| entry.size), b: b.map(|entry| entry.size) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::btree_map;
    use proptest::prelude::proptest;

    use super::compare;
    use crate::data::manifest::{Builder, Entry, Kind};

    fn manifest(files: &BTreeMap<String, u8>) -> Vec<u8> {
        let mut builder = Builder::default();
        for (path, content) in files {
            let path = path.clone().into_bytes();
            builder.add(&Entry { kind: Kind::File, size: (*content).into(), sha256: [*content; 32], path });
        }
        builder.finish().1.expect("short")
    }

    #[test]
    fn files_are_named() {
        let of = |files: &[(&str, u8)]| files.iter().map(|(path, content)| ((*path).to_owned(), *content)).collect();
        let (a, b) = (manifest(&of(&[("a", 1), ("b", 2), ("d", 3)])), manifest(&of(&[("b", 4), ("c", 5), ("d", 3)])));
        let changes = compare("train", &a, &b).expect("they differ");
        assert_eq!((changes.changed, changes.added, changes.removed), (1, 1, 1));
        let named: Vec<_> = changes.files.iter().map(|file| (file.path.as_str(), file.a, file.b)).collect();
        assert_eq!(named, [("a", Some(1), None), ("b", Some(2), Some(4)), ("c", None, Some(5))]);
        assert_eq!(compare("train", &a, &a), None);
        assert_eq!(compare("train", &a, b"damaged"), None);
    }

    proptest! {
        #[test]
        fn both_ways_count_alike(a in btree_map("[a-d/]{1,3}", 0..3u8, 0..8), b in btree_map("[a-d/]{1,3}", 0..3u8, 0..8)) {
            let (there, back) = (compare("x", &manifest(&a), &manifest(&b)), compare("x", &manifest(&b), &manifest(&a)));
            assert_eq!(there.is_none(), a == b);
            if let (Some(there), Some(back)) = (there, back) {
                assert_eq!((there.added, there.removed, there.changed), (back.removed, back.added, back.changed));
                assert_eq!(there.added, b.keys().filter(|path| !a.contains_key(*path)).count() as u64);
            }
        }
    }
}
