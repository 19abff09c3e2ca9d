//! Questions with a login: to the API of a remote, and to where its objects are stored.

use std::sync::Arc;
use std::time::Instant;

use ureq::http::{Method, header};

use super::api;
use super::config::Config;
use super::credential::Credentials;
use super::endpoint::{self, Endpoint};
use super::http::{Body, Http, Request};
use super::lfsconfig;
use super::options::Options;
use super::reply::Reply;
use super::ssh::Ssh;
use super::status::{Refusal, readable};
use super::url::Url;
use crate::artifact::pointer::Pointer;
use crate::artifact::remote::{Fault, Operation, RemoteError};
use crate::git::Repo;

/// How often a login is tried.
const MOST_LOGINS: usize = 3;

/// The sections of git's config that count.
const SECTIONS: [&str; 6] = ["lfs", "remote", "url", "http", "core", "ssh"];

/// What one remote of one repository needs.
pub(super) struct Session {
    config: Arc<Config>,
    options: Options,
    http: Http,
    credentials: Credentials,
    ssh: Ssh,
    download: Result<Endpoint, RemoteError>,
    upload: Result<Endpoint, RemoteError>,
}

/// Where the API is at this moment.
#[derive(Debug, Clone)]
pub(super) struct Door {
    /// The API.
    pub(super) url: Url,
    header: Vec<(String, String)>,
    login: Url,
    is_by_ssh: bool,
}

/// The answer to a batch request.
pub(super) struct Batched {
    pub(super) answer: api::Answer,
    /// Where it came from.
    pub(super) door: Door,
    pub(super) asked: Instant,
    /// The server's clock, milliseconds since 1970.
    pub(super) server_time: Option<i64>,
}

#[cfg(test)]
impl Door {
    pub(super) fn at(url: &str) -> Self {
        let url = Url::parse(url).expect("a URL");
        Self { login: url.clone(), url, header: Vec::new(), is_by_ssh: false }
    }
}

impl Session {
    /// Nothing is asked yet.
    pub(super) fn new(repo: &Repo, remote: &str, options: Options) -> Result<Self, RemoteError> {
        let mut entries = lfsconfig::read(repo);
        entries.extend(SECTIONS.iter().flat_map(|section| repo.config_all(section)));
        let config = Arc::new(Config::new(entries));
        let download = endpoint::find(&config, remote, Operation::Download);
        let upload = endpoint::find(&config, remote, Operation::Upload);
        if let (Err(error), Err(_)) = (&download, &upload) {
            return Err(error.clone());
        }
        let home = options.environment.home.clone();
        let credentials = Credentials::new(repo.any_dir().to_owned(), options.may_ask, home);
        let http = Http::new(Arc::clone(&config), options.clone());
        Ok(Self { config, options, http, credentials, ssh: Ssh::default(), download, upload })
    }

    /// How patient to be.
    pub(super) fn timeouts(&self) -> super::options::Timeouts {
        self.options.timeouts
    }

    /// Where the API is, as far as that is known without asking.
    pub(super) fn place(&self) -> String {
        let endpoint = self.download.as_ref().or(self.upload.as_ref());
        endpoint.map_or_else(|_| String::new(), |endpoint| endpoint.url.shown())
    }

    /// Where the API is, which a server may have to be asked by ssh.
    fn door(&self, operation: Operation) -> Result<Door, RemoteError> {
        let endpoint = match operation {
            Operation::Upload => &self.upload,
            Operation::Download => &self.download,
        };
        let endpoint = endpoint.as_ref().map_err(Clone::clone)?;
        let guess =
            Door { url: endpoint.url.clone(), header: Vec::new(), login: endpoint.login.clone(), is_by_ssh: false };
        let Some(target) = &endpoint.ssh else { return Ok(guess) };
        match self.ssh.authenticate(target, operation, &self.config, &self.options.environment)? {
            Some(access) => {
                let url = access.url.unwrap_or(guess.url);
                Ok(Door { login: url.clone(), url, header: access.header, is_by_ssh: true })
            }
            None => Ok(guess),
        }
    }

