//! From an address and the environment to a client of object_store, with the credentials that each cloud's own tools would take.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::multipart::MultipartStore;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};

use super::super::RemoteError;
use super::profile::Profile;
use super::url::{Location, Service, check_endpoint};
use super::wire::Connector;

/// Environment variables. They are passed, so that two buckets of one process may have different ones.
pub type Environment = BTreeMap<String, String>;

/// A client.
pub(super) struct Connected {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) parts: Arc<dyn MultipartStore>,
}

/// Make a client. Nobody is asked anything yet.
///
/// # Errors
/// If what the environment says is wrong or incomplete.
pub(super) fn connect(location: &Location, environment: &Environment) -> Result<Connected, RemoteError> {
    match location.service {
        Service::S3 => s3(location, environment),
        Service::Google => google(location, environment),
        Service::Azure => azure(location, environment),
    }
}

/// Few times and soon: transfers try again themselves, and know what was moved already.
fn retry() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(1), base: 2. };
    RetryConfig { backoff, max_retries: 2, retry_timeout: Duration::from_secs(60) }
}

/// What the environment says under names that begin with `prefix`, as object_store reads them: lower case. Empty counts as not set.
fn options<'a>(environment: &'a Environment, prefix: &'a str) -> impl Iterator<Item = (String, &'a str)> {
    let is_meant = move |(name, value): &(&String, &String)| name.starts_with(prefix) && !value.is_empty();
    environment.iter().filter(is_meant).map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
}

/// The server that is spoken to, and whether it may be spoken to without TLS. What the address says counts more than the environment.
fn endpoint(
    location: &Location,
    from_environment: Option<String>,
    may_http: bool,
) -> Result<(Option<String>, bool), RemoteError> {
    let found = match (&location.endpoint, from_environment) {
        (Some(endpoint), _) => Some(endpoint.clone()),
        (None, Some(endpoint)) => {
            Some(check_endpoint(&endpoint, location.service, may_http || location.is_http_allowed, true)?)
        }
        (None, None) => None,
    };
    // It was checked that only this machine is spoken to so, unless the user allowed it.
    let is_http = found.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    Ok((found, is_http))
}

fn is_true(value: Option<String>) -> bool {
    value.is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on"))
}

fn s3(location: &Location, environment: &Environment) -> Result<Connected, RemoteError> {
    use AmazonS3ConfigKey::{
        AccessKeyId, Client, ContainerCredentialsFullUri, ContainerCredentialsRelativeUri, Endpoint, Region, RoleArn,
        S3Endpoint, SecretAccessKey, Token,
    };
    let mut builder = AmazonS3Builder::new();
    if location.has_checksums {
        builder = builder.with_checksum_algorithm(Checksum::SHA256);
    }
    for (name, value) in options(environment, "AWS_") {
        if let Ok(key) = name.parse() {
            builder = builder.with_config(key, value);
        }
    }
    let profile = profile(environment);
    let has = |builder: &AmazonS3Builder, key| builder.get_config_value(&key).is_some();
    let others = [AccessKeyId, SecretAccessKey, ContainerCredentialsRelativeUri, ContainerCredentialsFullUri, RoleArn];
    if !others.into_iter().any(|key| has(&builder, key)) {
        for (key, value) in [(AccessKeyId, profile.key_id), (SecretAccessKey, profile.secret), (Token, profile.token)] {
            if let Some(value) = value {
                builder = builder.with_config(key, value);
            }
        }
    }
    if let Some(region) = location.region.clone().or_else(|| if has(&builder, Region) { None } else { profile.region })
    {
        builder = builder.with_region(region);
    }
    let own = [S3Endpoint, Endpoint].iter().find_map(|key| builder.get_config_value(key)).or(profile.endpoint);
    let may_http = is_true(builder.get_config_value(&Client(ClientConfigKey::AllowHttp)));
    let (endpoint, is_http) = endpoint(location, own, may_http)?;
    if let Some(endpoint) = endpoint {
        builder = builder.with_config(S3Endpoint, endpoint);
    }
    // One object at a time is deleted, by the request that all servers know.
    let builder = builder.with_bucket_name(&location.bucket).with_disable_bulk_delete(true);
    let builder = builder.with_allow_http(is_http).with_retry(retry()).with_http_connector(Connector);
    connected(location, builder.build())
}

