//! What goes wrong around a training: kills, locks, full disks, lost terminals. Nothing that was acknowledged is lost, and nothing blocks.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::support::{Output, Part, TestRepo, exit_code, need};

const BIN: &str = env!("CARGO_BIN_EXE_git-xp");

/// How many processes are killed.
const KILLS: u32 = 200;

/// Logs by `git xp log-metric`, and notes what was acknowledged.
const LOGGER: &str = r#"ack=$1
echo start >> "$ack/state"
for i in 1 2 3 4; do
  git-xp log-metric m$i $i && echo "$GIT_XP_RUN m$i" >> "$ack/run"
  echo "{\"metric\":\"shell$i\",\"value\":$i}" >> "$GIT_XP_JOURNAL" && echo "$GIT_XP_RUN shell$i" >> "$ack/run"
done
echo done >> "$ack/state"
"#;

/// Deterministic enough to name, different in every run: where a kill falls depends on the machine anyway.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        Self(now.as_nanos() as u64 | 1)
    }

    fn below(&mut self, limit: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Duration::from_nanos(self.0 % (limit.as_nanos() as u64).max(1))
    }
}

fn spawn(repo: &TestRepo, args: &[&str]) -> Child {
    let mut command = repo.command(BIN);
    command.args(args).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command.spawn().expect("it starts")
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Every metric that a run fact or a late fact holds, as (run, metric).
fn recorded(repo: &TestRepo) -> BTreeSet<(String, String)> {
    let runs = repo.facts("run").into_iter().map(|fact| (fact["id"].clone(), fact));
    let late = repo.facts("late").into_iter().map(|fact| (fact["target"].clone(), fact));
    runs.chain(late)
        .flat_map(|(id, fact)| {
            let names: Vec<String> =
                fact["metrics"].as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default();
            names.into_iter().map(move |name| (id.as_str().expect("an id").to_owned(), name))
        })
        .collect()
}

#[test]
fn kill_9_at_any_moment_loses_no_acknowledged_metric_and_blocks_nothing() {
    let repo = TestRepo::new();
    repo.write("logger.sh", LOGGER);
    repo.commit("Log");
    // With packed refs, as in every clone.
    repo.git(&["gc", "--quiet"]);
    let ack = repo.outside().join("ack");
    fs::create_dir(&ack).expect("a folder");
    let ack_path = ack.display().to_string();
    let begun = Instant::now();
    repo.xp(&["run", "--again", "--seed", "1", "--", "sh", "logger.sh", &ack_path]).ok();
    let whole = begun.elapsed();

    let mut random = Random::new();
    for i in 0..KILLS / 2 {
        let seed = i.to_string();
        let mut run = spawn(&repo, &["run", "--again", "--seed", &seed, "--", "sh", "logger.sh", &ack_path]);
        std::thread::sleep(random.below(whole + whole / 4));
        let _ = run.kill();
        run.wait().expect("it ended");
    }
    let mut by_hand = BTreeSet::new();
    repo.xp(&["log-metric", "first", "1"]).ok();
    let begun = Instant::now();
    repo.xp(&["log-metric", "second", "1"]).ok();
    let whole = begun.elapsed();
    for i in 0..KILLS / 2 {
        let name = format!("h{i}");
        let mut log = spawn(&repo, &["log-metric", &name, "1"]);
        std::thread::sleep(random.below(whole));
        let _ = log.kill();
        if log.wait().expect("it ended").success() {
            by_hand.insert(name);
        }
    }
    wait_until("the trainings end", || {
        let state = fs::read_to_string(ack.join("state")).unwrap_or_default();
        let count = |word| state.lines().filter(|line| *line == word).count();
        count("start") == count("done")
    });

    repo.xp(&["finish"]).ok();
    repo.xp(&["fsck", "--repair"]).ok();
    repo.is_sound();
    let recorded = recorded(&repo);
    let acknowledged = fs::read_to_string(ack.join("run")).expect("something was acknowledged");
    for line in acknowledged.lines() {
        let (run, metric) = line.split_once(' ').expect("two words");
        assert!(recorded.contains(&(run.to_owned(), metric.to_owned())), "{run} {metric} is lost");
    }
    for name in &by_hand {
        assert!(recorded.iter().any(|(_, metric)| metric == name), "{name} is lost");
    }

    // Neither git-xp nor git is stopped by what lies around.
    repo.train(1, "0.5");
    repo.git(&["branch", "other"]);
    repo.git(&["pack-refs", "--all"]);
    repo.git(&["branch", "-D", "other"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    repo.is_sound();
}

#[test]
fn many_commands_that_find_the_same_orphans_record_them_once() {
    let repo = TestRepo::new();
    for seed in ["1", "2", "3"] {
        let line =
            r#"for i in $(seq 2000); do echo "{\"metric\":\"m\",\"value\":$i}"; done >> "$GIT_XP_JOURNAL"; sleep 60"#;
        let mut run = spawn(&repo, &["run", "--seed", seed, "--", "bash", "-c", line]);
        wait_until("it logs", || journals(&repo).iter().any(|text| text.lines().count() > 2000));
        kill_command(&repo, run.id());
        let _ = run.kill();
        run.wait().expect("it ended");
        let mut readers: Vec<Child> = (0..6).map(|_| spawn(&repo, &["status"])).collect();
        readers.iter_mut().for_each(|reader| assert!(reader.wait().expect("it ended").success()));
    }
    let runs = repo.facts("run");
    assert_eq!(runs.len(), 3);
    for run in runs {
        assert_eq!(run["metrics"]["m"]["count"], 2000);
        let id = run["id"].as_str().expect("an id");
        let ledger = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
        let series = repo.git(&["cat-file", "blob", &format!("{ledger}:files/{}/{id}/series.tsv", &id[..2])]);
        assert_eq!(series.lines().count(), 2001);
    }
    repo.is_sound();
}

fn journals(repo: &TestRepo) -> Vec<String> {
    let runs = fs::read_dir(repo.path.join(".git/xp/runs")).into_iter().flatten().flatten();
    runs.filter_map(|run| fs::read_to_string(run.path().join("journal.jsonl")).ok()).collect()
}

/// Kill -9 what git-xp started: the process that its journal names.
fn kill_command(repo: &TestRepo, parent: u32) {
    let mut found = None;
    wait_until("the command is named", || {
        found = journals(repo).iter().flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).find_map(
            |line| {
                let line: serde_json::Value = serde_json::from_str(&line).ok()?;
                (line["journal"] == "owner" && line["role"] == "command").then(|| line["pid"].as_u64()).flatten()
            },
        );
        found.is_some()
    });
    let pid = found.expect("found");
    assert_ne!(pid, u64::from(parent));
    kill("-KILL", &pid.to_string());
}

fn kill(signal: &str, target: &str) {
    assert!(Command::new("kill").args([signal, "--", target]).status().expect("kill runs").success());
}

fn only_run(repo: &TestRepo) -> serde_json::Value {
    let mut runs = repo.facts("run");
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.remove(0)
}

#[test]
fn a_training_outlives_its_killed_git_xp_and_is_recorded_whole() {
    let repo = TestRepo::new();
    let done = repo.outside().join("done");
    let line = format!(
        r#"for i in $(seq 50); do git-xp log-metric m $i --step $i; echo line $i; done; touch '{}'"#,
        done.display()
    );
    let mut run = spawn(&repo, &["run", "--seed", "1", "--", "bash", "-c", &line]);
    wait_until("it logs", || journals(&repo).iter().any(|text| text.contains("\"step\":3")));
    run.kill().expect("killed");
    run.wait().expect("it ended");
    // While it trains, nobody seals it.
    if !done.exists() {
        repo.xp(&["status"]).ok();
        assert!(repo.facts("run").is_empty() || done.exists());
    }
    wait_until("the training ends", || done.exists());
    wait_until("it is sealed", || {
        repo.xp(&["status"]).ok();
        !repo.facts("run").is_empty()
    });
    let run = only_run(&repo);
    assert_eq!(run["status"], "crashed");
    assert_eq!(run["metrics"]["m"]["count"], 50);
    let shown = repo.xp(&["show", "last"]).ok();
    assert!(shown.contains("crashed"), "{shown}");
    repo.is_sound();
}

#[test]
fn a_killed_command_is_recorded_with_its_signal() {
    let repo = TestRepo::new();
    let line = r#"git-xp log-metric m 1; kill -KILL $$"#;
    repo.xp(&["run", "--seed", "1", "--", "bash", "-c", line]).fails(137);
    let run = only_run(&repo);
    assert_eq!((&run["status"], &run["signal"]), (&"killed".into(), &9.into()));
    assert_eq!(run["metrics"]["m"]["final"], 1);
}

#[test]
fn a_missing_command_ends_with_127_and_one_that_cannot_run_with_126() {
    let repo = TestRepo::new();
    let said = repo.xp(&["run", "--seed", "1", "--", "no-such-program"]);
    assert_eq!(said.code, 127);
    assert!(format!("{}{}", said.stdout, said.stderr).contains("no such program"));
    assert_eq!(only_run(&repo)["status"], "failed");
    assert_eq!(only_run(&repo)["exit"], 127);
    repo.xp(&["run", "--seed", "2", "--", "./train.sh"]).fails(126);
    repo.is_sound();
}

/// A training that counts its signals.
const COUNTER: &str = r#"n=0
# Before the trap: a signal while bash reads this would leave it without a round.
rounds=$(seq 200)
trap 'n=$((n+1)); git-xp log-metric signals $n' INT TERM HUP
echo ready > "$1"
for i in $rounds; do sleep 0.05; if [ $n -gt 0 ]; then sleep 0.3; exit 9; fi; done
"#;

fn counting(repo: &TestRepo) -> PathBuf {
    repo.write("counter.sh", COUNTER);
    repo.commit("Count");
    repo.outside().join("ready")
}

#[test]
fn sigterm_to_git_xp_is_passed_on_once() {
    let repo = TestRepo::new();
    let ready = counting(&repo);
    let mut run = spawn(&repo, &["run", "--seed", "1", "--", "bash", "counter.sh", &ready.display().to_string()]);
    wait_until("it is ready", || ready.exists());
    kill("-TERM", &run.id().to_string());
    assert_eq!(exit_code(run.wait().expect("it ended")), 9);
    let fact = only_run(&repo);
    assert_eq!((&fact["status"], &fact["exit"]), (&"killed".into(), &9.into()));
    assert_eq!(fact["metrics"]["signals"]["count"], 1);
    repo.is_sound();
}

#[test]
fn ctrl_c_sent_to_the_whole_group_is_recorded() {
    let repo = TestRepo::new();
    let ready = repo.outside().join("ready");
    let line = format!("touch '{}'; exec sleep 60", ready.display());
    let mut command = repo.command(BIN);
    command.args(["run", "--seeds", "1..3", "--", "sh", "-c", &line]).process_group(0);
    let mut run = command.stderr(std::process::Stdio::null()).spawn().expect("it starts");
    wait_until("it is ready", || ready.exists());
    kill("-INT", &format!("-{}", run.id()));
    assert_eq!(exit_code(run.wait().expect("it ended")), 130);
    // The other seeds are not run.
    assert_eq!(only_run(&repo)["status"], "killed");
    repo.is_sound();
}

/// Starts the arguments after the second on a terminal, waits for the file of the first, and types (or hangs up, if that is empty) the second.
const TERMINAL: &str = r#"
import os, pty, sys, time
ready, typed, command = sys.argv[1], sys.argv[2], sys.argv[3:]
pid, master = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
while not os.path.exists(ready):
    time.sleep(0.02)
if typed:
    os.write(master, typed.encode())
else:
    os.close(master)
end = time.time() + 20
while time.time() < end:
    if typed:
        try: os.read(master, 4096)
        except OSError: typed = ""
    done, status = os.waitpid(pid, os.WNOHANG if not typed else os.WNOHANG)
    if done:
        sys.exit(os.waitstatus_to_exitcode(status) % 256)
    time.sleep(0.02)
sys.exit(99)
"#;

fn on_a_terminal(repo: &TestRepo, typed: &str) -> Option<Output> {
    need(Part::Program("python3"))?;
    let ready = counting(repo).display().to_string();
    let run = [BIN, "run", "--seed", "1", "--", "bash", "counter.sh", &ready];
    Some(repo.output(repo.command("python3").args(["-c", TERMINAL, &ready, typed]).args(run)))
}

#[test]
fn ctrl_c_on_a_terminal_reaches_the_command_once() {
    let repo = TestRepo::new();
    let Some(ended) = on_a_terminal(&repo, "\u{3}") else { return };
    assert_eq!(ended.code, 9, "{ended:?}");
    let fact = only_run(&repo);
    assert_eq!(fact["status"], "killed");
    assert_eq!(fact["metrics"]["signals"]["count"], 1);
    repo.is_sound();
}

#[test]
fn a_closed_terminal_is_recorded() {
    let repo = TestRepo::new();
    let Some(ended) = on_a_terminal(&repo, "") else { return };
    assert_eq!(ended.code, 9, "{ended:?}");
    let fact = only_run(&repo);
    assert_eq!(fact["status"], "killed");
    assert!(fact["metrics"]["signals"]["count"].as_i64() >= Some(1));
    repo.is_sound();
}

fn refs_of(repo: &TestRepo) -> Vec<PathBuf> {
    let refs = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/", "refs/notes/"]);
    refs.lines().map(|name| repo.path.join(".git").join(format!("{name}.lock"))).collect()
}

#[test]
fn stale_locks_block_nothing() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.git(&["gc", "--quiet"]);
    let locks = refs_of(&repo);
    assert_eq!(locks.len(), 3, "{locks:?}");
    for lock in &locks {
        fs::create_dir_all(lock.parent().expect("a folder")).expect("a folder");
        fs::write(lock, "").expect("written");
        assert!(Command::new("touch").args(["-d", "1 hour ago"]).arg(lock).status().expect("touch runs").success());
    }
    // Another program's, and not ours to take; ours do not need it.
    fs::write(repo.path.join(".git/packed-refs.lock"), "").expect("written");
    repo.commit("More");
    let begun = Instant::now();
    repo.train(2, "0.1");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(repo.facts("run").len(), 2);
    assert!(repo.path.join(".git/packed-refs.lock").exists());
    fs::remove_file(repo.path.join(".git/packed-refs.lock")).expect("removed");
    repo.is_sound();
}

#[test]
fn a_lock_of_a_living_process_is_respected_and_the_fact_waits() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let lock = repo.path.join(".git/refs/notes/xp.lock");
    fs::write(&lock, "").expect("written");
    let is_over = AtomicBool::new(false);
    let said = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                let file = fs::OpenOptions::new().write(true).open(&lock).expect("nobody takes it");
                file.set_modified(SystemTime::now()).expect("touched");
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        let said = repo.xp(&["run", "--seed", "2", "--", "sh", "-c", "exit 7"]);
        is_over.store(true, Ordering::SeqCst);
        said
    });
    assert_eq!(said.code, 7, "{said:?}");
    assert!(said.stderr.contains("not yet sealed") && said.stderr.contains("refs/notes/xp"), "{}", said.stderr);
    assert!(lock.exists());
    assert_eq!(repo.facts("run").len(), 1);
    let found = repo.xp(&["fsck"]);
    assert!(found.code == 1 && found.stdout.contains("pending"), "{found:?}");
    fs::remove_file(&lock).expect("removed");
    repo.xp(&["status"]).ok();
    assert_eq!(repo.facts("run").len(), 2);
    repo.is_sound();
}

