//! A bucket of S3, Google Cloud Storage or Azure as a remote.
//!
//! The address is read in [`url`]; the rest needs the cargo feature `cloud`, without which [`open`] says so.

pub mod profile;
pub mod url;

#[cfg(feature = "cloud")]
mod connect;
#[cfg(feature = "cloud")]
mod fault;
#[cfg(not(feature = "cloud"))]
mod missing;
#[cfg(feature = "cloud")]
mod open;
#[cfg(feature = "cloud")]
mod upload;
#[cfg(feature = "cloud")]
mod wire;

#[cfg(feature = "cloud")]
pub use connect::Environment;
#[cfg(not(feature = "cloud"))]
pub use missing::{Bucket, open};
#[cfg(feature = "cloud")]
pub use open::{Bucket, open, open_in};
pub use url::is_bucket;
