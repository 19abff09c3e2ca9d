//! What the fuzz targets check: no bytes make a reader panic, and what was read survives being written and read again.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};

use git_xp::artifact::agent::{self, Request};
use git_xp::artifact::filter::pktline;
use git_xp::artifact::filter::process::{Filter, Smudged, serve};
use git_xp::artifact::filter::selection::Selection;
use git_xp::artifact::remote::batch::url::Url;
use git_xp::artifact::remote::batch::{api, header, lfsconfig, netrc};
use git_xp::artifact::remote::bucket::profile::Profile;
use git_xp::artifact::remote::bucket::url::Location;
use git_xp::artifact::track;
use git_xp::capture::config;
use git_xp::capture::environment::{self, Installed, Origin, PyVenv, nvidia, rocm};
use git_xp::capture::params::{argv, dvc as dvc_params, hydra, limit, papermill};
use git_xp::capture::secrets::Masker;
use git_xp::capture::secrets::stream::Stream;
use git_xp::capture::system as system_metrics;
use git_xp::data::cache::Reader;
use git_xp::data::files::Stat;
use git_xp::data::manifest::{Builder, parse};
use git_xp::data::{compare, dvc as dvc_files, uri as uris};
use git_xp::model::direction::Direction;
use git_xp::model::expectation::Expectation;
use git_xp::model::fact::Fact;
use git_xp::model::metric::Summary;
use git_xp::model::naming::Known;
use git_xp::model::param::check_name;
use git_xp::model::time::Time;
use git_xp::query::{Calendar, Columns, Field, Order, Query, Row, Value};
use git_xp::records::{self, Names, Records, Rests, Segment, Symbol};
use git_xp::series::{Curve, read};
use git_xp::settings::Settings;
use git_xp::store::journal::Journal;
use git_xp::store::projection::Note;

/// A check of one input; it panics on a finding.
pub type Target = fn(&[u8]);

/// All targets, by the name of their program and of their folder of seeds.
pub const TARGETS: [(&str, Target); 22] = [
    ("fact", fact),
    ("journal", journal),
    ("expect", expect),
    ("settings", settings),
    ("config", config),
    ("note", note),
    ("series", series),
    ("query", query),
    ("segment", segment),
    ("manifest", manifest),
    ("dvc", dvc),
    ("uri", uri),
    ("digests", digests),
    ("environment", environment),
    ("params", params),
    ("secrets", secrets),
    ("system", system),
    ("filter", filter),
    ("attributes", attributes),
    ("bucket", bucket),
    ("agent", lfs_agent),
    ("lfs", lfs),
];

/// The address of a bucket that is taken is written and read again as the same, and names no credential; profiles are any text.
pub fn bucket(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (credentials, config) = text.split_once('\0').unwrap_or((&text, &text));
    let _ = Profile::read(credentials, config, "default");
    if let Ok(location) = Location::parse(&text) {
        assert_eq!(Location::parse(&location.to_string()).expect("what is written is read"), location);
        assert!(location.endpoint.is_none_or(|endpoint| !endpoint.contains(['@', '?', '%', '#', ' '])));
    }
}

/// Whatever git-lfs sends, each answer is a line of JSON.
pub fn lfs_agent(data: &[u8]) {
    let mut output = Vec::new();
    agent::serve(data, &mut output, Ok(()), &mut |_, _, _| Ok(None)).expect("memory can be written");
    let lines = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.for_each(|line| drop(serde_json::from_slice::<serde_json::Value>(line).expect("JSON")));
    for line in data.split(|byte| *byte == b'\n') {
        let _ = Request::parse(line);
    }
}

/// A fact that can be read is written as one line, which reads back and is written as the same bytes.
pub fn fact(data: &[u8]) {
    let Ok(fact) = Fact::parse(data) else { return };
    let _ = (fact.commit(), fact.target());
    let bytes = fact.encode().expect("what was read can be written");
    assert_eq!(bytes.iter().position(|byte| *byte == b'\n'), Some(bytes.len() - 1), "a fact is one line");
    let back = Fact::parse(&bytes).expect("what was written can be read");
    assert_eq!(back.encode().expect("encodes"), bytes, "writing is stable");
}

