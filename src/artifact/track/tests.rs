//! What is edited in `.gitattributes`, and what is not.

use proptest::collection::vec;
use proptest::prelude::{any, proptest};

use super::{encode, patterns_of, track, untrack};

const LINE: &str = "filter=lfs diff=lfs merge=lfs -text";

fn all(patterns: &[&str]) -> Vec<String> {
    patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
}

fn tracked(text: &str, pattern: &str) -> String {
    let pattern = encode(pattern).expect("a pattern");
    String::from_utf8(track(text.as_bytes(), &[pattern]).0).expect("text")
}

#[test]
fn patterns_are_written_as_git_lfs_writes_them() {
    for (pattern, wanted) in [
        ("*.pt", "*.pt"),
        ("./a/*.pt", "a/*.pt"),
        ("a b.pt", "a[[:space:]]b.pt"),
        ("#a#", "\\#a\\#"),
        ("a\\b", "a\\\\b"),
        ("\"a\"", "\\\"a\""),
        ("!a!", "\\!a!"),
        ("caf\u{e9}", "caf\u{e9}"),
    ] {
        assert_eq!(encode(pattern).as_deref(), Ok(wanted));
    }
    for wrong in ["", "./", "a/", "a\nb", "a\0", "\u{1b}", "[attr]x"] {
        assert!(encode(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_line_is_added_once_and_at_the_end() {
    let line = format!("*.pt {LINE}\n");
    assert_eq!(tracked("", "*.pt"), line);
    assert_eq!(tracked(&line, "*.pt"), line);
    assert_eq!(tracked("* text=auto", "*.pt"), format!("* text=auto\n{line}"));
    assert_eq!(tracked("# x\r\n* text=auto", "*.pt"), format!("# x\r\n* text=auto\r\n*.pt {LINE}\r\n"));
    // What was said of the pattern before is overruled, not lost.
    for before in ["*.pt text\n", "*.pt filter=lfs\n*.pt !filter\n", "#*.pt filter=lfs\n", "*.pt filter=lfsx\n"] {
        assert_eq!(tracked(before, "*.pt"), format!("{before}{line}"));
    }
    for there in
        ["*.pt filter=lfs", "\u{feff} *.pt  -x\tfilter=lfs \r\n", "\"*.pt\" filter=lfs", "*.pt -filter filter=lfs"]
    {
        assert_eq!(tracked(there, "*.pt"), there);
    }
    let quoted = "\"a b\\042\\t#\" filter=lfs\n";
    assert_eq!(tracked(quoted, "a b\"\t#"), format!("{quoted}a[[:space:]]b\"[[:space:]]\\# {LINE}\n"));
    assert_eq!(tracked("\"a b\" filter=lfs\n", "a b"), "\"a b\" filter=lfs\n");
}

#[test]
fn what_is_untracked_leaves_the_rest() {
    let text =
        format!("# c\n*.pt {LINE}\n\n*.pt  eol=lf {LINE} lockable diff=x\r\na[[:space:]]b filter=lfs\n*.bin {LINE}");
    let (left, was) = untrack(text.as_bytes(), &all(&["*.pt", "a b", "*.no"]));
    assert_eq!(String::from_utf8(left).expect("text"), format!("# c\n\n*.pt eol=lf diff=x\r\n*.bin {LINE}"));
    assert_eq!(was, [true, true, false]);
    let (left, was) = untrack(text.as_bytes(), &all(&["a[[:space:]]b", "*.bin"]));
    assert!(!left.ends_with(LINE.as_bytes()) && was == [true, true]);
}

#[test]
fn patterns_are_listed_as_they_count() {
    let text = "*.a filter=lfs\n*.b filter=lfs\n*.a filter=other\n[attr]x filter=lfs\n*.c text\n\"*.d\" filter=lfs\n";
    assert_eq!(patterns_of(text.as_bytes()), ["*.b", "*.d"]);
}

proptest! {
    #[test]
    fn nothing_else_changes(text in any::<Vec<u8>>(), patterns in vec(r#"[]a-b \\#"!*?.\[]{1,5}"#, 1..4)) {
        let patterns: Vec<String> = patterns.iter().filter_map(|pattern| encode(pattern).ok()).collect();
        let (with, is_new) = track(&text, &patterns);
        assert!(with.starts_with(&text));
        assert_eq!(is_new.iter().all(|new| !new), with == text);
        assert_eq!(track(&with, &patterns).0, with);
        let known = patterns_of(&with);
        assert!(patterns.iter().all(|pattern| known.contains(pattern)), "{patterns:?} {known:?}");
        // Taking them away again leaves what was there, but for a newline at its end.
        let (without, was) = untrack(&with, &patterns);
        assert!(is_new.iter().zip(&was).all(|(_, was)| *was) || patterns.len() > 1);
        if is_new.iter().all(|new| *new) && patterns_of(&text).is_empty() && !text.windows(10).any(|part| part == b"filter=lfs") {
            assert!(without == text || without == [&text[..], b"\n"].concat() || without == [&text[..], b"\r\n"].concat());
        }
    }

    #[test]
    fn lines_that_are_nearly_right_never_panic(text in "(([*#\"\\\\ab]|\\[attr\\]| |\t|\u{feff}){0,4}( filter=lfs| -filter| -text| lockable| x){0,3}\r?\n?){0,4}") {
        let patterns = all(&["*", "a", "b"]);
        let (with, _) = track(text.as_bytes(), &patterns);
        assert!(with.starts_with(text.as_bytes()));
        assert_eq!(patterns_of(&with).iter().filter(|known| patterns.contains(known)).count(), 3);
        let (without, was) = untrack(&with, &patterns);
        assert_eq!(was, [true; 3]);
        assert!(!patterns_of(&without).iter().any(|known| patterns.contains(known)));
        assert_eq!(untrack(&without, &patterns).0, without);
    }
}
