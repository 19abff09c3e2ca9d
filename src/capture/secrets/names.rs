//! Which names are those of secrets. Pure.
//!
//! In machine learning a token is a piece of text: `tokenizer`, `max_tokens`, `pad_token` and `token_id` are harmless, `hf_token` is not.

/// Words in a name that make its value a secret, also within a longer word (`dbpassword`).
pub const SECRET_WORDS: [&str; 9] =
    ["password", "passwd", "passphrase", "passcode", "secret", "credential", "apikey", "accesskey", "privatekey"];

/// Words that do so before `key`.
pub const KEY_WORDS: [&str; 9] =
    ["api", "access", "account", "auth", "private", "secret", "encryption", "signing", "license"];

/// Words before `pw` that belong to layers: a pointwise convolution.
pub const LAYER_WORDS: [&str; 4] = ["conv", "dw", "bn", "act"];

/// Without one of these in it, in any case, nothing is the name of a secret: texts are searched for them, and [`strength`] judges what is found.
pub fn roots() -> impl Iterator<Item = &'static str> {
    SECRET_WORDS.into_iter().chain(["key", "pw", "token"])
}

/// Last words that say that the value is not the secret itself but speaks of it.
pub const HARMLESS_ENDINGS: [&str; 27] = [
    "file", "path", "dir", "folder", "name", "env", "var", "variable", "type", "len", "length", "size", "count", "num",
    "dim", "prob", "rate", "dropout", "loss", "weight", "idx", "index", "limit", "budget", "policy", "required", "url",
];

/// Words before `token` that belong to texts, not to locks.
pub const TEXT_WORDS: [&str; 44] = [
    "eos",
    "bos",
    "pad",
    "padding",
    "unk",
    "unknown",
    "cls",
    "sep",
    "mask",
    "start",
    "end",
    "stop",
    "begin",
    "image",
    "audio",
    "video",
    "vision",
    "text",
    "word",
    "sub",
    "special",
    "extra",
    "additional",
    "new",
    "next",
    "prev",
    "first",
    "last",
    "per",
    "class",
    "register",
    "num",
    "n",
    "max",
    "min",
    "prefix",
    "suffix",
    "decoder",
    "encoder",
    "forced",
    "bad",
    "prompt",
    "fim",
    "think",
];

/// Values that are none: switches, and words that stand where a secret could.
const PLAIN: [&str; 22] = [
    "",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "none",
    "null",
    "nil",
    "undefined",
    "required",
    "optional",
    "auto",
    "bearer",
    "basic",
    "digest",
    "token",
    "apikey",
    "str",
    "string",
    "default",
];

/// How sure it is that a name is a secret's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// It can be nothing else.
    Certain,
    /// It is a `token`, which may be a piece of text, or a bare `pw`.
    Token,
}

/// Whether a name is that of a secret.
pub fn strength(name: &str) -> Option<Strength> {
    let words = words(name);
    let last = words.last()?.as_str();
    if HARMLESS_ENDINGS.contains(&last) {
        return None;
    }
    // `passWord` and `APIKeys` are none of two words.
    let whole = name.to_lowercase();
    let is_secret = SECRET_WORDS.iter().any(|secret| whole.contains(secret));
    let is_key = words.iter().enumerate().any(|(at, word)| match word.trim_end_matches('s').strip_suffix("key") {
        Some("") => at > 0 && KEY_WORDS.contains(&words[at - 1].as_str()),
        Some(before) => KEY_WORDS.contains(&before),
        None => false,
    });
    let before = words.len().checked_sub(2).map(|at| words[at].as_str());
    let is_pwd = match last {
        // `--pwd` alone is a working directory.
        "pwd" => before.is_some(),
        "pw" => before.map_or(name.starts_with('-'), |before| !LAYER_WORDS.contains(&before)),
        _ => false,
    };
    if is_secret || is_key || is_pwd {
        return Some(Strength::Certain);
    }
    let is_text = before.is_some_and(|word| TEXT_WORDS.contains(&word));
    let is_token = last.ends_with("token") && !is_text && !TEXT_WORDS.contains(&last.trim_end_matches("token"));
    (is_token || (last == "pw" && before.is_none())).then_some(Strength::Token)
}

/// The words of a name in lower case: `apiKey`, `API_KEY` and `--api-key` are the same two, and so are `DBPwd` and `db_pwd`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let ends_capitals = before.is_uppercase() && rest.peek().is_some_and(|next| next.is_lowercase());
        let begins = c.is_uppercase() && (before.is_lowercase() || before.is_numeric() || ends_capitals);
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("there is one").extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether what follows an option that is named like a secret is its value, and not another option: `--password -abc` has one, `--use-secret --lr` and
/// `--use-secret -v` have none. A token that begins with a dash has to look like one.
pub fn takes(option: &str, next: &str) -> bool {
    let Some(after) = next.strip_prefix('-') else { return true };
    let is_option = match after.strip_prefix('-') {
        Some(long) => {
            let name = long.split('=').next().unwrap_or_default();
            name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        }
        None => after.chars().count() < 2,
    };
    !is_option && (strength(option) == Some(Strength::Certain) || is_credential(next))
}

