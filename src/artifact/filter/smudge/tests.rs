//! Pointers whose objects are here, come, or do not come.

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::{Smudge, Smudged};
use crate::artifact::filter::background::Fetch;
use crate::artifact::filter::selection::Selection;
use crate::artifact::pointer::Pointer;
use crate::artifact::remote::{Fault, RemoteError};
use crate::artifact::store::Store;

fn store(dir: &Path, name: &str) -> Store {
    Store::new(dir.join(name), Vec::new())
}

fn pointer_to(content: &[u8]) -> Pointer {
    let dir = tempfile::tempdir().expect("a folder");
    store(dir.path(), "lfs").put(content).expect("stored")
}

/// Ask for a file; `None` if git shall wait.
fn ask(smudge: &mut Smudge<'_>, path: &str, blob: &[u8], can_delay: bool) -> Option<Vec<u8>> {
    match smudge.smudge(path.as_bytes(), &mut &*blob, can_delay).expect("an answer") {
        Smudged::Delayed => None,
        Smudged::Content(mut content) => {
            let mut all = Vec::new();
            content.read_to_end(&mut all).expect("read");
            Some(all)
        }
    }
}

fn text(pointer: &Pointer) -> Vec<u8> {
    pointer.to_string().into_bytes()
}

/// A remote that has some contents, and how often it was asked.
fn fetch(store: &Store, contents: &[&str], fault: Fault) -> (Fetch, Arc<AtomicUsize>) {
    let contents: Vec<(Pointer, String)> =
        contents.iter().map(|content| (pointer_to(content.as_bytes()), (*content).to_owned())).collect();
    let (store, asked) = (store.clone(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    let fetch: Fetch = Arc::new(move |pointers, arrived| {
        count.fetch_add(1, Ordering::SeqCst);
        let mut failed = Vec::new();
        for pointer in pointers {
            match contents.iter().find(|(known, _)| *known == pointer) {
                Some((_, content)) => {
                    store.put(content.as_bytes()).expect("stored");
                    let _ = arrived.send(pointer);
                }
                None => failed.push((pointer, RemoteError::new(fault, "no such object"))),
            }
        }
        failed
    });
    (fetch, asked)
}

#[test]
fn what_is_here_is_given_and_what_is_no_pointer_stays() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = store(dir.path(), "lfs");
    let here = store.put(b"content").expect("stored");
    let mut smudge = Smudge::new(store, || Selection::new("", "*.no", false), None);
    assert_eq!(ask(&mut smudge, "a", &text(&here), true), Some(b"content".to_vec()));
    assert_eq!(ask(&mut smudge, "a.no", &text(&here), true), Some(text(&here)));
    assert_eq!(ask(&mut smudge, "a", b"", true), Some(Vec::new()));
    let none = Pointer { size: 0, ..pointer_to(b"") };
    assert_eq!(ask(&mut smudge, "a", &text(&none), true), Some(Vec::new()));
    for size in [5, 1023, 1024, 1025, 3 << 20] {
        let raw = vec![b'x'; size];
        assert_eq!(ask(&mut smudge, "raw", &raw, true), Some(raw));
    }
    assert_eq!((smudge.left().malformed.count, smudge.left().missing.count), (5, 0));
    let gone = pointer_to(b"gone");
    assert_eq!(ask(&mut smudge, "b", &text(&gone), true), Some(text(&gone)), "nowhere to fetch it from");
    let extended = here.to_string().replace("oid", &format!("ext-0-foo sha256:{}\noid", here.oid));
    assert_eq!(ask(&mut smudge, "c", extended.as_bytes(), true), Some(extended.into_bytes()));
    assert_eq!((smudge.left().missing.count, smudge.left().missing.names.join(" ")), (2, "b c".to_owned()));
}

#[test]
fn what_is_delayed_comes_or_stays_a_pointer() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = store(dir.path(), "lfs");
    let (fetch, asked) = fetch(&store, &["one", "two"], Fault::Object);
    let mut smudge = Smudge::new(store, Selection::default, Some(fetch));
    let (one, two, gone) = (pointer_to(b"one"), pointer_to(b"two"), pointer_to(b"gone"));
    for (path, pointer) in [("1", &one), ("again", &one), ("2", &two), ("3", &gone)] {
        assert_eq!(ask(&mut smudge, path, &text(pointer), true), None);
    }
    let mut named = Vec::new();
    loop {
        let paths = smudge.available();
        if paths.is_empty() {
            break;
        }
        for path in paths {
            let path = String::from_utf8(path).expect("text");
            named.push((path.clone(), ask(&mut smudge, &path, b"", false).expect("not delayed again")));
        }
    }
    named.sort();
    let expected = [("1", b"one".to_vec()), ("2", b"two".to_vec()), ("3", text(&gone)), ("again", b"one".to_vec())];
    assert_eq!(named, expected.map(|(path, content)| (path.to_owned(), content)));
    assert_eq!(asked.load(Ordering::SeqCst), 1, "all at once");
    assert_eq!((smudge.left().missing.count, smudge.left().missing.names.join(" ")), (1, "3".to_owned()));
    assert_eq!(smudge.left().missing.why.as_ref().map(ToString::to_string), Some("no such object".to_owned()));
    // What did not come is not asked for again; other things are.
    assert_eq!(ask(&mut smudge, "3", &text(&gone), true), Some(text(&gone)));
    assert_eq!(ask(&mut smudge, "4", &text(&pointer_to(b"four")), true), None);
    assert_eq!(smudge.available(), [b"4".to_vec()]);
    assert!(ask(&mut smudge, "4", b"", false).is_some());
    assert!(smudge.available().is_empty());
}

