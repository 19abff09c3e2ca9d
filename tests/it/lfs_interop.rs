//! git-xp beside real git-lfs clients: the same pointers, the same blobs, repositories in which both work.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use git_xp::artifact::pointer::{LONGEST, Reading};

use crate::filter::{clone, push_away, tracked};
use crate::support::{Part, TestRepo, need};

/// The clients that are there: Debian's, and a newer one.
fn clients() -> Vec<String> {
    [need(Part::Program("git-lfs")), need(Part::NewGitLfs)].into_iter().flatten().collect()
}

/// Let git-lfs be the filter of a repository.
fn use_git_lfs(repo: &TestRepo, client: &str) {
    for (key, value) in
        [("process", "filter-process"), ("clean", "clean -- %f"), ("smudge", "smudge -- %f"), ("required", "")]
    {
        let value = if value.is_empty() { "true".to_owned() } else { format!("{client} {value}") };
        repo.git(&["config", &format!("filter.lfs.{key}"), &value]);
    }
}

fn use_git_xp(repo: &TestRepo) {
    let _ = repo.try_git(&["config", "--remove-section", "filter.lfs"]);
    repo.xp(&["artifact", "track", "*.pt"]).ok();
    assert_eq!(repo.git(&["config", "filter.lfs.process"]), "git-xp filter-process");
}

fn lfs(repo: &TestRepo, client: &str, args: &[&str]) -> String {
    repo.output(repo.command(client).args(args)).ok()
}

/// Make git look at each file again.
fn touch(dir: &Path) {
    for entry in std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry")) {
        if entry.file_type().expect("a type").is_file() {
            let file = std::fs::File::options().append(true).open(entry.path()).expect("a file");
            file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(5)).expect("touched");
        }
    }
}

const OID: &str = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";

/// Pointers, what is nearly one, and what is none.
fn texts() -> Vec<String> {
    let version = "version https://git-lfs.github.com/spec/v1";
    let text = format!("{version}\noid sha256:{OID}\nsize 12345\n");
    let extended = text.replace("oid", &format!("ext-0-foo sha256:{OID}\next-9-b_r-z sha256:{OID}\noid"));
    let mut texts: Vec<String> = [
        ("", ""),
        ("\n", "\r\n"),
        ("git-lfs.github.com", "hawser.github.com"),
        ("https://git-lfs.github.com/spec/v1", "http://git-media.io/v/2"),
        ("https://git-lfs.github.com/spec/v1", "https://git-lfs.github.com/spec/v2"),
        ("https", "http"),
        ("12345", "012345"),
        ("12345", "+12345"),
        ("12345", "-12345"),
        ("12345", "-0"),
        ("12345", "0"),
        ("12345", "1_2"),
        ("12345", "0x1f"),
        ("12345", "1e3"),
        ("12345", ""),
        ("12345", " 12345"),
        ("12345", "9223372036854775807"),
        ("12345", "9223372036854775808"),
        ("4d7a", "4D7A"),
        ("4d7a", "4d7"),
        ("4d7a", "4d7g"),
        ("sha256", "sha512"),
        ("sha256:", ""),
        ("oid", "key value\noid"),
        ("size", "key value\nsize"),
        ("version", "ext-0-foo sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nversion"),
        ("oid", "\n\noid"),
        ("oid ", "oid  "),
        ("oid ", "oid\t"),
        ("oid", "Oid"),
        ("size", " size"),
        ("\noid", "\r\r\noid"),
        ("version", "\u{feff}version"),
        ("version", "\u{a0}\u{2003}version"),
    ]
    .iter()
    .map(|(from, to)| if from.is_empty() { text.clone() } else { text.replacen(from, to, 9) })
    .collect();
    texts.extend([
        extended.clone(),
        extended.replace("ext-9", "ext-0"),
        extended.replace("ext-9-b_r-z", "ext-0-foo"),
        extended.replace("ext-9", "ext-10"),
        extended.replace("ext-9", "ext--1"),
        extended.replace("foo", ""),
        extended.replace("foo", "-foo"),
        extended.replace("foo", "\u{e9}"),
        extended.replace("foo", "f\u{e9}"),
        extended.replacen("sha256:", "md5:", 1),
        extended.replace("ext-0", "ext-5").replace("ext-9", "ext-1"),
        text.trim_end().to_owned(),
        format!("{text}\n"),
        format!("{text}\n \t\r\n"),
        format!(" {text}"),
        format!("\n{text}"),
        format!("{text}key value\n"),
        format!("{text}ext-0-foo sha256:{OID}\n"),
        format!("{text}{text}"),
        format!("{version}\nsize 12345\noid sha256:{OID}\n"),
        format!("{version}\noid sha256:{OID}\n"),
        format!("{version}\nsize 1\n"),
        format!("oid sha256:{OID}\nsize 12345\n"),
        version.to_owned(),
        "\n".to_owned(),
        " ".to_owned(),
        "git-lfs".to_owned(),
        format!("{text}{}", " ".repeat(LONGEST - 1 - text.len())),
        extended.replace("foo", &"f".repeat(LONGEST - 1 - extended.len() + 3)),
    ]);
    texts.extend(mutations(&[text, extended], 330));
    texts
}