    /// Ask about objects.
    pub(super) fn batch(&self, operation: Operation, pointers: &[Pointer]) -> Result<Batched, RemoteError> {
        let mut door = self.door(operation)?;
        let (mut asked, mut reply) = self.ask(&door, operation, pointers)?;
        // What ssh gave is over: once more.
        if door.is_by_ssh && matches!(reply.status, 401 | 403) && self.ssh.forget(operation) {
            door = self.door(operation)?;
            (asked, reply) = self.ask(&door, operation, pointers)?;
        }
        if !reply.is_success() {
            return reply.refuse(|refusal| refused(refusal, operation, pointers)).map(|answer| Batched {
                answer,
                door,
                asked,
                server_time: None,
            });
        }
        let (server_time, host) = (reply.date(), reply.host.clone());
        let bytes = reply.into_bytes(api::MOST_JSON)?;
        let answer = api::parse(&bytes).map_err(|why| {
            RemoteError::all(format!("the answer of {host} is {}", readable(&why)))
                .hint("git config lfs.url <url>    says where the LFS API is, if it is elsewhere")
        })?;
        Ok(Batched { answer, door, asked, server_time })
    }

    fn ask(&self, door: &Door, operation: Operation, pointers: &[Pointer]) -> Result<(Instant, Reply), RemoteError> {
        let mut request = Request {
            method: Method::POST,
            url: door.url.join("objects/batch"),
            home: door.url.clone(),
            plain: json_headers(),
            private: door.header.clone(),
            authorization: None,
            body: Body::Bytes(api::request(operation, pointers)),
        };
        let asked = Instant::now();
        Ok((asked, self.send(&mut request, &door.login)?))
    }

    /// Ask with the login that belongs to `login`, where one is needed: first without, if none is known.
    pub(super) fn send(&self, request: &mut Request<'_>, login: &Url) -> Result<Reply, RemoteError> {
        let has_own = request.private.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if has_own {
            return self.http.send(request);
        }
        // No login goes where anybody could read it, unless the user chose that.
        let is_open = login.scheme == "http" && request.home.scheme == "https";
        if !is_open {
            request.authorization = self.credentials.known(login);
            let access = self.config.for_url("lfs", &request.url, "access");
            if request.authorization.is_none() && access.is_some_and(|access| access.eq_ignore_ascii_case("basic")) {
                request.authorization = Some(self.credentials.renew(login, None, &[])?);
            }
        }
        for _ in 0..MOST_LOGINS {
            let reply = self.http.send(request)?;
            if reply.status != 401 || reply.is_elsewhere || is_open {
                if let Some(used) = request.authorization.as_deref().filter(|_| reply.is_success()) {
                    self.credentials.approve(login, used);
                }
                return Ok(reply);
            }
            let challenges: Vec<String> = reply.all("lfs-authenticate").chain(reply.all("www-authenticate")).collect();
            reply.drain();
            let refused = request.authorization.take();
            request.authorization = Some(self.credentials.renew(login, refused.as_deref(), &challenges)?);
        }
        self.http.send(request)
    }

    /// What is asked for a login when an action leads to a URL: the API's own login on the same host, else that host.
    pub(super) fn login_for(&self, url: &Url, door: &Door) -> Url {
        if url.origin() == door.login.origin() { door.login.clone() } else { url.clone() }
    }

    /// Send what an action says. `is_authenticated`: its headers are all that is needed.
    pub(super) fn act(
        &self,
        request: &mut Request<'_>,
        door: &Door,
        is_authenticated: bool,
    ) -> Result<Reply, RemoteError> {
        if is_authenticated { self.http.send(request) } else { self.send(request, &self.login_for(&request.url, door)) }
    }
}

/// What follows from a batch that was refused. Some servers, giftless among them, refuse it if they refuse each of its objects.
fn refused(refusal: Refusal, operation: Operation, pointers: &[Pointer]) -> Result<api::Answer, RemoteError> {
    let is_about_objects = refusal.words.as_ref().is_some_and(|words| words.to_lowercase().contains("objects"));
    if operation == Operation::Download && matches!(refusal.status, 404 | 410) && is_about_objects {
        let error = Some((refusal.status, refusal.words.unwrap_or_default()));
        let object = api::Object { error, ..api::Object::default() };
        let objects = pointers.iter().map(|pointer| (pointer.oid.clone(), object.clone())).collect();
        return Ok(api::Answer { objects });
    }
    let error = refusal.of_batch();
    let is_one = error.fault == Fault::Split && pointers.len() == 1;
    Err(if is_one { RemoteError { fault: Fault::Object, ..error } } else { error })
}

/// What JSON is asked and answered with.
pub(super) fn json_headers() -> Vec<(header::HeaderName, String)> {
    let kind = api::MEDIA_TYPE.to_owned();
    vec![(header::ACCEPT, kind.clone()), (header::CONTENT_TYPE, kind)]
}
