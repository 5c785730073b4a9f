//! Who plays: the sample partners of this repository, and the documents that they write.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use canonical::{Delivery, Digest, Guarantee, HoldReason, ReleaseId, ShipmentId, Subject};
use partners::{Bundle, SourceFile};
use sim::World;

/// Releases orders.
pub const ERP: &str = "northwind-erp";
/// The 3PL with files.
pub const ACME: &str = "acme-3pl";
/// The 3PL with webhooks.
pub const BOLT: &str = "bolt-3pl";
/// Its profile.
const BOLT_FILE: &str = "bolt-3pl.toml";
/// Reports how shipments go.
pub const TMS: &str = "summit-tms";
/// The distributor's own operations.
pub const OPS: &str = "northwind-ops";
/// Is told by files.
pub const SHOP: &str = "webshop";

/// The workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace is two folders up")
}

/// The sample partners' profiles.
pub fn bundle() -> Arc<Bundle> {
    static BUNDLE: OnceLock<Arc<Bundle>> = OnceLock::new();
    Arc::clone(BUNDLE.get_or_init(|| bundle_with(&[])))
}

/// By when both warehouses have to do what is expected of them, where that is agreed.
const CLOCKS: &str = r#"
[clocks]
acknowledge = "2h"
accept = "4h"
decide_cancel = "2h"
ship = "1d"
"#;

/// The sample partners' profiles and operations, the REST warehouse being one that recognises repeats, can be asked, or neither,
/// and both warehouses having [`CLOCKS`], or none.
pub fn bundle_of(guarantee: Guarantee, clocks: bool) -> Arc<Bundle> {
    static BUNDLES: [[OnceLock<Arc<Bundle>>; 2]; 3] = [const { [const { OnceLock::new() }; 2] }; 3];
    let [dedupes, lookup, neither] = &BUNDLES;
    let (words, [plain, timed]) = match guarantee {
        Guarantee::Dedupes => (None, dedupes),
        Guarantee::Neither => (Some("guarantee = \"neither\""), neither),
        // And takes three requests a minute.
        Guarantee::Lookup => (
            Some(
                "guarantee = \"lookup\"\nlookup = \"http://sandbox.invalid/bolt-3pl/messages/{message_no}\"\n\
                 requests_per_minute = 3",
            ),
            lookup,
        ),
    };
    let compile = || {
        let [acme, bolt] = ["DAL1", "NJ1"].map(|name| format!("warehouses = [\"{name}\"]\n"));
        let [acme_by, bolt_by] = [&acme, &bolt].map(|line| format!("{line}{CLOCKS}"));
        let mut changes = Vec::new();
        if let Some(words) = words {
            // Its cancels are no other.
            changes.extend([
                (BOLT_FILE, "guarantee = \"dedupes\"", words),
                (BOLT_FILE, "operations.cancel", "# operations.cancel"),
            ]);
        }
        if clocks {
            changes.push(("acme-3pl.toml", acme.as_str(), acme_by.as_str()));
            changes.push((BOLT_FILE, bolt.as_str(), bolt_by.as_str()));
        }
        let key = Digest::of(sim::api_key(OPS).as_bytes());
        let ops =
            format!("id = \"{OPS}\"\nname = \"Operations\"\nrole = \"ops\"\n[auth]\napi_key_sha256 = [\"{key}\"]\n");
        bundle_and(&changes, &[("northwind-ops.toml", &ops)])
    };
    let place = if clocks { timed } else { plain };
    Arc::clone(place.get_or_init(compile))
}

/// The same with changes: file, what stands there, what shall stand there.
pub fn bundle_with(changes: &[(&str, &str, &str)]) -> Arc<Bundle> {
    bundle_and(changes, &[])
}

