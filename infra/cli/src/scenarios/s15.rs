//! S15: bad files. Each costs the smallest thing that holds what is wrong, and says where it is.

use canonical::{Digest, Parked, Place, ReleaseId, ReleaseState};

use super::s1::finish;
use super::{ACME, Report, SHIP_BY, STEP_MAX, acknowledged, follow, put, release_one, settle, ship_order};
use crate::warehouse::{ShipOrder, Shipping, Warehouse};
use crate::{Error, Ledger, Story, World};

/// One byte more than a file may have.
const TOO_LONG: usize = steps::edi_drop::FILE_LEN_MAX + 1;
/// Group control numbers of the files that are taken: the one with a byte order mark, and the one with a wrong count.
const MARKED: u32 = 801;
const MISCOUNTED: u32 = 802;

/// A file of which nothing is taken.
struct Bad {
    name: &'static str,
    what: &'static str,
    bytes: Vec<u8>,
    /// The code under which it is in the inbox.
    code: &'static str,
    /// The segment and element that is shown, if it is shown one.
    at: Option<(&'static str, Option<u64>)>,
}

/// The check of the catalogue: a byte order mark does no harm; a wrong count costs its set and not the one beside it, and
/// the 997 says so; of what is cut off, somebody else's, a trial, no EDI or too long nothing is taken, and a person finds
/// it with its place.
pub(super) async fn check(world: &World, story: &Story<'_>) -> Result<Report, Error> {
    let mut report = Report::default();
    story.title("S15, files that are not as they should be");
    let answers_before = world.acknowledgments(ACME).await?.len();
    let mut placed = Vec::new();
    for order_no in ["SO-250001", "SO-250002", "SO-250003", "SO-250004"] {
        let id = release_one(world, story, order_no, "TX", 12, SHIP_BY).await?;
        let order = ship_order(world, &id).await?;
        placed.push((id, order));
    }
    let [marked, good, miscounted, untouched] = placed.as_slice() else {
        return Err(Error::Unusable("four orders were released".to_owned()));
    };

    let mut file = "\u{feff}".as_bytes().to_vec();
    file.extend(advice(world, &[&marked.1], MARKED)?);
    put(world, story, "945-bom.edi", &file, "begins with a byte order mark").await?;
    shipped(world, story, &marked.0).await?;
    report.same("a byte order mark does no harm", &acknowledged(world, story, MARKED).await?.outcome, &"A".to_owned());

    let file = with_wrong_count(&text(advice(world, &[&good.1, &miscounted.1], MISCOUNTED)?)?);
    put(world, story, "945-count.edi", file.as_bytes(), "a set whose count is wrong, beside one that is right").await?;
    shipped(world, story, &good.0).await?;
    let answer = acknowledged(world, story, MISCOUNTED).await?;
    let verdicts: Vec<&str> = answer.sets.iter().map(|(_, verdict)| verdict.as_str()).collect();
    report.same("a wrong count costs its set alone, and the 997 says so", &verdicts, &vec!["A", "R"]);

    let bad = bad_files(world, &untouched.1)?;
    for one in &bad {
        put(world, story, one.name, &one.bytes, one.what).await?;
        in_the_inbox(world, story, one, &mut report).await?;
    }
    settle(world, story, "everything is delivered").await?;

    let ledger = Ledger::take(world).await?;
    for (name, (id, _)) in [("the set with the wrong count", miscounted), ("what only bad files spoke of", untouched)] {
        let release = world.find(id).await?;
        let unmoved = release.facts.shipments.is_empty() && release.state() == ReleaseState::TransportAcked;
        report.check("nothing is taken of what is bad", unmoved, format!("{name}: {}", release.state()));
    }
    let answers = world.acknowledgments(ACME).await?.len() - answers_before;
    report.same("who sent what cannot be read is not answered", &answers, &2);
    finish(&mut report, world, &ledger).await?;
    Ok(report)
}

fn bad_files(world: &World, order: &ShipOrder) -> Result<Vec<Bad>, Error> {
    let good = |control| text(advice(world, &[order], control)?);
    let cut = good(811)?;
    let cut = cut.get(..cut.len() / 2).unwrap_or_default().as_bytes().to_vec();
    let foreign = good(812)?.replacen("ACME3PL        ", "STRANGER       ", 1).into_bytes();
    let trial = good(813)?.replacen("|P|:", "|T|:", 1).into_bytes();
    let wide: Vec<u8> = good(814)?.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut long = good(815)?.into_bytes();
    long.resize(TOO_LONG, b'\n');
    Ok(vec![
        Bad {
            name: "945-cut.edi",
            what: "cut off in the middle",
            bytes: cut,
            code: "edi-envelope",
            at: Some(("IEA", None)),
        },
        Bad {
            name: "945-foreign.edi",
            what: "from somebody else",
            bytes: foreign,
            code: "edi-wrong-sender",
            at: Some(("ISA", Some(6))),
        },
        Bad {
            name: "945-trial.edi",
            what: "a trial",
            bytes: trial,
            code: "edi-usage-mismatch",
            at: Some(("ISA", Some(15))),
        },
        Bad { name: "945-utf16.edi", what: "in UTF-16", bytes: wide, code: "edi-envelope", at: None },
        Bad {
            name: "945.edi.gz",
            what: "compressed",
            bytes: b"\x1f\x8b\x08\0\0\0\0\0".to_vec(),
            code: "edi-envelope",
            at: None,
        },
        Bad { name: "945-long.edi", what: "one byte too long", bytes: long, code: "too-large", at: None },
    ])
}

async fn shipped(world: &World, story: &Story<'_>, id: &ReleaseId) -> Result<(), Error> {
    follow(world, story, id, "SHIPPED", |release| release.state() == ReleaseState::Shipped).await.map(drop)
}

/// Waits until a person finds the file, and checks what that person reads.
async fn in_the_inbox(world: &World, story: &Story<'_>, bad: &Bad, report: &mut Report) -> Result<(), Error> {
    let digest = Digest::of(&bad.bytes);
    let key = format!("inbox/{ACME}/{}", bad.name);
    // What is not read is known by where it lies.
    let is_it = |parked: &Parked| {
        parked.raw.sha256 == digest || parked.findings.iter().any(|finding| finding.detail.contains(&key))
    };
    let look = async || Ok(world.items::<Parked>(None, "PARKED").await?.into_iter().find(is_it));
    story.waits(&format!("{} in the inbox", bad.name));
    let parked = world.until(&format!("{} in the inbox", bad.name), STEP_MAX, look).await?;
    let words = crate::timeline::parked_detail(&parked);
    story.note(&format!("in the inbox: {words}"));
    let place = parked.findings.first().and_then(|finding| finding.place.clone());
    let as_it_should = match (&place, bad.at) {
        (Some(Place::Edi { segment, element, .. }), Some((id, n))) => segment.as_deref() == Some(id) && *element == n,
        (_, None) => true,
        _ => false,
    };
    let passed = parked.code.as_str() == bad.code && as_it_should;
    report.check("a person finds it with its reason and its place", passed, format!("{}: {words}", bad.what));
    Ok(())
}

fn advice(world: &World, orders: &[&ShipOrder], control: u32) -> Result<Vec<u8>, Error> {
    let shipments: Vec<Shipping<'_>> =
        orders.iter().map(|order| Shipping::whole(order, &format!("DAL1-{}", order.depositor_order_no))).collect();
    Warehouse::new(&world.bundle, ACME, *b"|:'", world.time(5))?.advise(&shipments, control)
}

fn text(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|error| Error::Unusable(error.to_string()))
}

/// The last set counts one segment more than it has.
fn with_wrong_count(file: &str) -> String {
    let Some((before, last)) = file.rsplit_once("SE|") else { return file.to_owned() };
    let (count, rest) = last.split_once('|').unwrap_or_default();
    let count = count.parse::<u32>().unwrap_or_default() + 1;
    format!("{before}SE|{count}|{rest}")
}
