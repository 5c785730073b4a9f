//! Documents, profiles and secrets, as operators see them.

use std::time::Duration;

use aws_sdk_secretsmanager::operation::create_secret::CreateSecretError;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use canonical::{Digest, PartnerId};
use jiff::{SignedDuration, Timestamp};
use partners::Bundle;
use ports::{Archive as _, Fault};
use secrecy::SecretString;
use serde::Serialize;

use crate::classify;
use crate::operations::Operations;
use crate::profiles::BUNDLE_KEY;
use crate::secret_value::SecretValue;
use crate::secrets::AGAIN_S;

/// The bundle in force, with what its store knows it by.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The bundle.
    pub bundle: Bundle,
    etag: String,
}

/// An object that was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredFile {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub last_modified: Option<Timestamp>,
}

/// Where the bundles lie, each under its version.
const VERSIONS: &str = "profiles/";

fn version_key(version: &str) -> String {
    format!("{VERSIONS}{version}.json")
}

fn parse(bytes: &[u8], key: &str) -> Result<Bundle, Fault> {
    let unusable = |error| Fault::misconfigured(format!("the profile bundle at {key} cannot be used")).because(error);
    Bundle::parse(bytes).map_err(unusable)
}

impl Operations {
    /// Publishes `bundle`, whatever was there. Functions take it up within a minute.
    pub async fn publish_bundle(&self, bundle: &Bundle) -> Result<(), Fault> {
        let bytes = self.keep_version(bundle).await?;
        self.bucket("ArchiveBucket")?.put(BUNDLE_KEY, &bytes).await
    }

    /// The bundle in force; none if none was ever published.
    pub async fn applied(&self) -> Result<Option<Applied>, Fault> {
        let Some((bytes, etag)) = self.bucket("ArchiveBucket")?.get_tagged(BUNDLE_KEY).await? else { return Ok(None) };
        Ok(Some(Applied { bundle: parse(&bytes, BUNDLE_KEY)?, etag }))
    }

    /// The bundle with this version; none if it was never published.
    pub async fn bundle_version(&self, version: &str) -> Result<Option<Bundle>, Fault> {
        let key = version_key(version);
        let bytes = self.bucket("ArchiveBucket")?.get(&key, None).await?;
        bytes.map(|bytes| parse(&bytes, &key)).transpose()
    }

    /// The versions that were published, and when each was first.
    pub async fn bundle_versions(&self) -> Result<Vec<StoredFile>, Fault> {
        let mut files = self.list("ArchiveBucket", VERSIONS).await?;
        files.retain(|file| file.key != BUNDLE_KEY);
        Ok(files)
    }

    /// Publishes `bundle` in the place of `base`, which is what was in force when the change was looked at. False if
    /// somebody else has published since: then nothing is changed.
    pub async fn apply_bundle(&self, bundle: &Bundle, base: Option<&Applied>) -> Result<bool, Fault> {
        let bytes = self.keep_version(bundle).await?;
        self.bucket("ArchiveBucket")?.replace(BUNDLE_KEY, &bytes, base.map(|base| base.etag.as_str())).await
    }

    /// Keeps the bundle under its version, from where it can be read and applied again. Its bytes.
    async fn keep_version(&self, bundle: &Bundle) -> Result<Vec<u8>, Fault> {
        let bytes = bundle.to_bytes().map_err(|error| Fault::bug("the bundle does not serialize").because(error))?;
        self.bucket("ArchiveBucket")?.create(&version_key(bundle.version.as_str()), &bytes).await?;
        Ok(bytes)
    }

    /// Whether the secret `<prefix><partner>/<name>` exists.
    pub async fn has_secret(&self, partner: &PartnerId, name: &str, prefix: &str) -> Result<bool, Fault> {
        let id = format!("{prefix}{partner}/{name}");
        match self.secrets.describe_secret().secret_id(&id).send().await {
            Ok(found) => Ok(found.deleted_date().is_none()),
            Err(error) => match error.as_service_error() {
                Some(DescribeSecretError::ResourceNotFoundException(_)) => Ok(false),
                _ => Err(classify::fault(format!("look for secret {id}"), error)),
            },
        }
    }

    /// Sets the secrets `<prefix><partner>/<name>`, newest first; two during a rotation. Functions that hold the old
    /// ones look again when a signature does not match.
    pub async fn put_secret(
        &self,
        partner: &PartnerId,
        name: &str,
        secrets: &[SecretString],
        prefix: &str,
    ) -> Result<(), Fault> {
        let id = format!("{prefix}{partner}/{name}");
        let what = || format!("write of secret {id}");
        let value =
            SecretValue::of(secrets.iter().cloned()).map_err(|error| Fault::misconfigured(what()).because(error))?;
        self.write_secret(&id, &value).await
    }

