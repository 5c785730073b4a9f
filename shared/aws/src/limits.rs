//! Counts of requests, in a table of their own: the ingest must not be able to touch the one that holds the state.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use ports::{Fault, Key};

use crate::table::{number, text};
use crate::{SdkConfig, Settings, classify};

/// Longest wait for a count, in milliseconds, repetitions included. A count takes five; a request is not kept waiting for
/// what it can do without.
const COUNT_MS_MAX: u64 = 200;

/// The counts.
#[derive(Debug, Clone)]
pub struct Limits {
    client: Client,
    name: String,
}

impl Limits {
    /// The table that `settings` name.
    pub fn new(config: &SdkConfig, settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { client: Client::new(config), name: settings.limits_table_name()?.to_owned() })
    }
}

impl ports::Limits for Limits {
    async fn count(&self, key: &Key, until: Timestamp) -> Result<u32, Fault> {
        let what = || format!("count of {}", key.pk());
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("pk", text(key.pk()))
            .update_expression("ADD n :one SET expires = :until")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":until", number(u64::try_from(until.as_second()).unwrap_or(0)))
            .return_values(ReturnValue::UpdatedNew)
            .send();
        let output = tokio::time::timeout(Duration::from_millis(COUNT_MS_MAX), request)
            .await
            .map_err(|elapsed| Fault::transient(what()).because(elapsed))?
            .map_err(|error| classify::fault(what(), error))?;
        let count = output.attributes().and_then(|item| item.get("n")?.as_n().ok()?.parse().ok());
        count.ok_or_else(|| Fault::bug(format!("{}: the answer has none", what())))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use ports::{FaultKind, Limits as _};
    use serde_json::json;

    use super::*;
    use crate::replay::{Replay, Reply, key};

    fn limits(replay: &Replay) -> Limits {
        Limits::new(&replay.config(), &Settings::from_pairs([("LIMITS_TABLE_NAME", "limits")])).unwrap()
    }

    #[tokio::test]
    async fn a_request_is_added_and_the_sum_is_told() {
        let answer = json!({ "Attributes": { "n": { "N": "7" } } });
        let replay = Replay::new(vec![Reply::json(200, &answer.to_string())]);
        let until = Timestamp::from_second(1_800_000_000).unwrap();
        assert_eq!(limits(&replay).count(&key("1"), until).await.unwrap(), 7);
        let asked = replay.asked()[0].json();
        assert_eq!(asked["TableName"], "limits");
        assert_eq!(asked["UpdateExpression"], "ADD n :one SET expires = :until");
        assert_eq!(
            asked["ExpressionAttributeValues"],
            json!({ ":one": { "N": "1" }, ":until": { "N": "1800000000" } })
        );
    }

    #[tokio::test]
    async fn a_table_that_is_out_is_told_and_not_waited_for() {
        let out = json!({ "__type": "InternalServerError", "message": "out" }).to_string();
        let replay = Replay::new((0..3).map(|_| Reply::json(500, &out)).collect());
        let fault = limits(&replay).count(&key("1"), Timestamp::UNIX_EPOCH).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Transient);
    }
}
