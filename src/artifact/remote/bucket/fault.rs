//! What an error of a bucket means: for the object, for all of them, or only for now. Texts of servers are cut short and made printable.

use super::super::{Fault, RemoteError};
use super::url::Service;
use super::wire::Answer;
use crate::model::text::printable;

/// Of what a server says about an error, so many characters are shown.
const LONGEST: usize = 200;

/// Hosts that tell a machine of a cloud its credentials.
const METADATA: [&str; 4] = ["169.254.169.254", "169.254.170.2", "metadata.google.internal", "metadata"];

/// Who was asked, for the texts.
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    pub(super) service: Service,
    pub(super) bucket: &'a str,
}

impl Asked<'_> {
    /// What follows from an error and the answer that came with it.
    pub(super) fn fault(&self, error: &object_store::Error, answer: &Answer) -> RemoteError {
        let name = self.name;
        if answer.host.as_deref().is_some_and(|host| METADATA.contains(&host)) {
            return RemoteError::all(format!("no credentials for {name} were found")).hint(self.how_to_sign_in());
        }
        let text = error.to_string();
        let code = between(&text, "<Code>", "</Code>").map(str::to_owned).or_else(|| answer.code.clone());
        let code = code.unwrap_or_default();
        let said = said(&code, between(&text, "<Message>", "</Message>").unwrap_or_default(), answer.status);
        match (code.as_str(), answer.status) {
            ("NoSuchBucket" | "ContainerNotFound" | "InvalidBucketName", _) => self.no_bucket(),
            ("RequestTimeTooSkewed", _) => RemoteError::all(format!("the clock here is not that of {name}{said}"))
                .hint("set the clock of this machine"),
            ("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException", _)
            | (_, Some(301 | 302 | 307 | 308)) => {
                let found = RemoteError::all(format!("the bucket {} is in another region{said}", self.bucket));
                let region = answer.region.as_deref().or_else(|| between(&text, "<Region>", "</Region>"));
                let is_region = |region: &&str| region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                found.hint(match region.filter(is_region) {
                    Some(region) => format!("add ?region={region} to the address of {name}"),
                    None => format!("add ?region=… to the address of {name}, or export AWS_REGION=…"),
                })
            }
            ("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" | "AuthenticationFailed", _)
            | (_, Some(401 | 403)) => {
                RemoteError::all(format!("{name} refuses the credentials{said}")).hint(self.how_to_sign_in())
            }
            // What was sent did not arrive as it was.
            ("BadDigest" | "InvalidDigest" | "XAmzContentSHA256Mismatch" | "Md5Mismatch" | "IncompleteBody", _) => {
                RemoteError::later(format!("{name} got other bytes than were sent{said}"))
            }
            (_, Some(404)) => RemoteError::object(format!("{name} does not have it{said}")),
            (_, Some(408 | 409 | 429 | 500 | 502 | 503 | 504)) => {
                RemoteError::new(Fault::Later(answer.retry_after), format!("{name} cannot answer now{said}"))
            }
            (_, Some(413)) => RemoteError::object(format!("the object is too large for {name}{said}")),
            (_, Some(507)) => RemoteError::all(format!("{name} has no room for more{said}")),
            (_, Some(status)) if status >= 400 => RemoteError::object(format!("{name} refuses it{said}")),
            // The answer was well, and broke off or was not understood; or none came.
            _ if answer.host.is_some() => {
                RemoteError::later(format!("the connection to {name} failed: {}", root(error)))
            }
            _ => RemoteError::all(format!("{name} cannot be asked: {}", root(error))).hint(self.how_to_sign_in()),
        }
    }

    /// There is no such bucket.
    pub(super) fn no_bucket(&self) -> RemoteError {
        let (bucket, name) = (self.bucket, self.name);
        let found = RemoteError::all(format!("there is no bucket {bucket} where {name} should be"));
        found.hint(match self.service {
            Service::S3 => format!("is the name right? else make it: aws s3 mb s3://{bucket}"),
            Service::Google => format!("is the name right? else make it: gcloud storage buckets create gs://{bucket}"),
            Service::Azure => format!("is the name right? else make it: az storage container create --name {bucket}"),
        })
    }

    fn how_to_sign_in(&self) -> &'static str {
        how_to_sign_in(self.service)
    }
}

/// A client could not even be made.
pub(super) fn unusable(service: Service, error: &object_store::Error) -> RemoteError {
    RemoteError::all(format!("what the environment says of the bucket is wrong: {}", root(error)))
        .hint(how_to_sign_in(service))
}

fn how_to_sign_in(service: Service) -> &'static str {
    match service {
        Service::S3 => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; after `aws sso login`: eval \"$(aws configure export-credentials --format env)\""
        }
        Service::Google => {
            "gcloud auth application-default login    or set GOOGLE_APPLICATION_CREDENTIALS to a key file"
        }
        Service::Azure => {
            "set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or sign in with `az login` and set AZURE_USE_AZURE_CLI=true"
        }
    }
}

/// The cause of causes: what lies above it names URLs.
fn root(error: &object_store::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    shown(&cause.to_string())
}

fn said(code: &str, message: &str, status: Option<u16>) -> String {
    let words = [shown(code), shown(message)].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>();
    match (words.is_empty(), status) {
        (false, _) => format!(": {}", words.join(", ")),
        (true, Some(status)) => format!(": status {status}"),
        (true, None) => String::new(),
    }
}

fn shown(text: &str) -> String {
    printable(text.trim()).chars().take(LONGEST).collect()
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(begin)?;
    rest.split_once(end).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Answer, Asked, Fault, Service};

    fn fault(body: &str, status: Option<u16>) -> super::RemoteError {
        let asked = Asked { name: "ours", service: Service::S3, bucket: "models" };
        let error = object_store::Error::Generic { store: "S3", source: body.into() };
        asked.fault(&error, &Answer { host: Some("localhost".to_owned()), status, ..Answer::default() })
    }

    #[test]
    fn errors_mean_what_they_should() {
        for (body, status, meant) in [
            ("<Code>NoSuchBucket</Code>", Some(404), Fault::All),
            ("<Code>NoSuchKey</Code>", Some(404), Fault::Object),
            ("<Code>SignatureDoesNotMatch</Code>", Some(403), Fault::All),
            ("<Code>ExpiredToken</Code>", Some(400), Fault::All),
            ("<Code>SlowDown</Code>", Some(503), Fault::Later(None)),
            ("<Code>EntityTooLarge</Code>", Some(400), Fault::Object),
            ("", Some(301), Fault::All),
            ("", Some(429), Fault::Later(None)),
            ("", Some(507), Fault::All),
            ("connection refused", None, Fault::Later(None)),
            ("cut off", Some(200), Fault::Later(None)),
        ] {
            assert_eq!(fault(body, status).fault, meant, "{body} {status:?}");
        }
        let found = fault("<Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region>", Some(400));
        assert!(found.hint.expect("a hint").contains("?region=eu-west-1"));
    }

    proptest! {
        #[test]
        fn what_a_server_says_is_shown_tame(text in any::<String>(), status in 400_u16..600) {
            let found = fault(&format!("<Code>{text}</Code><Message>{text}\u{1b}[2J</Message>"), Some(status));
            assert!(!found.to_string().chars().any(char::is_control));
            assert!(found.to_string().len() < 3000);
        }
    }
}
