//! Secrets are masked in everything that is recorded, and nowhere else.

use std::fs;
use std::path::Path;

use crate::support::TestRepo;

/// Made up; put together here so that no scanner takes it for a real one.
fn token() -> String {
    format!("ghp_{}", "Ab3d".repeat(9))
}

/// A repository whose program prints and logs a secret that it is given.
fn repo() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("train.sh", "echo \"using $1\"\nprintf 'half ghp_'; printf 'Ab3dAb3dAb3dAb3dAb3dAb3dAb3dAb3dAb3d\\n'\necho \"{\\\"metric\\\":\\\"acc $1\\\",\\\"value\\\":1}\" >> $GIT_XP_JOURNAL\necho '{\"param\":\"api_key\",\"value\":\"abc-''def-1\"}' >> $GIT_XP_JOURNAL\n");
    repo.commit("Train");
    repo
}

/// No file below a folder and no object of the repository holds the text.
#[track_caller]
fn is_nowhere(repo: &TestRepo, text: &str) {
    is_in_no_object(repo, text);
    fn files(dir: &Path, text: &str) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                files(&entry.path(), text);
            } else {
                let content = String::from_utf8_lossy(&fs::read(entry.path()).expect("a file")).into_owned();
                assert!(!content.contains(text), "{}: {content}", entry.path().display());
            }
        }
    }
    files(&repo.path.join(".git/xp"), text);
}

#[track_caller]
fn is_in_no_object(repo: &TestRepo, text: &str) {
    let objects = repo.git(&["cat-file", "--batch-check=%(objectname)", "--batch-all-objects"]);
    for object in objects.lines() {
        let kind = repo.git(&["cat-file", "-t", object]);
        let content = repo.git(&["cat-file", &kind, object]);
        assert!(!content.contains(text), "{kind} {object}: {content}");
    }
}

#[test]
fn a_run_hands_the_real_secret_on_and_records_a_mask() {
    let repo = repo();
    let param = format!("key={}", token());
    let said = repo.xp(&["run", "--seed", "1", "-p", &param, "--", "sh", "train.sh", "{key}", "--password", "hunter2"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains(&format!("using {}", token())), "{}", said.stdout);
    assert!(said.stderr.contains("3 secrets masked in what is recorded: github-token, named × 2"), "{}", said.stderr);
    assert!(!said.stderr.contains("hunter2") && !said.stderr.contains(&token()), "{}", said.stderr);
    for secret in [token().as_str(), "hunter2", "abc-def-1"] {
        is_nowhere(&repo, secret);
    }
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["params"]["key"], "<secret:github-token>");
    assert_eq!(fact["params"]["api_key"], "<secret:named>");
    assert_eq!(fact["command"][4], "<secret:named>");
    assert!(fact["metrics"]["acc <secret:github-token>"].is_object(), "{fact}");
    let output = repo.xp(&["show", "last", "--file", "output.log"]).ok();
    assert_eq!(output, "using <secret:github-token>\nhalf <secret:github-token>\n");
    // What was a secret cannot be repeated by heart.
    let said = repo.xp(&["run", "--seed", "2"]).fails(129);
    assert!(said.contains("held a secret"), "{said}");
    repo.is_sound();
}

#[test]
fn a_plan_does_not_depend_on_the_secret() {
    let repo = repo();
    for password in ["hunter2", "hunter3"] {
        repo.xp(&["run", "--again", "--seed", "1", "--", "true", "--password", password]).ok();
    }
    let facts = repo.facts("run");
    for key in ["plan", "condition", "argv_digest"] {
        assert_eq!(facts[0][key], facts[1][key], "{key}");
    }
}