/// The profile that `AWS_PROFILE` names.
fn profile(environment: &Environment) -> Profile {
    let home = environment.get("HOME").or_else(|| environment.get("USERPROFILE"));
    let read = |variable: &str, name: &str| {
        let path = environment.get(variable).map(PathBuf::from);
        let path = path.or_else(|| home.map(|home| PathBuf::from(home).join(".aws").join(name)));
        path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
    };
    let named = environment.get("AWS_PROFILE").map_or("default", String::as_str);
    Profile::read(&read("AWS_SHARED_CREDENTIALS_FILE", "credentials"), &read("AWS_CONFIG_FILE", "config"), named)
}

fn google(location: &Location, environment: &Environment) -> Result<Connected, RemoteError> {
    let mut builder = GoogleCloudStorageBuilder::new();
    for (name, value) in options(environment, "GOOGLE_") {
        if let Ok(key) = name.parse() {
            builder = builder.with_config(key, value);
        }
    }
    let (endpoint, is_http) = endpoint(location, builder.get_config_value(&GoogleConfigKey::BaseUrl), false)?;
    if let Some(endpoint) = endpoint {
        builder = builder.with_base_url(&endpoint);
    }
    let allow_http = GoogleConfigKey::Client(ClientConfigKey::AllowHttp);
    let builder = builder.with_config(allow_http, is_http.to_string()).with_bucket_name(&location.bucket);
    connected(location, builder.with_retry(retry()).with_http_connector(Connector).build())
}

fn azure(location: &Location, environment: &Environment) -> Result<Connected, RemoteError> {
    let mut builder = MicrosoftAzureBuilder::new();
    // Two names of Azure's own command line that object_store does not know.
    let short =
        [("AZURE_STORAGE_ACCOUNT", AzureConfigKey::AccountName), ("AZURE_STORAGE_KEY", AzureConfigKey::AccessKey)];
    for (name, key) in short {
        if let Some(value) = environment.get(name) {
            builder = builder.with_config(key, value);
        }
    }
    for (name, value) in options(environment, "AZURE_") {
        if let Ok(key) = name.parse() {
            builder = builder.with_config(key, value);
        }
    }
    for name in ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"] {
        if let Some(value) = environment.get(name) {
            builder = builder.with_msi_endpoint(value);
        }
    }
    if let Some(account) = &location.account {
        builder = builder.with_account(account);
    }
    if builder.get_config_value(&AzureConfigKey::AccountName).is_none() {
        return Err(RemoteError::all("the storage account of the container is not known")
            .hint("add it to the address, az://container/folder?account=NAME, or export AZURE_STORAGE_ACCOUNT=NAME"));
    }
    let own = builder.get_config_value(&AzureConfigKey::Endpoint);
    let may_http = is_true(builder.get_config_value(&AzureConfigKey::Client(ClientConfigKey::AllowHttp)));
    let (endpoint, is_http) = endpoint(location, own, may_http)?;
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let builder = builder.with_container_name(&location.bucket).with_allow_http(is_http);
    connected(location, builder.with_retry(retry()).with_http_connector(Connector).build())
}

fn connected<S: ObjectStore + MultipartStore>(
    location: &Location,
    built: object_store::Result<S>,
) -> Result<Connected, RemoteError> {
    let store = Arc::new(built.map_err(|error| super::fault::unusable(location.service, &error))?);
    Ok(Connected { parts: Arc::clone(&store) as Arc<dyn MultipartStore>, store })
}