/// Any journal is read to its end; its series are a table, its summaries survive JSON.
pub fn journal(data: &[u8]) {
    let mut journal = Journal::read(data).expect("memory does not fail");
    assert_eq!(journal.rejected > 0, journal.first_rejection.is_some());
    let mut table = Vec::new();
    journal.write_series(&mut table).expect("memory does not fail");
    let table = String::from_utf8(table).expect("names and numbers are UTF-8");
    for row in table.split_terminator('\n') {
        assert_eq!(row.matches('\t').count(), 3, "a row has four cells: {row:?}");
    }
    assert!(git_xp::diff::series_that_differ(table.as_bytes(), table.as_bytes()).is_empty());
    let _ = git_xp::diff::series_that_differ(table.as_bytes(), data);
    let points = table.lines().count() as u64 - 1;
    let summaries = journal.summaries(|name| (name.len() % 2 == 0).then_some(Direction::Maximize));
    assert_eq!(summaries.iter().map(|(_, summary)| summary.count).sum::<u64>(), points, "every point is counted");
    for (_, summary) in &summaries {
        let text = serde_json::to_string(summary).expect("a summary can be written");
        let back: Summary = serde_json::from_str(&text).expect("a summary can be read");
        assert_eq!(serde_json::to_string(&back).expect("encodes"), text);
    }
}

/// The canonical text of an expectation reads as an equal one.
pub fn expect(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Expectation>() {
        Ok(expectation) => assert_eq!(expectation.to_string().parse(), Ok(expectation)),
        Err(error) => drop(error.to_string()),
    }
}

/// Settings are read or refused with a message.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Settings::parse_file(text, ".xp.toml") {
        Ok(file) => drop(file.locked().len()),
        Err(error) => assert!(!error.to_string().contains('\n'), "a message is one line: {error}"),
    }
}

/// A config file is read or refused in each format; what is read flattens, and survives being written.
pub fn config(data: &[u8]) {
    for name in ["c.json", "c.yaml", "c.toml"] {
        match config::parse(name, data) {
            Ok(map) => {
                let params = config::flatten(&map);
                // YAML and JSON that hold nothing beyond their own format can always be written back.
                let Ok(text) = config::encode(name, &map) else { continue };
                let back = config::parse(name, text.as_bytes()).expect("what was written can be read");
                assert_eq!(config::flatten(&back), params, "{name} written as {text:?}");
            }
            Err(error) => drop(error.to_string()),
        }
    }
}

/// Any note is read, and reads the same after being written.
pub fn note(data: &[u8]) {
    let note = Note::parse(data);
    let bytes = note.encode();
    assert_eq!(Note::parse(&bytes), note);
    assert_eq!(Note::parse(&bytes).encode(), bytes);
}

/// What is masked once is masked, whether it came whole or in parts; a line of a journal that was JSON stays JSON. A copy of a config holds nothing more to mask, and what
/// is no text is as it was or refused.
pub fn secrets(data: &[u8]) {
    let masker = Masker::new(&["corp-[0-9]+".to_owned()], &["^x+$".to_owned()]).expect("patterns");
    let once = masker.mask(data).into_owned();
    assert_eq!(masker.mask(&once), once);
    let (mut stream, mut out) = (Stream::new(&masker), Vec::new());
    for part in data.chunks(7) {
        stream.push(part, &mut out).expect("memory does not fail");
    }
    stream.finish(&mut out).expect("memory does not fail");
    assert_eq!(out, once);
    if let Some(line) = masker.mask_journal_line(data)
        && serde_json::from_slice::<serde_json::Value>(data).is_ok()
    {
        serde_json::from_slice::<serde_json::Value>(&line).expect("still JSON");
    }
    for name in ["c.json", "c.yaml", "c.toml"] {
        let masker = Masker::default();
        let copy = masker.mask_config(name, data).into_owned();
        assert_eq!(masker.mask(&copy), copy, "{name}");
    }
    if let Ok(masked) = masker.mask_any_file(data)
        && (data.contains(&0) || std::str::from_utf8(data).is_err())
    {
        assert_eq!(masked, data);
    }
}

/// Every line of a `series.tsv` is a point or a fault; a curve has each step once.
pub fn series(data: &[u8]) {
    let reading = read::read(data, |_| true);
    let points: usize = reading.series.iter().map(|series| series.points.len()).sum();
    assert_eq!(points as u64 + reading.damage.count, read::rows(data).count() as u64, "no line is lost");
    for series in &reading.series {
        let curve = Curve::of(series).smoothed(0.5);
        assert!(curve.points.windows(2).all(|pair| pair[0].step < pair[1].step), "steps ascend");
        assert_eq!(curve.points.is_empty(), series.points.is_empty());
    }
}