/// The same with more partners: file, and what stands in it.
pub fn bundle_and(changes: &[(&str, &str, &str)], more: &[(&str, &str)]) -> Arc<Bundle> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root().join("infra/partners"))
        .expect("the sample partners are there")
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.sort();
    let more = more.iter().map(|(name, text)| SourceFile { name: (*name).to_owned(), text: (*text).to_owned() });
    let files: Vec<SourceFile> = paths
        .iter()
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            let text = std::fs::read_to_string(path).expect("a text");
            // What is late comes by ten minutes here, and clocks differ by nine: that is what a profile says if it is silent.
            let mut text = text.replace(", settle_s = 30", "");
            for (_, from, to) in changes.iter().filter(|(file, ..)| *file == name) {
                assert!(text.contains(from), "{name} holds {from}");
                text = text.replace(from, to);
            }
            SourceFile { name, text }
        })
        .chain(more)
        .collect();
    let variables = BTreeMap::from([
        ("SANDBOX_URL".to_owned(), "http://sandbox.invalid".to_owned()),
        ("ERP_API_KEY_SHA256".to_owned(), Digest::of(sim::api_key(ERP).as_bytes()).to_string()),
    ]);
    Arc::new(partners::compile(&files, &variables).expect("the sample partners compile"))
}

/// A world in which nothing has happened.
pub fn world() -> World {
    world_with(bundle())
}

/// The same with other profiles.
pub fn world_with(bundle: Arc<Bundle>) -> World {
    World::new(bundle, "2026-11-23T10:00:00Z".parse().expect("a time"))
}

/// The id of an order's release.
pub fn release_id(order_no: &str) -> ReleaseId {
    let erp = ERP.parse().expect("an id");
    ReleaseId::derive(&bundle().house.tenant, &erp, order_no, 1)
}

/// The id of a shipment by its partner's number.
pub fn shipment_id(partner: &str, shipment_no: &str) -> ShipmentId {
    let partner = partner.parse().expect("an id");
    ShipmentId::derive(&bundle().house.tenant, &partner, shipment_no)
}

/// An order release of some lines (item, quantity), each piece by piece.
pub fn order(order_no: &str, region: &str, lines: &[(&str, u32)]) -> String {
    order_held(order_no, region, lines, &[])
}

/// The same, to wait until what it is held for is lifted.
pub fn order_held(order_no: &str, region: &str, lines: &[(&str, u32)], holds: &[HoldReason]) -> String {
    let line = |(at, (sku, quantity)): (usize, &(&str, u32))| serde_json::json!({ "line_no": at + 1, "sku": sku, "quantity": quantity.to_string(), "uom": "EA" });
    let lines: Vec<_> = lines.iter().enumerate().map(line).collect();
    let ship_to = serde_json::json!({
        "name": "Corner Shop", "address1": "1 Main Street", "city": "Springfield", "region": region,
        "postal_code": "10001", "country": "US",
    });
    let mut order = serde_json::json!({ "order_no": order_no, "ship_to": ship_to, "lines": lines });
    if !holds.is_empty() {
        let hold = |reason: &HoldReason| serde_json::json!({ "reason": reason, "detail": reason.next_move() });
        order["holds"] = holds.iter().map(hold).collect();
    }
    order.to_string()
}

/// The same, to be shipped by a day (YYYY-MM-DD) at the latest.
pub fn order_by(order_no: &str, region: &str, lines: &[(&str, u32)], ship_by: &str) -> String {
    let mut order: serde_json::Value = serde_json::from_str(&order(order_no, region, lines)).expect("it is JSON");
    order["ship_by"] = ship_by.into();
    order.to_string()
}

/// The deliveries that place releases.
pub fn deliveries(world: &World) -> Vec<Delivery> {
    let of_release = |one: &Delivery| matches!(one.subject, Subject::Release { .. });
    world.deliveries().into_iter().filter(of_release).collect()
}

/// The first of them.
pub fn delivery(world: &World) -> Delivery {
    deliveries(world).into_iter().next().expect("the release's delivery")
}

/// What a 3PL finds in a 940, read the plain way that any EDI tool would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Interchange control number.
    pub interchange: u32,
    /// Group control number.
    pub group: u32,
    /// The depositor's order number.
    pub order_no: String,
    /// Purpose: `N` to ship, `F` to cancel.
    pub purpose: String,
}

/// The 940s in a partner's outbox, in the order of their numbers.
pub fn placed(world: &World, partner: &str) -> Vec<Placed> {
    let files = world.outbox(partner).into_iter().filter(|(name, _)| name.starts_with("940-"));
    let mut placed: Vec<Placed> = files.map(|(_, bytes)| read_940(&bytes)).collect();
    placed.sort_by_key(|one| one.interchange);
    placed
}

