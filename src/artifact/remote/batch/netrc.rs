//! `~/.netrc`: logins by host, as curl reads them.

/// User and password for a host, of its own entry or of `default`.
pub fn find(text: &str, host: &str) -> Option<(String, String)> {
    let mut found = None;
    let mut words = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    // A macro goes to the next empty line; words of it are none of ours.
    let mut kept = String::new();
    while let Some(line) = words.next() {
        if line.split_whitespace().any(|word| word == "macdef") {
            words.by_ref().take_while(|line| !line.is_empty()).for_each(drop);
            continue;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    let mut words = kept.split_whitespace();
    let (mut is_it, mut user, mut password) = (false, None, None);
    let finish = |user: &mut Option<String>, password: &mut Option<String>| {
        password.take().map(|password| (user.take().unwrap_or_default(), password))
    };
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" => {
                found = found.or_else(|| finish(&mut user, &mut password));
                is_it = word == "default" || words.next().is_some_and(|name| name.eq_ignore_ascii_case(host));
                user = None;
            }
            "login" => user = words.next().filter(|_| is_it).map(str::to_owned).or(user),
            "password" => password = words.next().filter(|_| is_it).map(str::to_owned).or(password),
            _ => {}
        }
    }
    found.or_else(|| finish(&mut user, &mut password))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::find;

    #[test]
    fn the_entry_of_a_host_is_found() {
        let text = "# machine a login no password no\nmachine a login ada password one\nmachine b\n  login bob\n  password two\n\
            macdef x\nmachine c login evil password evil\n\nmachine e login eve\ndefault login any password three\n";
        let found = |host: &str| find(text, host).map(|(user, password)| format!("{user}:{password}"));
        assert_eq!(found("a").as_deref(), Some("ada:one"));
        assert_eq!(found("B").as_deref(), Some("bob:two"));
        assert_eq!(found("c").as_deref(), Some("any:three"));
        assert_eq!(find("machine a login x", "a"), None);
        assert_eq!(find("", "a"), None);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>(), host in any::<String>()) {
            let _ = find(&text, &host);
        }

        #[test]
        fn what_looks_like_one_never_panics(text in r"((machine|default|login|password|macdef|a|#)[ \n]){0,12}") {
            let _ = find(&text, "a");
        }
    }
}
