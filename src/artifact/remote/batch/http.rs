//! Requests of HTTP: redirects followed by hand, so that nothing private goes to another host; proxies and certificates as git's settings have them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use ureq::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use ureq::http::{Method, Request as HttpRequest};
use ureq::{Agent, AsSendBody, SendBody};

use super::config::Config;
use super::connection;
use super::credential::own;
use super::guard;
use super::options::{Options, Timeouts};
use super::pace::Pace;
use super::reply::Reply;
use super::secrets;
use super::url::Url;
use crate::artifact::remote::RemoteError;

/// Redirects that are followed.
const MOST_REDIRECTS: usize = 5;

/// From this size on a server is asked whether it wants the bytes before they are sent.
const ASK_FIRST: u64 = 1 << 20;

/// Headers that a server may not choose for us.
const OURS: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "range",
    "expect",
    "accept-encoding",
    "te",
    "upgrade",
];

/// One question. It can be sent again.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    /// The API that the user chose.
    pub(super) home: Url,
    /// Headers for whoever answers.
    pub(super) plain: Vec<(HeaderName, String)>,
    /// Headers for this host alone.
    pub(super) private: Vec<(String, String)>,
    /// The login, for this host alone.
    pub(super) authorization: Option<String>,
    pub(super) body: Body<'a>,
}

/// What is sent.
pub(super) enum Body<'a> {
    /// Nothing.
    None,
    /// A few bytes.
    Bytes(Vec<u8>),
    /// A file of this size, from its beginning; who wants to know of bytes that went is told.
    File(&'a mut File, u64, &'a dyn Fn(i64)),
}

/// Connections, by scheme, host and port.
pub(super) struct Http {
    config: Arc<Config>,
    options: Options,
    agents: Mutex<HashMap<String, Agent>>,
}

impl Http {
    /// No connection yet.
    pub(super) fn new(config: Arc<Config>, options: Options) -> Self {
        Self { config, options, agents: Mutex::default() }
    }

    /// Ask, and follow redirects.
    ///
    /// # Errors
    /// If no answer comes, or a redirect leads nowhere. A status that is none of success is no error here.
    pub(super) fn send(&self, request: &mut Request<'_>) -> Result<Reply, RemoteError> {
        let mut url = request.url.clone();
        let mut is_own = true;
        for _ in 0..=MOST_REDIRECTS {
            let is_direct = connection::proxy(&self.config, &self.options.environment, &url)?.is_none();
            guard::check(&url, &request.home, is_direct)?;
            // Once it has led away, nothing private goes along, even if it leads back.
            is_own = is_own && url.origin() == request.url.origin();
            let reply = self.once(request, &url, is_own)?;
            if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(reply);
            }
            let next = reply.header("location").and_then(|location| url.follow(location));
            url = next.ok_or_else(|| RemoteError::object(format!("{} redirects to no URL of http", url.place())))?;
        }
        Err(RemoteError::object(format!("{} redirects in a circle", request.url.place())))
    }

    fn once(&self, request: &mut Request<'_>, url: &Url, is_own: bool) -> Result<Reply, RemoteError> {
        let agent = self.agent(url)?;
        let headers = self.headers(request, url, is_own)?;
        let secrets = secrets::of(&headers, url);
        let timeouts = self.options.timeouts;
        let question = Question { agent: &agent, method: &request.method, url, headers, timeouts };
        let result = match &mut request.body {
            Body::None => question.ask(()),
            Body::Bytes(bytes) => question.ask(bytes.as_slice()),
            Body::File(file, size, sent) => {
                file.seek(SeekFrom::Start(0)).map_err(|error| unreadable(&error))?;
                let pace = Pace::new(timeouts.activity, timeouts.least_bytes);
                let mut sender = Sender { file, left: *size, sent: *sent, done: 0, pace, own: None };
                let result = question.ask(SendBody::from_reader(&mut sender));
                if !result.as_ref().is_ok_and(|reply| reply.status().is_success()) {
                    sent(-sender.done);
                }
                match sender.own {
                    Some(error) => return Err(error),
                    None => result,
                }
            }
        };
        let reply = result.map_err(|error| connection::error(error, url))?;
        let (parts, body) = reply.into_parts();
        Ok(Reply {
            status: parts.status.as_u16(),
            host: url.place(),
            is_elsewhere: !is_own,
            headers: parts.headers,
            body,
            secrets,
            window: (timeouts.activity, timeouts.least_bytes),
        })
    }

    fn headers(&self, request: &Request<'_>, url: &Url, is_own: bool) -> Result<HeaderMap, RemoteError> {
        let mut all = HeaderMap::new();
        for (name, value) in &request.plain {
            all.insert(name.clone(), value_of(value, url)?);
        }
        let mut is_chunked = false;
        if is_own {
            for (name, value) in &request.private {
                is_chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value == "chunked";
                if OURS.contains(&name.to_ascii_lowercase().as_str()) {
                    continue;
                }
                let name = HeaderName::try_from(name.as_str());
                let name =
                    name.map_err(|_| RemoteError::object(format!("{} gave a header that is none", url.place())))?;
                all.insert(name, value_of(value, url)?);
            }
            let authorization = request.authorization.clone().or_else(|| own(url));
            if let Some(authorization) = authorization.filter(|_| !all.contains_key(header::AUTHORIZATION)) {
                all.insert(header::AUTHORIZATION, value_of(&authorization, url)?);
            }
        }
        for line in self.extra_headers(url, &request.home) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let (Ok(name), Ok(value)) = (HeaderName::try_from(name.trim()), value_of(value.trim(), url)) else {
                continue;
            };
            if !request.plain.iter().any(|(own, _)| *own == name)
                && (name != header::AUTHORIZATION || !all.contains_key(&name))
            {
                all.append(name, value);
            }
        }
        all.insert(header::USER_AGENT, HeaderValue::from_static(concat!("git-xp/", env!("CARGO_PKG_VERSION"))));
        // Bytes are hashed and resumed as they are stored.
        all.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        match &request.body {
            Body::None => {}
            Body::Bytes(bytes) => drop(all.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()))),
            Body::File(_, size, _) => {
                if is_chunked {
                    all.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
                } else {
                    all.insert(header::CONTENT_LENGTH, HeaderValue::from(*size));
                }
                if *size >= ASK_FIRST {
                    all.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
                }
            }
        }
        Ok(all)
    }

    /// `http.<url>.extraHeader`. Those for no URL in particular go to the host of the API alone: they are often logins.
    fn extra_headers(&self, url: &Url, home: &Url) -> Vec<&str> {
        let mut found = self.config.only_for_url("http", url, "extraheader");
        if found.is_empty() && url.origin() == home.origin() {
            found = self.config.for_all_urls("http", "extraheader");
        }
        // An empty one takes back those before it.
        let from = found.iter().rposition(|line| line.is_empty()).map_or(0, |at| at + 1);
        found.split_off(from)
    }

    fn agent(&self, url: &Url) -> Result<Agent, RemoteError> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = agents.get(&url.origin()) {
            return Ok(agent.clone());
        }
        let agent = connection::agent(&self.config, &self.options, url)?;
        agents.insert(url.origin(), agent.clone());
        Ok(agent)
    }
}