#[test]
fn a_limit_of_file_sizes_changes_no_exit_code() {
    let repo = TestRepo::new();
    // The journal stays under the limit, the fact does not.
    repo.write(
        "many.sh",
        r#"for i in $(seq 130); do echo "{\"metric\":\"a$i\",\"value\":$i}"; done >> "$GIT_XP_JOURNAL"; exit 3"#,
    );
    repo.commit("Many");
    let said = repo.sh("ulimit -f 6; git-xp run --seed 1 -- sh many.sh");
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.stderr.contains("File too large") && said.stderr.contains("nothing is lost"), "{}", said.stderr);
    assert!(repo.facts("run").is_empty());
    repo.xp(&["status"]).ok();
    let run = only_run(&repo);
    assert_eq!((&run["status"], &run["exit"]), (&"failed".into(), &3.into()));
    assert_eq!(run["metrics"].as_object().expect("metrics").len(), 130);
    repo.is_sound();
}

/// A mount that ends with the test.
pub struct Mount(PathBuf);

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Mount something, if that is allowed here.
pub fn mount(args: &[&str], at: &Path) -> Option<Mount> {
    need(Part::Root)?;
    let done = Command::new("mount").args(args).arg(at).output().is_ok_and(|output| output.status.success());
    if !done {
        // Root of a container may not mount. Not through the test harness, which would hide it.
        let _ = writeln!(std::io::stderr(), "LEFT OUT: mount {args:?} is not allowed here");
    }
    done.then(|| Mount(at.to_owned()))
}

