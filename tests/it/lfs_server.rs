//! An LFS server in this process, on loopback, that does what it should, or what it is told to do wrong.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

/// What a server does wrong.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Requests to the API that get this status, how many, with these headers.
    pub batch: Option<(u16, usize, &'static str)>,
    /// Objects that the API refuses, by the code of the error.
    pub object: Option<u16>,
    /// Requests to the storage that get this status, how many, with these headers.
    pub storage: Option<(u16, usize, &'static str)>,
    /// Verify requests that get this status, how many.
    pub verify: Option<(u16, usize)>,
    /// Batches of more objects get 413.
    pub most_at_once: Option<usize>,
    /// `expires_in` of actions.
    pub expires_in: Option<i64>,
    /// `expires_at` of actions.
    pub expires_at: Option<&'static str>,
    /// Actions hold for one batch request only: older ones get 403.
    pub is_short_lived: bool,
    /// The login that the API wants; without it 401.
    pub login: Option<String>,
    /// The login that the storage wants; actions do not bring it.
    pub storage_login: Option<String>,
    /// Downloads have other bytes.
    pub is_lying: bool,
    /// Downloads end after so many bytes, though more were announced.
    pub cut: Option<usize>,
    /// Downloads of a range give all, with 200.
    pub is_rangeless: bool,
    /// Downloads of a range give this status and header.
    pub odd_range: Option<(u16, &'static str)>,
    /// Answers of the API come byte by byte, with this pause.
    pub drip_api: Option<Duration>,
    /// Bodies of downloads come byte by byte, with this pause.
    pub drip_storage: Option<Duration>,
    /// The storage never answers.
    pub is_silent: bool,
    /// GET and PUT are redirected there; the path follows.
    pub redirect: Option<(u16, String)>,
    /// Actions lead there; the path follows.
    pub href: Option<String>,
    /// Bytes of JSON that the API answers with.
    pub flood: Option<usize>,
    /// Uploads are accepted and thrown away.
    pub is_forgetful: bool,
    /// No verify action.
    pub is_unverified: bool,
    /// Headers of actions.
    pub action_header: Option<(&'static str, &'static str)>,
    /// What the API says instead of JSON.
    pub page: Option<&'static str>,
    /// Downloads say that they are packed.
    pub encoding: Option<&'static str>,
    /// Size that the API says of every object.
    pub size: Option<u64>,
    /// Uploads of more than this are answered with 401 before the body was read, and the connection is closed.
    pub closes_early: bool,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `GET`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Bytes of the body.
    pub body: Vec<u8>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    faults: Faults,
    seen: Vec<Seen>,
    batches: usize,
}

/// A server; it ends with the process.
#[derive(Clone)]
pub struct LfsServer {
    state: Arc<Mutex<State>>,
    port: u16,
}

impl LfsServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = Self { state: Arc::default(), port };
        let own = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(&stream));
            }
        });
        server
    }

    /// `127.0.0.1:port`.
    pub fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The URL of the API.
    pub fn url(&self) -> String {
        format!("http://{}/lfs", self.place())
    }

    /// Behave like this from now on.
    pub fn behave(&self, faults: Faults) {
        let mut state = self.lock();
        state.faults = faults;
        state.batches = 0;
        state.seen.clear();
    }

    /// What came since then.
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// What came with this method.
    pub fn count(&self, method: &str, part: &str) -> usize {
        self.seen().iter().filter(|seen| seen.method == method && seen.path.contains(part)).count()
    }

    /// The bytes of an object.
    pub fn object(&self, oid: &str) -> Option<Vec<u8>> {
        self.lock().objects.get(oid).cloned()
    }

    /// Put an object there, whatever its name says.
    pub fn put(&self, oid: &str, bytes: &[u8]) {
        self.lock().objects.insert(oid.to_owned(), bytes.to_vec());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
        while let Some(mut seen) = head(&mut reader) {
            let faults = self.lock().faults.clone();
            let length: usize = seen.headers.get("content-length").map_or(0, |text| text.parse().expect("a number"));
            if faults.closes_early && seen.method == "PUT" && length > 1 << 20 {
                let mut stream = stream;
                let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                self.lock().seen.push(seen);
                return;
            }
            if seen.headers.get("expect").is_some_and(|value| value == "100-continue") {
                let mut stream = stream;
                let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
            if seen.headers.get("transfer-encoding").is_some_and(|value| value == "chunked") {
                seen.body = chunks(&mut reader);
            } else {
                seen.body = vec![0; length];
                if reader.read_exact(&mut seen.body).is_err() {
                    return;
                }
            }
            self.lock().seen.push(seen.clone());
            let is_api = seen.path.ends_with("/objects/batch");
            let reply = if is_api {
                self.batch(&seen, &faults)
            } else if seen.path.starts_with("/verify/") {
                self.verify(&seen, &faults)
            } else {
                self.storage(&seen, &faults)
            };
            let Some((head, body)) = reply else {
                std::thread::sleep(Duration::from_secs(60));
                return;
            };
            let is_done = match (is_api, faults.drip_api, faults.drip_storage) {
                (true, Some(pause), _) => drip(stream, &[head.as_bytes(), &body].concat(), pause),
                (false, _, Some(pause)) => {
                    let mut stream = stream;
                    stream.write_all(head.as_bytes()).is_ok() && drip(stream, &body, pause)
                }
                _ => {
                    let mut stream = stream;
                    stream.write_all(head.as_bytes()).is_ok() && stream.write_all(&body).is_ok()
                }
            };
            if !is_done || (faults.cut.is_some() && seen.method == "GET") {
                return;
            }
        }
    }

    fn batch(&self, seen: &Seen, faults: &Faults) -> Option<(String, Vec<u8>)> {
        let mut state = self.lock();
        if let Some(found) = planned(&mut state.faults.batch) {
            return Some(found);
        }
        if let Some(login) = &faults.login
            && seen.headers.get("authorization") != Some(login)
        {
            let challenge = "LFS-Authenticate: Basic realm=\"LFS\"\r\n";
            let words = format!("no {}", seen.headers.get("authorization").cloned().unwrap_or_default());
            return Some(answer(401, challenge, json!({ "message": words }).to_string().as_bytes()));
        }
        if let Some(page) = faults.page {
            return Some(answer(200, "", page.as_bytes()));
        }
        if let Some(size) = faults.flood {
            let mut body = br#"{"objects":[],"more":""#.to_vec();
            body.resize(size, b'x');
            return Some(answer(200, "", &body));
        }
        let request: Value = serde_json::from_slice(&seen.body).expect("JSON");
        assert_eq!(request["transfers"], json!(["basic"]));
        assert_eq!(request["hash_algo"], "sha256");
        assert!(request.get("ref").is_none());
        let objects = request["objects"].as_array().expect("objects");
        if faults.most_at_once.is_some_and(|most| objects.len() > most) {
            return Some(answer(413, "", b"{}"));
        }
        state.batches += 1;
        let version = state.batches;
        let operation = request["operation"].as_str().expect("an operation");
        let objects: Vec<Value> = objects
            .iter()
            .map(|object| {
                let oid = object["oid"].as_str().expect("an oid");
                let there = state.objects.get(oid).map(Vec::len);
                let mut found = json!({ "oid": oid, "size": faults.size.map_or(object["size"].clone(), Value::from) });
                if faults.storage_login.is_none() {
                    found["authenticated"] = json!(true);
                }
                if let Some(code) = faults.object {
                    found["error"] = json!({ "code": code, "message": format!("no {oid}") });
                    return found;
                }
                let host = faults.href.clone().unwrap_or_else(|| format!("http://{}", self.place()));
                let action = |path: &str| {
                    let mut action = json!({ "href": format!("{host}/{path}/{oid}?v={version}&signature=sig-nature") });
                    if let Some((name, value)) = faults.action_header {
                        action["header"] = json!({ name: value });
                    }
                    if let Some(seconds) = faults.expires_in {
                        action["expires_in"] = json!(seconds);
                    }
                    if let Some(time) = faults.expires_at {
                        action["expires_at"] = json!(time);
                    }
                    action
                };
                match (operation, there) {
                    ("upload", Some(size)) if size as u64 == object["size"].as_u64().expect("a size") => {}
                    ("upload", _) => {
                        found["actions"] = json!({ "upload": action("store") });
                        if !faults.is_unverified {
                            found["actions"]["verify"] = action("verify");
                        }
                    }
                    (_, Some(_)) => found["actions"] = json!({ "download": action("store") }),
                    (_, None) => found["error"] = json!({ "code": 404, "message": "it is not here" }),
                }
                found
            })
            .collect();
        Some(answer(200, "", json!({ "transfer": "basic", "objects": objects }).to_string().as_bytes()))
    }

    fn verify(&self, seen: &Seen, _faults: &Faults) -> Option<(String, Vec<u8>)> {
        let mut state = self.lock();
        if let Some((status, count)) = state.faults.verify.filter(|(_, count)| *count > 0) {
            state.faults.verify = Some((status, count - 1));
            return Some(answer(status, "", b"{}"));
        }
        let request: Value = serde_json::from_slice(&seen.body).expect("JSON");
        let there = state.objects.get(request["oid"].as_str().expect("an oid")).map(Vec::len);
        let is_there = there.is_some_and(|size| request["size"] == size as u64);
        Some(answer(if is_there { 200 } else { 404 }, "", b"{}"))
    }

    fn storage(&self, seen: &Seen, faults: &Faults) -> Option<(String, Vec<u8>)> {
        let mut state = self.lock();
        if faults.is_silent {
            return None;
        }
        if let Some(found) = planned(&mut state.faults.storage) {
            return Some(found);
        }
        if let Some((status, to)) = &faults.redirect {
            return Some(answer(*status, &format!("Location: {to}{}\r\n", seen.path), b""));
        }
        if faults.is_short_lived && !seen.path.contains(&format!("?v={}&", state.batches)) {
            return Some(answer(403, "", b"expired"));
        }
        if let Some(login) = &faults.storage_login
            && seen.headers.get("authorization") != Some(login)
        {
            return Some(answer(401, "WWW-Authenticate: Basic realm=\"x\"\r\n", b""));
        }
        let oid = seen.path.split(['/', '?']).nth(2).expect("an oid").to_owned();
        if seen.method == "PUT" {
            if !faults.is_forgetful {
                state.objects.insert(oid, seen.body.clone());
            }
            return Some(answer(200, "", b""));
        }
        let Some(mut bytes) = state.objects.get(&oid).cloned() else { return Some(answer(404, "", b"gone")) };
        if faults.is_lying {
            bytes.iter_mut().for_each(|byte| *byte ^= 1);
        }
        let mut headers = faults.encoding.map(|kind| format!("Content-Encoding: {kind}\r\n")).unwrap_or_default();
        let range = seen.headers.get("range").filter(|_| !faults.is_rangeless);
        let (mut status, mut from) = (200, 0);
        if let Some(range) = range {
            if let Some((status, header)) = faults.odd_range {
                return Some(answer(status, header, b"odd"));
            }
            let (first, last) = range.strip_prefix("bytes=").and_then(|text| text.split_once('-')).expect("a range");
            (status, from) = (206, first.parse().expect("a number"));
            assert_eq!(last.parse::<usize>().expect("a number"), bytes.len() - 1);
            headers.push_str(&format!("Content-Range: bytes {from}-{last}/{}\r\n", bytes.len()));
        }
        let (head, mut body) = answer(status, &headers, &bytes[from..]);
        body.truncate(faults.cut.unwrap_or(usize::MAX));
        Some((head, body))
    }
}

