//! The processes of a command: itself and all descendants.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::proc::{Io, Stat};
use super::sampling::Values;
use super::{file, names};

/// All processes of the machine are listed again when this many times as long has gone by as that took the last time, so that it takes a five
/// hundredth of a core at most, on a machine of thousands of processes too. In between, processes tell their children.
const REST: u32 = 500;

/// After so many lists every process of the machine is looked at once more: a number may have gone to a new process meanwhile.
const REFRESH: u32 = 32;

/// The processes that belong to a command. Who was once seen to be one of them stays one, even when its parent ends.
pub(super) struct Tree {
    proc: PathBuf,
    members: HashMap<u32, Member>,
    /// Processes that are known to be none of them, which spares looking at each of them every time.
    others: HashSet<u32>,
    lists: u32,
    /// When all were listed last, and how long it took.
    listed: Option<(Instant, Duration)>,
    rest: u32,
    io: Io,
    ticks_per_second: f64,
    page: u64,
}

/// A process of the command, as it was at the last look.
#[derive(Clone, Copy)]
struct Member {
    stat: Stat,
    io: Io,
}

impl Tree {
    /// Look for the first time.
    pub(super) fn new(proc: &Path, pid: u32) -> Self {
        let mut new = Self {
            proc: proc.to_owned(),
            members: HashMap::new(),
            others: HashSet::new(),
            lists: 0,
            listed: None,
            rest: REST,
            io: Io::default(),
            ticks_per_second: ticks_per_second(),
            page: page_size(),
        };
        if let Some(stat) = new.stat(pid) {
            // What it had done before that was done for nobody but the command.
            new.members.insert(pid, Member { stat: Stat { cpu: 0, waited_for: 0, ..stat }, io: Io::default() });
        }
        new
    }

    /// Look again, `seconds` after the last time.
    pub(super) fn look(&mut self, seconds: f64, values: &mut Values) {
        let now = self.find();
        if now.is_empty() {
            return;
        }
        let ticks = ticks_between(&self.members, &now);
        self.io = io_between(self.io, &self.members, &now);
        self.members = now;
        if seconds > 0.0 {
            values.add(names::PROCESS_CPU, ticks as f64 * 100.0 / self.ticks_per_second / seconds);
        }
        let resident = self.members.values().fold(0, |sum: u64, member| sum.saturating_add(member.stat.resident));
        values.add_megabytes(names::PROCESS_MEMORY, resident.saturating_mul(self.page));
        values.add_megabytes(names::PROCESS_READ, self.io.read);
        values.add_megabytes(names::PROCESS_WRITE, self.io.written);
    }

    /// The processes that are there now.
    fn find(&mut self) -> HashMap<u32, Member> {
        let mut now = HashMap::with_capacity(self.members.len());
        for (pid, member) in &self.members {
            if let Some(stat) = self.stat(*pid).filter(|stat| stat.started == member.stat.started) {
                now.insert(*pid, Member { stat, io: self.io(*pid).unwrap_or(member.io) });
            }
        }
        let is_due = |(at, took): (Instant, Duration)| at.elapsed() >= took * self.rest;
        if self.listed.is_none_or(is_due) {
            let begun = Instant::now();
            self.add_from_list(&mut now);
            self.listed = Some((Instant::now(), begun.elapsed()));
        } else {
            self.add_children(&mut now);
        }
        now
    }

    /// Add the children that the first threads have, theirs, and so on. Those of other threads are found in the list of all: who has hundreds of threads
    /// would take as many files.
    fn add_children(&self, now: &mut HashMap<u32, Member>) {
        let mut parents: Vec<u32> = now.keys().copied().collect();
        while let Some(parent) = parents.pop() {
            let text = file::text(&self.proc.join(format!("{parent}/task/{parent}/children"))).unwrap_or_default();
            for pid in text.split_ascii_whitespace().filter_map(|word| word.parse().ok()) {
                if !now.contains_key(&pid)
                    && let Some(stat) = self.stat(pid).filter(|stat| stat.parent == parent)
                {
                    now.insert(pid, Member { stat, io: self.io(pid).unwrap_or_default() });
                    parents.push(pid);
                }
            }
        }
    }

