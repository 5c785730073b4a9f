//! What the ERP and the partners do.

use handlers::Response;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sim::{CLIENT_TRIES_MAX, Faults, QueueName, Summary, World};

use crate::cast::{ACME, BOLT, ERP, TMS, acceptance, acme_file, advice, order, placed, release_id, shipment_id};

/// One thing that somebody outside does.
#[derive(Debug, Clone)]
pub enum Act {
    /// The ERP releases an order.
    Release {
        /// Its idempotency key.
        key: String,
        /// The request.
        body: String,
    },
    /// A partner sends a webhook.
    Webhook {
        /// Who.
        partner: &'static str,
        /// Of what.
        topic: &'static str,
        /// The partner's id of it.
        id: String,
        /// What it says.
        body: String,
    },
    /// A partner drops a file.
    Drop {
        /// Who.
        partner: &'static str,
        /// The file's name.
        name: String,
        /// What is in it.
        bytes: Vec<u8>,
    },
    /// Nobody does anything.
    Wait {
        /// For so many hours.
        hours: i64,
    },
    /// Somebody lifts a hold, or tries to.
    Lift {
        /// Who.
        partner: &'static str,
        /// Of which release.
        release_id: String,
        /// Which one.
        hold: String,
        /// Whether it is theirs to lift.
        own: bool,
    },
    /// The ERP cancels a release.
    Cancel {
        /// Which.
        release_id: String,
    },
}

/// Nobody answered, however often it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered;

impl Act {
    /// The ERP releases an order.
    pub fn release(key: &str, body: String) -> Self {
        Self::Release { key: key.to_owned(), body }
    }

    /// A partner sends a webhook.
    pub fn webhook(partner: &'static str, topic: &'static str, id: &str, body: &Value) -> Self {
        Self::Webhook { partner, topic, id: id.to_owned(), body: body.to_string() }
    }

    /// A partner drops a file.
    pub fn drop(partner: &'static str, name: &str, bytes: Vec<u8>) -> Self {
        Self::Drop { partner, name: name.to_owned(), bytes }
    }

    /// The status of the answer to it, if all is well.
    pub fn answered(&self) -> u16 {
        match self {
            Self::Lift { own, .. } => {
                if *own {
                    200
                } else {
                    403
                }
            }
            _ => 202,
        }
    }

    /// Does it. Clients try again until they are answered, and must be answered as they have to be.
    pub fn perform(&self, world: &World) {
        match self.insist(world) {
            Ok(status) if status == self.answered() => {}
            Ok(status) => panic!("{self:?} is answered {status}"),
            Err(Unanswered) => panic!("{self:?} is never answered"),
        }
    }

    /// Does it. Clients try again until they are answered, for some minutes. The answer's status; 202 for a file.
    ///
    /// # Errors
    /// Nobody answered.
    pub fn insist(&self, world: &World) -> Result<u16, Unanswered> {
        (0..CLIENT_TRIES_MAX).find_map(|_| self.attempt(world)).ok_or(Unanswered)
    }

    /// Tries to do it, once. The answer's status; 202 for a file and for waiting; none if the client must come again, and has waited for that.
    pub fn attempt(&self, world: &World) -> Option<u16> {
        let response = match self {
            Self::Release { key, body } => world.attempt(|world| world.api_post(ERP, key, body)),
            Self::Webhook { partner, topic, id, body } => {
                world.attempt(|world| world.webhook(partner, topic, id, body))
            }
            Self::Drop { partner, name, bytes } => {
                world.drop_file(partner, name, bytes);
                return Some(202);
            }
            Self::Wait { hours } => {
                world.wait(self::hours(*hours));
                return Some(202);
            }
            Self::Lift { partner, release_id, hold, .. } => {
                let path = format!("/v1/order-releases/{release_id}/holds/{hold}");
                world.attempt(|world| world.api(partner, "DELETE", &path, Vec::new(), ""))
            }
            Self::Cancel { release_id } => world.attempt(|world| world.api_cancel(ERP, release_id)),
        };
        response.map(|response| response.status)
    }

    /// The same thing told again by one who forgot that it was told: other key, other webhook id, other file name.
    #[must_use]
    pub fn renamed(&self) -> Self {
        let mut again = self.clone();
        match &mut again {
            Self::Release { key: name, .. } | Self::Webhook { id: name, .. } | Self::Drop { name, .. } => {
                *name = format!("again-{name}");
            }
            // These have no name but what they are about.
            Self::Cancel { .. } | Self::Wait { .. } | Self::Lift { .. } => {}
        }
        again
    }
}

/// The body of an answer.
pub fn words(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

/// Whether each act waits until the one before has settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It does.
    Settled,
    /// Everything comes at once.
    AtOnce,
}

impl Pace {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Settled, Self::AtOnce];
}