    /// Puts a new secret beside the one in force, which holds for `overlap` longer; until when, if there is one. No
    /// request is refused meanwhile: functions look again before they refuse a signature that they cannot match.
    pub async fn rotate_secret(
        &self,
        partner: &PartnerId,
        name: &str,
        new: SecretString,
        prefix: &str,
        now: Timestamp,
        overlap: SignedDuration,
    ) -> Result<Option<Timestamp>, Fault> {
        let id = format!("{prefix}{partner}/{name}");
        let what = || format!("rotation of secret {id}");
        let refused = |error| Fault::misconfigured(what()).because(error);
        let (value, until) = match self.secrets.get_secret_value().secret_id(&id).send().await {
            Ok(output) => {
                let text = output.secret_string().unwrap_or_default();
                SecretValue::parse(text).and_then(|value| value.rotated(new, now, overlap)).map_err(refused)?
            }
            Err(error) => match error.as_service_error() {
                Some(GetSecretValueError::ResourceNotFoundException(_)) => {
                    (SecretValue::of([new]).map_err(refused)?, None)
                }
                _ => return Err(classify::fault(what(), error)),
            },
        };
        self.write_secret(&id, &value).await?;
        // Who is given the new secret after this wait is refused by no function, whenever it asked the store before.
        tokio::time::sleep(Duration::from_secs(AGAIN_S)).await;
        Ok(until)
    }

    async fn write_secret(&self, id: &str, value: &SecretValue) -> Result<(), Fault> {
        let what = || format!("write of secret {id}");
        let text = value.to_text().map_err(|error| Fault::bug(what()).because(error))?;
        let Err(error) = self.secrets.create_secret().name(id).secret_string(&text).send().await else {
            return Ok(());
        };
        match error.as_service_error() {
            Some(CreateSecretError::ResourceExistsException(_)) => {
                let result = self.secrets.put_secret_value().secret_id(id).secret_string(&text).send().await;
                result.map(drop).map_err(|error| classify::fault(what(), error))
            }
            _ => Err(classify::fault(what(), error)),
        }
    }

    /// Puts a file into the partner's inbox, as its transfer would.
    pub async fn drop(&self, partner: &PartnerId, file_name: &str, bytes: &[u8]) -> Result<(), Fault> {
        self.bucket("ExchangeBucket")?.put(&format!("inbox/{partner}/{file_name}"), bytes).await
    }

    /// The files in the partner's outbox, by key.
    pub async fn outbox(&self, partner: &PartnerId) -> Result<Vec<StoredFile>, Fault> {
        self.list("ExchangeBucket", &format!("outbox/{partner}/")).await
    }

    /// A file of an outbox, by its key.
    pub async fn outbox_file(&self, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.bucket("ExchangeBucket")?.get(key, None).await
    }

    /// A document of the archive.
    pub async fn archived(&self, sha256: &Digest) -> Result<Option<Vec<u8>>, Fault> {
        self.archive()?.fetch(sha256).await
    }

