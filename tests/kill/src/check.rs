//! The history, held against what is promised.

use std::collections::{BTreeMap, BTreeSet};

use canonical::{Delivery, Release, Target};
use crossdock::Ledger;
use crossdock::sandbox::Direction;

use crate::traffic::{Kind, Played};

/// Media type of X12 (RFC 1767): what carries control numbers.
const X12_MEDIA_TYPE: &str = "application/EDI-X12";

/// What an order came to, in what does not depend on its numbers: its state, how many events tell of it, and what each
/// partner took of each kind, each webhook id once.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    state: String,
    events: usize,
    taken: BTreeMap<String, usize>,
}

impl End {
    fn of(ledger: &Ledger, release: &Release) -> Self {
        let id = release.id.as_str();
        let about =
            |entry: &&crossdock::sandbox::Entry| entry.direction == Direction::Received && entry.body.contains(id);
        let mut taken: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for entry in ledger.journal.iter().filter(about).filter(|entry| entry.is_taken()) {
            taken.entry(format!("{} at {}", entry.what, entry.partner)).or_default().insert(&entry.id);
        }
        Self {
            state: release.state().to_string(),
            events: ledger.events_of(release).len(),
            taken: taken.into_iter().map(|(what, ids)| (what, ids.len())).collect(),
        }
    }
}

/// Every order came to the same end as the first one of its kind, which nobody disturbed.
pub(crate) fn ends(ledger: &Ledger, calm: &[Played], played: &[Played]) -> Vec<String> {
    let of = |played: &Played| {
        let release = ledger.releases.iter().find(|release| release.id == played.release);
        (played.kind, played.release.to_string(), release.map(|release| End::of(ledger, release)))
    };
    let mut found = compare(calm.iter().map(of), played.iter().map(of));
    if ledger.releases.len() != played.len() {
        found.push(format!("{} orders were released, and {} are in the table", played.len(), ledger.releases.len()));
    }
    found
}

/// An order's kind, its name, and its end if it has one.
type Ended = (Kind, String, Option<End>);

fn compare(calm: impl Iterator<Item = Ended>, played: impl Iterator<Item = Ended>) -> Vec<String> {
    let expected: BTreeMap<Kind, Option<End>> = calm.map(|(kind, _, end)| (kind, end)).collect();
    let wrong = played.filter(|(kind, _, end)| end.is_none() || expected.get(kind) != Some(end));
    wrong
        .map(|(kind, name, end)| {
            format!("{name} ({kind:?}) came to {end:?}, undisturbed it is {:?}", expected.get(&kind).cloned().flatten())
        })
        .collect()
}

/// Each release's history is numbered from 1 without a gap, each entry begins where the one before ended, and the last
/// ends where the release stands.
pub(crate) fn histories(releases: &[Release]) -> Vec<String> {
    let mut found = Vec::new();
    for release in releases {
        let mut state = None;
        for (at, entry) in (1..).zip(&release.history) {
            if entry.seq != at || state.is_some_and(|state| state != entry.from) {
                found.push(format!("the history of {} breaks at number {}", release.id, entry.seq));
            }
            state = Some(entry.to);
        }
        if state != Some(release.state()) {
            found.push(format!("the history of {} does not end at {}", release.id, release.state()));
        }
    }
    found
}

