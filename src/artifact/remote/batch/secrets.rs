//! What of a request must never be shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ureq::http::header::{self, HeaderMap};

use super::url::Url;

/// Values of headers and of queries, whole and in words; of a basic login the password too.
pub(super) fn of(headers: &HeaderMap, url: &Url) -> Vec<String> {
    let harmless = [header::ACCEPT, header::ACCEPT_ENCODING, header::CONTENT_TYPE, header::USER_AGENT, header::RANGE];
    let private = headers.iter().filter(|(name, _)| !harmless.contains(name));
    let mut found = Vec::new();
    for value in private.filter_map(|(_, value)| value.to_str().ok()) {
        found.push(value.to_owned());
        for word in value.split_whitespace() {
            found.push(word.to_owned());
            let login = STANDARD.decode(word).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            found.extend(
                login.as_deref().and_then(|login| login.split_once(':')).map(|(_, password)| password.to_owned()),
            );
        }
    }
    let query = url.rest.split_once('?').map(|(_, query)| query).unwrap_or_default();
    found.push(query.to_owned());
    found.extend(query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value.to_owned()));
    // Short words are no secrets, and would be struck out of every sentence.
    found.retain(|secret| secret.len() >= 6);
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    found
}
