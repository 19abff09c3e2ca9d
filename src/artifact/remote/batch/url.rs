//! URLs of http and https as the Batch API uses them, taken apart far enough to compare hosts and to leave logins out.

use std::fmt;
use std::net::IpAddr;

/// A URL of http or https. Printed, it has no login.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url {
    /// `http` or `https`.
    pub scheme: String,
    /// The name of the login that stood in it, decoded.
    pub user: Option<String>,
    /// The password that stood in it, decoded.
    pub password: Option<String>,
    /// Lower case; an IPv6 address without its brackets.
    pub host: String,
    /// As written.
    pub port: Option<u16>,
    /// Path and query as written; empty, or it begins with `/` or `?`.
    pub rest: String,
}

impl Url {
    /// Read a URL; `None` if it is none of http or https, or has no host that could be asked for.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.split('#').next()?;
        if text.bytes().any(|byte| byte <= b' ' || byte >= 0x7f || matches!(byte, b'\\' | b'"' | b'<' | b'>')) {
            return None;
        }
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return None;
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (login, place) =
            authority.rsplit_once('@').map_or((None, authority), |(login, place)| (Some(login), place));
        let (host, port) = host_and_port(place)?;
        let (user, password) = match login
            .map(|login| login.split_once(':').map_or((login, None), |(u, p)| (u, Some(p))))
        {
            Some((user, password)) => (Some(decode(user)?), password.map(decode).map_or(Some(None), |p| p.map(Some))?),
            None => (None, None),
        };
        Some(Self { scheme, user, password, host, port, rest: rest.to_owned() })
    }

    /// Scheme, host and port: what a login is for.
    pub fn origin(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.bracketed(), self.effective_port())
    }

    /// The port that is connected to.
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or(if self.scheme == "https" { 443 } else { 80 })
    }

    /// Host, and the port if one is written: as `git credential` and people name it.
    pub fn place(&self) -> String {
        let host = self.bracketed();
        self.port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
    }

    /// The host as an address, if it is written as one.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The path without its query, decoded, without the first `/`. `None` if it is no text.
    pub fn path(&self) -> Option<String> {
        decode(self.rest.split('?').next().unwrap_or_default().trim_start_matches('/'))
    }

    /// The same URL with more path at its end.
    #[must_use]
    pub fn join(&self, more: &str) -> Self {
        let (path, query) = self.rest.split_once('?').map_or((self.rest.as_str(), None), |(p, q)| (p, Some(q)));
        let mut rest = format!("{}/{more}", path.trim_end_matches('/'));
        if let Some(query) = query {
            rest.push('?');
            rest.push_str(query);
        }
        Self { rest, ..self.clone() }
    }

    /// Where a `Location` leads from here.
    pub fn follow(&self, location: &str) -> Option<Self> {
        let here = Self { user: None, password: None, ..self.clone() };
        if location.contains("://") && !location.starts_with(['/', '?']) {
            return Self::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme));
        }
        let path = here.rest.split('?').next().unwrap_or_default();
        let rest = match location.as_bytes().first()? {
            b'/' => location.to_owned(),
            b'?' => format!("{path}{location}"),
            _ => format!("{}/{location}", path.rsplit_once('/').map_or("", |(folder, _)| folder)),
        };
        Self::parse(&format!("{}://{}{rest}", here.scheme, here.place()))
    }

    /// As it may be shown: a query may hold a signature that is as good as a login.
    pub fn shown(&self) -> String {
        format!("{}://{}{}", self.scheme, self.place(), self.rest.split('?').next().unwrap_or_default())
    }

    fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.place(), self.rest)
    }
}

fn host_and_port(place: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if port.is_empty() { "" } else { port.strip_prefix(':')? })
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    let is_of_a_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if host.is_empty() || (!place.starts_with('[') && !host.bytes().all(is_of_a_host)) {
        return None;
    }
    let port = if port.is_empty() { None } else { Some(port.parse().ok().filter(|port| *port != 0)?) };
    Some((host.to_ascii_lowercase(), port))
}

/// Undo `%41`. `None` if what comes out is no text, or holds control characters.
pub fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        let is_hex = |two: &&str| two.bytes().all(|byte| byte.is_ascii_hexdigit());
        match hex.filter(is_hex).and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok().filter(|text| !text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Url;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn a_url_is_taken_apart() {
        let found = url("HTTPS://Ada:p%40ss@LFS.Example.org:8443/a/b.git?x=1#y");
        assert_eq!((found.user.as_deref(), found.password.as_deref()), (Some("Ada"), Some("p@ss")));
        assert_eq!(found.to_string(), "https://lfs.example.org:8443/a/b.git?x=1");
        assert_eq!(found.shown(), "https://lfs.example.org:8443/a/b.git");
        assert_eq!(found.join("objects/batch").to_string(), "https://lfs.example.org:8443/a/b.git/objects/batch?x=1");
        assert_eq!(url("http://h/").join("objects/batch").to_string(), "http://h/objects/batch");
        assert_eq!(url("http://[::1]:80/x").origin(), url("http://[::1]").origin());
        assert_eq!(url("https://h/a%20b").path().as_deref(), Some("a b"));
        assert_eq!(url("https://u@h/").password, None);
    }

    #[test]
    fn what_is_no_place_to_ask_is_refused() {
        for text in [
            "file:///etc/passwd",
            "ftp://h/",
            "h/x",
            "http://",
            "http:///x",
            "http://a b/",
            "http://h:0/",
            "http://h:99999/",
            "http://h\\@evil/",
            "http://[::1",
            "http://h\n/",
            "http://%6c/",
            "http://ü/",
            "gopher://h",
            "http://a%0ab@h/",
        ] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
        let odd = url("http://good.org@evil.org/");
        assert_eq!(odd.host, "evil.org");
    }

    #[test]
    fn locations_are_followed() {
        let from = url("https://u:p@h:1/a/b?q");
        for (location, to) in [
            ("/c", "https://h:1/c"),
            ("c", "https://h:1/a/c"),
            ("?r", "https://h:1/a/b?r"),
            ("//o/c", "https://o/c"),
            ("http://o/c", "http://o/c"),
        ] {
            let found = from.follow(location).expect("a place");
            assert_eq!((found.to_string().as_str(), found.user), (to, None));
        }
        assert_eq!(from.follow("file:///etc/passwd"), None);
        assert_eq!(from.follow(""), None);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>(), location in any::<String>()) {
            if let Some(found) = Url::parse(&format!("http://{text}")) {
                let _ = (found.path(), found.follow(&location));
                assert_eq!(Url::parse(&found.to_string()).map(|again| again.to_string()), Some(found.to_string()));
            }
        }

        #[test]
        fn what_looks_like_one_never_panics(text in r"https?://([a-z%0-9]{0,4}:?[a-z%0-9]{0,4}@)?(\[[0-9a-f:.]{0,6}\]|[a-z.]{0,5})(:[0-9]{0,6})?[/?a-z%0-9]{0,8}") {
            if let Some(found) = Url::parse(&text) {
                assert!(!found.to_string().contains('@'));
            }
        }
    }
}
