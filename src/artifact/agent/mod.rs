//! git-xp as a transfer agent of plain git-lfs: whoever has no git-xp in their habits reaches folders and buckets through it, without any LFS server.
//!
//! The protocol is lines of JSON: [`serve`] speaks it, [`carry`] does what it asks for. Format:
//! <https://github.com/git-lfs/git-lfs/blob/main/docs/custom-transfers.md>.

mod carry;
pub mod install;

pub use carry::carry;

use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::pointer::{Pointer, is_oid};
use super::remote::{Operation, RemoteError};

/// A line has at most so many bytes. Longer ones git-lfs does not write.
const LONGEST: u64 = 1 << 20;

/// What git-lfs asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// To begin.
    Init,
    /// To move an object.
    Move(Operation, Pointer),
    /// To end.
    Terminate,
}

impl Request {
    /// Read a line.
    ///
    /// # Errors
    /// If it is no request; the text says why.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(line).map_err(|error| format!("no JSON: {error}"))?;
        let operation = match value["event"].as_str() {
            Some("init") => return Ok(Self::Init),
            Some("terminate") => return Ok(Self::Terminate),
            Some("upload") => Operation::Upload,
            Some("download") => Operation::Download,
            _ => return Err("an event that is unknown".to_owned()),
        };
        let oid = value["oid"].as_str().filter(|oid| is_oid(oid)).ok_or("no oid")?.to_owned();
        let size = value["size"].as_u64().filter(|size| i64::try_from(*size).is_ok()).ok_or("no size")?;
        Ok(Self::Move(operation, Pointer { oid, size }))
    }
}

/// What moves an object: it is told how to say how many bytes were moved, and returns where an object that was fetched lies.
pub type Work<'a> = dyn FnMut(Operation, &Pointer, &mut dyn FnMut(i64)) -> Result<Option<PathBuf>, RemoteError> + 'a;

/// Answer git-lfs until it ends. If nothing can be moved at all, `ready` says why.
///
/// # Errors
/// If it cannot be read from or written to.
pub fn serve(
    mut input: impl BufRead,
    output: &mut dyn Write,
    ready: Result<(), RemoteError>,
    work: &mut Work<'_>,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match Request::parse(&line) {
            Ok(Request::Terminate) => return Ok(()),
            Ok(Request::Init) => match &ready {
                Ok(()) => send(output, &json!({}))?,
                Err(error) => send(output, &json!({ "error": told(error) }))?,
            },
            Ok(Request::Move(operation, pointer)) => {
                let mut written = Ok(());
                let mut before = 0;
                let mut moved = |bytes: i64| {
                    // It may only grow; what has to be sent again was told already.
                    if bytes > before && written.is_ok() {
                        let (so_far, since) = (bytes, bytes - before);
                        before = bytes;
                        written = send(
                            output,
                            &json!({ "event": "progress", "oid": pointer.oid, "bytesSoFar": so_far, "bytesSinceLast": since }),
                        );
                    }
                };
                let result = work(operation, &pointer, &mut moved);
                written?;
                send(output, &complete(&pointer, result))?;
            }
            Err(why) => {
                let error = json!({ "code": 1, "message": format!("git-xp did not understand git-lfs: {why}") });
                send(output, &json!({ "event": "complete", "oid": "", "error": error }))?;
            }
        }
    }
}

fn complete(pointer: &Pointer, result: Result<Option<PathBuf>, RemoteError>) -> Value {
    let oid = &pointer.oid;
    match result.map(|path| path.map(PathBuf::into_os_string).map(std::ffi::OsString::into_string)) {
        Ok(None) => json!({ "event": "complete", "oid": oid }),
        Ok(Some(Ok(path))) => json!({ "event": "complete", "oid": oid, "path": path }),
        Ok(Some(Err(_))) => {
            let error = RemoteError::object(
                "the folder of the repository has a name that is no text, which git-lfs cannot be told",
            );
            json!({ "event": "complete", "oid": oid, "error": told(&error) })
        }
        Err(error) => json!({ "event": "complete", "oid": oid, "error": told(&error) }),
    }
}

fn told(error: &RemoteError) -> Value {
    let hint = error.hint.as_deref().map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
    json!({ "code": 2, "message": format!("{}{hint}", error.message) })
}

fn send(output: &mut dyn Write, message: &Value) -> io::Result<()> {
    writeln!(output, "{message}")?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::{Operation, RemoteError, Request, serve};

    const OID: &str = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";

    fn answers(input: &str, ready: Result<(), RemoteError>) -> String {
        let mut output = Vec::new();
        let mut work = |operation, pointer: &super::Pointer, moved: &mut dyn FnMut(i64)| match (operation, pointer.size)
        {
            (_, 0) => Err(RemoteError::object("gone").hint("do this")),
            (Operation::Upload, _) => {
                [5, 3, 9].into_iter().for_each(moved);
                Ok(None)
            }
            (Operation::Download, _) => Ok(Some(PathBuf::from("/there"))),
        };
        serve(input.as_bytes(), &mut output, ready, &mut work).expect("written");
        String::from_utf8(output).expect("text")
    }

    #[test]
    fn a_session_goes_as_the_documentation_says() {
        let input = format!(
            "{{\"event\":\"init\",\"operation\":\"upload\",\"remote\":\"origin\",\"concurrent\":true,\"concurrenttransfers\":3}}\n\
             {{\"event\":\"upload\",\"oid\":\"{OID}\",\"size\":9,\"path\":\"/p\",\"action\":null}}\n\
             {{\"event\":\"download\",\"oid\":\"{OID}\",\"size\":9,\"action\":null}}\n\
             {{\"event\":\"download\",\"oid\":\"{OID}\",\"size\":0}}\nnonsense\n{{\"event\":\"terminate\"}}\n{{\"event\":\"init\"}}\n"
        );
        let answers = answers(&input, Ok(())).replace(OID, "OID");
        insta::assert_snapshot!(answers, @r#"
        {}
        {"event":"progress","oid":"OID","bytesSoFar":5,"bytesSinceLast":5}
        {"event":"progress","oid":"OID","bytesSoFar":9,"bytesSinceLast":4}
        {"event":"complete","oid":"OID"}
        {"event":"complete","oid":"OID","path":"/there"}
        {"event":"complete","oid":"OID","error":{"code":2,"message":"gone (hint: do this)"}}
        {"event":"complete","oid":"","error":{"code":1,"message":"git-xp did not understand git-lfs: no JSON: expected ident at line 1 column 2"}}
        "#);
    }

    #[test]
    fn what_cannot_begin_says_why() {
        let found = answers("{\"event\":\"init\"}\n", Err(RemoteError::all("no such bucket")));
        assert_eq!(found, "{\"error\":{\"code\":2,\"message\":\"no such bucket\"}}\n");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_answered_line_by_line(bytes in vec(any::<u8>(), 0..200)) {
            let _ = Request::parse(&bytes);
            let found = answers(&String::from_utf8_lossy(&bytes), Ok(()));
            assert!(found.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
        }

        #[test]
        fn what_is_nearly_a_request_never_panics(line in r#"\{"event":"(upload|download|init|x)","oid":"[0-9a-fA-F]{63,65}","size":-?[0-9]{1,21}(\.5)?\}"#) {
            if let Ok(Request::Move(_, pointer)) = Request::parse(line.as_bytes()) {
                assert!(i64::try_from(pointer.size).is_ok() && pointer.oid.len() == 64);
            }
        }
    }
}