/// Texts that differ from these in one or two places, the same ones each time.
fn mutations(texts: &[String], count: usize) -> Vec<String> {
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    const PIECES: [&str; 18] =
        ["", " ", "\n", "\r", "\t", "\r\n", "0", "9", "a", "f", "g", "A", "-", "+", ":", "\u{85}", "size ", "ext-1-x "];
    let mutate = |text: &str, random: &mut dyn FnMut(usize) -> usize| {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        match random(8) {
            0 => {
                let (one, other) = (random(lines.len()), random(lines.len()));
                lines.swap(one, other);
                lines.concat()
            }
            1 => {
                let at = random(lines.len());
                lines.insert(at, lines[random(lines.len())]);
                lines.concat()
            }
            2 => {
                lines.remove(random(lines.len()));
                lines.concat()
            }
            kind => {
                let mut chars: Vec<String> = text.chars().map(String::from).collect();
                let at = random(chars.len());
                let piece = PIECES[random(PIECES.len())];
                chars[at] = if kind < 5 { piece.to_owned() } else { format!("{piece}{}", chars[at]) };
                chars.concat()
            }
        }
    };
    let mut all = Vec::new();
    for n in 0..count {
        let once = mutate(&texts[n % texts.len()], &mut random);
        all.push(if n % 3 == 0 && !once.is_empty() { mutate(&once, &mut random) } else { once });
    }
    all
}

#[test]
fn what_is_a_pointer_git_lfs_decides() {
    for client in clients() {
        let repo = TestRepo::empty();
        let dir = repo.outside().join("pointers");
        std::fs::create_dir(&dir).expect("a folder");
        let texts: Vec<String> = texts().into_iter().filter(|text| !text.is_empty() && text.len() < LONGEST).collect();
        for (n, text) in texts.iter().enumerate() {
            std::fs::write(dir.join(n.to_string()), text).expect("written");
        }
        let line = format!(
            "cd '{}' && ls | xargs -P 2 -n 1 sh -c '\"$0\" pointer --check --strict --file \"$1\" >/dev/null 2>&1; echo \"$1 $?\"' '{client}'",
            dir.display()
        );
        let said = repo.sh(&line).ok();
        assert_eq!(said.lines().count(), texts.len());
        let mut wrong = String::new();
        let mut counts = [0; 3];
        for verdict in said.lines() {
            let (n, code) = verdict.split_once(' ').expect("two words");
            let text = &texts[n.parse::<usize>().expect("a number")];
            let ours = match Reading::parse(text.as_bytes()) {
                None => 1,
                Some(found) if found.is_canonical => 0,
                Some(_) => 2,
            };
            counts[ours] += 1;
            if code != ours.to_string() {
                writeln!(wrong, "git-lfs says {code}, git-xp {ours}: {text:?}").expect("written");
            }
        }
        assert!(wrong.is_empty(), "{client}:\n{wrong}");
        assert!(counts.iter().all(|count| *count > 9), "{counts:?}");
    }
}