#[test]
fn a_config_is_read_as_it_is_and_recorded_masked() {
    let repo = repo();
    repo.write("train.yaml", "lr: 0.1\ndb:\n  password: |\n    block-secret\n  url: redis://a:b1@h\n");
    repo.commit("Config");
    let temporary = repo.outside().join("temporary");
    fs::create_dir(&temporary).expect("a folder");
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    command.args(["run", "--seed", "1", "--config", "train.yaml", "-p", "lr=0.2", "--", "cat", "{config}"]);
    let said = repo.output(command.env("TMPDIR", &temporary)).ok();
    assert!(said.contains("block-secret") && said.contains("0.2"), "{said}");
    let name = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    let id = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    let files = repo.git(&["grep", "-h", "", &name, "--", &format!("files/{}/{id}/", &id[..2])]);
    assert!(!files.contains("block-secret") && !files.contains("b1@"), "{files}");
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["params"]["db.password"], "<secret:named>");
    assert_eq!(fact["params"]["db.url"], "redis://a:<secret:url-password>@h");
    assert!(fact["plan"].is_string());
    // What the command read lay elsewhere and is gone.
    assert_eq!(fs::read_dir(&temporary).expect("a folder").count(), 0);
}

#[test]
fn a_team_has_patterns_and_exceptions_of_its_own() {
    let repo = repo();
    repo.write(".xp.toml", "[secrets]\npatterns = ['corp-[0-9]{4}']\nallow = ['^ghp_x']\n[run]\nenvironment = [\"MY_TOKEN\", \"MY_HOST\"]\n");
    repo.commit("Settings");
    let fake = format!("ghp_{}", "x".repeat(36));
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    command.args(["run", "--seed", "1", "--", "echo", "corp-1234", &fake]).env("MY_TOKEN", "t0ken").env("MY_HOST", "h");
    repo.output(&mut command).ok();
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["command"][1], "<secret:pattern>");
    assert_eq!(fact["command"][2], fake);
    let env = repo.xp(&["show", "last", "--file", "env.toml"]).ok();
    assert!(env.contains("MY_TOKEN = \"<secret:named>\"") && env.contains("MY_HOST = \"h\""), "{env}");
    repo.xp(&["remark", "last", "see corp-4321"]).ok();
    repo.xp(&["discard", "last", "--because", "leaked corp-4322"]).ok();
    is_nowhere(&repo, "corp-43");
    for wrong in ["patterns = ['(']", "patterns = ['a*']", "allow = ['a{1000}{1000}']", "patterns = 'a'"] {
        repo.write(".xp.toml", &format!("[secrets]\n{wrong}\n"));
        let said = repo.xp(&["status"]).fails(128);
        assert!(said.contains(".xp.toml:2:") && said.contains("regular expression"), "{said}");
    }
}

#[test]
fn a_hypothesis_a_late_param_and_a_manual_run_are_masked() {
    let repo = repo();
    repo.xp(&["start", "a", "--because", &format!("found {}", token())]).ok();
    repo.train(1, "0.1");
    repo.xp(&["log-param", "api_key", "late-secret", "--run", "last"]).ok();
    repo.xp(&["log-param", "password=by-hand-1"]).ok();
    repo.xp(&["finish"]).ok();
    for secret in [token().as_str(), "late-secret", "by-hand-1"] {
        is_nowhere(&repo, secret);
    }
    repo.is_sound();
}

#[test]
fn what_a_killed_git_xp_left_is_masked_by_whoever_seals_it() {
    let repo = repo();
    let script = format!("printf 'last words {}'; kill -9 $PPID", token());
    let said = repo.xp(&["run", "--seed", "1", "--", "sh", "-c", &script]);
    assert_eq!(said.code, 137, "{said:?}");
    std::thread::sleep(std::time::Duration::from_millis(100));
    repo.xp(&["status"]).ok();
    is_nowhere(&repo, &token());
    assert_eq!(repo.xp(&["show", "last", "--file", "output.log"]).ok(), "last words <secret:github-token>");
}

