//! Which orders are stuck: what is asked, and what is said of each.

use canonical::{Expected, Finding, PartnerId, Release, ReleaseId, ReleaseState, Role};
use jiff::{SignedDuration, Timestamp};
use partners::{House, Stake};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::json::misfit;

/// Most orders in one answer: at a kilobyte each a page stays far below the 6 MB that a function may answer with.
const LIMIT_MAX: usize = 200;

/// Orders in an answer if nobody says how many.
const LIMIT_DEFAULT: usize = 50;

/// Longest time that can be asked for, in seconds: a year.
const OLDER_MAX_S: i64 = 366 * 24 * 60 * 60;

/// Longest cursor, in characters: a place in the index has a moment and an id, and each byte of it two characters.
const CURSOR_LEN_MAX: usize = 256;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckQuery {
    /// How many orders at most.
    pub limit: usize,
    /// The place in the index behind which to look; the beginning if it is empty.
    pub after: String,
    /// Only those that have waited for longer than this, in seconds.
    pub older_than_s: Option<i64>,
}

impl StuckQuery {
    /// Reads what stands behind the path's `?`.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the parameter's name as its place.
    pub fn read(query: &str) -> Result<Self, Vec<Finding>> {
        let mut read = Self { limit: LIMIT_DEFAULT, after: String::new(), older_than_s: None };
        let mut findings = Vec::new();
        for (name, value) in
            query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        {
            let mut wrong = |detail: String| findings.push(misfit(format!("/{name}"), detail));
            match name {
                "limit" => match value.parse() {
                    Ok(limit @ 1..=LIMIT_MAX) => read.limit = limit,
                    _ => wrong(format!("must be a whole number from 1 to {LIMIT_MAX}")),
                },
                "older_than_s" => match value.parse() {
                    Ok(seconds @ 0..=OLDER_MAX_S) => read.older_than_s = Some(seconds),
                    _ => wrong(format!("must be a whole number of seconds from 0 to {OLDER_MAX_S}")),
                },
                "cursor" => match place(value) {
                    Some(after) => read.after = after,
                    None => wrong("must be `next` of an earlier answer".to_owned()),
                },
                // The name is the sender's, and is not repeated.
                _ => findings.push(misfit("", "takes limit, cursor and older_than_s, and nothing else")),
            }
        }
        if findings.is_empty() { Ok(read) } else { Err(findings) }
    }

    /// Since when an order must have waited at the latest, as a place in the index, if that is asked for.
    pub fn since_before(&self, now: Timestamp) -> Option<String> {
        let since = now.checked_sub(SignedDuration::from_secs(self.older_than_s?)).unwrap_or(Timestamp::UNIX_EPOCH);
        Some(format!("{since:.9}"))
    }

    /// The cursor that leads behind `place`.
    pub fn cursor(place: &str) -> String {
        place.bytes().fold(String::with_capacity(2 * place.len()), |mut cursor, byte| {
            cursor.extend(format!("{byte:02x}").chars());
            cursor
        })
    }
}

/// The place that a cursor leads behind.
fn place(cursor: &str) -> Option<String> {
    if cursor.len() > CURSOR_LEN_MAX
        || !cursor.len().is_multiple_of(2)
        || !cursor.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return None;
    }
    let digits = |at: usize| cursor.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let bytes: Option<Vec<u8>> = (0..cursor.len()).step_by(2).map(digits).collect();
    String::from_utf8(bytes?)
        .ok()
        .filter(|place| !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// The query's parameters, as the API's description has them.
pub(crate) fn parameters() -> Vec<Value> {
    let parameter = |name: &str, description: &str, schema: &Value| json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema });
    vec![
        parameter(
            "limit",
            "How many orders at most.",
            &json!({ "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT }),
        ),
        parameter(
            "cursor",
            "`next` of the answer before.",
            &json!({ "type": "string", "pattern": "^([0-9a-f]{2})+$", "maxLength": CURSOR_LEN_MAX }),
        ),
        parameter(
            "older_than_s",
            "Only what has waited for longer than so many seconds.",
            &json!({ "type": "integer", "minimum": 0, "maximum": OLDER_MAX_S }),
        ),
    ]
}

/// A page of orders that wait, the longest waiting first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StuckPage<'a> {
    /// The orders. There may be fewer than the limit, and none, though more follow.
    pub orders: Vec<StuckOrder<'a>>,
    /// What to ask with for what follows; null if nothing does.
    pub next: Option<String>,
}

/// An order that waits for somebody.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StuckOrder<'a> {
    /// The ERP's number.
    pub order_no: &'a str,
    /// The ERP's number of the release.
    pub release_no: u32,
    /// Our id of the release.
    pub release_id: &'a ReleaseId,
    /// Where it stands.
    pub state: ReleaseState,
    /// The role that owns the next move.
    pub owner: Role,
    /// The partner, where the role is one's.
    pub partner: Option<PartnerId>,
    /// What is waited for.
    pub next_move: String,
    /// Since when.
    pub since: Timestamp,
    /// For how long, in seconds.
    pub waited_s: i64,
    /// Why it is held, if it is.
    pub held: Option<&'a str>,
    /// When the next thing is due that is expected of somebody.
    pub next_due: Option<Timestamp>,
    /// What is overdue.
    pub overdue: Vec<Expected>,
    /// What a delay of its goods costs, where the house has a rule.
    pub at_stake: Option<Stake>,
}

impl<'a> StuckOrder<'a> {
    /// Of `release` at `now`; none if nobody is waited for.
    pub fn of(release: &'a Release, house: &House, now: Timestamp) -> Option<Self> {
        let court = release.court()?;
        let held = release.open_holds().next().filter(|_| release.waits_for_holds()).map(|hold| hold.detail.as_str());
        let facts = &release.facts;
        let other = [&facts.undeliverable, &facts.outage, &facts.held].into_iter().find_map(Option::as_deref);
        let held = held.or(other).filter(|_| release.state() == ReleaseState::Held);
        Some(Self {
            order_no: &release.order.order_no,
            release_no: release.order.release_no,
            release_id: &release.id,
            state: release.state(),
            owner: court.owner,
            partner: court.partner,
            next_move: court.next_move,
            since: court.since,
            waited_s: now.duration_since(court.since).as_secs(),
            held,
            next_due: release.next_due(),
            overdue: release.overdue().iter().map(|one| one.expected).collect(),
            at_stake: house.stake(release, now),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_and_nothing_else_is_one() {
        let at = "2026-11-23T10:00:00.000000000Z/rel_1";
        let query = format!("limit=200&cursor={}&older_than_s=0", StuckQuery::cursor(at));
        let read = StuckQuery::read(&query).unwrap();
        assert_eq!((read.limit, read.after.as_str(), read.older_than_s), (200, at, Some(0)));
        assert_eq!(StuckQuery::read("").unwrap().limit, 50);
        for query in [
            "limit=0",
            "limit=201",
            "limit=",
            "limit",
            "cursor=",
            "cursor=0",
            "cursor=zz",
            "cursor=00",
            "cursor=ff",
            &format!("cursor={}", "61".repeat(129)),
            "older_than_s=-1",
            "older_than_s=31622401",
            "older=1",
        ] {
            assert_eq!(StuckQuery::read(query).unwrap_err().len(), 1, "{query}");
        }
        assert_eq!(StuckQuery::read("limit=0&cursor=0&older=1").unwrap_err().len(), 3, "everything at once");
    }
}
