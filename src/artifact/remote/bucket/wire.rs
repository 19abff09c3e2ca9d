//! HTTP as object_store is to speak it: no redirects, which could carry credentials elsewhere; no limit on how long a request takes, but one on how long nothing
//! moves; bytes counted while they are on their way; and what the answer said remembered, which object_store keeps to itself.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use http_body_util::BodyExt;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientConfigKey, ClientOptions, HeaderMap};

/// So long nothing may move.
pub(super) const IDLE: Duration = Duration::from_secs(60);

/// How often it is looked whether something moves.
const TICK: Duration = Duration::from_millis(200);

/// How long connecting may take, unless object_store says less: it does so for what exists in clouds alone.
const CONNECT: Duration = Duration::from_secs(15);

tokio::task_local! {
    static WIRE: Arc<Wire>;
}

/// What goes on for one request; if it is sent again, for the last time it was sent.
#[derive(Debug)]
pub(super) struct Wire {
    /// Bytes of this request that are on their way.
    sent: AtomicU64,
    /// Bytes of all requests that are counted together.
    total: Arc<AtomicI64>,
    last: Mutex<Last>,
}

#[derive(Debug)]
struct Last {
    moved: Instant,
    answer: Answer,
}

/// What the last answer said.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// Who was asked; `None`: nobody yet.
    pub(super) host: Option<String>,
    /// The status; `None`: no answer came.
    pub(super) status: Option<u16>,
    /// When to come again.
    pub(super) retry_after: Option<Duration>,
    /// Where the bucket really is.
    pub(super) region: Option<String>,
    /// What is wrong, where the body does not say it.
    pub(super) code: Option<String>,
    /// The SHA-256 that the server found, in Base64.
    pub(super) sha256: Option<String>,
}

impl Wire {
    /// A request that adds the bytes it sends to a sum.
    pub(super) fn new(total: Arc<AtomicI64>) -> Arc<Self> {
        let last = Mutex::new(Last { moved: Instant::now(), answer: Answer::default() });
        Arc::new(Self { sent: AtomicU64::new(0), total, last })
    }

    /// Do what makes requests, as this one.
    pub(super) async fn watch<T>(self: &Arc<Self>, future: impl Future<Output = T>) -> T {
        WIRE.scope(Arc::clone(self), future).await
    }

    /// What the last answer said.
    pub(super) fn answer(&self) -> Answer {
        self.last().answer.clone()
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, host: Option<&str>) {
        self.take_back();
        let answer = Answer { host: host.map(str::to_owned), ..Answer::default() };
        *self.last() = Last { moved: Instant::now(), answer };
    }

    /// What was sent has to be sent again.
    pub(super) fn take_back(&self) {
        self.total.fetch_sub(self.sent.swap(0, Ordering::Relaxed).cast_signed(), Ordering::Relaxed);
    }

    fn moved(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
        self.total.fetch_add(bytes as i64, Ordering::Relaxed);
        self.last().moved = Instant::now();
    }

    fn is_idle(&self) -> bool {
        self.last().moved.elapsed() > IDLE
    }

    fn answered(&self, status: u16, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut last = self.last();
        let answer = &mut last.answer;
        answer.status = Some(status);
        // The other form, a date, is not sent by these services.
        answer.retry_after = text("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        answer.region = text("x-amz-bucket-region");
        answer.code = text("x-ms-error-code");
        answer.sha256 = text("x-amz-checksum-sha256");
    }
}

/// Nothing moves.
#[derive(Debug, thiserror::Error)]
#[error("nothing came for {} seconds", IDLE.as_secs())]
pub(super) struct Silent;

/// Makes such clients.
#[derive(Debug)]
pub(super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        static PROVIDER: Once = Once::new();
        // reqwest is built without one, as the one it prefers needs cmake. Another part of this program may have been first.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let option = |key| options.get_config_value(&key);
        let seconds = |text: String| text.strip_suffix('s')?.parse().ok().map(Duration::from_secs);
        let connect = option(ClientConfigKey::ConnectTimeout).and_then(seconds).unwrap_or(CONNECT).min(CONNECT);
        let is_http_allowed = option(ClientConfigKey::AllowHttp).as_deref() == Some("true");
        let client = reqwest::Client::builder()
            .user_agent(concat!("git-xp/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(connect)
            .https_only(!is_http_allowed)
            .http1_only()
            .build()
            .map_err(|error| object_store::Error::Generic { store: "HTTP", source: error.without_url().into() })?;
        Ok(HttpClient::new(Client(client)))
    }
}

#[derive(Debug)]
struct Client(reqwest::Client);

#[async_trait::async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let wire = WIRE.try_with(Arc::clone).unwrap_or_else(|_| Wire::new(Arc::default()));
        let (head, body) = request.into_parts();
        wire.begin(head.uri.host());
        let url = reqwest::Url::parse(&head.uri.to_string());
        let url = url.map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let mut asked = reqwest::Request::new(head.method, url);
        *asked.headers_mut() = head.headers;
        let bytes = body.as_bytes().cloned();
        *asked.body_mut() = Some(match bytes {
            Some(bytes) => bytes.into(),
            None => {
                let wire = Arc::clone(&wire);
                reqwest::Body::wrap_stream(body.into_data_stream().inspect_ok(move |bytes| wire.moved(bytes.len())))
            }
        });
        let mut answer = std::pin::pin!(self.0.execute(asked));
        let mut response = loop {
            match tokio::time::timeout(TICK, answer.as_mut()).await {
                Ok(result) => break result.map_err(|error| failed(error, HttpErrorKind::Request))?,
                Err(_) if wire.is_idle() => return Err(HttpError::new(HttpErrorKind::Timeout, Silent)),
                Err(_) => {}
            }
        };
        wire.answered(response.status().as_u16(), response.headers());
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let body = reqwest::Body::from(response).map_err(|error| failed(error, HttpErrorKind::Interrupted));
        let mut answer = HttpResponse::new(HttpResponseBody::new(body));
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        Ok(answer)
    }
}

/// All that is asked may be asked again: an object is the same whoever sends it how often.
fn failed(error: reqwest::Error, other: HttpErrorKind) -> HttpError {
    let kind = match &error {
        error if error.is_timeout() => HttpErrorKind::Timeout,
        error if error.is_connect() => HttpErrorKind::Connect,
        _ => other,
    };
    HttpError::new(kind, error.without_url())
}
