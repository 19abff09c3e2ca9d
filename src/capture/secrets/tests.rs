use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::json;

use super::super::record::secret_placeholders;
use super::super::stream::Stream;
use super::Masker;

/// Made-up secrets, put together here so that no scanner of repositories takes them for real ones.
fn secrets() -> Vec<(&'static str, String)> {
    let (a, z) = ("Ab3d".repeat(30), "0123456789abcdef".repeat(4));
    vec![
        ("github-token", format!("ghp_{}", &a[..36])),
        ("github-token", format!("github_pat_{}", &a[..82])),
        ("gitlab-token", format!("glpat-{}", &a[..20])),
        ("aws-access-key", "AKIA".to_owned() + "IOSFODNN7EXAMPLE"),
        ("google-api-key", format!("AIza{}", &a[..35])),
        ("google-oauth", format!("ya29.{}", &a[..40])),
        ("huggingface-token", format!("hf_{}", &a[..34])),
        ("openai-key", format!("sk-proj-{}", &a[..74])),
        ("anthropic-key", format!("sk-ant-api03-{}", &a[..95])),
        ("slack-token", format!("xoxb-{}-{}", &z[..10], &a[..24])),
        ("pypi-token", format!("pypi-AgEIcHlwaS5vcmc{}", &a[..60])),
        ("npm-token", format!("npm_{}", &a[..36])),
        ("stripe-key", format!("sk_live_{}", &a[..24])),
        ("twilio-key", format!("SK{}", &z[..32])),
        ("sendgrid-key", format!("SG.{}.{}", &a[..22], &a[..43])),
        ("databricks-token", format!("dapi{}", &z[..32])),
        ("vault-token", format!("hvs.{}", &a[..90])),
        ("jwt", format!("eyJ{}.eyJ{}.{}", &a[..20], &a[..40], &a[..43])),
        ("wandb-key", format!("wandb_v1_{}", &a[..60])),
    ]
}

fn mask(text: &str) -> String {
    Masker::default().mask_text(text)
}

#[test]
fn each_known_form_is_masked_and_the_rest_stays() {
    for (rule, secret) in secrets() {
        for (before, after) in [
            ("", ""),
            ("x ", " y"),
            ("\"", "\","),
            ("\\n", "\\n"),
            ("\u{1b}[31m", "\u{1b}[0m"),
            ("=", "\n"),
            ("ä(", ")ö"),
        ] {
            let text = format!("{before}{secret}{after}");
            assert_eq!(mask(&text), format!("{before}<secret:{rule}>{after}"), "{text:?}");
        }
    }
}