/// Each partner's interchange control numbers run from 1 without a gap, and mean one document each.
pub(crate) fn numbers(deliveries: &[Delivery]) -> Vec<String> {
    let mut numbers: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut names: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut found = Vec::new();
    for delivery in deliveries {
        let Target::File { name } = &delivery.target else { continue };
        let partner = delivery.receiver.partner.as_str();
        if !names.insert((partner, name)) {
            found.push(format!("two deliveries are called {partner}/{name}"));
        }
        if delivery.body.content_type == X12_MEDIA_TYPE {
            numbers.entry(partner).or_default().extend(delivery.message_no.parse::<u32>());
        }
    }
    for (partner, mut given) in numbers {
        given.sort_unstable();
        if !given.iter().copied().eq((1..).take(given.len())) {
            found.push(format!("the control numbers of {partner} are {given:?}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use canonical::{Body, DeliveryId, Digest, Guarantee, PartnerScope, Subject};
    use serde_json::json;

    use super::*;

    fn end(state: &str, taken: usize) -> End {
        End {
            state: state.to_owned(),
            events: 3,
            taken: BTreeMap::from([("order-release at bolt-3pl".to_owned(), taken)]),
        }
    }

    #[test]
    fn an_order_that_came_to_another_end_is_found() {
        let order = |kind, name: &str, end| (kind, name.to_owned(), end);
        let calm = || [order(Kind::Rest, "0", Some(end("DELIVERED", 1)))].into_iter();
        let same = [order(Kind::Rest, "1", Some(end("DELIVERED", 1)))];
        assert_eq!(compare(calm(), same.into_iter()), Vec::<String>::new());
        let others = [
            order(Kind::Rest, "twice", Some(end("DELIVERED", 2))),
            order(Kind::Rest, "elsewhere", Some(end("SHIPPED", 1))),
            order(Kind::Rest, "nowhere", None),
            order(Kind::Edi, "like none", Some(end("DELIVERED", 1))),
        ];
        assert_eq!(compare(calm(), others.into_iter()).len(), 4);
    }

    fn entry(seq: u64, from: &str, to: &str) -> serde_json::Value {
        json!({
            "seq": seq, "received_at": "2026-12-01T00:00:00Z", "occurred_at": "2026-12-01T00:00:00Z",
            "partner": "northwind-erp", "transition": "request", "owner": "erp", "outcome": "applied",
            "from": from, "to": to, "detail": "d", "message_id": "m",
        })
    }

    #[test]
    fn a_history_with_a_gap_is_found() {
        let whole = [entry(1, "VALIDATED", "VALIDATED"), entry(2, "VALIDATED", "VALIDATED")];
        assert_eq!(histories(&[release(&whole)]), Vec::<String>::new());
        for broken in [
            vec![entry(1, "VALIDATED", "VALIDATED"), entry(3, "VALIDATED", "VALIDATED")],
            vec![entry(1, "VALIDATED", "VALIDATED"), entry(2, "DISPATCHED", "VALIDATED")],
            vec![entry(1, "VALIDATED", "DISPATCHED")],
            vec![],
        ] {
            assert_eq!(histories(&[release(&broken)]).len(), 1, "{broken:?}");
        }
    }

    fn release(history: &[serde_json::Value]) -> Release {
        let tenant = "northwind".parse().unwrap();
        let erp = "northwind-erp".parse().unwrap();
        let order = json!({
            "order_no": "SO-1", "release_no": 1, "customer_po": "PO-1",
            "ship_to": {
                "name": "A customer", "address1": "1 Main Street", "city": "Somewhere", "region": "NY",
                "postal_code": "12345", "country": "US",
            },
            "lines": [{ "line_no": 1, "sku": "WIDGET", "quantity": "10", "uom": "EA" }],
        });
        let release = json!({
            "id": canonical::ReleaseId::derive(&tenant, &erp, "SO-1", 1), "tenant": tenant, "erp": erp, "order": order,
            "raw": canonical::ArchiveRef::whole(b"{}"), "received_at": "2026-12-01T00:00:00Z",
            "since": "2026-12-01T00:00:00Z", "seq": 2, "history": history,
        });
        serde_json::from_value(release).unwrap()
    }

    fn file(name: &str, number: &str) -> Delivery {
        let receiver = PartnerScope { tenant: "northwind".parse().unwrap(), partner: "acme-3pl".parse().unwrap() };
        Delivery::pending(
            DeliveryId::derive(&receiver.tenant, &receiver.partner, name),
            receiver,
            Subject::Acknowledgment { group: name.to_owned() },
            number.to_owned(),
            Target::File { name: name.to_owned() },
            Body { sha256: Digest::of(b""), content_type: X12_MEDIA_TYPE.to_owned() },
            Guarantee::Dedupes,
        )
    }

    #[test]
    fn a_missing_or_repeated_control_number_and_a_repeated_name_are_found() {
        assert_eq!(numbers(&[file("b", "000000002"), file("a", "000000001")]), Vec::<String>::new());
        assert_eq!(numbers(&[file("a", "000000001"), file("c", "000000003")]).len(), 1);
        assert_eq!(numbers(&[file("a", "000000001"), file("b", "000000001")]).len(), 1);
        assert_eq!(numbers(&[file("a", "000000001"), file("a", "000000002")]).len(), 1);
    }
}