#[test]
fn data_outputs_and_the_environment_are_masked() {
    let repo = repo();
    let secret = token();
    let data = format!("../{secret}");
    let outside = repo.path.join(&data);
    fs::create_dir_all(&outside).expect("a folder");
    fs::write(outside.join("a"), "1").expect("written");
    fs::create_dir(repo.outside().join("names")).expect("a folder");
    fs::write(repo.outside().join(format!("names/{secret}.txt")), "1").expect("written");
    repo.write(
        "write.sh",
        "mkdir results && cd results && echo \"key $1\" > text && printf \"\\\\377$1 \" > binary && echo 1 > \"$1.txt\" && ln -s \"$1\" link\n",
    );
    repo.commit("Write");
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    let pins = [format!("where={data}"), "names=../names".to_owned()];
    command.args(["run", "--seed", "1", "--out", "results", "--data", &pins[0], "--data", &pins[1]]);
    command.args(["--", "sh", "write.sh", &secret]).env("CONTAINER_IMAGE", "docker://ada:pw12345@host/image");
    let said = repo.output(&mut command);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains("a file's name holds a secret"), "{}", said.stderr);
    assert!(said.stderr.contains("binary holds a secret and is no text"), "{}", said.stderr);
    for secret in [secret.as_str(), "pw12345"] {
        is_in_no_object(&repo, secret);
    }
    let fact = &repo.facts("run")[0];
    let path = fact["data"]["where"]["path"].as_str().expect("a path");
    assert!(path.ends_with("/<secret:github-token>"), "{path}");
    assert!(fact["data"]["names"]["digest"].is_string(), "{fact}");
    let outputs = fact["artifacts"].as_array().expect("outputs");
    let said: Vec<_> = outputs.iter().map(|output| (output["name"].as_str(), output["stored"].as_bool())).collect();
    let masked = "out/<secret_github-token>.txt";
    assert_eq!(
        said,
        [(Some("out/binary"), Some(false)), (Some(masked), None), (Some("out/link"), None), (Some("out/text"), None)]
    );
    assert_eq!(outputs[2]["link"], "<secret:github-token>");
    assert_eq!(repo.xp(&["show", "last", "--file", "out/text"]).ok(), "key <secret:github-token>\n");
    let env = repo.xp(&["show", "last", "--file", "env.toml"]).ok();
    assert!(env.contains("docker://ada:<secret:url-password>@host/image"), "{env}");
    // What the command left is as it was.
    assert_eq!(fs::read_to_string(repo.path.join("results/text")).expect("a file"), format!("key {secret}\n"));
    repo.is_sound();
    let said = repo.xp(&["run", "--seed", "2", "--out", &format!("{secret}-out"), "--", "true"]).fails(129);
    assert!(said.contains("the path of the outputs holds a secret"), "{said}");
}

/// All that is in files of the last run, as git has it.
fn files_of(repo: &TestRepo, run: usize) -> String {
    let names = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    let id = repo.facts("run")[run]["id"].as_str().expect("an id").to_owned();
    let name = names.lines().last().expect("a ledger");
    repo.git(&["grep", "-h", "", name, "--", &format!("files/{}/{id}/", &id[..2])])
}

