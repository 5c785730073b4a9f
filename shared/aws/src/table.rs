//! The table on `DynamoDB`.
//!
//! An item is `pk`, `sk`, its version `v`, its content `doc` as JSON text, the `events` of the write that made this
//! version, while it waits for somebody, `court` and `since` (the index `court`), and while something is expected of
//! somebody, `watch` and `due` (the index `due`). Every write replaces the whole item, so that the image in the table's
//! stream tells the events of that write and of no earlier one.

use std::collections::{BTreeSet, HashMap};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put as PutRequest, TransactWriteItem};
use canonical::PartnerScope;
use jiff::Timestamp;
use ports::{Commit, CommitError, Due, Expect, Fault, FaultKind, Key, Put, Stored, Waiting};

use crate::{Settings, classify};

/// The attribute in which a stream's image tells the events of its write, as a JSON array in text. Absent if there are
/// none.
pub const EVENTS_ATTRIBUTE: &str = "events";

/// Most items in one transaction (`DynamoDB`'s limit).
const PUTS_MAX: usize = 100;

/// Longest item in bytes (`DynamoDB`'s limit is 400 KB, attribute names included). Beyond it a write can never succeed.
const ITEM_LEN_MAX: usize = 400 * 1024;

/// The index of what waits for somebody: hash `court`, range `since`, everything projected.
const WAIT_INDEX: &str = "court";
/// A place in it before all others: every place begins with a letter or a digit.
const BEFORE_ALL: &str = " ";

/// The index of what is due: hash `watch`, range `due` in seconds since 1970, keys alone.
const DUE_INDEX: &str = "due";

/// The one value of `watch`. All lie in one partition of the index, which takes 1,000 writes a second: a million orders in
/// a day, each of whose deadlines changes five times, are 60.
const WATCHED: &str = "open";

type Attributes = HashMap<String, AttributeValue>;

/// The table.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// The table that `settings` name.
    pub fn new(config: &SdkConfig, settings: &Settings) -> Result<Self, Fault> {
        Ok(Self { client: Client::new(config), name: settings.table_name()?.to_owned() })
    }

    /// Writes one item.
    ///
    /// The SDK repeats a request whose answer was lost. If the lost request was carried out, its repetition finds the
    /// condition broken by our own write and this says [`CommitError::Lost`]. That is right as it stands: the caller
    /// loads the item again, and finds its message absorbed.
    async fn put(&self, put: Put) -> Result<(), CommitError> {
        let what = place("write", &put.key);
        let (condition, version) = condition(put.expect);
        let request = self
            .client
            .put_item()
            .table_name(&self.name)
            .condition_expression(condition)
            .set_expression_attribute_values(version)
            .set_item(Some(attributes(&put)?));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => CommitError::Lost,
                Some(PutItemError::TransactionConflictException(_)) => CommitError::Busy,
                _ => CommitError::Fault(classify::fault(what, error)),
            }),
        }
    }

    /// Writes several items. The SDK gives each call a token of its own and repeats it with the same one, so that a
    /// repetition after a lost answer is the same transaction. A token made of the content would be wrong: `DynamoDB`
    /// would tell a second step with the same content that it had written, where the condition says that it lost.
    async fn transact(&self, puts: Vec<Put>) -> Result<(), CommitError> {
        let what = format!("transaction of {} items", puts.len());
        let items = puts.iter().map(|put| self.transact_item(put)).collect::<Result<Vec<_>, _>>()?;
        let Err(error) = self.client.transact_write_items().set_transact_items(Some(items)).send().await else {
            return Ok(());
        };
        let reasons: BTreeSet<&str> = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect()
            }
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => return Err(CommitError::Busy),
            _ => return Err(CommitError::Fault(classify::fault(what, error))),
        };
        Err(if reasons.contains("ConditionalCheckFailed") {
            CommitError::Lost
        } else if reasons.contains("TransactionConflict") {
            CommitError::Busy
        } else {
            let passing =
                ["ProvisionedThroughputExceeded", "ThrottlingError"].iter().any(|code| reasons.contains(code));
            let kind = if passing { FaultKind::Transient } else { FaultKind::Misconfigured };
            CommitError::Fault(Fault { kind, ..classify::fault(what, error) })
        })
    }

    fn transact_item(&self, put: &Put) -> Result<TransactWriteItem, Fault> {
        let (condition, version) = condition(put.expect);
        let request = PutRequest::builder()
            .table_name(&self.name)
            .condition_expression(condition)
            .set_expression_attribute_values(version)
            .set_item(Some(attributes(put)?))
            .build()
            .map_err(|error| Fault::bug(place("write", &put.key)).because(error))?;
        Ok(TransactWriteItem::builder().put(request).build())
    }
}