/// What an index holds under a right checksum is a segment or none, and all that a segment says can be asked for.
pub fn segment(data: &[u8]) {
    let mut bytes = crc32fast::hash(data).to_le_bytes().to_vec();
    bytes.extend_from_slice(data);
    let mut names = Names::default();
    let Some(segment) = Segment::decode(bytes, Rests::Elsewhere(std::sync::Arc::new(Nowhere)), &mut names) else {
        return;
    };
    let _ = (segment.key(), segment.notes(), segment.listed().count(), segment.ids(20).count());
    let rows = segment.clone().into_rows(20, &mut names);
    let again = Segment::new(segment.key(), rows.clone(), segment.notes(), &mut names).into_rows(20, &mut names);
    let told = |rows: &[(records::Row, Vec<u8>)]| {
        let mut all: Vec<String> = rows.iter().map(|(row, _)| format!("{row:?}")).collect();
        all.sort();
        all
    };
    assert_eq!(told(&again), told(&rows), "writing is stable");
    let records = Records::new(names, [(Symbol::default(), segment)]);
    for run in &records.runs {
        let _ = (run.commit(), run.condition(), run.plan(), run.command(), run.params().count(), run.finals().count());
        let _ = (run.metrics().count(), run.stem(&records.names), records.find_run(run.id));
    }
    for experiment in &records.experiments {
        let _ = (experiment.current.to_experiment(&records.names), records.runs_of(experiment.id).count());
    }
}

/// Where the rest of a segment is not.
#[derive(Debug)]
struct Nowhere;

impl records::Fetch for Nowhere {
    fn fetch(&self, _: &str, _: &dyn Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
        None
    }
}

/// A filter, a sort order and a list of columns are read or refused; the canonical text reads as the same one, which finds
/// the same.
pub fn query(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let calendar = Calendar::utc(Time(1_795_252_442_118));
    match Query::parse_at(text, &calendar) {
        Ok(query) => {
            let back = Query::parse_at(&query.to_string(), &calendar).expect("what was printed can be read");
            assert_eq!(back, query);
            for row in (0..8).map(Sample) {
                assert_eq!(back.matches(&row), query.matches(&row));
            }
        }
        Err(error) => {
            assert!((1..=text.chars().count() + 1).contains(&error.column()), "{error}");
            assert_eq!(error.to_string().split('\n').count(), 3, "a sentence, the line, the caret");
        }
    }
    if let Ok(order) = Order::parse(text) {
        assert_eq!(Order::parse(&order.to_string()).as_ref(), Ok(&order));
        let mut rows: Vec<Sample> = (0..24).map(Sample).collect();
        rows.sort_by(|a, b| order.compare(a, b));
    }
    if let Ok(columns) = Columns::parse(text) {
        assert_eq!(Columns::parse(&columns.to_string()), Ok(columns));
    }
}

/// A manifest that can be read is written as the same bytes, and does not differ from itself.
pub fn manifest(data: &[u8]) {
    let Some(entries) = parse(data) else { return };
    let mut builder = Builder::new(usize::MAX);
    entries.iter().for_each(|entry| builder.add(entry));
    assert_eq!(builder.finish().1.as_deref(), Some(data), "there is one way to write it");
    assert_eq!(compare::compare("x", data, data), None);
}

/// A file of DVC is read or refused; what it says can stand in a fact.
pub fn dvc(data: &[u8]) {
    let outs = dvc_files::parse_file(data).unwrap_or_default();
    let found = dvc_files::find_in_lock(data, "data").ok().flatten();
    for out in outs.iter().chain(&found) {
        assert!(out.digest.contains(':') && !out.digest.contains(char::is_control), "{out:?}");
    }
}

