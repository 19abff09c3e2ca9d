//! The address of a bucket: `s3://bucket/prefix?endpoint=https://host&region=…`, `gs://bucket/prefix`, `az://container/prefix?account=…`, or
//! `abfss://container@account.dfs.core.windows.net/prefix`. It may stand in a file that a stranger wrote: nothing in it may hand a credential to somebody.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::RemoteError;
use crate::artifact::pointer::is_oid;
use crate::model::text::printable;

/// An address has at most so many bytes.
const LONGEST: usize = 2048;

/// Whose protocol a bucket speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Amazon S3 and all that speak like it.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
}

/// Where a bucket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its protocol.
    pub service: Service,
    /// The bucket; for Azure the container.
    pub bucket: String,
    /// What all keys begin with, without slashes at its ends. May be empty.
    pub prefix: String,
    /// Azure's storage account.
    pub account: Option<String>,
    /// The server, with its scheme and without a slash at its end, if it is not the service's own.
    pub endpoint: Option<String>,
    /// S3's region.
    pub region: Option<String>,
    /// Whether `http` will do for a server that is not this machine.
    pub is_http_allowed: bool,
    /// Whether SHA-256 checksums are sent; some servers that speak S3 refuse them.
    pub has_checksums: bool,
}

/// Whether a text is the address of a bucket, right or wrong.
pub fn is_bucket(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| service(scheme).is_some())
}

fn service(scheme: &str) -> Option<Service> {
    match scheme {
        "s3" | "s3a" => Some(Service::S3),
        "gs" => Some(Service::Google),
        "az" | "azure" | "abfs" | "abfss" => Some(Service::Azure),
        _ => None,
    }
}

impl Location {
    /// Read an address.
    ///
    /// # Errors
    /// If it is none, or holds what must not stand in it. The message repeats no part of it that may be secret.
    pub fn parse(text: &str) -> Result<Self, RemoteError> {
        if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c == '\\' || c == '#') {
            return Err(wrong("is too long, or holds characters that no address has"));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("has no scheme such as s3://"))?;
        let Some(service) = service(scheme) else {
            return Err(wrong("is neither s3://, gs://, az:// nor abfss://"));
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_once('/').unwrap_or((place, ""));
        let (bucket, account) = match authority.split_once('@') {
            None => (authority, None),
            Some((container, host)) if scheme.starts_with("abfs") => (container, Some(account_of(host)?)),
            Some(_) => return Err(holds_key()),
        };
        if !is_name(bucket) {
            return Err(wrong("names no bucket: letters, digits, dots, dashes and underscores"));
        }
        let prefix = path.trim_end_matches('/');
        if !prefix.is_empty() && !prefix.split('/').all(is_segment) {
            return Err(wrong("has a folder in it that cannot be one: empty, `.`, `..`, or with odd characters"));
        }
        let mut found = Self {
            service,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            account,
            endpoint: None,
            region: None,
            is_http_allowed: false,
            has_checksums: true,
        };
        let mut endpoint = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value).ok_or_else(|| wrong("has an option that is not encoded as it should be"))?;
            match (key, service) {
                ("endpoint", _) => endpoint = Some(value),
                ("region", Service::S3) if is_name(&value) => found.region = Some(value),
                ("account", Service::Azure) if is_name(&value) => found.account = Some(value),
                ("allow_http", _) if value == "true" || value == "false" => found.is_http_allowed = value == "true",
                ("checksum", Service::S3) if value == "sha256" || value == "none" => {
                    found.has_checksums = value == "sha256";
                }
                _ if is_secret_name(key) => return Err(holds_key()),
                _ => {
                    let key: String = printable(key).chars().take(40).collect();
                    return Err(wrong(&format!("has an option `{key}` that is unknown or has no such value"))
                        .hint("options are endpoint, region, account, allow_http=true and checksum=none"));
                }
            }
        }
        if let Some(endpoint) = endpoint {
            found.endpoint = Some(check_endpoint(&endpoint, service, found.is_http_allowed, false)?);
        }
        Ok(found)
    }

    /// The key of an object.
    pub fn key(&self, oid: &str) -> String {
        let key = object_key(oid);
        if self.prefix.is_empty() { key } else { format!("{}/{key}", self.prefix) }
    }

    /// The object that a key stands for, if it is one of ours.
    pub fn oid<'a>(&self, key: &'a str) -> Option<&'a str> {
        let rest = key.strip_prefix(self.prefix.as_str())?;
        let rest = if self.prefix.is_empty() { rest } else { rest.strip_prefix('/')? };
        let oid = rest.rsplit('/').next()?;
        (is_oid(oid) && object_key(oid) == rest).then_some(oid)
    }
}