#[test]
fn what_stands_beside_a_name_is_masked() {
    let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let hex = "0123456789abcdef0123456789abcdef01234567";
    for (text, masked) in [
        ("password=hunter2", "password=<secret:named>".to_owned()),
        ("{'api_key': 'a b', 'lr': 0.1}", "{'api_key': '<secret:named>', 'lr': 0.1}".to_owned()),
        (r#"{"client_secret":"x\"y"}"#, r#"{"client_secret":"<secret:named>"}"#.to_owned()),
        (r#"{\"apiKey\": \"abc\"}"#, r#"{\"apiKey\": \"<secret:named>\"}"#.to_owned()),
        ("train --password hunter2 --lr 1", "train --password <secret:named> --lr 1".to_owned()),
        ("export HF_TOKEN=abc12345678", "export HF_TOKEN=<secret:named>".to_owned()),
        ("Authorization: Bearer abcdef1234567890", "Authorization: Bearer <secret:authorization>".to_owned()),
        (
            "curl -H 'authorization: Basic dXNlcjpwYXNz'",
            "curl -H 'authorization: Basic <secret:authorization>'".to_owned(),
        ),
        ("sent bearer abcdef1234567890.", "sent bearer <secret:bearer-token>".to_owned()),
        ("see https://ada:pw@host/x?y=1#z", "see https://ada:<secret:url-password>@host/x?y=1#z".to_owned()),
        ("redis://:pw@host redis://h:6379", "redis://:<secret:url-password>@host redis://h:6379".to_owned()),
    ] {
        assert_eq!(mask(text), masked);
    }
    assert_eq!(mask(&format!("aws key: {key}")), "aws key: <secret:aws-secret-key>");
    assert_eq!(mask(&format!("aws_secret_access_key = {key}")), "aws_secret_access_key = <secret:aws-secret-key>");
    assert_eq!(mask(&format!("WANDB_API_KEY={hex}")), "WANDB_API_KEY=<secret:wandb-key>");
    assert_eq!(mask(&format!("wandb login {hex}")), "wandb login <secret:wandb-key>");
    assert_eq!(mask(&format!("AccountName=x;AccountKey={key}==;")), "AccountName=x;AccountKey=<secret:azure-key>;");
    assert_eq!(mask(&format!("?se=1&sig={}%3D", "a1B".repeat(15))), "?se=1&sig=<secret:azure-sas>");
}

#[test]
fn ordinary_output_stays() {
    for text in [
        "epoch 3/10  loss 0.2431  val_acc 0.913  tokens/sec 18234  lr 1e-4",
        "tokens: 512, tokenizer: bpe, pad_token: <pad>, eos_token = '</s>', token_accuracy: 0.9312345678",
        "Namespace(lr=0.1, max_tokens=512, use_auth_token=True, password=None, token='')",
        "commit 5f0c0123456789abcdef0123456789abcdef0123, sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "wandb: Syncing run 0123456789abcdef0123456789abcdef01234567",
        "task-0123456789abcdefghijklmno risk-free sklearn ski sk-learn",
        "the secret of success: no; password required, see https://host/a@b and mailto:ada@example.org",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "Authorization: required; basic training, bearer of good news and more words here",
    ] {
        assert_eq!(mask(text), text);
    }
}

#[test]
fn names_in_texts_are_judged_as_names_of_params_are() {
    for (text, masked) in [
        ("DB_PW=hunter2", "DB_PW=<secret:named>"),
        ("dbPwd: hunter2", "dbPwd: <secret:named>"),
        ("DBPwd: hunter2", "DBPwd: <secret:named>"),
        ("signingKey = hunter2", "signingKey = <secret:named>"),
        ("{\"signing-key\": \"a b\"}", "{\"signing-key\": \"<secret:named>\"}"),
        ("license.key=hunter2", "license.key=<secret:named>"),
        ("auth.key=hunter2", "auth.key=<secret:named>"),
        ("app.auth__key := hunter2", "app.auth__key := <secret:named>"),
        ("train --pw a --lr 1", "train --pw <secret:named> --lr 1"),
        ("train --pw=a", "train --pw=<secret:named>"),
        ("--secret -abc --lr 1", "--secret <secret:named> --lr 1"),
        ("pw: a1b2c3d4e5", "pw: <secret:named>"),
        ("password=ab;cd", "password=<secret:named>"),
        ("password=a;b,c&d end", "password=<secret:named> end"),
        ("password=ab; cd", "password=<secret:named>; cd"),
        ("password=ab, cd", "password=<secret:named>, cd"),
        ("Server=h;Password=a;b;User=ada;", "Server=h;Password=<secret:named>;User=ada;"),
        ("?password=ab&x=1", "?password=<secret:named>&x=1"),
        ("Args(password=a,lr=1)", "Args(password=<secret:named>,lr=1)"),
        ("{password:a,lr:1}", "{password:<secret:named>,lr:1}"),
        ("{'api_keys': ['a]', 'b'], 'lr': 1}", "{'api_keys': [<secret:named>], 'lr': 1}"),
    ] {
        assert_eq!(mask(text), masked);
    }
    let token = format!("ghp_{}", "Ab3d".repeat(9));
    assert_eq!(
        mask(&format!("token-{token} key.{token}=1")),
        "token-<secret:github-token> key.<secret:github-token>=1"
    );
    assert_eq!(mask(&format!("password-{token}=ab")), "password-<secret:github-token>=<secret:named>");
    for text in [
        "monkey=3 keypoints=17 tokens=512 max_tokens: 4096 token_accuracy=0.9 num_keys=8 primary_key=id",
        "{\"tokens\": 512, \"key\": \"value\", \"num_keys\": 8, 'sort_key': 'loss', cache_key=ab12cd34ef}",
        "stepwise=1 upward: 2 pw=0.5 conv_pw=64 bn_pw: 3 pwd=/home/ada keys: 3 hotkey=x whiskey: 7",
        "tokens/sec: 18234, token: the, tokenizer_name=bpe num_tokens = 12345678 pad_token_id=0 key_dim=64",
        "--use-secret --lr 1 --use-token -v --max-tokens 4096 --key 3 --pwd /work",
        "KeyError: 'x'; Keyboard=1; keyframe: 3; query_key_value.weight: torch.Size([3, 4]) key_padding_mask=None",
        "attn.key: Linear(in=3) attn.key.weight=0.3 k_proj key_value_heads=8",
        "{\"image/png\": \"iVBORw0aPw=\", \"x\": 1}",
        "password=None;token=;secret=False, api_key=null, api_keys=[]",
    ] {
        assert_eq!(mask(text), text);
    }
}

#[test]
fn secrets_in_utf16_are_found_in_files_of_text() {
    let token = format!("ghp_{}", "Ab3d".repeat(9));
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("output");
    for (bytes, masked) in [
        (wide(&format!("lr 1\r\nkey {token}\r\n")), b"lr 1\r\nkey <secret:github-token>\r\n".to_vec()),
        (format!("a\0b {token}\n").into_bytes(), b"a\0b <secret:github-token>\n".to_vec()),
        (wide("lr 1\r\n"), wide("lr 1\r\n")),
    ] {
        std::fs::write(&path, bytes).expect("written");
        super::super::stream::mask_file(&Masker::default(), &path).expect("masked");
        assert_eq!(std::fs::read(&path).expect("a file"), masked);
    }
    let line = Masker::default().mask_journal_line(&wide(&format!("{{\"a\":\"{token}\"}}\n")));
    assert_eq!(line.as_deref(), Some(&b"{\"a\":\"<secret:github-token>\"}\n"[..]));
    assert_eq!(Masker::default().mask_journal_line(&wide("{\"metric\":\"loss\"}\n")), None);
}

#[test]
fn a_private_key_goes_as_a_whole() {
    let body = format!("{}\n{}\nabc=\n", "MIIE".repeat(16), "Ab3+".repeat(16));
    let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----");
    assert_eq!(mask(&format!("a\n{key}\nb\n")), "a\n<secret:private-key>\nb\n");
    assert_eq!(mask(&format!("{{\"k\":\"{}\"}}", key.replace('\n', "\\n"))), "{\"k\":\"<secret:private-key>\"}");
    // One that is cut off takes only what looks like it.
    let cut = format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\nepoch 1 loss 0.5\n", "Ab3+".repeat(16));
    assert_eq!(mask(&cut), "<secret:private-key>\nepoch 1 loss 0.5\n");
    assert_eq!(mask("-----BEGIN PRIVATE KEY-----\n\n"), "<secret:private-key>\n\n");
}

#[test]
fn patterns_and_exceptions_are_the_teams() {
    let masker =
        Masker::new(&["corp-[0-9]{4}".to_owned(), "user (\\w+) logged".to_owned()], &["^ghp_x+$".to_owned()]).unwrap();
    assert_eq!(masker.mask_text("corp-1234 user ada logged in"), "<secret:pattern> user <secret:pattern> logged in");
    let fake = format!("ghp_{}", "x".repeat(36));
    assert_eq!(masker.mask_text(&fake), fake);
    assert_eq!(masker.take_counts(), [("pattern", 2)]);
    let masker = Masker::new(&["[a-z:<>-]+".to_owned()], &[]).unwrap();
    assert_eq!(masker.mask_text("<secret:named> secret"), "<secret:named> <secret:pattern>");
    assert!(Masker::new(&["(".to_owned()], &[]).is_err());
}

#[test]
fn an_argv_is_masked_argument_by_argument() {
    let masked =
        |argv: &[&str]| Masker::default().mask_argv(&argv.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>());
    assert_eq!(masked(&["--api-key=abc", "--lr", "0.1"]), ["--api-key=<secret:named>", "--lr", "0.1"]);
    assert_eq!(masked(&["--password", "two words", "x"]), ["--password", "<secret:named>", "x"]);
    assert_eq!(
        masked(&["--secret", "-abc", "--pw", "a", "--use-secret", "--lr", "-v"]),
        ["--secret", "<secret:named>", "--pw", "<secret:named>", "--use-secret", "--lr", "-v"]
    );
    assert_eq!(
        masked(&["--token", "abc", "--use-token", "--lr"]),
        ["--token", "<secret:named>", "--use-token", "--lr"]
    );
    let harmless = ["--max-tokens", "512", "--tokenizer=bpe", "--password", "{pw}", "--password=", "--token-file", "x"];
    assert_eq!(masked(&harmless), harmless);
    assert_eq!(
        masked(&["env", "TOKEN=abc", "sh", "-c", "login --password abc"])[1..],
        ["TOKEN=<secret:named>", "sh", "-c", "login --password <secret:named>"]
    );
    let command: Vec<String> =
        ["t", "--password", "{pw}", "--key={k}", "--api-key={k2}", "{x}"].map(str::to_owned).to_vec();
    assert_eq!(secret_placeholders(&command).into_iter().collect::<Vec<_>>(), ["k2", "pw"]);
}

#[test]
fn a_value_that_was_named_is_masked_wherever_it_stands() {
    let masker = Masker::default();
    let params = [
        ("db.password".to_owned(), json!("hunter2")),
        ("pin_secret".to_owned(), json!(1234)),
        ("pad_token".to_owned(), json!(0)),
        ("api_key".to_owned(), json!(["one-key", null, {"x": 1}])),
    ];
    let masked = masker.mask_params(&params.into_iter().collect());
    assert_eq!(
        serde_json::to_value(masked).unwrap(),
        json!({"api_key": ["<secret:named>", null, {"x": "<secret:named>"}], "db.password": "<secret:named>", "pad_token": 0, "pin_secret": "<secret:named>"})
    );
    assert_eq!(masker.mask_text("connected with hunter2, 1234"), "connected with <secret:named>, 1234");
}

#[test]
fn a_line_of_a_journal_stays_json() {
    let masker = Masker::new(&["\"value\":[^,]*".to_owned()], &[]).unwrap();
    let line = |text: &str| masker.mask_journal_line(text.as_bytes()).map(|line| String::from_utf8(line).unwrap());
    assert_eq!(
        line("{\"param\":\"api_key\",\"value\":\"abc\"}\n").as_deref(),
        Some("{\"param\":\"api_key\",\"value\":\"<secret:named>\"}\n")
    );
    assert_eq!(
        line("{\"params\":{\"db\":{\"password\":12345}}}\n").as_deref(),
        Some("{\"params\":{\"db\":{\"password\":\"<secret:named>\"}}}\n")
    );
    assert_eq!(line("{\"metric\":\"loss\",\"value\":0.5}\n"), None);
    assert_eq!(line("{\"metric\":\"loss\",\"value\":1}\n"), None);
    let name = format!("{{\"metric\":\"x ghp_{}\",\"value\":1e400}}", "a".repeat(36));
    assert!(line(&name).unwrap().contains("<secret:github-token>"));
}

/// Pieces of which texts with secrets consist.
fn pieces() -> impl Strategy<Value = String> {
    let known: Vec<String> = secrets().into_iter().map(|(_, secret)| secret).collect();
    prop_oneof![
        3 => proptest::sample::select(known),
        2 => proptest::sample::select(vec!["password=", "DB_PW=", "auth.key: ", "-pw ", ";", ",x=", "[", "]", "token: ", "\"api_key\": \"", "--secret ", "://a:b@", "<secret:named>", "<secret:", "Bearer ", "Authorization: ", "wandb key ", "sk-", "\"", "'", "corp-1", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "MIIEpAIBAAKCAQEAx"]).prop_map(str::to_owned),
        3 => "[ a-z0-9=:\"'<>/@.\\\\-]{0,12}",
        2 => Just("\n".to_owned()),
        1 => Just("\r".to_owned()),
        1 => any::<String>(),
    ]
}

fn masker() -> Masker {
    Masker::new(&["corp-[0-9a-z]+".to_owned(), "[<a-z]:[a-z>]".to_owned()], &["b".to_owned()]).unwrap()
}

proptest! {
    #[test]
    fn masking_twice_is_masking_once(pieces in vec(pieces(), 0..12)) {
        let masker = masker();
        let once = masker.mask_text(&pieces.concat());
        assert_eq!(masker.mask_text(&once), once);
    }

    #[test]
    fn parts_are_masked_as_the_whole(pieces in vec(pieces(), 0..12), cuts in vec(0usize..400, 0..6)) {
        let (masker, text) = (masker(), pieces.concat().into_bytes());
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        let (mut stream, mut out) = (Stream::new(&masker), Vec::new());
        for pair in cuts.windows(2) {
            stream.push(&text[pair[0]..pair[1]], &mut out).unwrap();
        }
        stream.finish(&mut out).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&masker.mask(&text)));
    }

    #[test]
    fn a_secret_never_stays(before in "[ a-z\n\"=]{0,20}", after in "[ \n\"',)]", at in 0usize..19) {
        let (_, secret) = secrets().swap_remove(at);
        let masked = mask(&format!("{before} {secret}{after}"));
        assert!(!masked.contains(&secret), "{masked}");
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
        let _ = masker().mask(&bytes);
        let _ = masker().mask_journal_line(&bytes);
    }
}