impl ports::Table for Table {
    async fn load(&self, key: &Key) -> Result<Option<Stored<String>>, Fault> {
        let what = || place("read", key);
        let output = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("pk", text(key.pk()))
            .key("sk", text(key.sk()))
            .consistent_read(true)
            .projection_expression("v, doc")
            .send()
            .await
            .map_err(|error| classify::fault(what(), error))?;
        let Some(item) = output.item() else { return Ok(None) };
        stored(item).map(Some).map_err(|fault| Fault::bug(what()).because(fault))
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let mut puts = commit.puts;
        let keys: BTreeSet<&Key> = puts.iter().map(|put| &put.key).collect();
        if keys.len() != puts.len() {
            return Err(Fault::bug("a commit writes one item twice").into());
        }
        if puts.len() > PUTS_MAX {
            return Err(Fault::bug(format!("a commit of {} items; the limit is {PUTS_MAX}", puts.len())).into());
        }
        match (puts.pop(), puts.is_empty()) {
            (None, _) => Ok(()),
            (Some(put), true) => self.put(put).await,
            (Some(last), false) => {
                puts.push(last);
                self.transact(puts).await
            }
        }
    }
}

impl ports::DueIndex for Table {
    async fn due(&self, until: Timestamp, last: Option<&Due>) -> Result<Vec<Due>, Fault> {
        let what = "query of what is due";
        let start = last.map(|last| {
            let key = Key::release(&PartnerScope::platform(last.tenant.clone()), &last.release);
            HashMap::from([
                ("pk".to_owned(), text(key.pk())),
                ("sk".to_owned(), text(key.sk())),
                ("watch".to_owned(), text(WATCHED)),
                ("due".to_owned(), seconds(last.due)),
            ])
        });
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(DUE_INDEX)
            .key_condition_expression("watch = :watch AND due <= :until")
            .expression_attribute_values(":watch", text(WATCHED))
            .expression_attribute_values(":until", seconds(until))
            .set_exclusive_start_key(start);
        let output = request.send().await.map_err(|error| classify::fault(what, error))?;
        output.items().iter().map(|item| due(item).ok_or_else(|| Fault::bug(format!("{what}: no release")))).collect()
    }
}

impl ports::WaitIndex for Table {
    async fn waiting(&self, court: &str, after: &str, until: &str) -> Result<Vec<Waiting>, Fault> {
        let what = "query of what waits";
        // The service takes neither an empty place nor an end before the beginning.
        let after = if after.is_empty() { BEFORE_ALL } else { after };
        if after > until {
            return Ok(Vec::new());
        }
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(WAIT_INDEX)
            .key_condition_expression("court = :court AND since BETWEEN :after AND :until")
            .expression_attribute_values(":court", text(court))
            .expression_attribute_values(":after", text(after))
            .expression_attribute_values(":until", text(until));
        let output = request.send().await.map_err(|error| classify::fault(what, error))?;
        let mut found = Vec::new();
        for item in output.items() {
            let since = item.get("since").and_then(|since| since.as_s().ok());
            let since = since.ok_or_else(|| Fault::bug(format!("{what}: an item without its place")))?;
            // BETWEEN takes both ends.
            if since != after {
                found.push(Waiting { since: since.clone(), doc: stored(item)?.value });
            }
        }
        Ok(found)
    }
}

/// Reads a row of the index.
fn due(item: &Attributes) -> Option<Due> {
    let due = item.get("due")?.as_n().ok()?.parse().ok()?;
    let (tenant, release) = Key::release_of(item.get("pk")?.as_s().ok()?)?;
    Some(Due { due: Timestamp::from_second(due).ok()?, tenant, release })
}

fn seconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_second().to_string())
}