/// A story: an order, and what its 3PL and carrier do once it is placed with them.
#[derive(Clone, Copy)]
pub struct Story {
    /// What it is called.
    pub name: &'static str,
    /// The order.
    pub release: fn() -> Act,
    /// What its 3PL and carrier do once it is placed in this world.
    pub then: fn(&World) -> Vec<Act>,
}

/// A sales order to the 3PL with webhooks, in two parcels, up to the delivery of both.
pub const S1: Story = Story { name: "S1", release: s1_release, then: s1_then };
/// A sales order to the 3PL with files, in two shipments, up to their delivery.
pub const S2: Story = Story { name: "S2", release: s2_release, then: s2_then };

/// Both stories.
pub const STORIES: [Story; 2] = [S1, S2];

fn s1_release() -> Act {
    Act::release("s1", order("SO-1", "NY", &[("DRILL", 12), ("BITS", 36)]))
}

fn s1_then(_: &World) -> Vec<Act> {
    let id = release_id("SO-1");
    let shipped = json!({
        "release_id": id, "shipment_no": "B-1", "shipped_at": "2026-11-23T12:00:00-05:00", "scac": "UPSN",
        "tracking_nos": ["1Z1", "1Z2"],
        "lines": [
            { "line_no": 1, "sku": "DRILL", "quantity": "12", "uom": "EA" },
            { "line_no": 2, "sku": "BITS", "quantity": "36", "uom": "EA" },
        ],
    });
    let scan = |id: &str, tracking_no: &str, milestone: &str, at: &str| {
        let body = json!({
            "shipment_no": "B-1", "tracking_no": tracking_no, "milestone": milestone, "occurred_at": at,
        });
        Act::webhook(BOLT, "tracking-update", id, &body)
    };
    let accepted = json!({ "release_id": id, "partner_order_no": "NJ-1", "occurred_at": "2026-11-23T12:00:00Z" });
    let waved = json!({ "release_id": id, "occurred_at": "2026-11-23T13:00:00Z" });
    vec![
        Act::webhook(BOLT, "release-accepted", "b1", &accepted),
        Act::webhook(BOLT, "release-waved", "b2", &waved),
        Act::webhook(BOLT, "ship-confirm", "b3", &shipped),
        scan("b4", "1Z1", "picked_up", "2026-11-23T20:00:00Z"),
        scan("b5", "1Z1", "delivered", "2026-11-24T08:00:00Z"),
        scan("b6", "1Z2", "delivered", "2026-11-24T08:00:00Z"),
    ]
}

fn s2_release() -> Act {
    Act::release("s2", order("SO-2", "TX", &[("BOLT", 100)]))
}

fn s2_then(world: &World) -> Vec<Act> {
    let placed = placed(world, ACME).into_iter().find(|placed| placed.order_no == "SO-2").expect("a 940 in the outbox");
    let scan = |id: &str, shipment_no: &str, milestone: &str, at: &str| {
        let body = json!({
            "shipment_id": shipment_id(ACME, shipment_no), "milestone": milestone, "occurred_at": at,
        });
        Act::webhook(TMS, "tracking-update", id, &body)
    };
    let first = advice(&placed.order_no, "A-1", "BOLT", 100, 60);
    let second = advice(&placed.order_no, "A-2", "BOLT", 40, 40);
    vec![
        Act::drop(ACME, "997.edi", acme_file("FA", 101, &[acceptance(placed.group)])),
        Act::drop(ACME, "945-1.edi", acme_file("SW", 102, &[first])),
        Act::drop(ACME, "945-2.edi", acme_file("SW", 103, &[second])),
        scan("t1", "A-1", "picked_up", "2026-11-23T20:00:00Z"),
        scan("t2", "A-1", "delivered", "2026-11-24T06:00:00Z"),
        scan("t3", "A-2", "picked_up", "2026-11-24T05:00:00Z"),
        scan("t4", "A-2", "delivered", "2026-11-24T09:00:00Z"),
    ]
}

/// An order that is cancelled once it is placed.
pub fn cancelled_release() -> Act {
    Act::release("s6", order("SO-6", "NY", &[("DRILL", 1)]))
}

/// The ERP cancels it, and the 3PL agrees.
pub fn cancelled_then() -> Vec<Act> {
    let id = release_id("SO-6");
    let agreed = json!({ "release_id": id, "occurred_at": "2026-11-23T12:00:00Z" });
    vec![Act::Cancel { release_id: id.to_string() }, Act::webhook(BOLT, "cancel-accepted", "c1", &agreed)]
}

/// Plays a story to its end.
pub fn play(world: &World, story: &Story, pace: Pace) {
    (story.release)().perform(world);
    settle(world);
    perform(world, &(story.then)(world), pace);
}

/// A story that was broken off: the world at a moment in which nothing runs, and what is left to be done.
pub struct Pause {
    /// The world as it stands.
    pub world: World,
    /// The release is one of the acts at the beginning alone; the others follow from what it led to.
    left: Option<Vec<Act>>,
}

