//! Where endpoints are found.

use proptest::prelude::{any, proptest};

use super::{Config, Operation, find, shown};

fn config(entries: &[(&str, &str)]) -> Config {
    Config::new(entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}

/// The URL of the API, and what ssh would be asked.
#[track_caller]
fn found(config: &Config, remote: &str, operation: Operation) -> String {
    let endpoint = find(config, remote, operation).expect("an endpoint");
    let ssh = endpoint.ssh.map(|ssh| format!(" {} {:?} {}", ssh.user_and_host(), ssh.port, ssh.path));
    format!("{}{}", endpoint.url, ssh.unwrap_or_default())
}

#[test]
fn settings_count_in_the_order_of_git_lfs() {
    let all = [
        ("remote.origin.url", "https://h/a/b"),
        ("remote.origin.pushurl", "https://p/a/b.git"),
        ("remote.origin.lfsurl", "https://l/remote"),
        ("remote.origin.lfspushurl", "https://l/remote-push"),
        ("lfs.url", "https://l/all"),
        ("lfs.pushurl", "https://l/all-push"),
    ];
    for (known, down, up) in [
        (1, "https://h/a/b.git/info/lfs", "https://h/a/b.git/info/lfs"),
        (2, "https://h/a/b.git/info/lfs", "https://p/a/b.git/info/lfs"),
        (3, "https://l/remote", "https://l/remote"),
        (4, "https://l/remote", "https://l/remote-push"),
        (5, "https://l/all", "https://l/all"),
        (6, "https://l/all", "https://l/all-push"),
    ] {
        let config = config(&all[..known]);
        assert_eq!(found(&config, "origin", Operation::Download), down);
        assert_eq!(found(&config, "origin", Operation::Upload), up);
    }
    // What was named is asked, whatever else is set.
    let config = config(&all);
    assert_eq!(found(&config, "https://x/api", Operation::Upload), "https://x/api");
    assert_eq!(found(&config, "https://x/a.git", Operation::Upload), "https://x/a.git/info/lfs");
    assert_eq!(found(&config, "https:a", Operation::Upload), "https://https/a.git/info/lfs https None a");
}

#[test]
fn urls_of_git_become_urls_of_the_api() {
    for (url, expected) in [
        ("https://h/a/b.git/", "https://h/a/b.git/info/lfs"),
        ("http://u:p@h:8080/a", "http://h:8080/a.git/info/lfs"),
        ("git://h/a", "https://h/a.git/info/lfs"),
        ("git@h:a/b.git", "https://h/a/b.git/info/lfs git@h None a/b.git"),
        ("h:/a/b", "https://h/a/b.git/info/lfs h None /a/b"),
        ("[git@h]:a", ""),
        ("git@[h:2222]:a/b", "https://h/a/b.git/info/lfs git@h Some(2222) a/b"),
        ("[h:22]:a/b", "https://h/a/b.git/info/lfs h Some(22) a/b"),
        ("ssh://git@h:2222/a/b.git", "https://h/a/b.git/info/lfs git@h Some(2222) /a/b.git"),
        ("ssh+git://h/a%20b", "https://h/a%20b.git/info/lfs h None /a b"),
        ("gh:a/b", "https://github.example/a/b.git/info/lfs"),
        ("ssh://h", ""),
        ("ssh://-oProxyCommand=x/a", ""),
        ("-oProxyCommand=x:a", ""),
        ("h:-a", ""),
        ("-x@h:a", ""),
        ("h:a\nb", ""),
        ("/srv/a.git", ""),
        ("../a.git", ""),
        ("file:///srv/a.git", ""),
        ("ext::sh -c evil", ""),
        ("ftp://h/a", ""),
    ] {
        let config = config(&[
            ("remote.o.url", url),
            ("url.https://github.example/.insteadof", "gh:"),
            ("url.x.insteadof", "gh"),
        ]);
        match find(&config, "o", Operation::Download) {
            Ok(_) => assert_eq!(found(&config, "o", Operation::Download), expected, "{url}"),
            Err(error) => assert!(expected.is_empty(), "{url}: {error}"),
        }
    }
}

#[test]
fn the_login_of_git_does_for_the_api() {
    let config =
        config(&[("remote.o.url", "https://ada@h/a/b.git"), ("remote.p.url", "git@h:a"), ("lfs.url", "https://h/lfs")]);
    let login = |remote: &str| find(&config, remote, Operation::Upload).expect("an endpoint").login;
    assert_eq!((login("o").rest.as_str(), login("o").user.as_deref()), ("/a/b.git", Some("ada")));
    assert_eq!(login("p").rest, "/lfs");
}

#[test]
fn what_is_not_found_is_told_without_its_login() {
    let error = find(&config(&[]), "origin", Operation::Upload).expect_err("there is none");
    assert_eq!(error.to_string(), "there is no git remote 'origin'");
    let config = config(&[("remote.o.url", "ftp://u:secret@h/a?token=secret")]);
    let error = find(&config, "o", Operation::Upload).expect_err("of no kind that is known");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    assert_eq!(shown("https://u:p@h/a?b"), "https://h/a");
}

proptest! {
    #[test]
    fn arbitrary_urls_never_panic(url in any::<String>()) {
        let config = config(&[("remote.o.url", &url)]);
        let _ = (find(&config, "o", Operation::Upload), find(&config, &url, Operation::Download));
    }

    #[test]
    fn what_looks_like_one_never_panics(url in r"((ssh|https?|git)://)?([a-z-]{0,3}@)?\[?[a-z-]{0,3}(:[0-9]{0,3})?\]?:?/?[a-z%-]{0,4}") {
        let config = config(&[("remote.o.url", &url), ("url.b.insteadof", "a")]);
        if let Ok(endpoint) = find(&config, "o", Operation::Upload) {
            assert!(endpoint.ssh.is_none_or(|ssh| !ssh.host.starts_with('-') && !ssh.path.starts_with('-')));
        }
    }
}