fn place(verb: &str, key: &Key) -> String {
    format!("{verb} of item {}/{}", key.pk(), key.sk())
}

fn condition(expect: Expect) -> (&'static str, Option<Attributes>) {
    match expect {
        Expect::Absent => ("attribute_not_exists(pk)", None),
        Expect::Version(version) => ("v = :v", Some(HashMap::from([(":v".to_owned(), number(version))]))),
    }
}

fn attributes(put: &Put) -> Result<Attributes, Fault> {
    let version = match put.expect {
        Expect::Absent => 1,
        Expect::Version(version) => version + 1,
    };
    let events = serde_json::to_string(&put.events);
    let events = events.map_err(|error| Fault::bug(place("write", &put.key)).because(error))?;
    let len = put.doc.len() + events.len();
    if len > ITEM_LEN_MAX {
        let what = place("write", &put.key);
        return Err(Fault::bug(format!("{what}: it has {len} bytes, DynamoDB takes {ITEM_LEN_MAX}")));
    }
    let mut item = HashMap::from([
        ("pk".to_owned(), text(put.key.pk())),
        ("sk".to_owned(), text(put.key.sk())),
        ("v".to_owned(), number(version)),
        ("doc".to_owned(), text(&put.doc)),
    ]);
    if !put.events.is_empty() {
        item.insert(EVENTS_ATTRIBUTE.to_owned(), AttributeValue::S(events));
    }
    if let Some(open) = &put.open {
        item.insert("court".to_owned(), text(&open.court));
        item.insert("since".to_owned(), text(&open.since));
    }
    if let Some(due) = put.due {
        item.insert("watch".to_owned(), text(WATCHED));
        item.insert("due".to_owned(), seconds(due));
    }
    Ok(item)
}

/// Reads back what [`attributes`] wrote.
pub(crate) fn stored(item: &Attributes) -> Result<Stored<String>, Fault> {
    let version = item.get("v").and_then(|v| v.as_n().ok()).and_then(|v| v.parse().ok());
    let version = version.ok_or_else(|| Fault::bug("the item has no version"))?;
    let doc = item.get("doc").and_then(|doc| doc.as_s().ok()).ok_or_else(|| Fault::bug("the item has no content"))?;
    Ok(Stored { version, value: doc.clone() })
}

pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

#[cfg(test)]
mod tests {
    use ports::{OpenSince, Table as _, WaitIndex as _};
    use serde_json::{Value, json};

    use super::*;
    use crate::bus::tests::event;
    use crate::replay::{Replay, Reply, key};

    fn table(replay: &Replay) -> Table {
        Table::new(&replay.config(), &Settings::from_pairs([("TABLE_NAME", "crossdock")])).unwrap()
    }

    fn put(name: &str) -> Put {
        Put::next(key(name), 7, &json!({"a": 1})).unwrap()
    }

