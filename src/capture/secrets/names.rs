//! Which names are those of secrets. Pure.
//!
//! In machine learning a token is a piece of text: `tokenizer`, `max_tokens`, `pad_token` and `token_id` are harmless, `hf_token` is not.

/// Words in a name that make its value a secret, also within a longer word (`dbpassword`).
pub const SECRET_WORDS: [&str; 9] =
    ["password", "passwd", "passphrase", "passcode", "secret", "credential", "apikey", "accesskey", "privatekey"];

/// Words that do so before `key`.
pub const KEY_WORDS: [&str; 9] =
    ["api", "access", "account", "auth", "private", "secret", "encryption", "signing", "license"];

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
    /// It is a `token`, which may be a piece of text.
    Token,
}

/// Whether a name is that of a secret.
pub fn strength(name: &str) -> Option<Strength> {
    let words = words(name);
    let last = words.last()?.as_str();
    if HARMLESS_ENDINGS.contains(&last) {
        return None;
    }
    let is_secret = |word: &String| SECRET_WORDS.iter().any(|secret| word.contains(secret));
    let is_key = words.windows(2).any(|pair| pair[1] == "key" && KEY_WORDS.contains(&pair[0].as_str()));
    let is_pwd = words.len() > 1 && matches!(last, "pwd" | "pw");
    if is_key || is_pwd || words.iter().any(is_secret) {
        return Some(Strength::Certain);
    }
    let before = words.len().checked_sub(2).map(|at| words[at].as_str());
    let is_text = before.is_some_and(|word| TEXT_WORDS.contains(&word));
    (last.ends_with("token") && !is_text && !TEXT_WORDS.contains(&last.trim_end_matches("token")))
        .then_some(Strength::Token)
}

/// The words of a name in lower case: `apiKey`, `API_KEY` and `--api-key` are the same two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && (before.is_lowercase() || before.is_numeric());
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
    use proptest::prelude::{any, proptest};

    use super::{Strength, is_credential, is_harmless, strength};

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
        ] {
            assert_eq!(strength(name), Some(Strength::Certain), "{name}");
        }
        for name in ["--token", "HF_TOKEN", "auth-token", "accessToken", "authtoken", "api.token"] {
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
        ] {
            assert_eq!(strength(name), None, "{name}");
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
            let _ = (strength(&name), is_harmless(&name), is_credential(&name));
        }
    }
}
