//! How we prove who we are to a partner's endpoint, beside our signature.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lint::Complaints;

/// A partner whose endpoint asks for an access token (OAuth 2.0 client credentials, RFC 6749 4.4). Our secret there is
/// `<partner>/oauth2-out`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    /// Where its authorization server hands out tokens; https.
    pub token_url: String,
    /// Our name there.
    pub client_id: String,
    /// What is asked for, scopes parted by blanks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// For whom the token shall be, where the server asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// How our name and secret are sent.
    #[serde(default)]
    pub client_auth: ClientAuth,
}

/// How a client's name and secret are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// In the header `Authorization`, as every server must take it.
    #[default]
    Basic,
    /// In the body.
    Body,
}

impl ClientCredentials {
    pub(crate) fn lint(&self, complaints: &mut Complaints) {
        crate::auth::lint_url("endpoint.oauth2.token_url", &self.token_url, complaints);
        if self.client_id.is_empty() {
            let mend = "write the id that the partner gave us";
            complaints.add("endpoint.oauth2.client_id", "is empty", mend);
        }
    }
}
