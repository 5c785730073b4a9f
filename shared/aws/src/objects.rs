//! Objects of one S3 bucket.

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use ports::Fault;

use crate::{classify, config};

/// Longest attempt of a request to S3, in seconds. The body of an answer is read after it.
const ATTEMPT_S_MAX: u64 = 3;

/// Longest operation with its retries, in seconds: it must end before the shortest function time-out.
const OPERATION_S_MAX: u64 = 4;

/// Longest object that is read, in bytes. A function has 256 MB; the largest document that is taken in has 32 MiB.
pub(crate) const OBJECT_LEN_MAX: i64 = 64 * 1024 * 1024;

/// A function's client for S3.
pub(crate) fn client(config: &SdkConfig) -> Client {
    client_with(config, config::timeouts(ATTEMPT_S_MAX, OPERATION_S_MAX))
}

/// A client for S3 with time-outs of its own.
pub(crate) fn client_with(config: &SdkConfig, timeouts: TimeoutConfig) -> Client {
    let builder = aws_sdk_s3::config::Builder::from(config)
        .timeout_config(timeouts)
        // A local stack has no host per bucket.
        .force_path_style(config.endpoint_url().is_some());
    Client::from_conf(builder.build())
}

/// How a conditional write went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Created {
    /// It is there now.
    Now,
    /// It was there before.
    Before,
    /// Another write of the same key is under way.
    Contended,
}

/// One bucket.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    client: Client,
    bucket: String,
}

impl Objects {
    pub(crate) fn new(client: Client, bucket: &str) -> Self {
        Self { client, bucket: bucket.to_owned() }
    }

    /// The object under `key`; none if there is no such key, or no such version of it.
    ///
    /// Without `s3:ListBucket` S3 answers "access denied" for a key that does not exist.
    pub(crate) async fn get(&self, key: &str, version: Option<&str>) -> Result<Option<Vec<u8>>, Fault> {
        let what = || format!("read of s3://{}/{key}", self.bucket);
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let output = match request.set_version_id(version.map(str::to_owned)).send().await {
            Ok(output) => output,
            Err(error) if matches!(error.code(), Some("NoSuchKey" | "NoSuchVersion")) => return Ok(None),
            Err(error) => return Err(classify::fault(what(), error)),
        };
        if let Some(len) = output.content_length().filter(|len| *len > OBJECT_LEN_MAX) {
            return Err(Fault::bug(format!("{}: it has {len} bytes, the limit is {OBJECT_LEN_MAX}", what())));
        }
        let bytes = output.body.collect().await.map_err(|error| Fault::transient(what()).because(error))?;
        Ok(Some(bytes.to_vec()))
    }

    /// The object under `key` with its tag; none if there is no such key.
    pub(crate) async fn get_tagged(&self, key: &str) -> Result<Option<(Vec<u8>, String)>, Fault> {
        let what = || format!("read of s3://{}/{key}", self.bucket);
        let output = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(output) => output,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(classify::fault(what(), error)),
        };
        let etag = output.e_tag().unwrap_or_default().to_owned();
        let bytes = output.body.collect().await.map_err(|error| Fault::transient(what()).because(error))?;
        Ok(Some((bytes.to_vec(), etag)))
    }

    /// Puts `bytes` under `key` in the place of the object with tag `base`, or of none. False if there is another.
    pub(crate) async fn replace(&self, key: &str, bytes: &[u8], base: Option<&str>) -> Result<bool, Fault> {
        let request = self.client.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(bytes.to_vec()));
        let request = request.checksum_algorithm(ChecksumAlgorithm::Sha256);
        let request = match base {
            Some(etag) => request.if_match(etag),
            None => request.if_none_match("*"),
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.code() {
                Some("PreconditionFailed" | "ConditionalRequestConflict") => Ok(false),
                _ => Err(classify::fault(format!("write of s3://{}/{key}", self.bucket), error)),
            },
        }
    }

    /// Puts `bytes` under `key`, whatever was there.
    pub(crate) async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), Fault> {
        let request = self.client.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(bytes.to_vec()));
        let result = request.checksum_algorithm(ChecksumAlgorithm::Sha256).send().await;
        result.map(drop).map_err(|error| classify::fault(format!("write of s3://{}/{key}", self.bucket), error))
    }

    /// Puts `bytes` under `key` if there is nothing yet.
    pub(crate) async fn create(&self, key: &str, bytes: &[u8]) -> Result<Created, Fault> {
        let request = self.client.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(bytes.to_vec()));
        match request.checksum_algorithm(ChecksumAlgorithm::Sha256).if_none_match("*").send().await {
            Ok(_) => Ok(Created::Now),
            Err(error) => match error.code() {
                Some("PreconditionFailed") => Ok(Created::Before),
                Some("ConditionalRequestConflict") => Ok(Created::Contended),
                _ => Err(classify::fault(format!("write of s3://{}/{key}", self.bucket), error)),
            },
        }
    }
}