#[test]
fn copies_of_params_keep_nothing_of_a_secret_that_goes_over_lines() {
    // No id and no digest has upper-case letters.
    let repo = repo();
    repo.write(
        "params.yaml",
        "lr: 0.1\ndb:\n  # not pw\n  password: >-\n    ZQ1 ZQ2\n    ZQ3\n  pw: 'ZQ4''ZQ5'\ntoken: [ZQ6, ZQ7]\nsigning:\n  key: ZQ8 ZQ9\nlayers: [1, 2]\n",
    );
    repo.write("left.yaml", "db_password: ZQ1\n  ZQ2\nlr: 1\n");
    repo.write("more.toml", "[credentials]\nuser = \"ZQ1\"\nnote = '''\nZQ2\nZQ3'''\n");
    repo.write(".xp.toml", "[params]\nfiles = [\"params.yaml\", \"more.toml\"]\n");
    repo.write(
        "hydra.sh",
        "mkdir -p \"$1/.hydra\"\ncp left.yaml \"$1/.hydra/config.yaml\"\necho \"- 'db_password=ZQ4 ZQ5'\" > \"$1/.hydra/overrides.yaml\"\n\
         printf 'hydra:\\n  job:\\n    db_password: >-\\n      ZQ8\\n      ZQ9\\n' > \"$1/.hydra/hydra.yaml\"\n",
    );
    repo.commit("Params");
    let said = repo.xp(&["run", "--seed", "1", "--config", "left.yaml", "--", "cat", "{config}"]).ok();
    assert!(said.contains("ZQ1\n  ZQ2"), "{said}");
    repo.xp(&["run", "--seed", "1", "--out", "res", "--", "sh", "hydra.sh", "res"]).ok();
    repo.xp(&["run", "--seed", "1", "--", "sh", "hydra.sh", "outputs/1"]).ok();
    for run in 0..3 {
        let files = files_of(&repo, run);
        // The first one prints it, and of what is printed lines alone are looked at.
        assert!(run == 0 || !files.contains("ZQ"), "{files}");
        assert!(files.contains("layers"), "{files}");
        let fact = repo.facts("run")[run].to_string();
        assert!(!fact.contains("ZQ"), "{fact}");
    }
    let first = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    let copy = repo.xp(&["show", &first, "--file", "config/left.yaml"]).ok();
    assert_eq!(copy, "db_password: <secret:named>\nlr: 1\n");
    for (file, masked) in [
        ("params/params.yaml", "lr: 0.1\ndb:\n  password: <secret:named>\n  pw: <secret:named>\n"),
        ("params/more.toml", "[credentials]\nuser = \"<secret:named>\"\nnote = \"<secret:named>\"\n"),
        ("hydra/config.yaml", "db_password: <secret:named>\nlr: 1\n"),
        ("hydra/overrides.yaml", "- \"db_password=<secret:named>\"\n"),
        ("hydra/hydra.yaml", "hydra:\n  job:\n    db_password: <secret:named>\n"),
    ] {
        let copy = repo.xp(&["show", "last", "--file", file]).ok();
        assert!(copy.starts_with(masked), "{copy}");
    }
    let id = repo.facts("run")[1]["id"].as_str().expect("an id").to_owned();
    let left = repo.xp(&["show", &id, "--file", "out/.hydra/config.yaml"]).ok();
    assert_eq!(left, "db_password: <secret:named>\nlr: 1\n");
    repo.is_sound();
}

#[test]
fn what_a_command_prints_is_judged_by_its_names_too() {
    let repo = repo();
    let printed = "DB_PW=ZQ1a dbPwd: ZQ2a signingKey = ZQ3a {\"signing-key\": \"ZQ4 a\"} license.key=ZQ5a auth.key=ZQ;6a --pw ZQ7a --secret -ZQ8a\n";
    let plain = "monkey=3 keypoints=17 tokens=512 max_tokens: 4096 token_accuracy=0.9 num_keys=8 primary_key=id\n";
    repo.write("printed", &format!("{printed}{plain}"));
    repo.write(
        "journal",
        "{\"dbPwd\":\"ZQ9a\",\"x\":[{\"signing.key\":\"ZQ10\"}]}\n{\"metric\":\"max_tokens\",\"value\":3}\n",
    );
    repo.commit("Printed");
    let script = "cat printed; cat journal >> $GIT_XP_JOURNAL";
    repo.xp(&["run", "--seed", "1", "--", "sh", "-c", script, "x", "--pw", "ZQa", "--secret", "-ZQb"]).ok();
    let output = repo.xp(&["show", "last", "--file", "output.log"]).ok();
    assert!(!output.contains("ZQ") && output.ends_with(plain), "{output}");
    let fact = &repo.facts("run")[0];
    assert!(!fact.to_string().contains("ZQ"), "{fact}");
    assert!(fact["metrics"]["max_tokens"].is_object(), "{fact}");
    assert!(!files_of(&repo, 0).contains("ZQ"), "{}", files_of(&repo, 0));
}

