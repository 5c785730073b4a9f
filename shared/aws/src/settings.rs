//! What a function is told by its environment. Nothing else reads the environment.

use std::collections::{BTreeMap, BTreeSet};

use ports::{Fault, StepQueue};

/// Every variable that is read. The template sets them all; each function uses those that its step needs.
const NAMES: [&str; 14] = [
    "STAGE",
    "TABLE_NAME",
    "LIMITS_TABLE_NAME",
    "ARCHIVE_BUCKET",
    "EXCHANGE_BUCKET",
    "BUS_NAME",
    "ORDER_APPLY_QUEUE_URL",
    "SHIPMENT_APPLY_QUEUE_URL",
    "ORDER_DISPATCH_QUEUE_URL",
    "PARTNER_DELIVER_QUEUE_URL",
    "QUEUE_URL",
    "MAX_RECEIVE_COUNT",
    "SECRETS_PREFIX",
    "PLAIN_HTTP_HOSTS",
];

/// The settings of one function. A variable is missed when it is asked for, not before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    variables: BTreeMap<String, String>,
}

impl Settings {
    /// The settings in the environment.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env() -> Self {
        Self::from_pairs(NAMES.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?))))
    }

    /// The settings in `pairs`, for tests against a local stack.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let variables = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables }
    }

    /// `STAGE`: what tells deployments apart.
    pub fn stage(&self) -> Result<&str, Fault> {
        self.get("STAGE")
    }

    /// `TABLE_NAME`.
    pub fn table_name(&self) -> Result<&str, Fault> {
        self.get("TABLE_NAME")
    }

    /// `LIMITS_TABLE_NAME`: where requests are counted.
    pub fn limits_table_name(&self) -> Result<&str, Fault> {
        self.get("LIMITS_TABLE_NAME")
    }

    /// `ARCHIVE_BUCKET`: documents, profiles and failure notes.
    pub fn archive_bucket(&self) -> Result<&str, Fault> {
        self.get("ARCHIVE_BUCKET")
    }

    /// `EXCHANGE_BUCKET`: partners' inboxes and outboxes.
    pub fn exchange_bucket(&self) -> Result<&str, Fault> {
        self.get("EXCHANGE_BUCKET")
    }

    /// `BUS_NAME`.
    pub fn bus_name(&self) -> Result<&str, Fault> {
        self.get("BUS_NAME")
    }

    /// The URL of the queue that `step` reads: `<STEP>_QUEUE_URL`.
    pub fn step_queue_url(&self, step: StepQueue) -> Result<&str, Fault> {
        self.get(match step {
            StepQueue::OrderApply => "ORDER_APPLY_QUEUE_URL",
            StepQueue::ShipmentApply => "SHIPMENT_APPLY_QUEUE_URL",
            StepQueue::OrderDispatch => "ORDER_DISPATCH_QUEUE_URL",
            StepQueue::PartnerDeliver => "PARTNER_DELIVER_QUEUE_URL",
        })
    }

    /// `QUEUE_URL`: the queue that this function itself reads.
    pub fn queue_url(&self) -> Result<&str, Fault> {
        self.get("QUEUE_URL")
    }

    /// `MAX_RECEIVE_COUNT`: how often a message is tried before it goes to the dead-letter queue.
    pub fn max_receive_count(&self) -> Result<u32, Fault> {
        let text = self.get("MAX_RECEIVE_COUNT")?;
        text.parse().map_err(|error| {
            Fault::misconfigured(format!("the environment variable MAX_RECEIVE_COUNT is no count: {text:?}"))
                .because(error)
        })
    }

    /// `SECRETS_PREFIX`: what stands before `<partner>/<name>` in the name of a secret.
    pub fn secrets_prefix(&self) -> Result<&str, Fault> {
        self.get("SECRETS_PREFIX")
    }

    /// `PLAIN_HTTP_HOSTS`: hosts, separated by commas, to which plain http and private addresses are allowed. Set on a
    /// local stack only; none if it is not set.
    pub fn plain_http_hosts(&self) -> BTreeSet<String> {
        let hosts = self.variables.get("PLAIN_HTTP_HOSTS").map_or("", String::as_str);
        hosts.split(',').map(|host| host.trim().to_ascii_lowercase()).filter(|host| !host.is_empty()).collect()
    }

    fn get(&self, name: &str) -> Result<&str, Fault> {
        match self.variables.get(name).map(|value| value.trim()) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(Fault::misconfigured(format!("the environment variable {name} is not set"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let settings = Settings::from_pairs([("TABLE_NAME", " ")]);
        let fault = settings.table_name().unwrap_err();
        assert_eq!(fault.to_string(), "the environment variable TABLE_NAME is not set");
        for step in StepQueue::ALL {
            let variable = format!("{}_QUEUE_URL", step.as_str().replace('-', "_").to_uppercase());
            assert!(settings.step_queue_url(step).unwrap_err().to_string().contains(&variable));
            assert!(NAMES.contains(&variable.as_str()));
        }
    }

    #[test]
    fn plain_hosts_are_none_unless_named() {
        assert!(Settings::default().plain_http_hosts().is_empty());
        assert!(Settings::from_pairs([("PLAIN_HTTP_HOSTS", "")]).plain_http_hosts().is_empty());
        let hosts = Settings::from_pairs([("PLAIN_HTTP_HOSTS", "127.0.0.1, LocalHost,")]).plain_http_hosts();
        assert_eq!(hosts.into_iter().collect::<Vec<_>>(), ["127.0.0.1", "localhost"]);
    }
}
