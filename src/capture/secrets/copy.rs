//! Masks copies of configs, whose values may go over lines or be written in any way that their format has.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::masker::Masker;
use super::names::{self, Strength};
use super::{MASK, scan};
use crate::capture::config;

impl Masker {
    /// The copy of a config, secrets masked; the extension of `name` says what it is.
    ///
    /// The file's own bytes are masked as any text is. If that reads back as the values of the file, each masked by its name, it is the copy: with its
    /// comments and its layout. If it does not, because a value goes over lines for one, the masked values are written anew, which keeps keys and order.
    /// What cannot be read as a config is masked as a text.
    pub fn mask_config<'a>(&self, name: &str, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let Ok(map) = config::parse(name, bytes) else { return self.mask(bytes) };
        // What params of these names are is known from here on, wherever else it stands.
        let _ = self.mask_params(&config::flatten(&map));
        let values = self.mask_tree("", &map);
        let text = self.mask(bytes);
        if matches!(text, Cow::Borrowed(_)) && values == map {
            return text;
        }
        if config::parse_strictly(name, &text).is_ok_and(|read| says_the_same(&read, &values)) {
            return text;
        }
        // JSON can hold whatever was read.
        let anew = config::encode(name, &values).or_else(|_| config::encode("copy.json", &values)).unwrap_or_default();
        Cow::Owned(self.mask(anew.as_bytes()).into_owned())
    }

    /// Values by their whole names, as params have them, and all that is below a name of a secret.
    fn mask_tree(&self, above: &str, map: &Map<String, Value>) -> Map<String, Value> {
        let mask = |(key, value): (&String, &Value)| {
            let name = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
            (self.mask_text(key), self.mask_branch(&name, value))
        };
        map.iter().map(mask).collect()
    }

    fn mask_branch(&self, name: &str, value: &Value) -> Value {
        match value {
            Value::Object(map) if names::strength(name) != Some(Strength::Certain) => {
                Value::Object(self.mask_tree(name, map))
            }
            Value::Array(items) => items.iter().map(|item| self.mask_branch(name, item)).collect(),
            value => self.mask_value(name, value),
        }
    }

    /// The list of overrides that Hydra leaves, each masked as an argument of a command.
    pub fn mask_overrides<'a>(&self, bytes: &'a [u8], overrides: &[String]) -> Cow<'a, [u8]> {
        let masked = self.mask_argv(overrides);
        if masked == overrides {
            return self.mask(bytes);
        }
        // A string of JSON is one of YAML.
        Cow::Owned(masked.into_iter().flat_map(|text| format!("- {}\n", Value::from(text)).into_bytes()).collect())
    }

    /// A file of which nothing is known: a text is masked. Of what is no text the bytes that a mask would leave, as an error: it must not be stored so, because
    /// a mask in the midst of it could make something else of it, which nobody could read.
    ///
    /// # Errors
    /// If it is no text and holds a secret, as it is or in UTF-16.
    pub fn mask_any_file<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, Vec<u8>> {
        let or_refused = |masked: Cow<'_, [u8]>| match masked {
            Cow::Owned(masked) => Err(masked),
            Cow::Borrowed(_) => Ok(Cow::Borrowed(bytes)),
        };
        if !bytes.contains(&0) {
            let masked = self.mask(bytes);
            return if std::str::from_utf8(bytes).is_ok() { Ok(masked) } else { or_refused(masked) };
        }
        if let Some(text) = utf16(bytes) {
            or_refused(self.mask(text.as_bytes()))?;
        }
        or_refused(self.mask_binary(bytes)).and_then(|_| or_refused(self.mask_binary(&without_nul(bytes))))
    }
}

/// A text in UTF-16: with a mark at its beginning, or with NULs in the places of one order alone.
fn utf16(bytes: &[u8]) -> Option<String> {
    let has_nul_at = |side: usize| bytes.iter().skip(side).step_by(2).any(|byte| *byte == 0);
    let read: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ if !has_nul_at(0) => u16::from_le_bytes,
        _ if !has_nul_at(1) => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).collect::<Result<_, _>>().ok()?;
    let is_text = bytes.len().is_multiple_of(2) && !text.contains('\0');
    is_text.then_some(text)
}