/// Whether a value is too plain to be a secret: a switch, a placeholder, a reference, a mask.
pub fn is_harmless(value: &str) -> bool {
    let lower = value.trim().to_ascii_lowercase();
    PLAIN.contains(&lower.as_str())
        || is_reference(&lower)
        || lower.chars().all(|c| matches!(c, '*' | '.' | '…' | 'x' | '-'))
}

/// A placeholder or a variable of a shell or a template: `{seed}`, `${TOKEN}`, `$TOKEN`, `<token>`, `%TOKEN%`. Only as a whole: a password may begin so.
fn is_reference(value: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | ':'))
    };
    let inside = |open: &str, close: &str| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let wrapped =
        [("{", "}"), ("{{", "}}"), ("${", "}"), ("${{", "}}"), ("$(", ")"), ("<", ">"), ("%", "%"), ("%(", ")s")];
    wrapped.into_iter().filter_map(|(open, close)| inside(open, close)).any(|name| is_name(name.trim()))
        || value
            .strip_prefix('$')
            .is_some_and(|name| is_name(name) && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_'))
}

/// Whether a value looks like something that was made to be unguessable: no word, no number.
pub fn is_credential(value: &str) -> bool {
    let has = |what: fn(&u8) -> bool| value.as_bytes().iter().any(what);
    value.len() >= 8
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.~+/=:".contains(&byte))
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::{Strength, is_credential, is_harmless, roots, strength, takes};

    #[test]
    fn names_of_secrets_and_names_of_texts() {
        for name in [
            "--password",
            "db_pwd",
            "apiKey",
            "OPENAI_API_KEY",
            "api.key",
            "aws_secret_access_key",
            "clientSecret",
            "dbpassword",
            "private-key",
            "azure.account_key",
            "WANDB_API_KEY",
            "DB_PW",
            "dbPwd",
            "DBPwd",
            "--pw",
            "-pw",
            "signingKey",
            "signing-key",
            "signingkey",
            "license.key",
            "auth.key",
            "AUTHKey",
            "api__key",
            "api_keys",
            "APIKeys",
            "passWord",
        ] {
            assert_eq!(strength(name), Some(Strength::Certain), "{name}");
        }
        for name in ["--token", "HF_TOKEN", "auth-token", "accessToken", "authtoken", "api.token", "HFToken", "pw"] {
            assert_eq!(strength(name), Some(Strength::Token), "{name}");
        }
        for name in [
            "tokenizer",
            "max_tokens",
            "--max-tokens",
            "tokens/sec",
            "pad_token",
            "eosToken",
            "token_id",
            "token_type_ids",
            "token_accuracy",
            "password_file",
            "secret-name",
            "api_key_env",
            "key",
            "keys",
            "seed",
            "lr",
            "",
            "--",
            "pwd",
            "masktoken",
            "token_dropout",
            "monkey",
            "keypoints",
            "num_keys",
            "primary_key",
            "public_key",
            "keyAuth",
            "stepwise",
            "upw",
            "conv_pw",
            "blocks.0.conv_pw",
            "--pwd",
        ] {
            assert_eq!(strength(name), None, "{name}");
        }
    }

    #[test]
    fn what_follows_an_option() {
        for (option, next) in [
            ("--secret", "-abc"),
            ("--secret", "abc"),
            ("--secret", "--a!b"),
            ("--pw", "-1234"),
            ("--token", "x"),
            ("--token", "-abc-1234"),
        ] {
            assert!(takes(option, next), "{option} {next}");
        }
        for (option, next) in [
            ("--use-secret", "--lr"),
            ("--use-secret", "--lr=0.1"),
            ("--secret", "-v"),
            ("--secret", "--"),
            ("--use-token", "-lr"),
        ] {
            assert!(!takes(option, next), "{option} {next}");
        }
    }

    #[test]
    fn values() {
        for value in ["", "None", "{pw}", "$TOKEN", "${{ secrets.X }}", "<secret:named>", "****", "true"] {
            assert!(is_harmless(value), "{value}");
        }
        assert!(!is_harmless("hunter2") && !is_harmless("12345"));
        assert!(
            is_credential("a1b2c3d4e5")
                && !is_credential("sentinel")
                && !is_credential("0.93123456")
                && !is_credential("</s>")
        );
    }

    proptest! {
        #[test]
        fn arbitrary_names_never_panic(name in any::<String>()) {
            let _ = (strength(&name), is_harmless(&name), is_credential(&name), takes(&name, &name));
        }

        #[test]
        fn no_name_of_a_secret_is_without_a_root(
            parts in vec("[a-zA-Z0-9_.-]{0,3}|(?i:api|auth|license|signing|account|db)|(?i:key|keys|pw|pwd|token|secret|password)|[_.-]", 0..6),
        ) {
            let name = parts.concat();
            let lower = name.to_lowercase();
            assert!(strength(&name).is_none() || roots().any(|root| lower.contains(root)), "{name}");
        }
    }
}
