//! A GPU's own tool that runs for as long as somebody listens.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};

use super::ask::{end, start};

/// No line is longer, in bytes.
const MAX_LINE: u64 = 4096;

/// A tool that runs. It is ended when this is dropped, and not waited for: a tool that hangs in its driver cannot even be killed.
pub struct GpuTool(Arc<Mutex<Option<Child>>>);

impl GpuTool {
    /// Start it; `said` gets every line, on a thread of its own.
    pub fn start(tool: &Path, arguments: &[&str], mut said: impl FnMut(&str) + Send + 'static) -> Option<Self> {
        let (child, stdout) = start(tool, arguments)?;
        let running = Self(Arc::new(Mutex::new(Some(child))));
        let child = Arc::clone(&running.0);
        let listen = move || {
            let (mut lines, mut line) = (BufReader::new(stdout), Vec::new());
            while lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                said(&String::from_utf8_lossy(&line));
                line.clear();
            }
            // Taken out first: from now on its number may be another process's, and nobody must kill that.
            let ended = child.lock().unwrap_or_else(PoisonError::into_inner).take();
            ended.map(|mut child| child.wait())
        };
        // Without a listener it would block; dropping it ends it.
        std::thread::Builder::new().name("gpu tool".to_owned()).spawn(listen).ok()?;
        Some(running)
    }
}

impl Drop for GpuTool {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().into_iter().for_each(end);
    }
}

impl fmt::Debug for GpuTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GpuTool")
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::GpuTool;

    #[test]
    fn a_tool_is_heard_until_nobody_listens() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("tool");
        std::fs::write(&path, "#!/bin/sh\nsleep 600 & echo \"$1 $!\"; wait\n").expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("allowed");
        let (sender, lines) = mpsc::channel();
        let tool = GpuTool::start(&path, &["x"], move |line| sender.send(line.to_owned()).expect("heard"));
        let line = lines.recv_timeout(Duration::from_secs(60)).expect("a line");
        let begun = Instant::now();
        drop(tool);
        assert!(begun.elapsed() < Duration::from_secs(60));
        // The listener is gone, so all who had the pipe open are: the tool, and what it started.
        assert!(line.starts_with("x ") && lines.recv_timeout(Duration::from_secs(60)).is_err());
        assert!(GpuTool::start(&dir.path().join("missing"), &[], |_| ()).is_none());
    }
}