#[test]
fn what_cannot_wait_is_fetched_at_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = store(dir.path(), "lfs");
    let (fetch, asked) = fetch(&store, &["one"], Fault::All);
    let mut smudge = Smudge::new(store, Selection::default, Some(fetch));
    assert_eq!(ask(&mut smudge, "1", &text(&pointer_to(b"one")), false), Some(b"one".to_vec()));
    let (gone, other) = (pointer_to(b"gone"), pointer_to(b"other"));
    assert_eq!(ask(&mut smudge, "2", &text(&gone), false), Some(text(&gone)));
    // A remote that cannot be reached is left alone.
    assert_eq!(ask(&mut smudge, "3", &text(&other), false), Some(text(&other)));
    assert_eq!(ask(&mut smudge, "4", &text(&other), true), Some(text(&other)));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert!(smudge.available().is_empty());
}

#[test]
fn files_are_named_as_their_objects_arrive() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = store(dir.path(), "lfs");
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let (one, two) = (pointer_to(b"one"), pointer_to(b"two"));
    let (first, second, place) = (one.clone(), two.clone(), store.clone());
    let fetch: Fetch = Arc::new(move |_, arrived| {
        place.put(b"one").expect("stored");
        arrived.send(first.clone()).expect("somebody waits");
        wait.lock().expect("one thread").recv().expect("released");
        place.put(b"two").expect("stored");
        arrived.send(second.clone()).expect("somebody waits");
        // Twice does no harm.
        arrived.send(first.clone()).expect("somebody waits");
        Vec::new()
    });
    let mut smudge = Smudge::new(store, Selection::default, Some(fetch));
    assert_eq!(ask(&mut smudge, "1", &text(&one), true), None);
    assert_eq!(ask(&mut smudge, "2", &text(&two), true), None);
    assert_eq!(smudge.available(), [b"1".to_vec()], "the other one is still on its way");
    assert_eq!(ask(&mut smudge, "1", b"", false), Some(b"one".to_vec()));
    release.send(()).expect("it waits");
    assert_eq!(smudge.available(), [b"2".to_vec()]);
    assert_eq!(ask(&mut smudge, "2", b"", false), Some(b"two".to_vec()));
    assert!(smudge.available().is_empty());
    assert_eq!(smudge.left().missing.count, 0);
}