    fn error(code: &str) -> Reply {
        Reply::json(400, &format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"m"}}"#))
    }

    fn cancelled(codes: &[&str]) -> Reply {
        let reasons: Vec<Value> = codes.iter().map(|code| json!({"Code": code})).collect();
        let body = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "CancellationReasons": reasons,
        });
        Reply::json(400, &body.to_string())
    }

    #[tokio::test]
    async fn one_put_is_one_conditional_write_of_the_whole_item() {
        let replay = Replay::new(vec![Reply::json(200, "{}"), Reply::json(200, "{}")]);
        let open = OpenSince { court: "3pl".to_owned(), since: "2026-11-23T10:00:00Z".to_owned() };
        let told = put("1").telling(vec![event(1, "a")]).open(Some(open));
        table(&replay).commit(Commit { puts: vec![told] }).await.unwrap();
        let new = Put::new(key("2"), &json!({})).unwrap();
        table(&replay).commit(Commit { puts: vec![new] }).await.unwrap();

        let asked = replay.asked();
        let first = asked[0].json();
        assert_eq!(first["ConditionExpression"], "v = :v");
        assert_eq!(first["ExpressionAttributeValues"], json!({":v": {"N": "7"}}));
        let item = &first["Item"];
        assert_eq!(item["pk"]["S"], "T#t#P#p#DEPOSITOR#1");
        assert_eq!(item["sk"]["S"], "DEPOSITOR");
        assert_eq!(item["v"]["N"], "8");
        assert_eq!(item["doc"]["S"], r#"{"a":1}"#);
        assert_eq!(item["court"]["S"], "3pl");
        assert_eq!(item["since"]["S"], "2026-11-23T10:00:00Z");
        let events: Vec<canonical::Event> = serde_json::from_str(item["events"]["S"].as_str().unwrap()).unwrap();
        assert_eq!(events, [event(1, "a")]);

        let second = asked[1].json();
        assert_eq!(second["ConditionExpression"], "attribute_not_exists(pk)");
        let mut names: Vec<_> = second["Item"].as_object().unwrap().keys().cloned().collect();
        names.sort();
        assert_eq!(names, ["doc", "pk", "sk", "v"], "no events, no court: the attributes are absent");
        assert_eq!(second["Item"]["v"]["N"], "1");
    }

    #[tokio::test]
    async fn what_is_due_is_asked_of_the_index_page_by_page() {
        let release = canonical::ReleaseId::derive(&"t".parse().unwrap(), &"erp".parse().unwrap(), "1", 1);
        let pk = format!("T#t#RELEASE#{release}");
        let row = json!({"pk": {"S": pk}, "sk": {"S": "RELEASE"}, "watch": {"S": "open"}, "due": {"N": "100"}});
        let odd = json!({"pk": {"S": "T#t#P#p#PARKED#1"}, "due": {"N": "100"}});
        let replies = [json!({"Items": [row]}), json!({"Items": []}), json!({"Items": [odd]})];
        let replay = Replay::new(replies.iter().map(|reply| Reply::json(200, &reply.to_string())).collect());
        let (table, until) = (table(&replay), Timestamp::from_millisecond(100_900).unwrap());
        let found = ports::DueIndex::due(&table, until, None).await.unwrap();
        let due = Timestamp::from_second(100).unwrap();
        assert_eq!(found, [Due { due, tenant: "t".parse().unwrap(), release }]);
        assert!(ports::DueIndex::due(&table, until, found.last()).await.unwrap().is_empty());
        assert_eq!(ports::DueIndex::due(&table, until, None).await.unwrap_err().kind, FaultKind::Bug);
        let asked = replay.asked();
        assert_eq!(asked[0].json()["IndexName"], "due");
        assert_eq!(asked[0].json()["ExpressionAttributeValues"][":until"], json!({"N": "100"}));
        assert_eq!(asked[1].json()["ExclusiveStartKey"], row);
    }

    #[tokio::test]
    async fn an_item_is_in_the_index_of_what_is_due_while_it_is() {
        let replay = Replay::new(vec![Reply::json(200, "{}")]);
        let due = Timestamp::from_millisecond(100_900).unwrap();
        table(&replay).commit(Commit { puts: vec![put("1").due(Some(due))] }).await.unwrap();
        let item = &replay.asked()[0].json()["Item"];
        assert_eq!((&item["watch"], &item["due"]), (&json!({"S": "open"}), &json!({"N": "100"})));
    }

    #[tokio::test]
    async fn what_waits_is_what_lies_behind_the_last() {
        let row = |since: &str| json!({"court": {"S": "HELD#t#p"}, "since": {"S": since}, "v": {"N": "2"}, "doc": {"S": "7"}});
        let page = json!({ "Items": [row("a"), row("b")] }).to_string();
        let replay = Replay::new(vec![Reply::json(200, &page), Reply::json(200, r#"{"Items":[{"v":{"N":"1"}}]}"#)]);
        let table = table(&replay);
        let found = table.waiting("HELD#t#p", "a", "~").await.unwrap();
        assert_eq!(found, [Waiting { since: "b".to_owned(), doc: "7".to_owned() }]);
        let asked = replay.asked()[0].json();
        assert_eq!(asked["IndexName"], "court");
        assert_eq!(asked["KeyConditionExpression"], "court = :court AND since BETWEEN :after AND :until");
        assert_eq!(asked["ExpressionAttributeValues"][":until"], json!({"S": "~"}));
        assert_eq!(table.waiting("HELD#t#p", "", "~").await.unwrap_err().kind, FaultKind::Bug);
        assert_eq!(
            replay.asked()[1].json()["ExpressionAttributeValues"][":after"],
            json!({"S": " "}),
            "no empty place"
        );
        assert_eq!(table.waiting("HELD#t#p", "c", "b").await.unwrap(), []);
        assert_eq!(replay.asked().len(), 2, "an end before the beginning is not asked for");
    }

    #[tokio::test]
    async fn a_broken_condition_is_lost_and_a_conflict_is_busy() {
        let replay = Replay::new(vec![error("ConditionalCheckFailedException"), error("TransactionConflictException")]);
        let lost = table(&replay).commit(Commit { puts: vec![put("1")] }).await;
        assert!(matches!(lost, Err(CommitError::Lost)), "{lost:?}");
        let busy = table(&replay).commit(Commit { puts: vec![put("1")] }).await;
        assert!(matches!(busy, Err(CommitError::Busy)), "{busy:?}");
    }

    #[tokio::test]
    async fn a_cancelled_transaction_is_lost_before_it_is_busy() {
        let two = || Commit { puts: vec![put("1"), put("2")] };
        let replay = Replay::new(vec![
            cancelled(&["TransactionConflict", "ConditionalCheckFailed"]),
            cancelled(&["None", "TransactionConflict"]),
            cancelled(&["None", "ThrottlingError"]),
            cancelled(&["None", "ValidationError"]),
        ]);
        let table = table(&replay);
        assert!(matches!(table.commit(two()).await, Err(CommitError::Lost)));
        assert!(matches!(table.commit(two()).await, Err(CommitError::Busy)));
        let kind = |result| match result {
            Err(CommitError::Fault(fault)) => fault.kind,
            other => panic!("{other:?}"),
        };
        assert_eq!(kind(table.commit(two()).await), FaultKind::Transient);
        assert_eq!(kind(table.commit(two()).await), FaultKind::Misconfigured);
    }

    #[tokio::test]
    async fn a_repeated_transaction_keeps_its_token_and_a_second_one_has_another() {
        let replay = Replay::new(vec![Reply::json(500, "{}"), Reply::json(200, "{}"), Reply::json(200, "{}")]);
        let table = table(&replay);
        for _ in 0..2 {
            table.commit(Commit { puts: vec![put("1"), put("2")] }).await.unwrap();
        }
        let tokens: Vec<Value> =
            replay.asked().iter().map(|asked| asked.json()["ClientRequestToken"].clone()).collect();
        assert!(tokens[0].is_string());
        assert_eq!(tokens[0], tokens[1]);
        assert_ne!(tokens[0], tokens[2]);
    }

    #[tokio::test]
    async fn what_can_never_be_written_is_not_asked() {
        let table = table(&Replay::new(Vec::new()));
        let kind = async |puts| match table.commit(Commit { puts }).await {
            Err(CommitError::Fault(fault)) => fault.kind,
            other => panic!("{other:?}"),
        };
        assert_eq!(kind((0..=PUTS_MAX).map(|n| put(&n.to_string())).collect()).await, FaultKind::Bug);
        assert_eq!(kind(vec![put("1"), put("1")]).await, FaultKind::Bug);
        let long = Put::new(key("1"), &"x".repeat(ITEM_LEN_MAX)).unwrap();
        assert_eq!(kind(vec![long]).await, FaultKind::Bug);
        table.commit(Commit::default()).await.unwrap();
    }

    #[tokio::test]
    async fn a_read_is_consistent_and_gives_what_was_written() {
        let replay = Replay::new(vec![
            Reply::json(200, r#"{"Item":{"v":{"N":"8"},"doc":{"S":"{\"a\":1}"}}}"#),
            Reply::json(200, "{}"),
            Reply::json(200, r#"{"Item":{"v":{"N":"8"}}}"#),
        ]);
        let table = table(&replay);
        assert_eq!(table.load(&key("1")).await.unwrap(), Some(Stored { version: 8, value: r#"{"a":1}"#.to_owned() }));
        assert_eq!(table.load(&key("1")).await.unwrap(), None);
        assert_eq!(table.load(&key("1")).await.unwrap_err().kind, FaultKind::Bug);
        assert_eq!(replay.asked()[0].json()["ConsistentRead"], true);
    }
}
