//! From what was asked for to a pin: the one place that looks at the data.

use std::fs;
use std::path::{Path, PathBuf};

use super::manifest::named;
use super::spec::What;
use super::{DataError, dvc, scan, uri};
use crate::artifact::pointer::{LONGEST, Pointer};
use crate::capture::file;
use crate::model::data::DataPin;

/// Where pins are looked for.
#[derive(Debug, Clone)]
pub struct Place {
    /// The top of the work tree, canonical.
    pub top: PathBuf,
    /// Where the user stands, canonical.
    pub cwd: PathBuf,
    /// The git folder of the repository, canonical.
    pub common_dir: PathBuf,
}

/// A pin, and what there is to say about it.
#[derive(Debug)]
pub struct Pinned {
    /// What the fact says.
    pub pin: DataPin,
    /// The manifest of a folder, if it is short enough to be stored.
    pub manifest: Option<Vec<u8>>,
    /// Sentences for the user.
    pub warnings: Vec<String>,
}

impl Place {
    /// Where a path lies that was given.
    pub fn find(&self, what: &What) -> Option<PathBuf> {
        let below = |base: &Path, text: &str| {
            let full = base.join(text);
            // Only `.` and `..` of what was typed are taken away, so that a link keeps its name.
            full.to_str().map_or_else(|| full.clone(), |full| PathBuf::from(dvc::normal(full)))
        };
        match what {
            What::Path(text) => Some(below(&self.cwd, text)),
            What::PathBelowTop(text) => Some(below(&self.top, text)),
            What::Uri(_) => None,
        }
    }

    /// A path as facts name it: relative to the work tree, or absolute if it lies elsewhere.
    pub fn name(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.top).unwrap_or(path);
        let text = relative.to_string_lossy().replace('\\', "/");
        if text.is_empty() { ".".to_owned() } else { text }
    }
}

/// Pin a URI.
///
/// # Errors
/// If its form is none of those that name a version, or it holds a credential.
pub fn pin_uri(text: &str) -> Result<Pinned, uri::UriError> {
    let checked = uri::check(text)?;
    let mut warnings = Vec::new();
    if !checked.permanent {
        warnings.push(format!(
            "{text} names what may move, such as a branch: the same URI can be other data tomorrow; name a commit or version"
        ));
    }
    let (uri, permanent) = (Some(text.to_owned()), Some(checked.permanent));
    let pin = DataPin { kind: "uri".to_owned(), uri, permanent, ..DataPin::default() };
    Ok(Pinned { pin, manifest: None, warnings })
}

/// Pin a file or folder: by what DVC or Git LFS say of it, or else by its content.
///
/// # Errors
/// If it is not there or cannot be read.
pub fn pin_path(place: &Place, path: &Path) -> Result<Pinned, DataError> {
    let mut warnings = Vec::new();
    if let Some(tracked) = tracked_by_dvc(place, path, &mut warnings)? {
        return Ok(tracked.pin(place, warnings));
    }
    let found = fs::metadata(path).map_err(DataError::io(path))?;
    let name = Some(place.name(path));
    if found.is_file()
        && found.len() < LONGEST as u64
        && let Some(pointer) = Pointer::parse(&fs::read(path).map_err(DataError::io(path))?)
    {
        let digest = Some(format!("sha256:{}", pointer.oid));
        let pin =
            DataPin { kind: "lfs".to_owned(), path: name, digest, bytes: Some(pointer.size), ..DataPin::default() };
        return Ok(Pinned { pin, manifest: None, warnings });
    }
    let holds_repository = path.canonicalize().is_ok_and(|path| place.common_dir.starts_with(path));
    if holds_repository {
        return Err(DataError::Repository { path: path.to_owned() });
    }
    let scanned = scan::scan(path, &place.common_dir.join("xp/data"))?;
    let mut pin = DataPin { path: name, digest: Some(named(&scanned.sha256)), ..DataPin::default() };
    pin.kind = if found.is_dir() { "folder" } else { "file" }.to_owned();
    pin.bytes = Some(scanned.bytes);
    pin.files = Some(scanned.files).filter(|_| found.is_dir());
    let shown = place.name(path);
    if scanned.files == 0 {
        warnings.push(format!("{shown} holds no file"));
    }
    if scanned.leading_out > 0 {
        let links = scanned.leading_out;
        warnings.push(format!(
            "{links} symbolic link(s) lead out of {shown}: their text is pinned, what they point to is not; pin that too"
        ));
    }
    if found.is_dir() && scanned.manifest.is_none() {
        warnings.push(format!(
            "{shown} has {} files: the digest of the whole is recorded, the list of files is too long to be stored",
            scanned.files
        ));
    }
    Ok(Pinned { pin, manifest: scanned.manifest, warnings })
}