/// A URI is recorded or refused; what is recorded holds no login, and a refusal repeats none.
pub fn uri(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match uris::check(text) {
        Ok(_) => assert!(uris::is_uri(text) && !text.contains(char::is_control)),
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
}

/// What is remembered of digests is read to its end, whatever it is.
pub fn digests(data: &[u8]) {
    let stat = Stat { inode: 1, size: 1, mtime: (1, 1), ctime: (1, 1) };
    let mut reader = Reader::new(data);
    let _ = (reader.find(b"a", &stat), reader.find(&[0xff; 40], &stat));
}

/// Whatever lies in an environment is read or left out; names are normal ones, and no URL keeps a login.
pub fn environment(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut found: Vec<Installed> = environment::metadata(data).into_iter().collect();
    found.extend(text.lines().filter_map(Installed::by_name));
    for installed in found {
        assert_eq!(environment::normal_name(&installed.name), Some(installed.name.clone()));
    }
    if let Some(origin) = Origin::parse(data) {
        let url = origin.url.unwrap_or_default();
        let authority = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
        assert!(!authority.contains('@') || !authority.split('@').next().unwrap_or_default().contains(':'), "{url}");
        assert!(!url.contains(['?', '#']), "{url}");
    }
    let version = PyVenv::parse(&text).version.unwrap_or_default();
    assert!(version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let reading = environment::command::read(&words, |word| word.len() % 2 == 0);
    assert!(reading.assignments.len() <= words.len());
    let _ = environment::layers(&text);
    assert!(nvidia::parse(&text).gpus.len() <= 256 && rocm::parse(&text).gpus.len() <= 256);
}

/// Whatever the kernel and the GPU's tool say is read or left out, shares are shares, and no control group leads out of its mount.
pub fn system(data: &[u8]) {
    use git_xp::capture::system::proc::{Cpu, Io, Memory, Stat};
    let text = String::from_utf8_lossy(data);
    let _ = (Stat::parse(&text), Io::parse(&text));
    assert!(Memory::parse(&text).is_none_or(|memory| memory.used <= memory.total));
    let share = Cpu::parse(&text).and_then(|cpu| cpu.since(&Cpu::default()));
    assert!(share.is_none_or(|share| (0.0..=100.0).contains(&share)));
    let path = system_metrics::cgroup_path(&text).unwrap_or_default();
    assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
    let visible = system_metrics::Visible::parse(text.lines().next().unwrap_or_default());
    for (index, uuid, load) in text.lines().filter_map(system_metrics::nvidia_line) {
        assert!(load.busy.is_none_or(|share| (0.0..=100.0).contains(&share)));
        let _ = visible.has(index, uuid);
    }
}

/// Whatever an LFS server answers is read or refused, and no more of it kept than was said; no setting of a stranger counts that may not; no URL shows a login.
pub fn lfs(data: &[u8]) {
    let (answer, access, message) = (api::parse(data), api::parse_authentication(data), api::message(data));
    let actions = |object: &api::Object| [object.download.clone(), object.upload.clone(), object.verify.clone()];
    let all = answer.iter().flat_map(|answer| answer.objects.values().flat_map(actions)).flatten().chain(access);
    for action in all {
        let size: usize = action.header.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(size + action.href.len() <= data.len() && action.expires_in != Some(0));
        assert!(!format!("{action:?}").contains("href"));
    }
    assert!(message.is_none_or(|words| words.len() <= data.len()));
    for (key, _) in lfsconfig::parse(data) {
        assert!(key.starts_with("lfs.") || (key.starts_with("remote.") && key.ends_with(".lfsurl")), "{key}");
    }
    let text = String::from_utf8_lossy(data);
    if let Some((first, last, all)) = header::content_range(&text) {
        assert!(first <= last && all.is_none_or(|all| last < all));
    }
    let _ = (header::retry_after(&text, 0), header::date(&text), netrc::find(&text, "h"));
    for line in text.lines() {
        if let Some(url) = Url::parse(line) {
            let shown = url.shown();
            assert!(
                !shown.contains(['?', '#'])
                    && !shown["https://".len()..].split('/').next().unwrap_or_default().contains('@')
            );
            assert_eq!(Url::parse(&url.to_string()).map(|again| again.origin()), Some(url.origin()));
            let _ = url.follow(line);
        }
    }
}

/// Whatever a project, Hydra, papermill or a command line says is read or refused; what becomes a param has a name that is one and a value that is short.
pub fn params(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let found = [
        hydra::params(data).unwrap_or_default(),
        papermill::params(data).ok().flatten().unwrap_or_default(),
        argv::params(&words, |word| word.contains('{')),
    ];
    for values in found {
        let (kept, said) = limit::fit(values.clone(), "x");
        assert!(kept.len() == values.len() || !said.is_empty(), "what is left out is said");
        assert!(kept.len() <= limit::MAX_PARAMS && kept.keys().all(|name| check_name(name).is_ok()));
        let mut known = Known::default();
        known.notice(kept.keys().map(String::as_str));
        assert!(known.notice(kept.keys().map(String::as_str)).is_empty(), "a name is new once");
    }
    let files = dvc_params::files(data).unwrap_or_default();
    assert!(files.len() <= 50 && files.iter().all(|file| !file.contains(char::is_control)));
    let mut values = BTreeMap::new();
    assert!(dvc_params::Overrides::read(&words).apply("params.yaml", &mut values).len() >= values.len());
    let jobs = [hydra::overrides(data).unwrap_or_default(), words.clone()];
    assert!(hydra::own(&words, &jobs).iter().all(|at| *at < jobs.len()));
    let _ = (hydra::folders(&words), papermill::output(&words));
}

/// Whatever is on the other side of a filter, it is answered in packets, or the talk ends.
pub fn filter(data: &[u8]) {
    let (mut greeting, mut answers) = (Vec::new(), Vec::new());
    let mut git = pktline::Writer::new(&mut greeting);
    git.lines(["git-filter-client", "version=2"]).expect("memory does not fail");
    git.lines(["capability=clean", "capability=smudge", "capability=delay"]).expect("memory does not fail");
    let _ = serve(data, &mut Vec::new(), &mut Echo::default());
    let _ = serve([&greeting[..], data].concat().as_slice(), &mut answers, &mut Echo::default());
    let mut answers = pktline::Reader::new(&answers[..]);
    while answers.lines().expect("answers are packets").is_some() {}
}

/// Gives back what it gets, later if it may.
#[derive(Default)]
struct Echo {
    delayed: Vec<Vec<u8>>,
}

impl Filter for Echo {
    fn clean(&mut self, _path: &[u8], content: &mut dyn Read) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn smudge(&mut self, path: &[u8], content: &mut dyn Read, can_delay: bool) -> io::Result<Smudged> {
        if can_delay {
            self.delayed.push(path.to_vec());
            return Ok(Smudged::Delayed);
        }
        let bytes = self.clean(path, content)?;
        Ok(Smudged::Content(Box::new(io::Cursor::new(bytes))))
    }

    fn available(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.delayed)
    }

    fn failed(&mut self, _path: &[u8], _error: &io::Error) {}
}

/// The first line holds patterns, the rest is a `.gitattributes`: what is tracked is added once and can be taken away, and everything else stays.
pub fn attributes(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (first, text) = (String::from_utf8_lossy(&data[..at]), data.get(at + 1..).unwrap_or_default());
    let patterns: Vec<String> = first.split(',').filter_map(|word| track::encode(word).ok()).collect();
    let (with, is_new) = track::track(text, &patterns);
    assert!(with.starts_with(text) && is_new.len() == patterns.len());
    assert_eq!(track::track(&with, &patterns).0, with);
    let known = track::patterns_of(&with);
    assert!(patterns.iter().all(|pattern| known.contains(pattern)));
    let (without, _) = track::untrack(&with, &patterns);
    let known = track::patterns_of(&without);
    assert!(!patterns.iter().any(|pattern| known.contains(pattern)));
    let selection = Selection::new(&first, &String::from_utf8_lossy(text), false);
    let _ = (selection.allows(&first), selection.allows("a/b"));
}

/// A row with a value of another kind for each of eight numbers.
struct Sample(usize);

impl Row for Sample {
    fn value(&self, field: &Field) -> Value<'_> {
        match (self.0 + field.slot()) % 8 {
            0 => Value::Missing,
            1 => Value::Bool(true),
            2 => Value::Integer(42),
            3 => Value::Number(f64::NAN),
            4 => Value::Number(0.1),
            5 => Value::Text("9007199254740993"),
            6 => Value::Text("ok"),
            _ => Value::Time(Time(1_795_000_000_000)),
        }
    }
}

/// Run a target on the files named on the command line: how a finding is looked at without a fuzzer.
///
/// # Errors
/// If a file cannot be read.
pub fn replay(target: Target) -> io::Result<()> {
    std::env::args_os().skip(1).try_for_each(|path| fs::read(path).map(|bytes| target(&bytes)))
}