/// A request whose body is still missing.
struct Question<'a> {
    agent: &'a Agent,
    method: &'a Method,
    url: &'a Url,
    headers: HeaderMap,
    timeouts: Timeouts,
}

impl Question<'_> {
    fn ask(self, body: impl AsSendBody) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let (is_put, is_get) = (self.method == Method::PUT, self.method == Method::GET);
        let answer = if is_put { self.timeouts.digestion } else { self.timeouts.activity };
        let mut built = HttpRequest::builder().method(self.method).uri(self.url.to_string());
        if let Some(all) = built.headers_mut() {
            *all = self.headers;
        }
        let configured = self.agent.configure_request(built.body(body)?);
        let configured = configured.timeout_recv_response(Some(answer)).timeout_per_read(Some(answer));
        // A download may take as long as it moves; JSON may not.
        let configured = configured.timeout_recv_body((!is_get).then_some(self.timeouts.activity * 4));
        self.agent.run(configured.build())
    }
}

/// The bytes of a file on their way out.
struct Sender<'a> {
    file: &'a mut File,
    left: u64,
    sent: &'a dyn Fn(i64),
    done: i64,
    pace: Pace,
    own: Option<RemoteError>,
}

impl Read for Sender<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pace.check()?;
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let n = match self.file.read(&mut buffer[..most]) {
            // An object that became shorter would be waited for without end.
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            other => other,
        };
        let n = n.inspect_err(|error| self.own = Some(unreadable(error)))?;
        self.left -= n as u64;
        self.done += n as i64;
        self.pace.moved(n);
        (self.sent)(n as i64);
        Ok(n)
    }
}

fn value_of(value: &str, url: &Url) -> Result<HeaderValue, RemoteError> {
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| RemoteError::object(format!("{} gave a header that is none", url.place())))?;
    value.set_sensitive(true);
    Ok(value)
}

fn unreadable(error: &io::Error) -> RemoteError {
    RemoteError::object(format!("the object here cannot be read: {error}"))
        .hint("git xp artifact fsck    looks whether it is whole")
}
