//! An answer of HTTP: what is read of it, how much at most, and how long at most.

use std::io::{self, Read};
use std::time::Duration;

use ureq::http::header::HeaderMap;

use super::action;
use super::api;
use super::connection;
use super::header as parse;
use super::pace::Pace;
use super::status::{Refusal, without};
use crate::artifact::remote::RemoteError;

/// Bytes of an error that are read.
const MOST_WORDS: u64 = 64 << 10;

/// One answer.
pub(super) struct Reply {
    pub(super) status: u16,
    /// Who answered.
    pub(super) host: String,
    /// Whether it is another host than the one that was asked.
    pub(super) is_elsewhere: bool,
    pub(super) headers: HeaderMap,
    pub(super) body: ureq::Body,
    /// What may not be shown of the request.
    pub(super) secrets: Vec<String>,
    /// So many bytes must come in such a time.
    pub(super) window: (Duration, u64),
}

impl Reply {
    /// Whether it did what was asked.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The text of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All texts of a header.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = String> + '_ {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::to_owned)
    }

    /// The server's clock, milliseconds since 1970.
    pub(super) fn date(&self) -> Option<i64> {
        self.header("date").and_then(parse::date)
    }

    /// How many bytes the body has, if it says.
    pub(super) fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.trim().parse().ok()
    }

    /// The body, given up if it comes too slowly.
    pub(super) fn into_reader(self) -> impl Read {
        let pace = Pace::new(self.window.0, self.window.1);
        Receiver { inner: self.body.into_reader(), pace }
    }

    /// All of a body that is no longer than `most` bytes.
    pub(super) fn into_bytes(self, most: u64) -> Result<Vec<u8>, RemoteError> {
        let host = self.host.clone();
        let mut bytes = Vec::new();
        let read = self.into_reader().take(most + 1).read_to_end(&mut bytes);
        read.map_err(|error| connection::read_error(error, &host))?;
        if bytes.len() as u64 > most {
            return Err(RemoteError::all(format!("{host} answers with more than {} MiB of JSON", most >> 20)));
        }
        Ok(bytes)
    }

    /// Read what is left, so that the connection can be used again.
    pub(super) fn drain(self) {
        let _ = io::copy(&mut self.into_reader().take(MOST_WORDS), &mut io::sink());
    }

    /// What it says of itself, when it is none of success.
    pub(super) fn refuse<T>(self, then: impl FnOnce(Refusal) -> T) -> T {
        let now = self.date().unwrap_or_else(action::now);
        let retry_after = self.header("retry-after").and_then(|text| parse::retry_after(text, now));
        let (status, host, secrets) = (self.status, self.host.clone(), self.secrets.clone());
        let mut bytes = Vec::new();
        // What comes too slowly or breaks off says nothing, and changes nothing.
        let _ = self.into_reader().take(MOST_WORDS).read_to_end(&mut bytes);
        let words = api::message(&bytes).map(|words| without(words, &secrets));
        then(Refusal { status, host, words, retry_after })
    }
}

/// The bytes of a body on their way in.
struct Receiver<R> {
    inner: R,
    pace: Pace,
}

impl<R: Read> Read for Receiver<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.pace.moved(n);
        self.pace.check()?;
        Ok(n)
    }
}
