//! The transfer `basic`: GET or PUT of a whole object, then its confirmation. Format: <https://github.com/git-lfs/git-lfs/blob/main/docs/api/basic-transfers.md>.

use std::fs::File;
use std::io::{self, Read, Write};

use ureq::http::{Method, header};

use super::action::Kept;
use super::api::{self, Action};
use super::connection;
use super::header::content_range;
use super::http::{Body, Request};
use super::reply::Reply;
use super::session::{Session, json_headers};
use super::status::Refusal;
use super::url::Url;
use crate::artifact::part::Part;
use crate::artifact::pointer::Pointer;
use crate::artifact::remote::{Fault, Operation, RemoteError, here};

/// How often an upload is confirmed before it counts as failed, as git-lfs does it.
const MOST_CONFIRMATIONS: u32 = 3;

/// Bytes read at once.
const BUFFER: usize = 256 << 10;

/// Send an object and have it confirmed.
pub(super) fn upload(
    session: &Session,
    kept: &Kept,
    pointer: &Pointer,
    file: &mut File,
    sent: &dyn Fn(i64),
) -> Result<(), RemoteError> {
    let mut request = request(kept, &kept.action, Method::PUT, Body::File(file, pointer.size, sent))?;
    let is_typed = kept.action.header.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !is_typed {
        // Never guessed: some servers refuse what they do not know.
        request.plain.push((header::CONTENT_TYPE, "application/octet-stream".to_owned()));
    }
    let reply = session.act(&mut request, &kept.door, kept.is_authenticated)?;
    if !reply.is_success() {
        return Err(refused(reply));
    }
    reply.drain();
    let confirmed = confirm(session, kept, pointer);
    if confirmed.is_err() {
        // It has to be sent again, or was for nothing.
        sent(-pointer.size.cast_signed());
    }
    confirmed
}

fn confirm(session: &Session, kept: &Kept, pointer: &Pointer) -> Result<(), RemoteError> {
    let mut attempt = 0;
    loop {
        let result = match &kept.verify {
            Some(verify) => ask_to_verify(session, kept, verify, pointer),
            None => ask_for_download(session, pointer),
        };
        attempt += 1;
        match result {
            Err(error)
                if attempt < MOST_CONFIRMATIONS && error.fault != Fault::Expired && error.fault != Fault::All =>
            {
                std::thread::sleep(session.timeouts().pause * 2_u32.pow(attempt - 1));
            }
            other => return other,
        }
    }
}

fn ask_to_verify(session: &Session, kept: &Kept, verify: &Action, pointer: &Pointer) -> Result<(), RemoteError> {
    let mut request = request(kept, verify, Method::POST, Body::Bytes(api::verification(pointer)))?;
    request.plain = json_headers();
    let reply = session.act(&mut request, &kept.door, kept.is_authenticated)?;
    if !reply.is_success() {
        let host = reply.host.clone();
        let error = refused(reply);
        return Err(RemoteError { message: format!("{host} does not confirm the upload: {}", error.message), ..error });
    }
    reply.drain();
    Ok(())
}

/// A server without a verify action says by its own word that it has the object, when it is asked for it.
fn ask_for_download(session: &Session, pointer: &Pointer) -> Result<(), RemoteError> {
    let batched = session.batch(Operation::Download, std::slice::from_ref(pointer))?;
    let host = batched.door.url.place();
    let object = batched.answer.objects.get(&pointer.oid);
    match object.map(|object| (&object.download, object.size, &object.error)) {
        Some((Some(_), size, None)) if size.is_none_or(|size| size == pointer.size) => Ok(()),
        Some((_, Some(size), None)) if size != pointer.size => {
            Err(RemoteError::later(format!("{host} has {size} bytes of the upload instead of {}", pointer.size)))
        }
        _ => Err(RemoteError::later(format!("{host} took the upload and does not have the object"))),
    }
}

/// Fetch what a part lacks.
pub(super) fn download(
    session: &Session,
    kept: &Kept,
    pointer: &Pointer,
    part: &mut Part<'_>,
) -> Result<(), RemoteError> {
    let mut request = request(kept, &kept.action, Method::GET, Body::None)?;
    if !part.is_empty() {
        request.plain.push((header::RANGE, format!("bytes={}-{}", part.len(), pointer.size - 1)));
        let reply = session.act(&mut request, &kept.door, kept.is_authenticated)?;
        match reply.status {
            206 if is_rest(&reply, part.len(), pointer.size) => return receive(reply, part),
            // It begins anew by itself.
            200 => {
                restart(part)?;
                return receive_whole(reply, pointer, part);
            }
            // Another range than was asked for, or none: once more, all of it.
            206 | 416 => {
                reply.drain();
                restart(part)?;
                request.plain.clear();
            }
            _ => return Err(refused(reply)),
        }
    }
    let reply = session.act(&mut request, &kept.door, kept.is_authenticated)?;
    match reply.status {
        200 => receive_whole(reply, pointer, part),
        206 if is_rest(&reply, 0, pointer.size) => receive(reply, part),
        status @ (201..=299) => Err(RemoteError::object(format!("{} answers {status} and no object", reply.host))),
        _ => Err(refused(reply)),
    }
}

/// Whether the answer begins where the part ends.
fn is_rest(reply: &Reply, from: u64, size: u64) -> bool {
    let range = reply.header("content-range").and_then(content_range);
    range.is_some_and(|(first, _, all)| first == from && all.is_none_or(|all| all == size))
}

fn receive_whole(reply: Reply, pointer: &Pointer, part: &mut Part<'_>) -> Result<(), RemoteError> {
    match reply.content_length() {
        Some(found) if found != pointer.size => Err(RemoteError::object(format!(
            "{} has {found} bytes under this name instead of {}",
            reply.host, pointer.size
        ))),
        _ => receive(reply, part),
    }
}

fn receive(reply: Reply, part: &mut Part<'_>) -> Result<(), RemoteError> {
    if let Some(encoding) = reply.header("content-encoding").filter(|encoding| *encoding != "identity") {
        let encoding = super::status::readable(encoding);
        return Err(RemoteError::object(format!("{} packs what it sends as {encoding}, unasked", reply.host)));
    }
    let host = reply.host.clone();
    let mut reader = reply.into_reader();
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => part.write_all(&buffer[..n]).map_err(|error| here(&error))?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(connection::read_error(error, &host)),
        }
    }
}

fn restart(part: &mut Part<'_>) -> Result<(), RemoteError> {
    part.restart().map_err(|error| here(&error))
}

fn request<'a>(kept: &Kept, action: &Action, method: Method, body: Body<'a>) -> Result<Request<'a>, RemoteError> {
    let home = kept.door.url.clone();
    // A server may leave out its own name.
    let url = Url::parse(&action.href).or_else(|| home.follow(&action.href).filter(|_| action.href.starts_with('/')));
    let url = url.ok_or_else(|| {
        RemoteError::object(format!("{} names a place that is no URL of http or https: refused", home.place()))
            .hint("tell who runs the server; nothing was read or sent there")
    })?;
    let private = action.header.clone();
    Ok(Request { method, url, home, plain: Vec::new(), private, authorization: None, body })
}

fn refused(reply: Reply) -> RemoteError {
    reply.refuse(Refusal::of_object)
}