/// Reads a 940 of ours.
pub fn read_940(bytes: &[u8]) -> Placed {
    let text = std::str::from_utf8(bytes).expect("ASCII");
    let segments: Vec<Vec<&str>> = text.split('~').map(|segment| segment.split('*').collect()).collect();
    let find = |id: &str| segments.iter().find(|segment| segment[0] == id).unwrap_or_else(|| panic!("{id} in {text}"));
    let number = |text: &str| text.parse().expect("a number");
    Placed {
        interchange: number(find("ISA")[13]),
        group: number(find("GS")[6]),
        order_no: find("W05")[2].to_owned(),
        purpose: find("W05")[1].to_owned(),
    }
}

/// The values of one segment wherever it stands in a file of ours.
pub fn segments(bytes: &[u8], id: &str) -> Vec<String> {
    let text = std::str::from_utf8(bytes).expect("ASCII");
    let own = |segment: &&str| segment.split('*').next() == Some(id);
    text.split('~').filter(own).map(ToOwned::to_owned).collect()
}

/// A file of Acme's with one functional group. `control` is its ISA13 and its GS06.
pub fn acme_file(functional_id: &str, control: u32, sets: &[String]) -> Vec<u8> {
    let mut text = format!(
        "ISA*00*          *00*          *ZZ*ACME3PL        *ZZ*NORTHWIND      *261123*1400*U*00401*{control:09}*0*P*>~\
         GS*{functional_id}*ACME3PL*NORTHWIND*20261123*1400*{control}*X*004010~"
    );
    for (at, set) in sets.iter().enumerate() {
        let (id, body) = set.split_once('~').expect("the set's id, then its segments");
        let number = at + 1;
        let count = body.matches('~').count() + 2;
        let _ = write!(text, "ST*{id}*{number:04}~{body}SE*{count}*{number:04}~");
    }
    let _ = write!(text, "GE*{}*{control}~IEA*1*{control:09}~", sets.len());
    text.into_bytes()
}

/// A 945 of one line, to be put into a file.
pub fn advice(order_no: &str, shipment_no: &str, sku: &str, ordered: u32, shipped: u32) -> String {
    let status = if shipped < ordered { "BP" } else { "CC" };
    format!(
        "945~W06*F*{order_no}*20261123*{shipment_no}~N1*SF*LONE STAR LOGISTICS*92*DAL1~G62*11*20261123*X*1345*UT~W27*M*ODFL~LX*1~\
         W12*{status}*{ordered}*{shipped}*{}*EA**VN*{sku}~N9*LI*1~W03*{shipped}~",
        ordered - shipped
    )
}

/// A 945 of some lines (number, item, ordered, shipped), to be put into a file.
pub fn advice_of(order_no: &str, shipment_no: &str, lines: &[(usize, &str, u32, u32)]) -> String {
    let mut text = format!(
        "945~W06*F*{order_no}*20261123*{shipment_no}~N1*SF*LONE STAR LOGISTICS*92*DAL1~G62*11*20261123*X*1345*UT~\
         W27*M*ODFL~"
    );
    for (at, (line_no, sku, ordered, shipped)) in lines.iter().enumerate() {
        let status = if shipped < ordered { "BP" } else { "CC" };
        let _ = write!(
            text,
            "LX*{}~W12*{status}*{ordered}*{shipped}*{}*EA**VN*{sku}~N9*LI*{line_no}~",
            at + 1,
            ordered - shipped.min(ordered),
        );
    }
    let total: u32 = lines.iter().map(|(.., shipped)| shipped).sum();
    let _ = write!(text, "W03*{total}~");
    text
}

/// A 997 that accepts a group of ours with one set, to be put into a file.
pub fn acceptance(group: u32) -> String {
    format!("997~AK1*OW*{group}~AK2*940*0001~AK5*A~AK9*A*1*1*1~")
}

/// A 997 that refuses it.
pub fn refusal(group: u32) -> String {
    format!("997~AK1*OW*{group}~AK2*940*0001~AK3*N4*6**8~AK4*2*156*7~AK5*R*5~AK9*R*1*1*0~")
}