impl fmt::Display for Location {
    /// The address, as [`Location::parse`] reads it. There is no secret in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.service {
            Service::S3 => "s3",
            Service::Google => "gs",
            Service::Azure => "az",
        };
        write!(f, "{scheme}://{}", self.bucket)?;
        if !self.prefix.is_empty() {
            write!(f, "/{}", self.prefix)?;
        }
        let mut before = '?';
        let mut option = |f: &mut fmt::Formatter<'_>, key: &str, value: Option<&str>| {
            let Some(value) = value else { return Ok(()) };
            let written = write!(f, "{before}{key}={value}");
            before = '&';
            written
        };
        option(f, "account", self.account.as_deref())?;
        option(f, "endpoint", self.endpoint.as_deref())?;
        option(f, "region", self.region.as_deref())?;
        option(f, "allow_http", self.is_http_allowed.then_some("true"))?;
        option(f, "checksum", (!self.has_checksums).then_some("none"))
    }
}

/// Check the address of a server; `is_own`: the user gave it through the environment, so that it may be anywhere. Returns it without a slash at its end.
///
/// # Errors
/// If it is no `http(s)://host[:port][/path]`, has no TLS and is not this machine, or could be where credentials are stolen.
pub fn check_endpoint(
    text: &str,
    service: Service,
    is_http_allowed: bool,
    is_own: bool,
) -> Result<String, RemoteError> {
    let no_endpoint = || wrong("has an endpoint that is no https://host[:port]");
    let text = text.trim_end_matches('/');
    let (scheme, rest) = text.split_once("://").ok_or_else(no_endpoint)?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        return Err(holds_key());
    }
    if !path.is_empty() && !path.split('/').all(is_name) {
        return Err(no_endpoint());
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or_else(no_endpoint)?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return Err(no_endpoint());
    }
    let address = if authority.starts_with('[') {
        Some(IpAddr::V6(host.parse().map_err(|_| no_endpoint())?))
    } else {
        // What a URL parser would take for a number, `0x7f.1` or `2852039166`, must be a plain IPv4 address.
        let is_number = host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
        if !is_name(host) || host.contains('_') {
            return Err(no_endpoint());
        }
        if is_number { Some(IpAddr::V4(host.parse().map_err(|_| no_endpoint())?)) } else { None }
    };
    if address.is_some_and(is_metadata) || host.eq_ignore_ascii_case("metadata.google.internal") {
        return Err(wrong("has an endpoint where a machine learns its own credentials, and no bucket is"));
    }
    let is_here = address.map_or(host == "localhost", |address| address.to_canonical().is_loopback());
    match scheme {
        "https" => {}
        "http" if is_here || is_http_allowed => {}
        "http" => {
            return Err(wrong("has an endpoint without TLS: all could be read and changed on its way")
                .hint("https://…; or, in a network of your own, &allow_http=true"));
        }
        _ => return Err(no_endpoint()),
    }
    // S3's signatures are worth nothing elsewhere; what Google and Azure are shown opens everything.
    let trusted: &[&str] = match service {
        Service::S3 => &[""],
        Service::Google => &[".googleapis.com"],
        Service::Azure => {
            &[".core.windows.net", ".core.chinacloudapi.cn", ".core.usgovcloudapi.net", ".storage.azure.net"]
        }
    };
    if !is_own && !is_here && !trusted.iter().any(|end| host.ends_with(end)) {
        let name = if service == Service::Google { "GOOGLE_BASE_URL" } else { "AZURE_STORAGE_ENDPOINT" };
        return Err(wrong("has an endpoint of somebody else, who would be shown your token")
            .hint(format!("if that is meant: export {name}=…, and leave it out of the address")));
    }
    Ok(text.to_owned())
}

/// Where machines in clouds ask for their own credentials.
fn is_metadata(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_link_local()
                || v4.is_unspecified()
                || v4 == Ipv4Addr::new(168, 63, 129, 16)
                || v4 == Ipv4Addr::new(100, 100, 100, 200)
        }
        IpAddr::V6(v6) => {
            v6.is_unicast_link_local()
                || v6.is_unspecified()
                || v6 == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
    }
}

/// Where an object lies below the prefix, as in a repository's own store.
fn object_key(oid: &str) -> String {
    let part = |range| oid.get(range).unwrap_or("__");
    format!("{}/{}/{oid}", part(0..2), part(2..4))
}

/// The account of `account.dfs.core.windows.net`.
fn account_of(host: &str) -> Result<String, RemoteError> {
    let ends = [".dfs.core.windows.net", ".blob.core.windows.net"];
    let account = ends.iter().find_map(|end| host.strip_suffix(end)).filter(|account| !account.contains('.'));
    match account.filter(|account| is_name(account)) {
        Some(account) => Ok(account.to_owned()),
        None => Err(wrong("is no abfss://container@account.dfs.core.windows.net/folder")),
    }
}

/// A bucket, an account, a region, a host: plain words with dots and dashes.
fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=255).contains(&text.len())
        && text.bytes().all(is_plain)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !text.contains("..")
}

/// A folder of a prefix. What has to be encoded in URLs is refused: object_store does not do so for Google.
fn is_segment(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.=+@,:!()~".contains(c);
    !matches!(text, "" | "." | "..") && text.chars().all(is_plain)
}

fn is_secret_name(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["key", "secret", "token", "sig", "password", "sas", "credential"].iter().any(|word| key.contains(word))
}

/// Undo percent encoding; the result must be text without control characters.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok().filter(|digits| !digits.starts_with('+'))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

