//! What a command used, and what the machine was busy with meanwhile.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Part, TestRepo, need};

/// Fills 200 MB in a child and burns a second of CPU time there.
const CHILD: &str = r#"
import subprocess, sys
subprocess.run([sys.executable, "-c", """
import time
block = bytearray(b"x") * 200_000_000
while time.process_time() < 1: pass
"""], check=True)
"#;

/// Burns a second of CPU time and writes some megabytes.
const BUSY: &str = r#"
import os, time
block = bytearray(b"x") * 50_000_000
with open("../written", "wb") as file:
    file.write(os.urandom(5_000_000))
    file.flush()
    os.fsync(file.fileno())
start = time.time()
while time.process_time() < 1 or time.time() - start < 1: pass
"#;

fn only_run(repo: &TestRepo) -> Value {
    let mut facts = repo.facts("run");
    assert_eq!(facts.len(), 1);
    facts.remove(0)
}

/// The system metrics of a run.
fn system(run: &Value) -> Vec<(&str, &Value)> {
    let metrics = run["metrics"].as_object().into_iter().flatten();
    metrics.filter(|(name, _)| name.starts_with("system/")).map(|(name, value)| (name.as_str(), value)).collect()
}

/// A tool in a folder of its own; returns a PATH with it in front.
fn fake(repo: &TestRepo, name: &str, script: &str) -> String {
    let dir = repo.outside().join("fakes");
    std::fs::create_dir_all(&dir).expect("a folder");
    std::fs::write(dir.join(name), format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(dir.join(name), std::fs::Permissions::from_mode(0o755)).expect("allowed");
    format!("{}:{}", dir.display(), std::env::var("PATH").expect("a PATH"))
}

/// A run that is sampled.
fn sampled(repo: &TestRepo, every: &str, set: &[(&str, &str)], command: &[&str]) -> Command {
    let mut xp = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    xp.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "xp.run.sample").env("GIT_CONFIG_VALUE_0", every);
    xp.args(["run", "--again", "--seed", "1", "--"]).args(command).envs(set.iter().copied());
    xp
}

#[test]
fn cpu_time_and_peak_memory_of_a_child_are_recorded() {
    let Some(python) = need(Part::Program("python3")) else { return };
    let repo = TestRepo::new();
    repo.xp(&["run", "--seed", "1", "--", &python, "-c", CHILD]).ok();
    let run = only_run(&repo);
    let used = &run["resources"];
    let cpu = used["user_seconds"].as_f64().expect("seconds") + used["system_seconds"].as_f64().expect("seconds");
    assert!((1.0..60.0).contains(&cpu), "{used}");
    let peak = used["peak_memory"].as_u64().expect("bytes");
    assert!((200_000_000..400_000_000).contains(&peak), "{used}");
    assert!(system(&run).is_empty());

    assert_eq!(repo.xp(&["show", "last", "--json"]).json()["runs"][0]["fact"]["resources"], *used);
    let text = repo.xp(&["show", "last"]).ok();
    assert!(text.contains("used  CPU ") && text.contains("peak memory"), "{text}");
    let where_ = "peak_memory > 200000000 and cpu_seconds >= '1s' and cpu_seconds < '1m'";
    let listed = repo.xp(&["list", "--runs", "--where", where_, "--json"]).json();
    assert_eq!(listed["runs"][0]["peak_memory"], peak);
    let csv = repo.xp(&["list", "--runs", "--columns", "cpu_seconds,peak_memory", "--format", "csv"]).ok();
    assert_eq!(csv.lines().next(), Some("cpu_seconds,peak_memory"));
    assert!(csv.lines().nth(1).is_some_and(|line| line.ends_with(&peak.to_string())), "{csv}");
    repo.xp(&["export", "-o", "../out.csv"]).ok();
    let csv = std::fs::read_to_string(repo.outside().join("out.csv")).expect("read");
    let column = |line: usize| {
        let at = csv.lines().next().and_then(|head| head.split(',').position(|name| name == "peak_memory"));
        csv.lines().nth(line).and_then(|line| line.split(',').nth(at?))
    };
    assert_eq!(column(0), Some("peak_memory"));
    repo.is_sound();
}

#[test]
fn who_is_not_waited_for_is_not_counted() {
    let repo = TestRepo::new();
    // The loop in the background ends with its parent, which nobody waits for it.
    let script = "(i=0; while [ $i -lt 100000000 ] && [ -e ../going ]; do i=$((i+1)); done) >/dev/null 2>&1 & exit 0";
    std::fs::write(repo.outside().join("going"), "").expect("written");
    repo.xp(&["run", "--seed", "1", "--", "sh", "-c", script]).ok();
    std::fs::remove_file(repo.outside().join("going")).expect("removed");
    let used = &only_run(&repo)["resources"];
    assert!(used["user_seconds"].as_f64().is_some_and(|seconds| seconds < 0.5), "{used}");
}

