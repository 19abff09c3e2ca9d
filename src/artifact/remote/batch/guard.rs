//! Where a server may send us: to http and https alone, and not to addresses that only this machine can reach, such as the metadata service of a cloud.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

use super::url::Url;
use crate::artifact::remote::RemoteError;

/// What kind of place an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Public,
    Loopback,
    /// Link-local, or where clouds answer questions about the machine.
    Neighbour,
}

/// Names of metadata services, which need no address to be known.
const METADATA: [&str; 3] = ["metadata", "metadata.google.internal", "instance-data.ec2.internal"];

/// Whether a URL that a server gave may be asked. The host that the user chose, `home`, may send to itself, and to loopback if it is there too. `is_direct`: we, and no
/// proxy, look up the name.
pub(super) fn check(url: &Url, home: &Url, is_direct: bool) -> Result<(), RemoteError> {
    if url.host == home.host {
        return Ok(());
    }
    let is_home_here = is_loopback(home);
    let is_refused = |kind: Kind| kind == Kind::Neighbour || (kind == Kind::Loopback && !is_home_here);
    let refusal = || {
        let message = format!(
            "{} sends to {}, an address inside this machine or its network: refused",
            home.place(),
            url.place()
        );
        Err(RemoteError::object(message).hint("tell who runs the server; nothing was sent there"))
    };
    if let Some(address) = url.address() {
        return if is_refused(kind(address)) { refusal() } else { Ok(()) };
    }
    if METADATA.contains(&url.host.as_str()) || (is_loopback(url) && !is_home_here) {
        return refusal();
    }
    // A name that cannot be looked up cannot be connected to either; that error comes later.
    let found = (url.host.as_str(), url.effective_port()).to_socket_addrs().ok().filter(|_| is_direct);
    if found.into_iter().flatten().any(|address| is_refused(kind(address.ip()))) { refusal() } else { Ok(()) }
}

/// Whether a URL says by itself that it is this machine.
fn is_loopback(url: &Url) -> bool {
    url.host == "localhost"
        || url.host.ends_with(".localhost")
        || url.address().is_some_and(|address| kind(address) == Kind::Loopback)
}

fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_of_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped().or_else(|| embedded(address)) {
            Some(inner) => kind_of_v4(inner),
            None => kind_of_v6(address),
        },
    }
}

fn kind_of_v4(address: Ipv4Addr) -> Kind {
    if address.is_link_local()
        || address == Ipv4Addr::new(100, 100, 100, 200)
        || address == Ipv4Addr::new(192, 0, 0, 192)
    {
        Kind::Neighbour
    } else if address.is_loopback() || address.octets()[0] == 0 {
        Kind::Loopback
    } else {
        Kind::Public
    }
}

fn kind_of_v6(address: Ipv6Addr) -> Kind {
    let first = address.segments()[0];
    let metadata = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    if first & 0xffc0 == 0xfe80 || address == metadata {
        Kind::Neighbour
    } else if address.is_loopback() || address.is_unspecified() {
        Kind::Loopback
    } else {
        Kind::Public
    }
}

/// The address of version 4 in one that is translated by NAT64.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    let [a, b] = parts[6].to_be_bytes();
    let [c, d] = parts[7].to_be_bytes();
    (parts[..6] == [0x64, 0xff9b, 0, 0, 0, 0]).then(|| Ipv4Addr::new(a, b, c, d))
}

#[cfg(test)]
mod tests {
    use super::{Url, check};

    #[test]
    fn servers_send_nobody_inside() {
        let home = |text: &str| Url::parse(text).expect("a URL");
        let (far, here) = (home("https://lfs.example.org/a"), home("http://127.0.0.1:8080/a"));
        for (url, from_far, from_here) in [
            ("https://lfs.example.org:444/x", true, true),
            ("https://192.0.2.7/x", true, true),
            ("http://10.0.0.7/x", true, true),
            ("http://169.254.169.254/latest/meta-data", false, false),
            ("http://[fe80::1]/", false, false),
            ("http://[::ffff:169.254.169.254]/", false, false),
            ("http://[64:ff9b::a9fe:a9fe]/", false, false),
            ("http://[fd00:ec2::254]/", false, false),
            ("http://100.100.100.200/", false, false),
            ("http://metadata.google.internal/", false, false),
            ("http://127.0.0.1:9/", false, true),
            ("http://127.8.8.8/", false, true),
            ("http://0.0.0.0/", false, true),
            ("http://[::1]/", false, true),
            ("http://localhost/", false, true),
            ("http://x.localhost/", false, true),
        ] {
            let url = home(url);
            assert_eq!(check(&url, &far, false).is_ok(), from_far, "{url}");
            assert_eq!(check(&url, &here, false).is_ok(), from_here, "{url}");
        }
        // Not written as an address, and one all the same.
        for name in ["http://2130706433/", "http://0x7f.1/"] {
            assert!(check(&home(name), &far, true).is_err(), "{name}");
        }
        assert!(check(&home("http://lfs.example.org/"), &far, true).is_ok());
    }
}