/// A proxy that lets CONNECT through, and counts; its place.
pub fn start_proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = listener.local_addr().expect("an address").to_string();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let own = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
            let Some(found) = head(&mut reader) else { continue };
            own.lock().expect("ours").push(format!("{} {}", found.method, found.path));
            let Ok(there) = TcpStream::connect(&found.path) else { continue };
            let mut client = stream;
            let _ = client.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            let (mut to, mut from) = (there.try_clone().expect("a socket"), there);
            let mut back = client.try_clone().expect("a socket");
            std::thread::spawn(move || std::io::copy(&mut reader, &mut to));
            std::thread::spawn(move || std::io::copy(&mut from, &mut back));
        }
    });
    (place, seen)
}

/// A status that was planned, as often as it was.
fn planned(plan: &mut Option<(u16, usize, &'static str)>) -> Option<(String, Vec<u8>)> {
    let (status, count, headers) = plan.as_mut().filter(|(_, count, _)| *count > 0)?;
    *count -= 1;
    Some(answer(*status, headers, json!({ "message": "as \u{1b}[31mplanned" }).to_string().as_bytes()))
}

fn answer(status: u16, headers: &str, body: &[u8]) -> (String, Vec<u8>) {
    (format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len()), body.to_vec())
}

fn head(reader: &mut impl BufRead) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    Some(Seen { method, path, headers, body: Vec::new() })
}

fn chunks(reader: &mut impl BufRead) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a chunk");
        let size = usize::from_str_radix(line.trim(), 16).expect("a size");
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).expect("a chunk");
        if size == 0 {
            return all;
        }
        all.extend_from_slice(&chunk[..size]);
    }
}

/// Write byte by byte. False when the other side has had enough.
fn drip(mut stream: &TcpStream, bytes: &[u8], pause: Duration) -> bool {
    bytes.iter().all(|byte| {
        std::thread::sleep(pause);
        stream.write_all(&[*byte]).is_ok()
    })
}