#[test]
fn what_did_not_run_used_nothing() {
    let repo = TestRepo::new();
    repo.output(&mut sampled(&repo, "0.1s", &[], &["no-such-program"])).fails(127);
    assert!(only_run(&repo).get("resources").is_none());
    // A manual run has no command that could be looked at.
    let repo = TestRepo::new();
    repo.git(&["config", "xp.run.sample", "0.1s"]);
    repo.xp(&["log-metric", "a", "1"]).ok();
    std::thread::sleep(Duration::from_millis(300));
    repo.xp(&["finish"]).ok();
    let run = only_run(&repo);
    assert!(run.get("resources").is_none() && system(&run).is_empty(), "{run}");
}

#[test]
fn a_sampled_run_tells_what_the_machine_did() {
    let Some(python) = need(Part::Program("python3")) else { return };
    let repo = TestRepo::new();
    let command =
        ["sh", "-c", "echo '{\"metric\":\"acc\",\"value\":1}' >> $GIT_XP_JOURNAL; \"$0\" -c \"$1\"", &python, BUSY];
    repo.output(&mut sampled(&repo, "0.1s", &[("CUDA_VISIBLE_DEVICES", "")], &command)).ok();
    let run = only_run(&repo);
    let of = |name: &str, part: &str| run["metrics"][format!("system/{name}")][part].as_f64().unwrap_or(f64::NAN);
    let names: Vec<&str> = system(&run).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "system/cpu_utilization_percentage",
            "system/disk_available_megabytes",
            "system/disk_usage_percentage",
            "system/process_cpu_utilization_percentage",
            "system/process_disk_read_megabytes",
            "system/process_disk_write_megabytes",
            "system/process_memory_usage_megabytes",
            "system/system_memory_usage_megabytes",
            "system/system_memory_usage_percentage",
        ]
    );
    for name in ["cpu_utilization_percentage", "system_memory_usage_percentage", "disk_usage_percentage"] {
        assert!(of(name, "min") >= 0.0 && of(name, "max") <= 100.0, "{run}");
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from).max(64);
    assert!(of("process_cpu_utilization_percentage", "max") > 20.0, "{run}");
    assert!(of("process_cpu_utilization_percentage", "max") <= 110.0 * cores as f64, "{run}");
    assert!((50.0..500.0).contains(&of("process_memory_usage_megabytes", "max")), "{run}");
    assert!(of("process_memory_usage_megabytes", "mean") <= of("process_memory_usage_megabytes", "max"));
    assert!((1.0..=60.0).contains(&of("cpu_utilization_percentage", "count")), "{run}");
    assert!(run["metrics"]["acc"].get("mean").is_none() && run.get("rejected_lines").is_none());

    // Shown where it is asked for, and nowhere else.
    let name = "system/process_memory_usage_megabytes";
    let shown = repo.xp(&["show", "last"]).ok();
    assert!(shown.contains("system  process_memory_usage_megabytes = "), "{shown}");
    let points = repo.xp(&["show", "last", "--series", name, "--json"]).json();
    assert!(points["points"][0]["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{points}");
    assert!(repo.xp(&["plot", name, "--width", "60"]).ok().contains("process_memory"));
    repo.xp(&["start", "other"]).ok();
    repo.output(&mut sampled(&repo, "0.1s", &[], &["sh", "-c", "sleep 0.5"])).ok();
    for args in [&["list"][..], &["list", "--runs"], &["compare"], &["compare", "--runs"], &["show", "other"], &["log"]]
    {
        let out = repo.xp(args);
        assert!(!out.stdout.contains("system/"), "{args:?}: {}", out.stdout);
    }
    assert!(!repo.xp(&["diff", "last~1", "last"]).stdout.contains("system/"));
    assert!(repo.xp(&["compare", "--metric", name]).ok().contains(name));
    let asked = repo.xp(&[
        "list",
        "--runs",
        "--columns",
        &format!("metrics.{name}.mean"),
        "--where",
        &format!("metrics.`{name}`.max > 50"),
    ]);
    assert_eq!(asked.ok().trim_end().lines().count(), 3);
    repo.xp(&["export", "--series", "-o", "../out.csv"]);
    repo.is_sound();
}