/// Plays a story to its end, keeping every moment in which nothing runs.
pub fn play_with_pauses(world: &World, story: &Story, pace: Pace) -> Vec<Pause> {
    let mut pauses = vec![Pause { world: world.fork(), left: None }];
    (story.release)().perform(world);
    settle(world);
    let mut acts = (story.then)(world);
    while !acts.is_empty() {
        pauses.push(Pause { world: world.fork(), left: Some(acts.clone()) });
        let act = acts.remove(0);
        act.perform(world);
        if pace == Pace::Settled {
            settle(world);
        }
    }
    pauses.push(Pause { world: world.fork(), left: Some(acts) });
    settle(world);
    pauses
}

impl Pause {
    /// Plays the story from here to its end in a world of its own, in which something is different.
    pub fn play_on(&self, story: &Story, pace: Pace, different: impl FnOnce(&World)) -> World {
        let world = self.world.fork();
        different(&world);
        match &self.left {
            None => play(&world, story, pace),
            Some(acts) => perform(&world, acts, pace),
        }
        world
    }
}

/// Plays what `well` has behind it since it was `base`, once for each of its calls and each way in which that can go wrong:
/// `check` plays it in the world that it is given, and holds what comes of it. Says how often.
pub fn every_single_fault(base: &World, well: &World, mut check: impl FnMut(&World, &dyn std::fmt::Display)) -> usize {
    let mut schedules = 0;
    for call in base.calls() + 1..=well.calls() {
        for kind in well.kinds_of(call) {
            let world = base.fork();
            world.set_faults(Faults::one(call, kind));
            check(&world, &format!("{kind:?} at {call}"));
            schedules += 1;
        }
    }
    schedules
}

/// Lets everybody do what is left, in this order.
pub fn perform(world: &World, acts: &[Act], pace: Pace) {
    for act in acts {
        act.perform(world);
        if pace == Pace::Settled {
            settle(world);
        }
    }
    settle(world);
}

/// Lets the world come to rest; what died is redriven once, as an operator would.
pub fn settle(world: &World) {
    rest(world);
    let redriven: usize = QueueName::READ.map(|queue| world.redrive(queue)).into_iter().sum();
    if redriven > 0 {
        rest(world);
    }
}

/// Lets the world come to rest.
pub fn rest(world: &World) {
    assert_eq!(world.run(), Ok(()), "the world comes to rest; its end:\n{}", tail(world));
}

/// The last lines of the trace.
pub fn tail(world: &World) -> String {
    let trace = world.trace();
    trace[trace.len().saturating_sub(60)..].join("\n")
}

/// The story gone well.
pub fn well(story: &Story) -> Summary {
    let world = crate::cast::world();
    play(&world, story, Pace::Settled);
    assert_eq!(world.audit(), Vec::<String>::new());
    let well = world.summary();
    assert!(well.releases.iter().all(|release| release.contains(" DELIVERED ")), "{well:#?}");
    assert_eq!((&well.parked, &well.dead), (&Vec::new(), &Vec::new()));
    well
}

/// Holds a world that came to rest against a story gone well.
pub fn same(world: &World, well: &Summary, what: &dyn std::fmt::Display) {
    let found = (world.audit(), world.summary());
    assert!(found == (Vec::new(), well.clone()), "{what}: {}\n{}", difference(&found.1, well, &found.0), tail(world));
}

fn difference(found: &Summary, expected: &Summary, audit: &[String]) -> String {
    let mut different: Vec<String> = audit.iter().map(|line| format!("  ! {line}")).collect();
    different.extend(differences(found, expected));
    format!("\n{}", different.join("\n"))
}

/// What differs between two worlds, line by line: `+` what was found, `-` what was expected.
pub fn differences(found: &Summary, expected: &Summary) -> Vec<String> {
    let lines = |summary: &Summary| {
        let parts = [
            &summary.releases,
            &summary.shipments,
            &summary.deliveries,
            &summary.parked,
            &summary.done,
            &summary.outboxes,
            &summary.events,
            &summary.dead,
        ];
        parts.into_iter().flatten().cloned().collect::<Vec<String>>()
    };
    let (found, expected) = (lines(found), lines(expected));
    let more = found.iter().filter(|line| !expected.contains(line)).map(|line| format!("  + {line}"));
    let less = expected.iter().filter(|line| !found.contains(line)).map(|line| format!("  - {line}"));
    more.chain(less).collect()
}

/// So much time.
pub fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

/// Says how much was tried, for those who run the tests with `--nocapture`.
#[expect(clippy::print_stderr, reason = "what was tried is worth a line of a test's output")]
pub fn tried(what: &str, schedules: usize) {
    eprintln!("{what}: {schedules} schedules");
}
