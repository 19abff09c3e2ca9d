//! Masking of secrets in an argv before anything is written.

/// What stands in a secret's place.
pub const MASK: &str = "[masked]";

/// Words in an option's name that make its value a secret.
const SECRET_WORDS: [&str; 9] =
    ["password", "passwd", "secret", "token", "api-key", "apikey", "access-key", "private-key", "credential"];

/// How known tokens begin, and how long they are at least. Sources: the issuers' documentation (GitHub, GitLab, AWS, Hugging Face, OpenAI, Slack, W&B, Google).
const TOKEN_PREFIXES: [(&str, usize); 14] = [
    ("ghp_", 36),
    ("gho_", 36),
    ("ghu_", 36),
    ("ghs_", 36),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("AKIA", 20),
    ("ASIA", 20),
    ("hf_", 30),
    ("sk-", 30),
    ("xoxb-", 30),
    ("xoxp-", 30),
    ("AIza", 35),
    ("wandb_v1_", 40),
];

/// The argv with secrets masked: values of options that are named like secrets, known token forms, passwords in URLs.
pub fn mask_argv(argv: &[String]) -> Vec<String> {
    let mut out = Vec::with_capacity(argv.len());
    let mut next_is_secret = false;
    for arg in argv {
        if std::mem::take(&mut next_is_secret) && !arg.starts_with('-') {
            out.push(MASK.to_owned());
            continue;
        }
        match arg.split_once('=') {
            Some((name, value)) if is_secret_name(name) && !value.is_empty() => out.push(format!("{name}={MASK}")),
            _ => {
                next_is_secret = arg.starts_with('-') && !arg.contains('=') && is_secret_name(arg);
                out.push(mask_tokens(arg));
            }
        }
    }
    out
}

/// A text with known token forms and passwords in URLs masked.
pub fn mask_tokens(text: &str) -> String {
    let is_token_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_token_char(c)).unwrap_or(rest.len());
        if end == 0 {
            let c = rest.chars().next().expect("the rest is not empty");
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(end);
        let is_token = TOKEN_PREFIXES.iter().any(|(prefix, least)| word.starts_with(prefix) && word.len() >= *least);
        out.push_str(if is_token { MASK } else { word });
        rest = after;
    }
    mask_url_password(&out)
}

/// `https://user:password@host` becomes `https://user:[masked]@host`.
fn mask_url_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let host_end = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
    let Some((login, _)) = rest[..host_end].rsplit_once('@') else { return text.to_owned() };
    match login.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:{MASK}{}", &rest[login.len()..]),
        None => text.to_owned(),
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase().replace('_', "-");
    // A tokenizer or a maximal number of tokens is no secret.
    let harmless = ["tokenizer", "tokens", "token-id", "token-type", "max-token", "num-token"];
    SECRET_WORDS.iter().any(|word| name.contains(word)) && !harmless.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{mask_argv, mask_tokens};

    fn masked(argv: &[&str]) -> Vec<String> {
        mask_argv(&argv.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn secrets_are_masked_and_other_words_are_not() {
        assert_eq!(masked(&["--api-key=abc", "--lr", "0.1"]), ["--api-key=[masked]", "--lr", "0.1"]);
        assert_eq!(masked(&["--password", "hunter2", "x"]), ["--password", "[masked]", "x"]);
        assert_eq!(masked(&["--max-tokens", "512", "--tokenizer=bpe"]), ["--max-tokens", "512", "--tokenizer=bpe"]);
        assert_eq!(masked(&["https://ada:pw@host/x"]), ["https://ada:[masked]@host/x"]);
        let token = format!("url?k=ghp_{}", "a".repeat(36));
        assert_eq!(masked(&[&token]), ["url?k=[masked]"]);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = mask_tokens(&text);
            let _ = mask_argv(&[text]);
        }
    }
}
