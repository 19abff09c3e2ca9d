//! What follows from a status of HTTP.

use std::time::Duration;

use crate::artifact::remote::{Fault, RemoteError};

/// Characters of a server's own words that are shown.
const MOST_WORDS: usize = 300;

/// An answer that is none of success, from the API or from where objects are stored.
pub(super) struct Refusal {
    /// The code.
    pub(super) status: u16,
    /// Who answered: a host.
    pub(super) host: String,
    /// The server's own words.
    pub(super) words: Option<String>,
    /// How long it asks to wait.
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    /// What follows when a question about many objects was refused.
    pub(super) fn of_batch(self) -> RemoteError {
        let (fault, what, hint) = match self.status {
            401 => (
                Fault::All,
                "wants a login that it did not get",
                Some("see whether git itself gets in: git ls-remote <remote>"),
            ),
            403 => (Fault::All, "refuses this", Some("ask its owner for the right to do it")),
            404 | 410 => (
                Fault::All,
                "knows no LFS API there, or none that you may see",
                Some("git config lfs.url <url>    says where it is, if it is elsewhere"),
            ),
            413 => (Fault::Split, "was asked for too much at once", None),
            422 => (Fault::Split, "takes an object for invalid", None),
            501 | 505 => (Fault::All, "has no LFS API", Some("switch Git LFS on for the repository there")),
            507 => (Fault::All, "has no room left", Some("make room there, or use another remote")),
            509 => (
                Fault::All,
                "says that its bandwidth is used up",
                Some("wait until it is filled up again, or buy more"),
            ),
            408 | 429 | 500.. => (Fault::Later(self.retry_after), "cannot do it now", None),
            _ => (Fault::All, "does not understand the question", None),
        };
        self.error(fault, what, hint)
    }

    /// What follows when one object was not taken or given.
    pub(super) fn of_object(self) -> RemoteError {
        let (fault, what, hint) = match self.status {
            // What a signature or a token was good for is over; with a new one it works, or is refused again.
            400 | 401 | 403 => (Fault::Expired, "does not accept the permission that the LFS server gave", None),
            404 | 410 => (Fault::Object, "does not have it", Some("who has it can send it: git xp artifact push")),
            409 => (Fault::Object, "has something else there", None),
            413 => (Fault::Object, "takes no object of that size", None),
            422 => (Fault::Object, "takes it for invalid", None),
            501 | 505 => (Fault::All, "cannot store objects", None),
            507 => (Fault::All, "has no room left", Some("make room there, or use another remote")),
            509 => (
                Fault::All,
                "says that its bandwidth is used up",
                Some("wait until it is filled up again, or buy more"),
            ),
            408 | 425 | 429 | 500.. => (Fault::Later(self.retry_after), "cannot do it now", None),
            _ => (Fault::Object, "gave an answer that is none", None),
        };
        self.error(fault, what, hint)
    }

    /// What follows when a batch refused one of its objects.
    pub(super) fn of_one_in_batch(self) -> RemoteError {
        let fault = match self.status {
            408 | 429 | 500 | 502..=504 => Fault::Later(self.retry_after),
            507 | 509 => Fault::All,
            _ => Fault::Object,
        };
        let what = match self.status {
            404 | 410 => "does not have it",
            403 | 401 => "does not allow it",
            422 => "takes it for invalid",
            _ => "refuses it",
        };
        self.error(fault, what, None)
    }

    fn error(self, fault: Fault, what: &str, hint: Option<&str>) -> RemoteError {
        let words = self.words.map(|words| readable(&words)).filter(|words| !words.is_empty());
        let words = words.map(|words| format!(": {words}")).unwrap_or_default();
        let error = RemoteError::new(fault, format!("{} {what} ({}){words}", self.host, self.status));
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// Words of strangers in one line, without what a terminal would obey, and not too many.
pub(super) fn readable(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let clean: String = text.chars().take(MOST_WORDS * 4).map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = clean.split_whitespace().collect();
    words.join(" ").chars().take(MOST_WORDS).collect()
}

/// Words of a server without the secrets that were sent to it.
pub(super) fn without(words: String, secrets: &[String]) -> String {
    secrets.iter().filter(|secret| secret.len() >= 4).fold(words, |words, secret| words.replace(secret.as_str(), "***"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Refusal, readable, without};
    use crate::artifact::remote::Fault;

    #[test]
    fn each_status_has_its_consequence() {
        let refusal =
            |status| Refusal { status, host: "h".to_owned(), words: None, retry_after: Some(Duration::from_secs(9)) };
        let later = Fault::Later(Some(Duration::from_secs(9)));
        for (status, batch, object) in [
            (400, Fault::All, Fault::Expired),
            (401, Fault::All, Fault::Expired),
            (403, Fault::All, Fault::Expired),
            (404, Fault::All, Fault::Object),
            (410, Fault::All, Fault::Object),
            (413, Fault::Split, Fault::Object),
            (422, Fault::Split, Fault::Object),
            (429, later, later),
            (500, later, later),
            (501, Fault::All, Fault::All),
            (503, later, later),
            (507, Fault::All, Fault::All),
            (509, Fault::All, Fault::All),
        ] {
            assert_eq!(refusal(status).of_batch().fault, batch, "{status}");
            assert_eq!(refusal(status).of_object().fault, object, "{status}");
        }
        for (status, fault) in
            [(404, Fault::Object), (410, Fault::Object), (422, Fault::Object), (0, Fault::Object), (503, later)]
        {
            assert_eq!(refusal(status).of_one_in_batch().fault, fault, "{status}");
        }
    }

    #[test]
    fn words_of_strangers_are_harmless() {
        assert_eq!(readable("a\u{1b}[31m\n b\u{202e}c\0"), "a [31m b c");
        assert_eq!(readable(&"x".repeat(10_000)).len(), super::MOST_WORDS);
        assert_eq!(
            without("your token hunter22 is bad".to_owned(), &["hunter22".to_owned(), "a".to_owned()]),
            "your token *** is bad"
        );
    }
}