fn wrong(what: &str) -> RemoteError {
    RemoteError::all(format!("the address {what}"))
}

fn holds_key() -> RemoteError {
    wrong("holds a user name or a key, which everybody who sees it could use")
        .hint("leave it out; keys come from the environment (AWS_ACCESS_KEY_ID, …) or from the profiles of your cloud's own tools")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Location, Service, is_bucket};

    fn parse(text: &str) -> Option<Location> {
        assert!(is_bucket(text) || Location::parse(text).is_err(), "{text}");
        Location::parse(text).ok()
    }

    #[test]
    fn what_is_meant_is_read() {
        let found = parse("s3://models/team/a?endpoint=http://127.0.0.1:9000&region=eu-west-1").expect("an address");
        assert_eq!((found.service, found.bucket.as_str(), found.prefix.as_str()), (Service::S3, "models", "team/a"));
        assert_eq!(found.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
        assert_eq!(found.region.as_deref(), Some("eu-west-1"));
        let oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
        assert_eq!(found.key(oid), format!("team/a/4d/7a/{oid}"));
        assert_eq!(found.oid(&found.key(oid)), Some(oid));
        assert_eq!(found.oid(&format!("team/b/4d/7a/{oid}")), None);
        assert_eq!(found.oid(&format!("team/a/4d/7b/{oid}")), None);
        let found = parse("abfss://data@acme.dfs.core.windows.net/lfs/").expect("an address");
        assert_eq!((found.bucket.as_str(), found.account.as_deref()), ("data", Some("acme")));
        assert_eq!(found.prefix, "lfs");
        assert_eq!(parse("gs://models").expect("an address").key(oid), format!("4d/7a/{oid}"));
        assert!(parse("s3://b?endpoint=https%3A%2F%2Fminio.example.org%3A9000").is_some());
        assert!(parse("s3://b?endpoint=http://minio.lan&allow_http=true").is_some());
        assert!(parse("az://b?account=a&endpoint=http://127.0.0.1:10000/devstoreaccount1").is_some());
    }

    #[test]
    fn what_is_hostile_is_refused() {
        for text in [
            "",
            "s3://",
            "http://bucket",
            "s3:///key",
            "s3://AKIA:secret@bucket",
            "s3://bucket@evil.example.org/",
            "abfss://c@evil.example.org/",
            "abfss://c:p@a.dfs.core.windows.net/",
            "s3://bucket?secret_access_key=x",
            "az://bucket?sas_token=x",
            "s3://bucket?what=x",
            "s3://bucket/../other",
            "s3://bucket/a//b",
            "gs://bucket/a b",
            "gs://bucket/\u{fc}",
            "s3://bucket/a\u{1b}[2J",
            "s3://bucket?endpoint=http://minio.lan",
            "s3://bucket?endpoint=http://127.0.0.1.example.org",
            "s3://bucket?endpoint=https://user:key@host",
            "s3://bucket?endpoint=ftp://127.0.0.1",
            "s3://bucket?endpoint=file:///etc",
            "s3://bucket?endpoint=https://host:99999",
            "s3://bucket?endpoint=https://host%3F",
            "s3://bucket?endpoint=https://host/%2e%2e",
            "s3://bucket?allow_http=true&endpoint=http://169.254.169.254",
            "s3://bucket?allow_http=true&endpoint=http://2852039166",
            "s3://bucket?allow_http=true&endpoint=http://0xa9fea9fe",
            "s3://bucket?allow_http=true&endpoint=http://169.254.43518",
            "s3://bucket?allow_http=true&endpoint=http://[::ffff:169.254.169.254]",
            "s3://bucket?allow_http=true&endpoint=http://[fe80::1]",
            "s3://bucket?allow_http=true&endpoint=http://metadata.google.internal",
            "gs://bucket?endpoint=https://evil.example.org",
            "az://bucket?account=a&endpoint=https://evil.example.org",
            "az://bucket?account=a&endpoint=https://a.blob.core.windows.net.evil.example.org",
            "gs://bucket?region=eu",
            "s3://bucket?region=%0a",
            "s3://bucket?region=%zz",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_refusal_repeats_no_secret() {
        for text in ["s3://AKIA:hunter2@bucket", "s3://b?secret_key=hunter2", "s3://b?endpoint=https://u:hunter2@h"] {
            let error = Location::parse(text).expect_err("refused");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_taken_is_tame(text in r"(s3|gs|az|abfss)://[a-z0-9.@:_-]{1,12}(/[a-z%. ]{0,6}){0,3}(\?(endpoint=https?://[a-z0-9.@:/\[\]%-]{0,16}|region=[a-z%0-9]{0,6}|account=[a-z]{0,4}|allow_http=true|&){0,4})?") {
            if let Some(found) = parse(&text) {
                let again = Location::parse(&found.to_string()).expect("what is written is read");
                assert_eq!(again, found);
                let endpoint = found.endpoint.unwrap_or_default();
                assert!(!endpoint.contains('@') && !endpoint.contains('?') && !endpoint.contains('%'), "{endpoint}");
                assert!(!found.prefix.split('/').any(|part| part == ".." || part == "."), "{text}");
            }
        }
    }
}
