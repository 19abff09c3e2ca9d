//! What is said in the Batch API of Git LFS: requests out, answers in. Format: <https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md>.
//!
//! Servers differ: unknown keys, nulls and numbers as text are taken, as much as an answer may hold is bounded.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::artifact::pointer::Pointer;
use crate::artifact::remote::Operation;

/// The type of all JSON here.
pub const MEDIA_TYPE: &str = "application/vnd.git-lfs+json";

/// Bytes of JSON that are read at most.
pub const MOST_JSON: u64 = 16 << 20;

/// Objects of an answer that are looked at.
const MOST_OBJECTS: usize = 10_000;

/// Headers of an action that are sent.
const MOST_HEADERS: usize = 100;

/// What a server says of the objects it was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// By oid; of two with the same name the first.
    pub objects: HashMap<String, Object>,
}

/// What a server says of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object {
    /// Bytes, if it said.
    pub size: Option<u64>,
    /// Whether the actions need no login beyond their headers.
    pub is_authenticated: bool,
    /// How to get it.
    pub download: Option<Action>,
    /// How to send it; none if the server has it.
    pub upload: Option<Action>,
    /// What to ask after an upload.
    pub verify: Option<Action>,
    /// Why not: a code as of HTTP, and words of the server.
    pub error: Option<(u16, String)>,
}

/// A request that the server gave.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Action {
    /// Where to.
    pub href: String,
    /// Headers to send. They may be as good as a login.
    pub header: Vec<(String, String)>,
    /// Seconds that it holds from now; negative if it does not any more. Counts before the other.
    pub expires_in: Option<i64>,
    /// Until when it holds, milliseconds since 1970 by the server's clock.
    pub expires_at: Option<i64>,
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the query of its URL nor its headers may come into a log.
        f.debug_struct("Action").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// The word for an operation.
pub fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Upload => "upload",
        Operation::Download => "download",
    }
}

/// The body of a batch request. `ref` is left out, since it is not known; servers that demand `transfers` get it.
pub fn request(operation: Operation, pointers: &[Pointer]) -> Vec<u8> {
    let object = |pointer: &Pointer| serde_json::json!({ "oid": pointer.oid, "size": pointer.size });
    let objects: Vec<serde_json::Value> = pointers.iter().map(object).collect();
    let body = serde_json::json!({
        "operation": word(operation), "transfers": ["basic"], "objects": objects, "hash_algo": "sha256",
    });
    body.to_string().into_bytes()
}

/// The body of a request that verifies an upload.
pub fn verification(pointer: &Pointer) -> Vec<u8> {
    serde_json::json!({ "oid": pointer.oid, "size": pointer.size }).to_string().into_bytes()
}

/// Read the answer to a batch request.
///
/// # Errors
/// In a few words, what is wrong with it.
pub fn parse(bytes: &[u8]) -> Result<Answer, String> {
    let wire: Wire = serde_json::from_slice(bytes).map_err(|error| format!("no JSON that a batch is: {error}"))?;
    if let Some(transfer) = wire.transfer.filter(|transfer| transfer != "basic") {
        return Err(format!("wants a transfer that was not offered, {transfer:.40}"));
    }
    if let Some(hash) = wire.hash_algo.filter(|hash| hash != "sha256") {
        return Err(format!("names objects by another hash, {hash:.40}"));
    }
    let mut objects = HashMap::new();
    for object in wire.objects.ok_or("a batch without objects")?.0 {
        let Some(oid) = object.oid.clone() else { continue };
        objects.entry(oid).or_insert_with(|| object.into_object());
    }
    Ok(Answer { objects })
}

/// What `git-lfs-authenticate` answers: where the API is, if it said, and what to send along.
///
/// # Errors
/// In a few words, what is wrong with it.
pub fn parse_authentication(bytes: &[u8]) -> Result<Action, String> {
    let wire: WireAction =
        serde_json::from_slice(bytes).map_err(|error| format!("no JSON that it should be: {error}"))?;
    Ok(wire.into_action())
}

/// The server's own words in the body of an error.
pub fn message(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Wire {
        message: Option<String>,
    }
    serde_json::from_slice::<Wire>(bytes).ok()?.message.filter(|message| !message.trim().is_empty())
}

#[derive(Deserialize)]
struct Wire {
    transfer: Option<String>,
    hash_algo: Option<String>,
    objects: Option<Few<WireObject>>,
}

#[derive(Deserialize)]
struct WireObject {
    oid: Option<String>,
    size: Option<Box<RawValue>>,
    authenticated: Option<Box<RawValue>>,
    actions: Option<WireActions>,
    /// What `actions` was called once.
    #[serde(rename = "_links")]
    links: Option<WireActions>,
    error: Option<WireError>,
}

#[derive(Deserialize)]
struct WireActions {
    download: Option<WireAction>,
    upload: Option<WireAction>,
    verify: Option<WireAction>,
}

