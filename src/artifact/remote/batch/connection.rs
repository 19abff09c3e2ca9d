//! How a host is connected to: through which proxy, with which certificates, and what it means if that fails.

use std::io;
use std::path::PathBuf;

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use super::config::Config;
use super::options::{Environment, Options};
use super::status::readable;
use super::url::Url;
use crate::artifact::remote::{Fault, RemoteError};

/// Connections to one host.
pub(super) fn agent(config: &Config, options: &Options, url: &Url) -> Result<Agent, RemoteError> {
    let timeouts = options.timeouts;
    let proxy = proxy(config, &options.environment, url)?;
    let proxy = proxy.map(|text| Proxy::new(text).map_err(|_| wrong_setting("http.proxy", "is no URL of a proxy")));
    let mut builder = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy.transpose()?)
        .timeout_resolve(Some(timeouts.dial))
        .timeout_connect(Some(timeouts.dial))
        .timeout_send_request(Some(timeouts.activity))
        .timeout_per_write(Some(timeouts.activity))
        // What lay unused for long, the other side has closed.
        .max_idle_age(std::time::Duration::from_secs(10))
        .max_idle_connections_per_host(8)
        .input_buffer_size(128 << 10)
        .output_buffer_size(128 << 10);
    if url.scheme == "https" {
        // Somebody else in this process may have chosen it already, the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        builder = builder.tls_config(tls(config, &options.environment, url)?);
    }
    Ok(builder.build().new_agent())
}

/// The proxy for a URL: `http.proxy` of git, where an empty one means none, else of the environment.
pub(super) fn proxy<'a>(
    config: &'a Config,
    environment: &'a Environment,
    url: &Url,
) -> Result<Option<&'a str>, RemoteError> {
    let is_excepted = environment.no_proxy.as_deref().is_some_and(|list| is_in_list(list, url));
    if let Some(proxy) = config.for_url("http", url, "proxy") {
        return Ok(Some(proxy).filter(|proxy| !proxy.is_empty() && !is_excepted));
    }
    let own = if url.scheme == "https" { &environment.https_proxy } else { &environment.http_proxy };
    Ok(own.as_deref().or(environment.all_proxy.as_deref()).filter(|_| !is_excepted))
}

/// Whether a host is in a list such as `localhost,.example.org,10.0.0.1:8080`, as curl reads it.
fn is_in_list(list: &str, url: &Url) -> bool {
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let (host, port) = entry.rsplit_once(':').filter(|(host, _)| !host.contains(':')).unwrap_or((entry, ""));
        let host = host.trim_start_matches("*.").trim_start_matches('.').trim_matches(['[', ']']).to_ascii_lowercase();
        let is_host = url.host == host || url.host.strip_suffix(&host).is_some_and(|before| before.ends_with('.'));
        entry == "*" || (is_host && (port.is_empty() || port.parse() == Ok(url.effective_port())))
    })
}

fn tls(config: &Config, environment: &Environment, url: &Url) -> Result<TlsConfig, RemoteError> {
    let setting = |key: &str| config.for_url("http", url, key).filter(|value| !value.is_empty());
    let path = |text: &str| match (text.strip_prefix("~/"), &environment.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    };
    let read = |key: &str, text: &str| {
        std::fs::read(path(text))
            .map_err(|error| wrong_setting(key, &format!("names a file that cannot be read, {error}")))
    };
    let is_verified = !environment.is_ssl_unverified && setting("sslverify").is_none_or(Config::is_true);
    let mut builder = TlsConfig::builder().disable_verification(!is_verified).root_certs(RootCerts::PlatformVerifier);
    if let Some(file) = environment.ssl_ca_info.as_deref().or_else(|| setting("sslcainfo")) {
        let certs = certificates(&read("http.sslCAInfo", file)?);
        if certs.is_empty() {
            return Err(wrong_setting("http.sslCAInfo", "names a file without certificates"));
        }
        builder = builder.root_certs(RootCerts::new_with_certs(&certs));
    }
    if let (Some(cert), Some(key)) = (setting("sslcert"), setting("sslkey").or_else(|| setting("sslcert"))) {
        let certs = certificates(&read("http.sslCert", cert)?);
        let key = PrivateKey::from_pem(&read("http.sslKey", key)?).map_err(|_| {
            wrong_setting("http.sslKey", "names a file without a key that can be read; is it encrypted?")
        })?;
        builder = builder.client_cert(Some(ClientCert::new_with_certs(&certs, key)));
    }
    Ok(builder.build())
}