#[test]
fn a_full_disk_changes_no_exit_code_and_the_next_command_seals() {
    let repo = TestRepo::new();
    let small = repo.path.join(".git/xp");
    fs::create_dir_all(&small).expect("a folder");
    let Some(_mount) = mount(&["-t", "tmpfs", "-o", "size=512k", "none"], &small) else { return };
    let line =
        r#"git-xp log-metric before 1; cat /dev/zero > .git/xp/fill 2>/dev/null; git-xp log-metric after 2; exit 3"#;
    let said = repo.xp(&["run", "--seed", "1", "--", "bash", "-c", line]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.stderr.contains("No space left on device"), "{}", said.stderr);
    assert!(repo.facts("run").is_empty());
    fs::remove_file(small.join("fill")).expect("removed");
    repo.xp(&["status"]).ok();
    let run = only_run(&repo);
    assert_eq!(run["metrics"]["before"]["final"], 1);
    repo.is_sound();
}

#[test]
fn a_full_disk_under_the_objects_leaves_the_fact_pending() {
    let repo = TestRepo::new();
    let small = repo.path.join(".git/objects");
    repo.git(&["gc", "--quiet"]);
    let saved = repo.outside().join("objects");
    assert!(Command::new("cp").arg("-a").arg(&small).arg(&saved).status().expect("cp runs").success());
    let Some(_mount) = mount(&["-t", "tmpfs", "-o", "size=512k", "none"], &small) else { return };
    assert!(Command::new("cp").arg("-a").arg(saved.join(".")).arg(&small).status().expect("cp runs").success());
    let line = "cat /dev/zero > .git/objects/fill 2>/dev/null; exit 3";
    let said = repo.xp(&["run", "--seed", "1", "--", "bash", "-c", line]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.stderr.contains("not yet sealed") && said.stderr.contains("No space left"), "{}", said.stderr);
    fs::remove_file(small.join("fill")).expect("removed");
    repo.xp(&["status"]).ok();
    assert_eq!(only_run(&repo)["exit"], 3);
    repo.is_sound();
}

#[test]
fn a_read_only_git_folder_changes_no_exit_code_and_the_next_command_seals() {
    let repo = TestRepo::new();
    let git = repo.path.join(".git");
    let path = git.display().to_string();
    // Only to see whether it can be done.
    drop(match mount(&["--bind", &path], &git) {
        Some(mounted) => mounted,
        None => return,
    });
    let mounted = Mount(git);
    let line = "mount --bind .git .git && mount -o remount,ro,bind .git; exit 3";
    let said = repo.xp(&["run", "--seed", "1", "--", "bash", "-c", line]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.stderr.contains("Read-only file system"), "{}", said.stderr);
    // Nothing can be opened either, and reading goes on.
    let refused = repo.xp(&["run", "--seed", "2", "--", "true"]).fails(128);
    assert!(refused.contains("Read-only file system") && refused.contains("hint:"), "{refused}");
    repo.xp(&["status"]).ok();
    repo.xp(&["compare"]).ok();
    drop(mounted);
    repo.xp(&["status"]).ok();
    let run = only_run(&repo);
    // Its end could be written nowhere.
    assert_eq!(run["status"], "crashed", "{run}");
    repo.is_sound();
}