/// Contents of which some are hard to tell from a pointer.
fn contents() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> =
        [0, 1, 100, 1023, 1024, 1025, 4096, 65_515, 65_516, 65_517, 262_143, 262_144, 262_145, 3 << 20]
            .iter()
            .map(|size| (0..*size).map(|n: usize| (n * n % 251) as u8).collect())
            .collect();
    all.extend(texts().into_iter().take(64).map(String::into_bytes));
    let pointer = texts()[0].clone();
    all.extend(
        [1024, 1025, 4096, 300_000].map(|size| format!("{pointer}{}", "x".repeat(size - pointer.len())).into_bytes()),
    );
    all.extend([&b"\xff\xfe\0"[..], b"a\r\nb\r\n", b"\n"].map(<[u8]>::to_vec));
    all
}

fn write_contents(repo: &TestRepo) {
    for (n, content) in contents().iter().enumerate() {
        std::fs::write(repo.path.join(format!("{n}.pt")), content).expect("written");
    }
}

fn objects(repo: &TestRepo) -> String {
    repo.sh("cd .git/lfs/objects && find . -type f | sort | xargs sha256sum").ok()
}

#[test]
fn git_add_makes_the_same_blobs() {
    for client in clients() {
        let (ours, theirs) = (tracked(), tracked());
        use_git_lfs(&theirs, &client);
        for repo in [&ours, &theirs] {
            write_contents(repo);
            repo.git(&["add", "--all"]);
        }
        assert_eq!(ours.git(&["ls-files", "--stage"]), theirs.git(&["ls-files", "--stage"]), "{client}");
        assert_eq!(objects(&ours), objects(&theirs), "{client}");
    }
}

#[test]
fn what_one_client_made_is_clean_for_the_other() {
    for client in clients() {
        let repo = tracked();
        write_contents(&repo);
        // Pointers to what is nowhere would be missing for any client.
        for n in 14..contents().len() - 7 {
            std::fs::remove_file(repo.path.join(format!("{n}.pt"))).expect("removed");
        }
        repo.commit("By git-xp");
        use_git_lfs(&repo, &client);
        touch(&repo.path);
        assert_eq!(repo.git(&["status", "--porcelain"]), "");
        assert_eq!(lfs(&repo, &client, &["fsck"]).trim(), "Git LFS fsck OK");
        let listed = lfs(&repo, &client, &["ls-files"]).lines().count();
        assert!(listed > 13, "{listed}");
        // And the other way round, checkouts included.
        repo.write("theirs.pt", &"theirs".repeat(99_999));
        repo.commit("By git-lfs");
        use_git_xp(&repo);
        touch(&repo.path);
        assert_eq!(repo.git(&["status", "--porcelain"]), "");
        repo.sh("rm ./*.pt").ok();
        let said = repo.try_git(&["checkout", "--", "."]);
        assert_eq!((said.code, said.stderr.contains("stay")), (0, false), "{said:?}");
        assert_eq!(std::fs::read_to_string(repo.path.join("theirs.pt")).expect("read"), "theirs".repeat(99_999));
        for (n, content) in contents().iter().enumerate().take(14) {
            assert!(std::fs::read(repo.path.join(format!("{n}.pt"))).expect("read") == *content, "{n}");
        }
        assert_eq!(lfs(&repo, &client, &["fsck"]).trim(), "Git LFS fsck OK");
    }
}

#[test]
fn in_a_clone_both_fetch_what_is_missing() {
    for client in clients() {
        let repo = tracked();
        for n in 0..20 {
            repo.write(&format!("{n}.pt"), &format!("content {n}"));
        }
        repo.commit("Files");
        // The origin's own store serves git-lfs; git-xp is not told of it.
        let (dir, said) = clone(&repo, "beside", None, &[]);
        assert!(said.contains("20 files stay pointers"), "{said}");
        let git = |args: &[&str]| repo.output(repo.command("git").current_dir(&dir).args(args)).ok();
        git(&["remote", "set-url", "origin", &format!("file://{}", repo.path.display())]);
        let pulled = repo.output(repo.command(&client).current_dir(&dir).arg("pull"));
        assert_eq!(pulled.code, 0, "{pulled:?}");
        for n in 0..20 {
            assert_eq!(std::fs::read_to_string(dir.join(format!("{n}.pt"))).expect("read"), format!("content {n}"));
        }
        assert_eq!(git(&["status", "--porcelain"]), "");
        assert_eq!(git(&["config", "filter.lfs.process"]), "git-xp filter-process\n", "nobody changed the other's");
        // What git-xp fetched git-lfs has no need to.
        let remote = push_away(&repo);
        let (dir, said) = clone(&repo, "fetched", Some(&remote), &[]);
        assert_eq!(said, "");
        let checked = repo.output(repo.command(&client).current_dir(&dir).args(["fsck"])).ok();
        assert_eq!(checked.trim(), "Git LFS fsck OK");
    }
}