fn certificates(pem: &[u8]) -> Vec<Certificate<'static>> {
    let certificate = |item| match item {
        Ok(PemItem::Certificate(found)) => Some(found),
        _ => None,
    };
    parse_pem(pem).filter_map(certificate).collect()
}

fn wrong_setting(key: &str, what: &str) -> RemoteError {
    RemoteError::all(format!("{key} {what}"))
        .hint(format!("git config --show-origin --get-all {key}    says where it is set"))
}

/// What follows from an error below HTTP. None of its own words may hold a URL.
pub(super) fn error(error: ureq::Error, url: &Url) -> RemoteError {
    let host = url.place();
    match error {
        ureq::Error::HostNotFound => RemoteError::later(format!("the host {host} is not found"))
            .hint("is the network there, and the name right?"),
        ureq::Error::Timeout(_) => RemoteError::later(format!("{host} does not answer in time")),
        ureq::Error::Io(error) => io_error(&error, &host),
        ureq::Error::Rustls(error) => untrusted(&host, &error.to_string()),
        ureq::Error::Tls(what) => untrusted(&host, what),
        ureq::Error::Pem(_) => wrong_setting("http.sslCAInfo", "names a file that is no PEM"),
        ureq::Error::InvalidProxyUrl => wrong_setting("http.proxy", "is no URL of a proxy"),
        ureq::Error::ConnectProxyFailed(why) => {
            RemoteError::all(format!("the proxy lets nobody through to {host}: {}", readable(&why)))
                .hint("git config http.proxy    says which one is used, or the environment")
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            RemoteError::object(format!("{host} gave a URL or header that is none"))
        }
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            RemoteError::later(format!("{host} answers with something else than HTTP"))
        }
        _ => RemoteError::later(format!("the connection to {host} broke")),
    }
}

/// What follows when a body breaks off.
pub(super) fn read_error(found: io::Error, host: &str) -> RemoteError {
    match found.downcast::<ureq::Error>() {
        Ok(ureq::Error::Io(found)) | Err(found) => io_error(&found, host),
        Ok(ureq::Error::Timeout(_)) => RemoteError::later(format!("{host} does not answer in time")),
        Ok(_) => RemoteError::later(format!("the connection to {host} broke")),
    }
}

fn io_error(error: &io::Error, host: &str) -> RemoteError {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return untrusted(host, &error.to_string());
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => RemoteError::later(format!("{host} is too slow")),
        io::ErrorKind::ConnectionRefused => {
            RemoteError::new(Fault::Later(None), format!("{host} takes no connections"))
                .hint("is the server running, and the port right?")
        }
        // How the standard library says that a name has no address; there is no kind for it.
        _ if error.to_string().starts_with("failed to lookup address") => not_found(host),
        kind => RemoteError::later(format!("the connection to {host} broke: {kind}")),
    }
}

fn not_found(host: &str) -> RemoteError {
    RemoteError::later(format!("the host {host} is not found")).hint("is the network there, and the name right?")
}

fn untrusted(host: &str, why: &str) -> RemoteError {
    RemoteError::all(format!("no safe connection to {host}: {}", readable(why)))
        .hint("git config http.sslCAInfo <file>    adds a certificate of your own to trust")
}

#[cfg(test)]
mod tests {
    use super::{Config, Environment, Url, is_in_list, proxy};

    #[test]
    fn the_proxy_is_the_one_of_git_or_of_the_environment() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let environment = Environment {
            https_proxy: Some("http://s".to_owned()),
            all_proxy: Some("http://a".to_owned()),
            no_proxy: Some("localhost, .in.example".to_owned()),
            ..Environment::default()
        };
        let chosen =
            |config: &Config, text: &str| proxy(config, &environment, &url(text)).expect("read").map(str::to_owned);
        let none = Config::default();
        assert_eq!(chosen(&none, "https://h/").as_deref(), Some("http://s"));
        assert_eq!(chosen(&none, "http://h/").as_deref(), Some("http://a"));
        assert_eq!(chosen(&none, "https://x.in.example/"), None);
        let config = Config::new(vec![
            ("http.proxy".to_owned(), "http://g".to_owned()),
            ("http.https://o.proxy".to_owned(), String::new()),
        ]);
        assert_eq!(chosen(&config, "https://h/").as_deref(), Some("http://g"));
        assert_eq!(chosen(&config, "https://o/"), None);
        assert!(is_in_list("h:81,[::1]", &url("http://h:81/")) && !is_in_list("h:81", &url("http://h/")));
        assert!(!is_in_list("ample.org", &url("http://example.org/")) && is_in_list("*", &url("http://x/")));
    }
}
