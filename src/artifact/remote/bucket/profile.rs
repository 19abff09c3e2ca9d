//! The files of Amazon's own tools, `~/.aws/credentials` and `~/.aws/config`: who has set those up needs nothing else. object_store does not read them.

/// What a profile says.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The name of the key.
    pub key_id: Option<String>,
    /// The key.
    pub secret: Option<String>,
    /// What comes with a key that does not last.
    pub token: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The server.
    pub endpoint: Option<String>,
}

impl Profile {
    /// Read a profile from the text of both files. What the first says counts.
    pub fn read(credentials: &str, config: &str, name: &str) -> Self {
        let mut found = Self::default();
        found.add(credentials, |section| section == name);
        found.add(config, |section| {
            section == name && name == "default"
                || section.strip_prefix("profile").is_some_and(|rest| {
                    rest.starts_with(|c: char| c.is_ascii_whitespace()) && rest.trim_matches(['"', ' ', '\t']) == name
                })
        });
        found
    }

    fn add(&mut self, text: &str, is_meant: impl Fn(&str) -> bool) {
        let mut is_inside = false;
        for line in text.lines() {
            // An indented line belongs to a group of options that nobody here asks for.
            if line.starts_with([' ', '\t', '#', ';']) {
                continue;
            }
            if let Some(section) = line.strip_prefix('[') {
                is_inside = section.split(']').next().is_some_and(|section| is_meant(section.trim()));
                continue;
            }
            let Some((key, value)) = line.split_once('=').filter(|_| is_inside) else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            let slot = match key.as_str() {
                "aws_access_key_id" => &mut self.key_id,
                "aws_secret_access_key" => &mut self.secret,
                "aws_session_token" => &mut self.token,
                "region" => &mut self.region,
                "endpoint_url" => &mut self.endpoint,
                _ => continue,
            };
            if slot.is_none() && !value.is_empty() {
                *slot = Some(value.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Profile;

    const CREDENTIALS: &str = "\
# mine
[default]
aws_access_key_id = AKIA1
aws_secret_access_key=s3cr=t
[work]
aws_access_key_id = AKIA2
aws_secret_access_key = other
aws_session_token = token
";

    const CONFIG: &str = "\
[default]
region = eu-west-1
s3 =
  endpoint_url = http://nested
[profile work]
region=us-west-2
endpoint_url = https://minio.example.org
[work]
region = wrong
";

    #[test]
    fn profiles_are_read_as_amazon_writes_them() {
        let found = Profile::read(CREDENTIALS, CONFIG, "default");
        assert_eq!(found.key_id.as_deref(), Some("AKIA1"));
        assert_eq!(found.secret.as_deref(), Some("s3cr=t"));
        assert_eq!((found.region.as_deref(), found.endpoint), (Some("eu-west-1"), None));
        let found = Profile::read(CREDENTIALS, CONFIG, "work");
        assert_eq!((found.key_id.as_deref(), found.token.as_deref()), (Some("AKIA2"), Some("token")));
        assert_eq!(found.region.as_deref(), Some("us-west-2"));
        assert_eq!(found.endpoint.as_deref(), Some("https://minio.example.org"));
        assert!(Profile::read(CREDENTIALS, CONFIG, "none") == Profile::default());
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(credentials in any::<String>(), config in any::<String>(), name in any::<String>()) {
            let _ = Profile::read(&credentials, &config, &name);
        }

        #[test]
        fn what_is_nearly_a_profile_never_panics(text in r"(\[(profile )?[ab]?\]?\n|(region|aws_access_key_id) ?=? ?[a-z=]{0,4}\n| x=y\n){0,8}") {
            let found = Profile::read(&text, &text, "a");
            assert!(found.region.is_none_or(|region| !region.is_empty()));
        }
    }
}