/// Data that DVC keeps.
struct Tracked {
    /// The file of DVC.
    from: PathBuf,
    /// Where the data lies.
    path: PathBuf,
    out: dvc::Out,
}

/// Files of DVC are at most so large, in bytes.
const LARGEST_DVC: u64 = 64 << 20;
/// What is said of one that is larger.
const TOO_LARGE: &str = "it is no readable file of at most 64 MiB";

fn read(path: &Path) -> Option<Vec<u8>> {
    file::read(path, LARGEST_DVC)
}

/// What DVC says of a path: the path is a `.dvc` file, has one beside it, or stands in a `dvc.lock` above it.
fn tracked_by_dvc(place: &Place, path: &Path, warnings: &mut Vec<String>) -> Result<Option<Tracked>, DataError> {
    if path.extension().is_some_and(|extension| extension == "dvc") && path.is_file() {
        let wrong = |why| DataError::Dvc { path: path.to_owned(), why };
        let mut outs = dvc::parse_file(&read(path).ok_or_else(|| wrong(TOO_LARGE.to_owned()))?).map_err(wrong)?;
        return match (outs.pop(), outs.is_empty()) {
            (Some(out), true) => Ok(Some(Tracked::new(path, out))),
            _ => Err(wrong("it names several outputs: give the path of one of them instead".to_owned())),
        };
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".dvc");
    let beside = PathBuf::from(beside);
    if let Some(bytes) = read(&beside) {
        match dvc::parse_file(&bytes) {
            Ok(outs) => {
                let tracked = outs.into_iter().map(|out| Tracked::new(&beside, out)).find(|found| found.path == path);
                if tracked.is_some() {
                    return Ok(tracked);
                }
            }
            Err(why) => warnings.push(format!("{}: {why}; the data itself is hashed", beside.display())),
        }
    }
    for folder in path.ancestors().skip(1).take_while(|folder| folder.starts_with(&place.top)) {
        let lock = folder.join("dvc.lock");
        let (Some(bytes), Ok(below)) = (read(&lock), path.strip_prefix(folder)) else { continue };
        match dvc::find_in_lock(&bytes, &below.to_string_lossy()) {
            Ok(Some(out)) => return Ok(Some(Tracked::new(&lock, out))),
            Ok(None) => {}
            Err(why) => warnings.push(format!("{}: {why}; it is not asked", lock.display())),
        }
    }
    Ok(None)
}

impl Tracked {
    fn new(from: &Path, out: dvc::Out) -> Self {
        let path = from.parent().unwrap_or(from).join(&out.path);
        let path = path.to_str().map_or_else(|| path.clone(), |path| PathBuf::from(dvc::normal(path)));
        Self { from: from.to_owned(), path, out }
    }

    fn pin(self, place: &Place, mut warnings: Vec<String>) -> Pinned {
        let (from, path) = (place.name(&self.from), place.name(&self.path));
        if let Some(difference) = self.difference() {
            warnings.push(format!(
                "{path} is not what {from} says: {difference}; the pin is what {from} says (dvc status shows more, dvc commit takes what lies there)"
            ));
        }
        let pin = DataPin {
            kind: "dvc".to_owned(),
            path: Some(path),
            digest: Some(self.out.digest),
            files: self.out.files,
            bytes: self.out.size,
            from: Some(from),
            ..DataPin::default()
        };
        Pinned { pin, manifest: None, warnings }
    }

    /// How the data that lies there obviously differs, without reading it. Data that is not there does not.
    fn difference(&self) -> Option<String> {
        let found = fs::metadata(&self.path).ok()?;
        if found.is_dir() != self.out.is_folder() {
            let kinds = ["a file", "a folder"].map(str::to_owned);
            let [there, said] = [found.is_dir(), self.out.is_folder()].map(|is_folder| &kinds[usize::from(is_folder)]);
            return Some(format!("it is {there}, not {said}"));
        }
        if !found.is_dir() {
            let size = self.out.size.filter(|size| *size != found.len())?;
            return Some(format!("it has {} bytes, not {size}", found.len()));
        }
        let (files, bytes) = scan::count(&self.path.canonicalize().ok()?).ok()?;
        let is_other =
            self.out.files.is_some_and(|said| said != files) || self.out.size.is_some_and(|said| said != bytes);
        let said = |number: Option<u64>| number.map_or("unknown".to_owned(), |number| number.to_string());
        let plural = if files == 1 { "" } else { "s" };
        is_other.then(|| {
            format!(
                "it has {files} file{plural} of {bytes} bytes, not {} of {}",
                said(self.out.files),
                said(self.out.size)
            )
        })
    }
}