#[test]
fn the_same_files_are_left_out() {
    let paths = ["a.pt", "data/a.pt", "data/old/a.pt", "old/b.pt", "x/data/c.pt", "x/A.pt", "with space.pt"];
    let cases = [
        ("data", ""),
        ("data/", ""),
        ("/data", ""),
        ("/data/**", ""),
        ("data/*.pt", ""),
        ("data/*", ""),
        ("**/data/*", ""),
        ("*.pt", "old"),
        ("", "old,x/**"),
        ("a.pt", ""),
        ("/a.pt", ""),
        (" x , old ", "*A*"),
        ("with space.pt", ""),
        ("?.pt", "data"),
        ("[ab].pt", ""),
        ("x/data/c.pt", ""),
        ("data/old", ""),
        ("none", ""),
        ("", "*"),
        ("**", "x"),
    ];
    for client in clients() {
        let repo = tracked();
        for path in paths {
            repo.write(path, path);
        }
        repo.commit("Files");
        let line = "git ls-files -z '*.pt' | xargs -0 rm -f && git checkout -q -- . && git ls-files '*.pt' | while IFS= read -r path; do printf '%s %s\\n' \"$(wc -c <\"$path\")\" \"$path\"; done";
        for (include, exclude) in cases {
            repo.git(&["config", "lfs.fetchinclude", include]);
            repo.git(&["config", "lfs.fetchexclude", exclude]);
            use_git_lfs(&repo, &client);
            let theirs = repo.sh(line).ok();
            use_git_xp(&repo);
            assert_eq!(repo.sh(line).ok(), theirs, "include '{include}' exclude '{exclude}'");
        }
    }
}

#[test]
fn patterns_are_written_as_git_lfs_writes_them() {
    let patterns =
        ["*.pt", "a b.bin", "#x", "dir/**/*.bin", "caf\u{e9}.bin", "[ab]?.bin", "./here.bin", "/top.bin", "a\"b"];
    for client in clients() {
        let (ours, theirs) = (TestRepo::empty(), TestRepo::empty());
        for pattern in patterns {
            ours.xp(&["artifact", "track", pattern]).ok();
            lfs(&theirs, &client, &["track", pattern]);
        }
        let text = |repo: &TestRepo| std::fs::read_to_string(repo.path.join(".gitattributes")).expect("attributes");
        assert_eq!(text(&ours), text(&theirs), "{client}");
        // Each takes the other's lines for its own.
        for pattern in patterns {
            let said = lfs(&ours, &client, &["track", pattern]);
            // It writes such a line again, in its place.
            assert!(said.contains("already supported") || pattern.starts_with('/'), "{pattern}");
            assert!(theirs.xp(&["artifact", "track", pattern]).stderr.contains("is tracked already"), "{pattern}");
        }
        assert_eq!(text(&ours), text(&theirs));
        for pattern in patterns {
            theirs.xp(&["artifact", "untrack", pattern]).ok();
        }
        assert_eq!(text(&theirs), "");
    }
}

#[test]
fn an_installed_git_lfs_stays_as_it_is() {
    for client in clients() {
        let repo = TestRepo::empty();
        let own: PathBuf = repo.outside().join("bin");
        std::fs::create_dir(&own).expect("a folder");
        std::os::unix::fs::symlink(&client, own.join("git-lfs")).expect("a link");
        lfs(&repo, &client, &["install", "--local"]);
        let before = std::fs::read_to_string(repo.path.join(".git/config")).expect("read");
        repo.xp(&["artifact", "track", "*.pt"]).ok();
        assert_eq!(std::fs::read_to_string(repo.path.join(".git/config")).expect("read"), before);
        repo.write("a.pt", "content");
        repo.commit("Files");
        assert!(repo.git(&["show", "HEAD:a.pt"]).ends_with("size 7"));
    }
}