#[derive(Deserialize)]
struct WireAction {
    href: Option<String>,
    header: Option<Headers>,
    expires_in: Option<Box<RawValue>>,
    expires_at: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct WireError {
    code: Option<Box<RawValue>>,
    message: Option<String>,
}

impl WireObject {
    fn into_object(self) -> Object {
        let actions = self.actions.or(self.links);
        let (download, upload, verify) =
            actions.map_or((None, None, None), |actions| (actions.download, actions.upload, actions.verify));
        let code = |code: Option<Box<RawValue>>| code.and_then(|code| u16::try_from(integer(&code)?).ok());
        Object {
            size: self.size.and_then(|size| u64::try_from(integer(&size)?).ok()),
            is_authenticated: self.authenticated.is_some_and(|value| text(&value) == "true"),
            download: download.map(WireAction::into_action),
            upload: upload.map(WireAction::into_action),
            verify: verify.map(WireAction::into_action),
            error: self.error.map(|error| (code(error.code).unwrap_or(0), error.message.unwrap_or_default())),
        }
    }
}

impl WireAction {
    fn into_action(self) -> Action {
        let time = |value: Box<RawValue>| chrono::DateTime::parse_from_rfc3339(text(&value)).ok();
        let expires_at = self.expires_at.and_then(time).map(|time| time.timestamp_millis());
        Action {
            href: self.href.unwrap_or_default(),
            header: self.header.map(|headers| headers.0).unwrap_or_default(),
            // Go's zeros stand for nothing at all.
            expires_in: self.expires_in.and_then(|value| integer(&value)).filter(|seconds| *seconds != 0),
            expires_at: expires_at.filter(|time| *time > 0),
        }
    }
}

/// What stands in a value of JSON, without quotes.
fn text(value: &RawValue) -> &str {
    value.get().trim_matches('"')
}

/// A number, even if it is written as text or with a point.
fn integer(value: &RawValue) -> Option<i64> {
    let text = text(value);
    text.parse().ok().or_else(|| {
        let number = text.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && number.abs() < 9e15)?;
        Some(number as i64)
    })
}

/// A list of which no more than [`MOST_OBJECTS`] are kept.
struct Few<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Few<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Few<T>, A::Error> {
                let mut found = Vec::new();
                while found.len() < MOST_OBJECTS {
                    let Some(next) = list.next_element()? else { return Ok(Few(found)) };
                    found.push(next);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Few(found))
            }
        }
        deserializer.deserialize_seq(Reader(PhantomData))
    }
}

/// Headers; those whose value is no text are left out.
struct Headers(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("headers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut found = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if let Ok(value) = serde_json::from_str::<String>(value.get())
                        && found.len() < MOST_HEADERS
                    {
                        found.push((name, value));
                    }
                }
                Ok(Headers(found))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{message, parse, parse_authentication, request};
    use crate::artifact::pointer::Pointer;
    use crate::artifact::remote::Operation;

    #[test]
    fn a_request_says_no_more_than_is_known() {
        let pointer = Pointer { oid: "ab".repeat(32), size: 12 };
        let text = String::from_utf8(request(Operation::Upload, &[pointer])).expect("text");
        let oid = "ab".repeat(32);
        assert_eq!(
            text,
            format!(
                r#"{{"operation":"upload","transfers":["basic"],"objects":[{{"oid":"{oid}","size":12}}],"hash_algo":"sha256"}}"#
            )
        );
    }

    #[test]
    fn an_answer_is_read_however_it_is_written() {
        let text = br#"{"transfer":"basic","more":[{}],"objects":[
            {"oid":"a","size":"12","authenticated":true,"actions":{"download":{"href":"https://h/a","header":{"A":"b","n":1},
             "expires_in":3600,"expires_at":"0001-01-01T00:00:00Z"},"upload":null}},
            {"oid":"b","size":1.0,"_links":{"upload":{"href":"x","expires_at":"2026-11-21T00:00:00+01:00"},"verify":{}}},
            {"oid":"c","error":{"code":"404","message":"gone"},"actions":null},
            {"oid":"a","size":13}, {"size":1}]}"#;
        let answer = parse(text).expect("read");
        let a = &answer.objects["a"];
        assert_eq!((a.size, a.is_authenticated, a.upload.is_none()), (Some(12), true, true));
        let download = a.download.as_ref().expect("an action");
        assert_eq!(download.header, [("A".to_owned(), "b".to_owned())]);
        assert_eq!((download.expires_in, download.expires_at), (Some(3600), None));
        let b = &answer.objects["b"];
        assert_eq!(
            (b.size, b.upload.as_ref().and_then(|action| action.expires_at)),
            (Some(1), Some(1_795_215_600_000))
        );
        assert_eq!(answer.objects["c"].error, Some((404, "gone".to_owned())));
        assert!(!format!("{answer:?}").contains("https://h/a"));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"objects":null}"#,
            r#"{"objects":{}}"#,
            r#"{"objects":[],"transfer":"tus"}"#,
            r#"{"objects":[],"hash_algo":"sha512"}"#,
            r#"{"objects":[1]}"#,
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert_eq!(message(br#"{"message":"no","documentation_url":"x"}"#).as_deref(), Some("no"));
        assert_eq!(message(b"<html>"), None);
    }

    #[test]
    fn no_more_is_kept_than_may_be() {
        let many: Vec<String> = (0..30_000).map(|n| format!(r#"{{"oid":"{n}"}}"#)).collect();
        let answer = parse(format!(r#"{{"objects":[{}]}}"#, many.join(",")).as_bytes()).expect("read");
        assert_eq!(answer.objects.len(), super::MOST_OBJECTS);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = (parse(&bytes), parse_authentication(&bytes), message(&bytes));
        }

        #[test]
        fn what_is_nearly_an_answer_never_panics(value in r#"(null|"[0-9a-zT:-]{0,12}"|-?[0-9.e]{1,12}|\[\]|\{\}|true)"#) {
            for key in ["oid", "size", "authenticated", "actions", "error", "_links"] {
                let _ = parse(format!(r#"{{"objects":[{{"oid":"a","{key}":{value}}}]}}"#).as_bytes());
            }
            for key in ["href", "header", "expires_in", "expires_at"] {
                let _ = parse_authentication(format!(r#"{{"{key}":{value}}}"#).as_bytes());
            }
        }
    }
}
