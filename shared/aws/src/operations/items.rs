//! Items of the table, as operators see them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use canonical::ReleaseState;
use jiff::Timestamp;
use ports::{Fault, Stored};
use serde::Serialize;
use serde_json::Value;

use crate::classify;
use crate::operations::Operations;
use crate::table::{stored, text};

/// The index of what waits for somebody.
const COURT_INDEX: &str = "court";

/// An item of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Partition key.
    pub pk: String,
    /// Sort key: the kind of item, such as `RELEASE`.
    pub sk: String,
    /// Version, from 1.
    pub version: u64,
    /// What it holds.
    pub doc: Value,
}

/// An item that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenItem {
    /// The role that owns the next move.
    pub court: String,
    /// Since when, RFC 3339, and behind a slash the release.
    pub since: String,
    /// The item.
    #[serde(flatten)]
    pub item: Item,
}

impl Operations {
    /// The releases that wait for somebody, the oldest first. The index follows the table within moments, not at once.
    pub async fn open_releases(&self) -> Result<Vec<OpenItem>, Fault> {
        let mut open = Vec::new();
        for court in ReleaseState::COURTS {
            let mut pages = self
                .dynamodb
                .query()
                .table_name(self.output("TableName")?)
                .index_name(COURT_INDEX)
                .key_condition_expression("court = :court")
                .expression_attribute_values(":court", text(court.as_str()))
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| classify::fault("query of what waits for somebody", error))?;
                for found in page.items() {
                    let (court, since) = (attribute(found, "court")?, attribute(found, "since")?);
                    open.push(OpenItem { court, since, item: item(found)? });
                }
            }
        }
        // RFC 3339 with one and the same offset sorts as text, but for fractions of a second: those are read.
        let since = |open: &OpenItem| open.since.split('/').next().and_then(|since| since.parse::<Timestamp>().ok());
        open.sort_by_cached_key(|open| (since(open), open.item.pk.clone()));
        Ok(open)
    }

    /// The item under a key, strongly consistent.
    pub async fn item(&self, pk: &str, sk: &str) -> Result<Option<Item>, Fault> {
        let request = self.dynamodb.get_item().table_name(self.output("TableName")?).consistent_read(true);
        let output = request.key("pk", text(pk)).key("sk", text(sk)).send().await;
        let output = output.map_err(|error| classify::fault(format!("read of item {pk}/{sk}"), error))?;
        output.item().map(item).transpose()
    }

    /// Every item that holds `filter_text` in its key or content; every item if there is none. Reads the whole table:
    /// `on_page` is told after each page how many items were looked at so far.
    pub async fn scan(&self, filter_text: Option<&str>, mut on_page: impl FnMut(usize)) -> Result<Vec<Item>, Fault> {
        let mut request = self.dynamodb.scan().table_name(self.output("TableName")?).consistent_read(true);
        if let Some(filter) = filter_text {
            request = request
                .filter_expression("contains(pk, :text) OR contains(doc, :text)")
                .expression_attribute_values(":text", text(filter));
        }
        let (mut items, mut looked_at) = (Vec::new(), 0);
        let mut pages = request.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify::fault("scan of the table", error))?;
            for found in page.items() {
                items.push(item(found)?);
            }
            looked_at += usize::try_from(page.scanned_count()).unwrap_or(0);
            on_page(looked_at);
        }
        Ok(items)
    }
}

fn attribute(item: &HashMap<String, AttributeValue>, name: &str) -> Result<String, Fault> {
    let found = item.get(name).and_then(|value| value.as_s().ok());
    found.cloned().ok_or_else(|| Fault::bug(format!("an item has no {name}")))
}

fn item(found: &HashMap<String, AttributeValue>) -> Result<Item, Fault> {
    let (pk, sk) = (attribute(found, "pk")?, attribute(found, "sk")?);
    let unreadable = || Fault::bug(format!("read of item {pk}/{sk}"));
    let Stored { version, value } = stored(found).map_err(|fault| unreadable().because(fault))?;
    let doc = serde_json::from_str(&value).map_err(|error| unreadable().because(error))?;
    Ok(Item { pk, sk, version, doc })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::replay::{Replay, Reply};

    fn operations(replay: &Replay) -> Operations {
        let outputs = BTreeMap::from([("TableName".to_owned(), "t".to_owned())]);
        Operations::with(&replay.config(), outputs)
    }

    fn found(pk: &str, since: &str) -> Value {
        json!({
            "pk": {"S": pk}, "sk": {"S": "RELEASE"}, "v": {"N": "1"}, "doc": {"S": "{}"},
            "court": {"S": "erp"}, "since": {"S": since},
        })
    }

    #[tokio::test]
    async fn open_releases_of_all_roles_and_pages_are_told_oldest_first() {
        let mut replies = vec![
            json!({"Items": [found("b", "2026-11-23T10:00:00.5Z/rel_b")], "LastEvaluatedKey": {"pk": {"S": "b"}}}),
            json!({"Items": [found("c", "2026-11-23T11:00:00Z")]}),
            json!({"Items": [found("a", "2026-11-23T10:00:00Z")]}),
        ];
        replies.resize(ReleaseState::COURTS.len() + 1, json!({"Items": []}));
        let replay = Replay::new(replies.iter().map(|reply| Reply::json(200, &reply.to_string())).collect());
        let open = operations(&replay).open_releases().await.unwrap();
        assert_eq!(open.iter().map(|open| open.item.pk.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(replay.asked()[1].json()["ExclusiveStartKey"], json!({"pk": {"S": "b"}}));
    }

    #[tokio::test]
    async fn a_scan_tells_its_progress() {
        let replies = [
            json!({"Items": [found("a", "x")], "ScannedCount": 7, "LastEvaluatedKey": {"pk": {"S": "b"}}}),
            json!({"Items": [], "ScannedCount": 5}),
        ];
        let replay = Replay::new(replies.iter().map(|reply| Reply::json(200, &reply.to_string())).collect());
        let mut progress = Vec::new();
        let items = operations(&replay).scan(Some("4711"), |looked_at| progress.push(looked_at)).await.unwrap();
        assert_eq!((items.len(), progress), (1, vec![7, 12]));
        assert_eq!(replay.asked()[0].json()["ExpressionAttributeValues"], json!({":text": {"S": "4711"}}));
    }
}