    /// Add who is new in the list of all processes and has a parent among those who are known.
    fn add_from_list(&mut self, now: &mut HashMap<u32, Member>) {
        self.lists = self.lists.wrapping_add(1);
        let is_thorough = self.lists.is_multiple_of(REFRESH);
        let (mut new, mut others) = (Vec::new(), HashSet::with_capacity(self.others.len()));
        for pid in self.pids().filter(|pid| !now.contains_key(pid)) {
            if !is_thorough && self.others.contains(&pid) {
                others.insert(pid);
            } else if let Some(stat) = self.stat(pid) {
                new.push((pid, stat));
            }
        }
        // A child may have a lower number than its parent, so the new ones are gone through until nobody is added.
        loop {
            let before = new.len();
            new.retain(|(pid, stat)| {
                let is_ours = now.contains_key(&stat.parent);
                if is_ours {
                    now.insert(*pid, Member { stat: *stat, io: self.io(*pid).unwrap_or_default() });
                }
                !is_ours
            });
            if new.len() == before {
                break;
            }
        }
        others.extend(new.into_iter().map(|(pid, _)| pid));
        self.others = others;
    }

    fn pids(&self) -> impl Iterator<Item = u32> {
        let entries = std::fs::read_dir(&self.proc).into_iter().flatten().filter_map(Result::ok);
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
    }

    fn stat(&self, pid: u32) -> Option<Stat> {
        Stat::parse(&file::text(&self.proc.join(format!("{pid}/stat")))?)
    }

    /// `None` for a process of somebody else.
    fn io(&self, pid: u32) -> Option<Io> {
        Io::parse(&file::text(&self.proc.join(format!("{pid}/io")))?)
    }
}

/// CPU ticks that the processes used between two looks. Who ended meanwhile and was waited for is counted by its parent. Where nobody waited, the sum
/// may have become smaller; then at least what those who are still there used is known.
fn ticks_between(before: &HashMap<u32, Member>, now: &HashMap<u32, Member>) -> u64 {
    let sum = |members: &HashMap<u32, Member>| {
        members
            .values()
            .fold(0, |sum: u64, Member { stat, .. }| sum.saturating_add(stat.cpu).saturating_add(stat.waited_for))
    };
    let own = now.iter().fold(0, |sum: u64, (pid, Member { stat, .. })| {
        let earlier = before.get(pid).map_or(0, |member| member.stat.cpu);
        sum.saturating_add(stat.cpu.saturating_sub(earlier))
    });
    sum(now).saturating_sub(sum(before)).max(own)
}

/// The bytes read and written until now, likewise. They never become fewer.
fn io_between(until: Io, before: &HashMap<u32, Member>, now: &HashMap<u32, Member>) -> Io {
    let sum = |members: &HashMap<u32, Member>, of: fn(&Io) -> u64| {
        members.values().fold(0, |sum: u64, member| sum.saturating_add(of(&member.io)))
    };
    let add = |until: u64, of: fn(&Io) -> u64| until.saturating_add(sum(now, of).saturating_sub(sum(before, of)));
    Io { read: add(until.read, |io| io.read), written: add(until.written, |io| io.written) }
}

#[cfg(unix)]
fn ticks_per_second() -> f64 {
    (rustix::param::clock_ticks_per_second().max(1)) as f64
}

#[cfg(not(unix))]
fn ticks_per_second() -> f64 {
    100.0
}

#[cfg(unix)]
fn page_size() -> u64 {
    rustix::param::page_size() as u64
}