/// Bytes without NULs: what is ASCII in UTF-16, of either order, with a mark or without, is ASCII then.
pub(super) fn without_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != 0).collect()
}

/// Whether two maps are the same but for which rules values were masked by, and whether line by line or as a whole.
fn says_the_same(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let told = |map: &Map<String, Value>| with_plain_masks(&serde_json::to_vec(map).unwrap_or_default());
    one == other || told(one) == told(other)
}

/// JSON with one mask without a rule in the place of masks with nothing but space and ends of lines between and behind them.
fn with_plain_masks(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut at = 0;
    while at < json.len() {
        let Some(mut end) = scan::mask_end(json, at) else {
            out.push(json[at]);
            at += 1;
            continue;
        };
        out.extend_from_slice(MASK.as_bytes());
        loop {
            end += match &json[end..] {
                [b' ', ..] => 1,
                [b'\\', b'n', ..] => 2,
                _ => break,
            };
        }
        at = end;
        if out.len() >= 2 * MASK.len() && out[..out.len() - MASK.len()].ends_with(MASK.as_bytes()) {
            out.truncate(out.len() - MASK.len());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::collection::vec;
    use proptest::prelude::{Strategy, any, prop_oneof, proptest};

    use super::super::Masker;
    use crate::capture::config;

    fn copy(name: &str, text: &str) -> String {
        String::from_utf8(Masker::default().mask_config(name, text.as_bytes()).into_owned()).expect("text")
    }

    #[test]
    fn what_a_line_says_is_masked_in_its_place() {
        for (name, text, masked) in [
            (
                "a.yaml",
                "# of the team\ndb:\n    password:   'hunter2'   # old\n    host: h\nlr: 1e-3\n",
                "# of the team\ndb:\n    password:   '<secret:named>'   # old\n    host: h\nlr: 1e-3\n",
            ),
            (
                "a.yaml",
                "password: |\n  correct-horse\nlr: 0.10 # kept\n",
                "password: |\n  <secret:named>\nlr: 0.10 # kept\n",
            ),
            ("a.toml", "# x\n[db]\npassword = \"ab\" # y\n", "# x\n[db]\npassword = \"<secret:named>\" # y\n"),
            ("a.json", "{\"api_key\":\"ab\",  \"lr\": 1e-05}", "{\"api_key\":\"<secret:named>\",  \"lr\": 1e-05}"),
        ] {
            assert_eq!(copy(name, text), masked);
        }
        for (name, text) in [
            (
                "a.yaml",
                "lr: 0.1 # it\nmax_tokens: 4096\npad_token: <pad>\nbase: &b {x: 1}\nmore: {<<: *b, x: 2}\nx: 1\nx: 2\n",
            ),
            ("a.toml", "lr = 0.1 # it\ntokens = [1, 2]\n"),
            ("a.json", "{\"num_keys\": 8, \"password\": null}"),
        ] {
            assert!(matches!(Masker::default().mask_config(name, text.as_bytes()), Cow::Borrowed(_)), "{text}");
        }
    }

    /// All the ways in which a value can be written. Each word of it is short, and is masked for its name alone.
    #[test]
    fn nothing_of_a_value_stays_however_it_is_written() {
        for text in [
            "password: >-\n  zq1 zq2\n  zq3\nlr: 1\n",
            "password: |+2\n    zq1\n\n   zq2\n\nlr: 1\n",
            "password: zq1\n  zq2 zq3\nlr: 1\n",
            "password: zq1 zq2\nlr: 1\n",
            "password: \"zq1\n  zq2 \\\n  zq3\"\nlr: 1\n",
            "password: 'zq1''zq2''''zq3'\nlr: 1\n",
            "password: 'zq1\n\n  zq2'\nlr: 1\n",
            "? password\n: zq1 zq2\nlr: 1\n",
            "password:\n  zq1\nlr: 1\n",
            "\"pass\\x77ord\": zq1\nlr: 1\n",
            "api_key: [zq1, 'zq2',\n  zq3]\nlr: 1\n",
            "api_key:\n- zq1\n- - zq2\n  - [zq3]\nlr: 1\n",
            "token: [zq1, zq2]\nlr: 1\n",
            "db: {user: ada, password: zq1 zq2, port: 3}\nlr: 1\n",
            "credentials:\n  a:\n    path: zq1\n  b: [zq2, {c: zq3}]\nlr: 1\n",
            "api:\n  key: zq1 zq2\nlr: 1\n",
            "password: &pw zq1zq1\nother: *pw\nlr: 1\n",
            "base: &b\n  password: !!str zq1 zq2\nmore:\n  <<: *b\nlr: 1\n",
            "base: &b zq1\npassword: *b\nlr: 1\n",
            "password: zq1\npassword: >-\n  zq2\n  zq3\nlr: 1\n",
            "password: >-\n  zq2\n  zq3\npassword: zq1\nlr: 1\n",
            "list:\n- name: a\n  password: zq1 zq2\nlr: 1\n",
            "password: >- # zq\n  zq1\n\n   zq2\n# note\nlr: 1\n",
        ] {
            // Without the parts that are no part of the value.
            let masked = copy("a.yaml", text);
            let shared = text.contains("base: &b zq1");
            assert!(shared || !masked.contains("zq"), "{text}\n{masked}");
            let map = config::parse("a.yaml", masked.as_bytes()).unwrap_or_else(|error| panic!("{error}: {masked}"));
            let (is, was) = (config::flatten(&map), config::parse("a.yaml", text.as_bytes()).expect("YAML"));
            let was = config::flatten(&was);
            assert_eq!(is.keys().collect::<Vec<_>>(), was.keys().collect::<Vec<_>>(), "{masked}");
            assert_eq!(is["lr"], 1);
        }
        let json = "{\"password\":\n  \"zq1\", \"api_keys\": [\"zq2\", [\"]zq3\"]], \"pin_secret\": 12, \"pass\\u0077ord\": \"zq4\"}";
        assert!(!copy("a.json", json).contains("zq"), "{}", copy("a.json", json));
        assert!(config::parse("a.json", copy("a.json", json).as_bytes()).is_ok(), "{}", copy("a.json", json));
        let toml = "password = '''\nzq1 zq2\nzq3'''\napi_key = [\n  \"zq1\", # zq\n  \"zq2\",\n]\npin_secret = 12\n[credentials]\na = \"zq5\"\n";
        assert!(!copy("a.toml", toml).contains("zq"), "{}", copy("a.toml", toml));
        assert!(config::parse("a.toml", copy("a.toml", toml).as_bytes()).is_ok());
    }

    #[test]
    fn what_is_written_anew_keeps_keys_and_order() {
        assert_eq!(
            copy("a.yaml", "z: 1 # gone\ndb:\n    password: >-\n        a b\n        c\n    port: 1\nlist: [1, 2]\n"),
            "z: 1\ndb:\n  password: <secret:named>\n  port: 1\nlist:\n- 1\n- 2\n"
        );
    }

    #[test]
    fn overrides_are_masked_as_arguments() {
        let masked = |text: &str| {
            let overrides = crate::capture::params::hydra::overrides(text.as_bytes()).expect("a list");
            String::from_utf8(Masker::default().mask_overrides(text.as_bytes(), &overrides).into_owned()).expect("text")
        };
        assert_eq!(masked("- lr=1\n- 'x=\"a\"'\n"), "- lr=1\n- 'x=\"a\"'\n");
        assert_eq!(masked("- 'db.password=a b'\n- lr=1\n"), "- \"db.password=<secret:named>\"\n- \"lr=1\"\n");
    }

    #[test]
    fn what_is_no_text_is_never_altered() {
        let token = format!("ghp_{}", "Ab3d".repeat(9));
        let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let masker = Masker::default();
        let masked = masker.mask_any_file(token.as_bytes()).expect("text");
        assert_eq!(*masked, *b"<secret:github-token>");
        for bytes in [
            format!("\0{token}").into_bytes(),
            format!("{token}\n\0").into_bytes(),
            [b"\xff", token.as_bytes()].concat(),
            utf16(&format!("\u{feff}key: {token}\n"), u16::to_le_bytes),
            utf16(&format!("\u{feff}key: {token}\n"), u16::to_be_bytes),
            utf16(&format!("key: {token}\n"), u16::to_le_bytes),
            utf16(&format!("é {token}\n"), u16::to_be_bytes),
            [b"\x80\x02\0", &utf16(&token, u16::to_le_bytes)[..], b"\x01\0\0"].concat(),
            b"\x80\0password=hunter22\n".to_vec(),
            utf16("db_password=ä1\r\n", u16::to_le_bytes),
        ] {
            let left = masker.mask_any_file(&bytes).expect_err("no text");
            assert!(!String::from_utf8_lossy(&left).contains("3dAb"), "{left:?}");
        }
        for bytes in
            [utf16("\u{feff}lr: 0.1 max_tokens=3\n", u16::to_le_bytes), b"\x89PNG\0\xff".to_vec(), b"a\0b".to_vec()]
        {
            assert_eq!(masker.mask_any_file(&bytes), Ok(Cow::Borrowed(&bytes[..])));
        }
    }

    /// Configs of words that are all secret, below names that are.
    fn yaml() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            "( zq[0-9])?( zq[a-z0-9:;,'\"\\[\\]{}#&*!|>%@` -]{0,9}){1,3}",
            "( [|>][-+]?\n  zq[a-z0-9'\"{}#:;,-]{0,5}\n   zq[a-z0-9 ]{0,5}\n\n  zq)",
            "( zq[0-9]\n  zq[a-z0-9 ;,]{0,9}\n\n  zq)",
            "( '(zq''|zq zq|zq\n  ){1,4}')",
            "( \"(zq\\\\\"|zq zq|zq\\\\\n  |zq\n  ){1,4}\")",
            "( (&a |!!str )?\\[zq, 'zq''zq', [zq,\n  \"zq\"], \\{a: zq\\}\\])",
            "(\n  - zq\n  - a: zq zq\n    b: [zq])",
        ];
        let name =
            proptest::sample::select(vec!["password", "api_key", "\"db_pwd\"", "signingKey", "secret.key", "'token'"]);
        vec((name, value, any::<bool>()), 1..4).prop_map(|entries| {
            let mut out = String::new();
            for (at, (name, value, is_nested)) in entries.into_iter().enumerate() {
                let entry = format!("{name}:{value}\n");
                out += &match is_nested {
                    true => {
                        format!("n{at}:\n{}", entry.lines().map(|line| format!("    {line}\n")).collect::<String>())
                    }
                    false => entry,
                };
                out += &format!("lr{at}: 0.1\n");
            }
            out
        })
    }

    proptest! {
        #[test]
        fn no_part_of_a_value_stays(text in yaml()) {
            if let Ok(map) = config::parse("a.yaml", text.as_bytes()) {
                let says = |map: &serde_json::Map<String, serde_json::Value>| config::flatten(map);
                let masked = copy("a.yaml", &text);
                // What stands behind a comment sign is no part of a value; a token that is a map may be one of texts.
                let said = config::parse("a.yaml", masked.as_bytes()).expect("YAML");
                for (name, value) in says(&said) {
                    let value = value.to_string();
                    assert!(!value.contains("zq") || (name.contains("token") && text.contains("a: zq")), "{name}: {value}\n{text}\n{masked}");
                }
                assert_eq!(says(&said).keys().filter(|name| name.starts_with("lr")).count(), says(&map).keys().filter(|name| name.starts_with("lr")).count());
            }
        }

        #[test]
        fn any_bytes_are_masked(bytes in any::<Vec<u8>>(), text in "(password|lr|[:{}\\[\\],'\"|>&*!# \n=-]|zq){0,30}") {
            let masker = Masker::default();
            for name in ["a.yaml", "a.json", "a.toml", "a"] {
                for bytes in [&bytes[..], text.as_bytes()] {
                    let once = masker.mask_config(name, bytes).into_owned();
                    assert_eq!(*masker.mask(&once), *once);
                }
            }
            let _ = masker.mask_any_file(&bytes);
        }
    }
}