#[test]
fn what_is_no_text_is_stored_as_it_is_or_not_at_all() {
    let repo = repo();
    let secret = token();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let files = [
        ("nul", format!("a\0b {secret}").into_bytes(), false),
        ("marked", wide(&format!("\u{feff}{secret}\r\n")), false),
        ("wide", wide(&format!("key {secret}\r\n")), false),
        ("plain", wide("\u{feff}lr 0.1\r\n"), true),
    ];
    fs::create_dir(repo.path.join("from")).expect("a folder");
    for (name, bytes, _) in &files {
        fs::write(repo.path.join("from").join(name), bytes).expect("written");
    }
    fs::write(repo.path.join("from.json"), wide(&format!("{{\"acc\": 1, \"key\": \"{secret}\"}}"))).expect("written");
    repo.write(".xp.toml", "[metrics]\nfiles = [\"m.json\"]\n");
    repo.commit("Files");
    let said = repo.xp(&[
        "run",
        "--seed",
        "1",
        "--out",
        "res",
        "--",
        "sh",
        "-c",
        "cp -r from res; cp from.json m.json; cat from/wide",
    ]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains("m.json holds a secret and is no text; it is not stored"), "{}", said.stderr);
    let outputs = repo.facts("run")[0]["artifacts"].clone();
    for (name, bytes, is_stored) in &files {
        let file = format!("out/{name}");
        let output = outputs.as_array().expect("outputs").iter().find(|output| output["name"] == *file);
        let is = output.expect("named")["stored"].as_bool().unwrap_or(true);
        assert_eq!(is, *is_stored, "{name}");
        assert_eq!(
            said.stderr.contains(&format!("{name} holds a secret and is no text")),
            !is_stored,
            "{}",
            said.stderr
        );
        if *is_stored {
            assert_eq!(
                repo.xp(&["show", "last", "--file", &file]).ok().as_bytes(),
                String::from_utf8_lossy(bytes).as_bytes()
            );
        }
    }
    assert_eq!(repo.xp(&["show", "last", "--file", "output.log"]).ok(), "key <secret:github-token>\r\n");
    repo.is_sound();
}

#[test]
fn a_secret_is_no_name_of_an_experiment() {
    let repo = repo();
    let before = repo.git(&["for-each-ref"]);
    for name in [token(), format!("exp/{}", token()), format!("try-{}", token())] {
        let said = repo.xp(&["start", &name]).fails(128);
        assert!(
            said.contains("the name of the experiment holds a secret") && said.contains("git xp start my-experiment"),
            "{said}"
        );
        assert!(!said.contains(&token()), "{said}");
    }
    assert_eq!(repo.git(&["for-each-ref"]), before);
    is_nowhere(&repo, &token());
    let said = repo.xp(&["start", "--here", &token()]).fails(128);
    assert!(said.contains("git xp start --here my-experiment"), "{said}");
    let expect = format!("\"acc {}\" >= 0.5", token());
    repo.xp(&["start", "a", "--expect", &expect, "--method", &format!("with {}", token()), "--tag", &token()]).ok();
    repo.xp(&["start", "--amend", "--expect", &expect, "--data", "password=ZQ1a"]).ok();
    is_nowhere(&repo, &token());
    is_nowhere(&repo, "ZQ1a");
    let shown = repo.xp(&["show", "a"]).ok();
    assert!(shown.contains("acc <secret:github-token>") && !shown.contains(&token()), "{shown}");
    repo.git(&["switch", "-q", "-c", &token()]);
    let said = repo.xp(&["start", "--here", "b"]).fails(128);
    assert!(said.contains("the name of the branch holds a secret"), "{said}");
    repo.is_sound();
}