#[cfg(not(unix))]
fn page_size() -> u64 {
    4096
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::sampling::Values;
    use super::Tree;

    /// Write a process as the kernel would.
    fn process(proc: &Path, pid: u32, parent: u32, [cpu, waited_for, started, pages]: [u64; 4], read: u64) {
        let dir = proc.join(pid.to_string());
        std::fs::create_dir_all(&dir).expect("a folder");
        let stat = format!(
            "{pid} (x y) S {parent} 1 1 0 -1 0 0 0 0 0 {cpu} 0 {waited_for} 0 20 0 1 0 {started} 0 {pages} 0\n"
        );
        std::fs::write(dir.join("stat"), stat).expect("written");
        std::fs::write(dir.join("io"), format!("read_bytes: {read}\nwrite_bytes: 0\n")).expect("written");
    }

    fn look(tree: &mut Tree) -> [f64; 3] {
        let mut values = Values::default();
        tree.look(1.0, &mut values);
        let of = |name: &str| {
            values.all.iter().find(|(found, _)| found.ends_with(name)).map_or(f64::NAN, |(_, value)| value.as_f64())
        };
        [of("process_cpu_utilization_percentage"), of("process_memory_usage_megabytes"), of("read_megabytes")]
    }

    #[test]
    fn descendants_are_followed_and_the_dead_are_counted_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let proc = dir.path();
        process(proc, 50, 1, [0, 0, 5, 1], 0);
        process(proc, 9, 1, [7, 0, 1, 1_000_000], 9_000_000);
        let mut tree = Tree::new(proc, 50);
        (tree.ticks_per_second, tree.page, tree.rest) = (100.0, 1_000_000, 0);
        // A child, and a grandchild with a lower number; a process beside them does not count.
        process(proc, 50, 1, [10, 0, 5, 2], 1_000_000);
        process(proc, 60, 50, [20, 0, 6, 3], 2_000_000);
        process(proc, 40, 60, [30, 0, 7, 4], 0);
        assert_eq!(look(&mut tree), [60.0, 9.0, 3.0]);
        // The child ends and is waited for; the grandchild goes to init, and stays.
        std::fs::remove_dir_all(proc.join("60")).expect("removed");
        process(proc, 50, 1, [10, 25, 5, 2], 3_000_000);
        process(proc, 40, 1, [50, 0, 7, 4], 0);
        assert_eq!(look(&mut tree), [25.0, 6.0, 3.0]);
        // It ends and nobody waits for it: what is gone is gone, and the rest is still right.
        std::fs::remove_dir_all(proc.join("40")).expect("removed");
        process(proc, 50, 1, [15, 25, 5, 2], 4_000_000);
        assert_eq!(look(&mut tree), [5.0, 2.0, 4.0]);
        // Its number goes to a stranger.
        process(proc, 40, 9, [999, 0, 99, 500], 0);
        assert_eq!(look(&mut tree), [0.0, 2.0, 4.0]);
        // The command has ended.
        std::fs::remove_dir_all(proc.join("50")).expect("removed");
        assert!(look(&mut tree)[0].is_nan());
    }

    #[test]
    fn the_number_of_a_stranger_that_went_to_a_descendant_is_found_in_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let proc = dir.path();
        process(proc, 50, 1, [0, 0, 5, 1], 0);
        process(proc, 70, 1, [0, 0, 1, 1], 0);
        let mut tree = Tree::new(proc, 50);
        (tree.page, tree.rest) = (1_000_000, 0);
        assert_eq!(look(&mut tree)[1], 1.0);
        process(proc, 70, 50, [0, 0, 9, 1], 0);
        assert!((0..super::REFRESH).any(|_| look(&mut tree)[1] == 2.0));
    }

    #[test]
    fn between_two_lists_of_all_processes_tell_their_children() {
        let dir = tempfile::tempdir().expect("a folder");
        let proc = dir.path();
        let children = |pid: u32, text: &str| {
            let dir = proc.join(format!("{pid}/task/{pid}"));
            std::fs::create_dir_all(&dir).expect("a folder");
            std::fs::write(dir.join("children"), text).expect("written");
        };
        process(proc, 50, 1, [0, 0, 5, 1], 0);
        let mut tree = Tree::new(proc, 50);
        (tree.page, tree.rest) = (1_000_000, u32::MAX);
        assert_eq!(look(&mut tree)[1], 1.0);
        process(proc, 60, 50, [0, 0, 6, 2], 0);
        process(proc, 70, 60, [0, 0, 7, 4], 0);
        // One of another thread, and a number that has gone to somebody else.
        process(proc, 80, 50, [0, 0, 8, 8], 0);
        process(proc, 90, 1, [0, 0, 9, 16], 0);
        children(50, "60 90 ");
        children(60, "70 x");
        assert_eq!(look(&mut tree)[1], 7.0);
        tree.rest = 0;
        assert_eq!(look(&mut tree)[1], 15.0);
    }
}
