//! git's settings, as they were when the remote was opened.

use super::url::Url;

/// Settings by `section.key` or `section.subsection.key`, section and key in lower case; of those that are the same, the last one counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Config(Vec<(String, String)>);

impl Config {
    /// Those of several places, the one that counts most at the end.
    pub(super) fn new(entries: Vec<(String, String)>) -> Self {
        Self(entries)
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All values of a key.
    fn all(&self, key: &str) -> Vec<&str> {
        self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }

    /// The boolean value of a key, as git reads it.
    pub(super) fn is_true(value: &str) -> bool {
        !["false", "no", "off", "0"].contains(&value.to_ascii_lowercase().as_str())
    }

    /// What stands between `before` and `after` in a key, and its value: `url.`…`.insteadof`.
    pub(super) fn between<'a>(
        &'a self,
        before: &'a str,
        after: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        let middle = move |key: &'a str| key.strip_prefix(before)?.strip_suffix(after);
        self.0.iter().filter_map(move |(key, value)| Some((middle(key)?, value.as_str())))
    }

    /// The value of `<section>.<url>.<key>` whose URL fits best, else of `<section>.<key>`.
    pub(super) fn for_url(&self, section: &str, url: &Url, key: &str) -> Option<&str> {
        self.only_for_url(section, url, key).last().copied().or_else(|| self.get(&format!("{section}.{key}")))
    }

    /// All values of `<section>.<url>.<key>` whose URL fits best.
    pub(super) fn only_for_url(&self, section: &str, url: &Url, key: &str) -> Vec<&str> {
        let (before, after) = (format!("{section}."), format!(".{key}"));
        let fit = |(pattern, _): (&str, &str)| Some((fit(pattern, url)?, pattern.to_owned()));
        let best = self.between(&before, &after).filter_map(fit).max_by_key(|(score, _)| *score);
        best.map(|(_, pattern)| self.all(&format!("{before}{pattern}{after}"))).unwrap_or_default()
    }

    /// All values of a key of one part.
    pub(super) fn for_all_urls(&self, section: &str, key: &str) -> Vec<&str> {
        self.all(&format!("{section}.{key}"))
    }
}

/// How well the URL of a setting fits: by host (`*` for a part of it is worth less), by path, by user. The rules are those of git's `http.<url>.*`.
fn fit(pattern: &str, url: &Url) -> Option<(usize, usize, bool)> {
    // `*` is in no host.
    let pattern = Url::parse(&pattern.replace('*', "_any_"))?;
    if pattern.scheme != url.scheme || pattern.effective_port() != url.effective_port() {
        return None;
    }
    let (wanted, found): (Vec<&str>, Vec<&str>) = (pattern.host.split('.').collect(), url.host.split('.').collect());
    let is_same = |(wanted, found): (&&str, &&str)| wanted == found || *wanted == "_any_";
    if wanted.len() != found.len() || !wanted.iter().zip(&found).all(is_same) {
        return None;
    }
    let exact = wanted.iter().filter(|part| **part != "_any_").count() + 1;
    if pattern.user.is_some() && pattern.user != url.user {
        return None;
    }
    fn parts(url: &Url) -> Vec<&str> {
        url.rest.split('?').next().unwrap_or_default().split('/').filter(|part| !part.is_empty()).collect()
    }
    let (wanted, found) = (parts(&pattern), parts(url));
    if wanted.len() > found.len() {
        return None;
    }
    let mut score = 0;
    for (at, (part, other)) in wanted.iter().zip(&found).enumerate() {
        // The API of a repository `x` lies below `x.git`.
        let is_api_of = at + 1 == wanted.len() && *other == format!("{part}.git");
        match part {
            part if part == other => score += 2,
            _ if is_api_of => score += 1,
            _ => return None,
        }
    }
    Some((exact, score, pattern.user.is_some()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Config;
    use crate::artifact::remote::batch::url::Url;

    #[test]
    fn the_setting_that_fits_best_counts() {
        let entry = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let config = Config::new(vec![
            entry("http.https://h.example.proxy", "host"),
            entry("http.https://h.example/a/b.proxy", "path"),
            entry("http.https://h.example/a.proxy", "folder"),
            entry("http.https://*.example.proxy", "any"),
            entry("http.https://h.example:444.proxy", "port"),
            entry("http.https://eve@h.example/a/b.proxy", "eve"),
            entry("http.proxy", "all"),
            entry("http.proxy", "last"),
        ]);
        for (url, expected) in [
            ("https://h.example/a/b.git/info/lfs", "path"),
            ("https://h.example/a/c", "folder"),
            ("https://h.example/x", "host"),
            ("https://h.example:444/a/b", "port"),
            ("https://o.example/a", "any"),
            ("https://eve@h.example/a/b", "eve"),
            ("http://h.example/a", "last"),
            ("https://evil.org/h.example", "last"),
        ] {
            let url = Url::parse(url).expect("a URL");
            assert_eq!(config.for_url("http", &url, "proxy"), Some(expected), "{url}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_patterns_never_panic(pattern in any::<String>(), path in r"(/?[a-z]{0,2}){0,3}") {
            let config = Config::new(vec![(format!("http.{pattern}.proxy"), "x".to_owned())]);
            let url = Url::parse(&format!("https://h/{path}")).expect("a URL");
            let _ = config.for_url("http", &url, "proxy");
        }
    }
}