#[test]
fn sampling_is_off_unless_it_is_asked_for_and_never_too_often() {
    let repo = TestRepo::new();
    repo.write(".xp.toml", "[run]\nsample = \"0.1s\"\n");
    repo.commit("Settings");
    repo.output(&mut sampled(&repo, "off", &[], &["sleep", "0.4"])).ok();
    assert!(system(&only_run(&repo)).is_empty());
    let said = repo.output(&mut sampled(&repo, "0.05s", &[], &["true"])).fails(128);
    assert!(said.contains("write a duration from 0.1s to one day"), "{said}");
    assert_eq!(repo.facts("run").len(), 1);
}

#[test]
fn the_gpus_that_the_command_sees_are_told_by_one_tool_that_ends_with_it() {
    let repo = TestRepo::new();
    let script = r#"case "$*" in
*loop-ms=100*) echo $$ >> ../pids
  while :; do
    echo "0, GPU-a, 10, 1, 10, 5.5"; echo "1, GPU-b, 87, 1000, 4000, [N/A]"; sleep 0.1
  done ;;
*) echo "NVIDIA L4, 4000, 550.54.15" ;;
esac"#;
    let path = fake(&repo, "nvidia-smi", script);
    let set = [("PATH", path.as_str()), ("CUDA_VISIBLE_DEVICES", "1")];
    repo.output(&mut sampled(&repo, "0.1s", &set, &["sleep", "1.5"])).ok();
    let run = only_run(&repo);
    let gpus: Vec<_> = system(&run).into_iter().filter(|(name, _)| name.contains("gpu")).collect();
    let names: Vec<&str> = gpus.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "system/gpu_1_memory_usage_megabytes",
            "system/gpu_1_memory_usage_percentage",
            "system/gpu_1_utilization_percentage"
        ]
    );
    let last: Vec<f64> = gpus.iter().filter_map(|(_, metric)| metric["final"].as_f64()).collect();
    assert_eq!(last, [1048.6, 25.0, 87.0]);
    let pids = std::fs::read_to_string(repo.outside().join("pids")).expect("started");
    assert_eq!(pids.lines().count(), 1, "{pids}");
    assert!(is_gone(pids.trim()));
    // Where no GPU is to be seen, the tool is not started; nor is one that the repository brings along.
    repo.output(&mut sampled(&repo, "0.1s", &[set[0], ("CUDA_VISIBLE_DEVICES", "-1")], &["sleep", "0.3"])).ok();
    repo.write("nvidia-smi", "#!/bin/sh\ntouch ../was-run\n");
    repo.sh("chmod +x nvidia-smi && git add -A && git commit -qm Tool").ok();
    std::fs::remove_file(repo.outside().join("fakes/nvidia-smi")).expect("removed");
    let path = format!(".:{path}");
    repo.output(&mut sampled(&repo, "0.1s", &[("PATH", path.as_str())], &["sleep", "0.3"])).ok();
    assert!(!repo.outside().join("was-run").exists());
    assert_eq!(std::fs::read_to_string(repo.outside().join("pids")).expect("read"), pids);
}

/// Whether a process has ended, at the latest soon.
fn is_gone(pid: &str) -> bool {
    let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    (0..600).any(|_| {
        let is_gone = stat().rsplit(')').next().is_none_or(|rest| rest.is_empty() || rest.starts_with(" Z"));
        std::thread::sleep(Duration::from_millis(if is_gone { 0 } else { 50 }));
        is_gone
    })
}

#[test]
fn nothing_delays_the_end_of_a_run() {
    let repo = TestRepo::new();
    // Hangs when it is to loop, cannot be asked to end, and keeps its output open.
    let script = r#"case "$*" in
*loop-ms*) trap '' TERM INT HUP; echo $$ >> ../pids; sleep 600 & sleep 600 ;;
*) echo "NVIDIA L4, 4000, 550.54.15" ;;
esac"#;
    let path = fake(&repo, "nvidia-smi", script);
    let begun = Instant::now();
    repo.output(&mut sampled(&repo, "1d", &[("PATH", path.as_str())], &["sleep", "0.5"])).ok();
    // Nor does whoever reads what the run prints wait for the tool.
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert!(system(&only_run(&repo)).is_empty());
    let pids = std::fs::read_to_string(repo.outside().join("pids")).expect("started");
    assert!(is_gone(pids.trim()));
}

#[test]
fn seeds_that_change_nothing_are_seen_beside_samples() {
    let repo = TestRepo::new();
    repo.git(&["config", "xp.run.sample", "0.1s"]);
    let log = "echo '{\"metric\":\"acc\",\"value\":1}' >> $GIT_XP_JOURNAL; sleep 0.4";
    let said = repo.xp(&["run", "--seeds", "1,2", "--", "sh", "-c", log]).stderr;
    assert!(said.contains("identical metrics"), "{said}");
    assert!(said.lines().all(|line| !line.contains("system/")), "{said}");
    assert!(system(&repo.facts("run")[1]).len() > 5);
}
