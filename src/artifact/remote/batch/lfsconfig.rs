//! `.lfsconfig`: settings that come with a repository, written by whoever wrote it. Only keys that git-lfs calls safe count.

use crate::git::{Repo, config};

/// Bytes that the file has at most.
const MOST_BYTES: u64 = 1 << 20;

/// The keys of one part that may stand there, in lower case.
const SAFE: [&str; 8] = [
    "lfs.allowincompletepush",
    "lfs.fetchexclude",
    "lfs.fetchinclude",
    "lfs.gitprotocol",
    "lfs.locksverify",
    "lfs.pushurl",
    "lfs.skipdownloaderrors",
    "lfs.url",
];

/// The safe settings in the bytes of such a file, in order. A file that git could not read says nothing.
pub fn parse(bytes: &[u8]) -> Vec<(String, String)> {
    let all = config::parse(bytes).unwrap_or_default();
    all.into_iter().filter(|(key, value)| is_safe(key) && !value.contains(char::is_control)).collect()
}

/// Whether a key may stand there: those of the list, `lfs.<url>.access` and `remote.<name>.lfsurl`.
fn is_safe(key: &str) -> bool {
    let inside = |before: &str, after: &str| {
        key.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).is_some_and(|middle| !middle.is_empty())
    };
    SAFE.contains(&key) || inside("lfs.", ".access") || inside("remote.", ".lfsurl")
}

/// The safe settings of a repository: of the file in the work tree, else of the one in the index, else in the commit.
pub(super) fn read(repo: &Repo) -> Vec<(String, String)> {
    let in_tree = repo.work_dir().ok().map(|dir| dir.join(".lfsconfig"));
    if let Some(file) = in_tree.filter(|path| path.metadata().is_ok_and(|found| found.len() <= MOST_BYTES)) {
        return std::fs::read(file).map(|bytes| parse(&bytes)).unwrap_or_default();
    }
    let of = |revision: &str| repo.git("cat-file").args(["blob", revision]).output().ok();
    let blob = of(":.lfsconfig").or_else(|| of("HEAD:.lfsconfig"));
    blob.filter(|bytes| bytes.len() as u64 <= MOST_BYTES).map(|bytes| parse(&bytes)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{is_safe, parse};

    #[test]
    fn only_safe_keys_count() {
        let text = b"[lfs]\n\turl = https://h/x\n\tPushURL = \"https://h/y\"\n\tstorage = /etc\n\tstandalonetransferagent = evil\n\
            [lfs \"https://H/x\"]\n\taccess = basic\n\tlocksverify = true\n\
            [lfs \"customtransfer.evil\"]\n\tpath = /bin/sh\n[lfs \"extension.e\"]\n\tclean = evil\n\tpriority = 0\n\
            [remote \"origin\"]\n\tlfsurl = https://h/z\n\turl = https://evil\n\tlfspushurl = https://evil\n\
            [core]\n\tsshCommand = evil\n[http]\n\tproxy = evil\n\textraHeader = evil\n[credential]\n\thelper = evil\n\
            [url \"https://evil\"]\n\tinsteadOf = https://good\n[include]\n\tpath = /etc/gitconfig\n";
        let found = parse(text);
        let found: Vec<(&str, &str)> = found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let expected = [
            ("lfs.url", "https://h/x"),
            ("lfs.pushurl", "https://h/y"),
            ("lfs.https://H/x.access", "basic"),
            ("remote.origin.lfsurl", "https://h/z"),
        ];
        assert_eq!(found, expected);
        assert!(parse(b"[lfs\nurl = x").is_empty());
        assert!(parse(b"\xff\xfe").is_empty());
        assert!(!is_safe("lfs.access") && !is_safe("remote.lfsurl") && !is_safe("remote.a.url"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            assert!(parse(&bytes).iter().all(|(key, _)| is_safe(key)));
        }

        #[test]
        fn what_looks_like_one_never_panics(text in r#"(\[[a-z.]{0,6}( "[a-z\\"]{0,4}")?\]\n?|[a-z-]{0,4} ?=? ?["\\a-z;#]{0,6}\n){0,8}"#) {
            assert!(parse(text.as_bytes()).iter().all(|(key, _)| is_safe(key)));
        }
    }
}
