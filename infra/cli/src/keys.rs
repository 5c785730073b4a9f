//! The sample partners' keys and secrets: made once for each data directory, so that a stack goes on with them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use canonical::PartnerId;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::{Error, clock};

const FILE_NAME: &str = "keys.json";

/// Random bytes of a key: as many as the MAC has.
const KEY_LEN: usize = 32;

/// Keys, secrets, and what else must stay the same from one start to the next.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Keys {
    /// When its stack first ran. The scenarios count their times from here: played again they say the same.
    #[serde(default)]
    pub begun_at: Option<Timestamp>,
    /// The port of the sample partners. Endpoints are published with it.
    pub sandbox_port: u16,
    /// The sample ERP's API key.
    pub erp_api_key: String,
    /// Webhook secrets by `<partner>/<name>`.
    secrets: BTreeMap<String, String>,
}

impl Keys {
    /// The keys of the data directory; new ones if it has none.
    pub fn open(folder: Option<&Path>) -> Result<Self, Error> {
        if let Some(path) = folder.map(|folder| folder.join(FILE_NAME))
            && let Ok(text) = fs::read_to_string(&path)
        {
            return serde_json::from_str(&text).map_err(Error::json(path.display().to_string()));
        }
        Ok(Self { begun_at: None, sandbox_port: 0, erp_api_key: new_api_key()?, secrets: BTreeMap::new() })
    }

    /// Keeps the keys in the data directory.
    pub fn save(&self, folder: &Path) -> Result<(), Error> {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let path = folder.join(FILE_NAME);
        let text = serde_json::to_string_pretty(self).map_err(Error::json("the keys"))?;
        let fresh = folder.join(format!("{FILE_NAME}.new"));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)
            .map_err(Error::io("write", &fresh))?;
        file.write_all(text.as_bytes()).map_err(Error::io("write", &fresh))?;
        fs::rename(&fresh, &path).map_err(Error::io("write", &path))
    }

    /// Sets when the stack first ran, unless that is known. Whole seconds: EDI knows no more.
    pub(crate) fn begin(&mut self) {
        let now = || Timestamp::from_second(clock::now().as_second()).unwrap_or_default();
        self.begun_at.get_or_insert_with(now);
    }

    /// Makes the secret `<partner>/<name>` if there is none.
    pub(crate) fn ensure(&mut self, partner: &PartnerId, name: &str) -> Result<(), Error> {
        if let Entry::Vacant(place) = self.secrets.entry(format!("{partner}/{name}")) {
            place.insert(new_secret()?.expose_secret().to_owned());
        }
        Ok(())
    }

    /// Puts `secret` in the place of `<partner>/<name>`.
    pub(crate) fn replace(&mut self, partner: &PartnerId, name: &str, secret: &SecretString) {
        self.secrets.insert(format!("{partner}/{name}"), secret.expose_secret().to_owned());
    }

    /// The secret `<partner>/<name>`.
    pub fn secret(&self, partner: &str, name: &str) -> Option<SecretString> {
        let secret = self.secrets.get(&format!("{partner}/{name}"));
        secret.map(|text| SecretString::from(text.as_str()))
    }

    /// Every secret with its partner and name.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&str, &str, SecretString)> {
        self.secrets.iter().filter_map(|(id, secret)| {
            let (partner, name) = id.split_once('/')?;
            Some((partner, name, SecretString::from(secret.as_str())))
        })
    }
}

/// A new API key.
pub(crate) fn new_api_key() -> Result<String, Error> {
    Ok(format!("erp_{}", URL_SAFE_NO_PAD.encode(random()?)))
}

/// A new secret in the form of Standard Webhooks.
pub(crate) fn new_secret() -> Result<SecretString, Error> {
    Ok(format!("whsec_{}", STANDARD.encode(random()?)).into())
}

/// The system's random bytes.
fn random() -> Result<[u8; KEY_LEN], Error> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0; KEY_LEN];
    let mut file = File::open(path).map_err(Error::io("open", path))?;
    file.read_exact(&mut bytes).map_err(Error::io("read", path))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_the_same_in_a_folder_and_differ_between_folders() {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = Keys::open(Some(folder.path())).unwrap();
        let partner: PartnerId = "bolt-3pl".parse().unwrap();
        keys.ensure(&partner, "webhook-in").unwrap();
        keys.save(folder.path()).unwrap();
        keys.ensure(&partner, "webhook-in").unwrap();
        let again = Keys::open(Some(folder.path())).unwrap();
        let secret = |keys: &Keys| keys.secret("bolt-3pl", "webhook-in").unwrap().expose_secret().to_owned();
        assert_eq!((secret(&again), &again.erp_api_key), (secret(&keys), &keys.erp_api_key));
        assert!(secret(&keys).starts_with("whsec_"));
        assert_ne!(Keys::open(None).unwrap().erp_api_key, keys.erp_api_key);
    }
}
