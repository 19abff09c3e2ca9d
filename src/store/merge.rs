//! Merging is set union: of the paths of two ledger trees, or of any number. Pure.
//!
//! A ledger is seen as a set of (place, bytes). The union of two such sets is a set again, and a tree is a function of the set: that makes
//! merging commutative, associative and idempotent. What a tombstone names is taken out of the tree, the tombstone stays.

use std::collections::{BTreeMap, BTreeSet};

/// The files of a ledger's tree: path to blob id in hex.
pub type Files = BTreeMap<String, String>;

/// The union of two ledger trees. `tombstoned` are the ids that any tombstone in either names, ids of tombstones excepted.
pub fn union(ours: &Files, theirs: &Files, tombstoned: &BTreeSet<String>) -> Files {
    let mut places: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (path, blob) in ours.iter().chain(theirs) {
        places.entry(place(path, blob)).or_default().insert(blob);
    }
    let mut out = Files::new();
    for (place, blobs) in places {
        if id_of(&place).is_some_and(|id| tombstoned.contains(id)) {
            continue;
        }
        for (i, blob) in blobs.into_iter().enumerate() {
            let path = if i == 0 { place.clone() } else { beside(&place, blob) };
            out.insert(path, blob.to_owned());
        }
    }
    out
}

/// Where a second content of a place lies: `+` and the first 8 hex digits of its blob before the extension of a fact, at the end of other files.
pub fn beside(place: &str, blob: &str) -> String {
    let mark = &blob[..blob.len().min(8)];
    match place.strip_suffix(".json").filter(|_| place.starts_with("facts/")) {
        Some(stem) => format!("{stem}+{mark}.json"),
        None => format!("{place}+{mark}"),
    }
}

/// The place of a path: without the mark of [`beside`], if its blob bears it out.
fn place(path: &str, blob: &str) -> String {
    let mark = format!("+{}", &blob[..blob.len().min(8)]);
    match path.strip_suffix(".json").filter(|_| path.starts_with("facts/")) {
        Some(stem) => format!("{}.json", stem.strip_suffix(mark.as_str()).unwrap_or(stem)),
        None => path.strip_suffix(mark.as_str()).unwrap_or(path).to_owned(),
    }
}

/// The id in a path of a ledger: `facts/7k/<id>…`, `files/7k/<id>/…`.
fn id_of(path: &str) -> Option<&str> {
    let name = path.split('/').nth(2)?;
    Some(name.split(['+', '.']).next().unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{Strategy, any, proptest};

    use super::{Files, beside, union};

    /// Ledgers as they arise: few ids, few contents, now and then a second content of a place lying beside.
    fn ledgers() -> impl Strategy<Value = Files> {
        proptest::collection::vec((0..4u8, 0..3u8, any::<bool>(), any::<bool>()), 0..12).prop_map(|entries| {
            let single = entries.into_iter().map(|(id, content, is_fact, is_beside)| {
                let blob = format!("{content:08x}ffff");
                let id = format!("a{id}");
                let place =
                    if is_fact { format!("facts/a{id}/{id}.json") } else { format!("files/a{id}/{id}/series.tsv") };
                let path = if is_beside { beside(&place, &blob) } else { place };
                Files::from([(path, blob)])
            });
            // What a writer leaves behind is itself the union of what came in.
            single.fold(Files::new(), |all, one| union(&all, &one, &BTreeSet::new()))
        })
    }

    fn tombstones() -> impl Strategy<Value = BTreeSet<String>> {
        proptest::collection::btree_set((0..4u8).prop_map(|id| format!("a{id}")), 0..3)
    }

    proptest! {
        #[test]
        fn union_is_commutative_associative_and_idempotent(a in ledgers(), b in ledgers(), c in ledgers(), dead in tombstones()) {
            assert_eq!(union(&a, &b, &dead), union(&b, &a, &dead));
            assert_eq!(union(&union(&a, &b, &dead), &c, &dead), union(&a, &union(&b, &c, &dead), &dead));
            let once = union(&a, &b, &dead);
            assert_eq!(union(&once, &b, &dead), once);
            assert_eq!(union(&once, &once, &dead), once);
        }

        #[test]
        fn nothing_is_lost_but_what_is_tombstoned(a in ledgers(), b in ledgers(), dead in tombstones()) {
            let merged = union(&a, &b, &dead);
            for (path, blob) in a.iter().chain(&b) {
                let is_dead = dead.iter().any(|id| path.contains(&format!("/{id}")[..]) && path.split('/').nth(2).is_some_and(|name| name.starts_with(id)));
                let there = merged.iter().any(|(other, found)| found == blob && super::place(other, found) == super::place(path, blob));
                assert_eq!(there, !is_dead);
            }
        }
    }
}
