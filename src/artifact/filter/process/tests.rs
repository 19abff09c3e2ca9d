//! Requests as git sends them, and as it would not.

use std::io::{self, Read};

use proptest::prelude::{any, proptest};

use super::{Filter, Smudged, serve};
use crate::artifact::filter::pktline::Writer;

/// Doubles each content; delays what it may.
#[derive(Default)]
struct Doubling {
    delayed: Vec<(Vec<u8>, Vec<u8>)>,
    named: usize,
    failures: Vec<String>,
}

impl Filter for Doubling {
    fn clean(&mut self, path: &[u8], content: &mut dyn Read) -> io::Result<Vec<u8>> {
        if path == b"refused" {
            return Err(io::Error::other("no"));
        }
        let mut all = Vec::new();
        content.read_to_end(&mut all)?;
        Ok(all.repeat(2))
    }

    fn smudge(&mut self, path: &[u8], content: &mut dyn Read, can_delay: bool) -> io::Result<Smudged> {
        let mut all = Vec::new();
        content.read_to_end(&mut all)?;
        if can_delay {
            self.delayed.push((path.to_vec(), all));
            return Ok(Smudged::Delayed);
        }
        if let Some(at) = self.delayed.iter().position(|(name, _)| name == path) {
            all = self.delayed.remove(at).1;
        }
        if path == b"broken" {
            let half = io::Cursor::new(all);
            return Ok(Smudged::Content(Box::new(half.chain(Broken))));
        }
        Ok(Smudged::Content(Box::new(io::Cursor::new(all.repeat(2)))))
    }

    fn available(&mut self) -> Vec<Vec<u8>> {
        let new = self.delayed.iter().skip(self.named).map(|(path, _)| path.clone()).collect();
        self.named = self.delayed.len();
        new
    }

    fn failed(&mut self, path: &[u8], error: &io::Error) {
        self.failures.push(format!("{}: {error}", String::from_utf8_lossy(path)));
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("a bad sector"))
    }
}

fn greeting(capabilities: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut git = Writer::new(&mut bytes);
    git.lines(["git-filter-client", "version=2"]).expect("written");
    git.lines(capabilities).expect("written");
    bytes
}

fn request(lines: &[&str], content: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut git = Writer::new(&mut bytes);
    git.lines(lines).expect("written");
    if let Some(mut content) = content {
        git.content(&mut content).expect("written").expect("read");
    }
    bytes
}

fn talk(parts: &[Vec<u8>]) -> (io::Result<()>, String, Doubling) {
    let (mut output, mut filter) = (Vec::new(), Doubling::default());
    let result = serve(&parts.concat()[..], &mut output, &mut filter);
    (result, String::from_utf8(output).expect("text"), filter)
}

const ALL: [&str; 4] = ["capability=clean", "capability=smudge", "capability=delay", "capability=teleport"];
const HELLO: &str = "0016git-filter-server\n000eversion=2\n0000";
const ABLE: &str = "0015capability=clean\n0016capability=smudge\n0015capability=delay\n0000";

#[test]
fn files_are_cleaned_and_smudged() {
    let parts = [
        greeting(&ALL),
        request(&["command=clean", "pathname=a=b.pt", "later=key"], Some(b"ab")),
        request(&["command=clean", "pathname=refused"], Some(&[b'x'; 100_000])),
        request(&["command=smudge", "pathname=a"], Some(b"")),
        request(&["command=smudge", "pathname=broken"], Some(b"cd")),
    ];
    let (result, output, filter) = talk(&parts);
    result.expect("git closed the stream");
    let done = "0013status=success\n0000";
    let wrong = "0011status=error\n0000";
    assert_eq!(output, format!("{HELLO}{ABLE}{done}0008abab00000000{wrong}{done}00000000{done}0000{wrong}"));
    assert_eq!(filter.failures, ["refused: no", "broken: a bad sector"]);
}

#[test]
fn what_is_delayed_is_named_and_asked_for_again() {
    let parts = [
        greeting(&ALL),
        request(&["command=smudge", "pathname=a", "can-delay=1"], Some(b"ab")),
        request(&["command=list_available_blobs"], None),
        request(&["command=smudge", "pathname=a"], Some(b"")),
        request(&["command=list_available_blobs"], None),
    ];
    let (result, output, _) = talk(&parts);
    result.expect("git closed the stream");
    let done = "0013status=success\n0000";
    let delayed = "0013status=delayed\n0000";
    assert_eq!(output, format!("{HELLO}{ABLE}{delayed}000fpathname=a\n0000{done}{done}0008abab000000000000{done}"));
}

#[test]
fn only_what_git_can_is_offered() {
    let (result, output, _) = talk(&[greeting(&["capability=clean"])]);
    result.expect("git closed the stream");
    assert_eq!(output, format!("{HELLO}0015capability=clean\n0000"));
}

#[test]
fn who_is_not_git_is_told_so() {
    let cases = [
        (b"hello".to_vec(), "no length of a packet"),
        (request(&["hello"], None), "not what git says to a filter: greeting 'hello'"),
        (request(&["git-filter-client", "version=3"], None), "not what git says to a filter: version 'version=3'"),
        (
            [greeting(&ALL), request(&["command=teleport"], None)].concat(),
            "not what git says to a filter: command 'teleport'",
        ),
        ([greeting(&ALL), request(&["command=clean"], None)].concat(), "unexpected end of file"),
        (Vec::new(), "unexpected end of file"),
    ];
    for (bytes, why) in cases {
        assert_eq!(talk(&[bytes]).0.expect_err("refused").to_string(), why);
    }
}

proptest! {
    #[test]
    fn arbitrary_requests_never_panic(bytes in any::<Vec<u8>>()) {
        let _ = talk(&[greeting(&ALL), bytes]);
    }

    #[test]
    fn requests_that_are_nearly_right_never_panic(text in "(00(00|0[4-9a-f]|1[0-4])(command=(clean|smudge)\n|pathname=a\n|[a-z]{0,8})){0,8}") {
        let _ = talk(&[greeting(&ALL), text.into_bytes()]);
    }
}