    /// The documents of the archive, by key.
    pub async fn archive_list(&self) -> Result<Vec<StoredFile>, Fault> {
        self.list("ArchiveBucket", "sha256/").await
    }

    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<StoredFile>, Fault> {
        let bucket = self.output(bucket)?;
        let mut files = Vec::new();
        let mut pages = self.s3.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify::fault(format!("list of s3://{bucket}/{prefix}"), error))?;
            files.extend(page.contents().iter().map(|object| StoredFile {
                key: object.key().unwrap_or_default().to_owned(),
                size: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                last_modified:
                    object.last_modified().and_then(|time| {
                        Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).unwrap_or(0)).ok()
                    }),
            }));
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::replay::{Replay, Reply};

    fn operations(replay: &Replay) -> Operations {
        let outputs = BTreeMap::from([("ExchangeBucket".to_owned(), "exchange".to_owned())]);
        Operations::with(&replay.config(), outputs)
    }

    #[tokio::test]
    async fn a_secret_is_created_or_replaced() {
        let exists = r#"{"__type":"ResourceExistsException","Message":"m"}"#;
        let replay = Replay::new(vec![Reply::json(400, exists), Reply::json(200, "{}")]);
        let secrets = ["the-newer-secret-of-two", "the-older-secret-of-two"].map(SecretString::from);
        operations(&replay).put_secret(&"p".parse().unwrap(), "webhook-in", &secrets, "crossdock/t/").await.unwrap();
        let asked = replay.asked();
        assert_eq!(asked[0].json()["Name"], "crossdock/t/p/webhook-in");
        assert_eq!(asked[1].json()["SecretId"], "crossdock/t/p/webhook-in");
        let text = asked[1].json()["SecretString"].as_str().unwrap().to_owned();
        assert_eq!(text, r#"{"secrets":[{"secret":"the-newer-secret-of-two"},{"secret":"the-older-secret-of-two"}]}"#);
    }

    #[tokio::test]
    async fn a_rotation_writes_the_new_secret_next_to_the_old_one_with_its_end() {
        let held = r#"{"Name":"n","SecretString":"the-older-secret-of-two"}"#;
        let exists = r#"{"__type":"ResourceExistsException","Message":"m"}"#;
        let replay = Replay::new(vec![Reply::json(200, held), Reply::json(400, exists), Reply::json(200, "{}")]);
        let (now, overlap) = (Timestamp::UNIX_EPOCH, SignedDuration::from_hours(48));
        let new = SecretString::from("the-newer-secret-of-two");
        let partner = "p".parse().unwrap();
        let store = operations(&replay);
        let rotated = store.rotate_secret(&partner, "webhook-in", new, "crossdock/t/", now, overlap);
        assert_eq!(rotated.await.unwrap(), Some(now + overlap));
        let written = replay.asked()[2].json();
        let written: serde_json::Value = serde_json::from_str(written["SecretString"].as_str().unwrap()).unwrap();
        assert_eq!(written["secrets"][0]["secret"], "the-newer-secret-of-two");
        assert_eq!(written["secrets"][1]["not_after"], "1970-01-03T00:00:00Z");
        let short = SecretString::from("short");
        let replay = Replay::new(vec![Reply::json(200, held)]);
        let store = operations(&replay);
        let refused = store.rotate_secret(&partner, "webhook-in", short, "crossdock/t/", now, overlap);
        assert!(refused.await.unwrap_err().chain().contains("shorter than 16 bytes"));
        assert_eq!(replay.asked().len(), 1, "nothing is written");
    }

    fn bundle() -> Bundle {
        let text = "tenant = \"t\"\nname = \"T\"\n[edi]\nqualifier = \"ZZ\"\nid = \"T\"\n".to_owned();
        let house = partners::SourceFile { name: "house.toml".to_owned(), text };
        partners::compile(&[house], &BTreeMap::new()).unwrap()
    }

    fn archive(replay: &Replay) -> Operations {
        Operations::with(&replay.config(), BTreeMap::from([("ArchiveBucket".to_owned(), "archive".to_owned())]))
    }

    #[tokio::test]
    async fn a_bundle_is_applied_in_the_place_of_what_was_looked_at_and_of_nothing_else() {
        let current = String::from_utf8(bundle().to_bytes().unwrap()).unwrap();
        let lost = "<Error><Code>PreconditionFailed</Code></Error>";
        let replay = Replay::new(vec![
            Reply::Tagged(current, "\"e1\""),
            Reply::json(200, ""),
            Reply::json(200, ""),
            Reply::json(412, lost),
            Reply::json(412, lost),
            Reply::json(412, lost),
            Reply::json(200, ""),
        ]);
        let operations = archive(&replay);
        let base = operations.applied().await.unwrap().unwrap();
        assert!(operations.apply_bundle(&bundle(), Some(&base)).await.unwrap());
        assert!(!operations.apply_bundle(&bundle(), Some(&base)).await.unwrap(), "somebody else was faster");
        assert!(operations.apply_bundle(&bundle(), None).await.unwrap());
        let asked = replay.asked();
        let version = format!("/profiles/{}.json", bundle().version);
        assert!(
            asked[1].uri.contains(&version) && asked[2].uri.contains("/profiles/current.json"),
            "the version first"
        );
        assert_eq!((asked[2].header("if-match"), asked[2].header("if-none-match")), (Some("\"e1\""), None));
        assert_eq!((asked[6].header("if-match"), asked[6].header("if-none-match")), (None, Some("*")));
    }

    #[tokio::test]
    async fn an_outbox_is_listed_over_all_pages() {
        let page = |key: &str, more: &str| {
            Reply::json(
                200,
                &format!(
                    "<ListBucketResult>{more}<Contents><Key>{key}</Key><Size>5</Size>\
                 <LastModified>2026-11-23T10:00:00.000Z</LastModified></Contents></ListBucketResult>"
                ),
            )
        };
        let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>n</NextContinuationToken>";
        let replay = Replay::new(vec![page("outbox/p/1", more), page("outbox/p/2", "")]);
        let files = operations(&replay).outbox(&"p".parse().unwrap()).await.unwrap();
        assert_eq!(files.iter().map(|file| file.key.as_str()).collect::<Vec<_>>(), ["outbox/p/1", "outbox/p/2"]);
        assert_eq!((files[0].size, files[0].last_modified), (5, "2026-11-23T10:00:00Z".parse().ok()));
        assert!(replay.asked()[1].uri.contains("continuation-token=n"));
    }
}
