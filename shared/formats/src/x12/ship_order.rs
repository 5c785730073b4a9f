//! The 940: we order a warehouse to ship.

use canonical::{Address, Code, Finding, OrderLine, Place, Release};
use edi::Delimiters;
use edi::write::{NewSegment, clean};
use jiff::Timestamp;
use jiff::civil::Date;
use partners::{House, Profile};
use rust_decimal::Decimal;

use super::{Numbers, Outgoing};

const VERSION: &str = "004010";
const CONTROLS: &str = "00401";
const DELIMITERS: Delimiters = Delimiters::STANDARD;

/// Digits of elements 330 and 382 (R 1/15); the point does not count.
const QUANTITY_DIGITS_MAX: usize = 15;

/// Characters of a note (NTE02, element 352).
const NOTE_LEN_MAX: usize = 80;

/// What the warehouse shall do with the order (W0501, element 473).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `N`: ship it.
    Original,
    /// `F`: do not ship it any more. The order is written in full again, so that it can be found by any of its numbers.
    Cancel,
}

impl Purpose {
    fn x12(self) -> &'static str {
        match self {
            Self::Original => "N",
            Self::Cancel => "F",
        }
    }
}

/// The 940 of one release.
///
/// The release's own id travels as `N9*ZZ**<id>`: it is longer than a reference (N902, 30 characters) may be, so it is the
/// description (N903, 45), and `ZZ`, mutually defined, since no other qualifier means a number of an integration layer's.
/// Items are named by `VN`, the seller's item number, lines by `N9*LI`; a 945 that repeats them is matched without doubt.
///
/// Names, addresses, descriptions and notes are written with blanks for what would separate or control; everything that
/// identifies something is written as it is or not at all.
///
/// # Errors
/// A value that cannot be written, with its place in the order release; or a profile without EDI identity.
#[expect(clippy::too_many_arguments, reason = "everything that decides one document, each named in the caller")]
pub fn ship_940(
    release: &Release,
    purpose: Purpose,
    depositor_order_no: &str,
    warehouse: &str,
    house: &House,
    profile: &Profile,
    numbers: Numbers,
    now: Timestamp,
) -> Result<Vec<u8>, Finding> {
    let order = &release.order;
    let purchase_order = match &order.customer_po {
        Some(number) => identifier(number, "/customer_po", 0, 22)?,
        None => "",
    };
    let mut segments = vec![
        segment("W05")
            .element(purpose.x12())
            .element(identifier(depositor_order_no, "/order_no", 1, 22)?)
            .element(purchase_order),
    ];
    ship_to(&order.ship_to, &mut segments)?;
    let warehouse = identifier(warehouse, "/warehouse", 1, 60)?;
    segments.push(coded(segment("N1").element("SF").element(warehouse), warehouse));
    let depositor = required(&house.name, "/depositor", 1, 60)?;
    segments.push(segment("N1").element("DE").element(depositor));
    segments.push(segment("N9").element("ZZ").empty().element(release.id.as_str()));
    segments.extend(order.ship_by.map(|day| date("10", day)));
    segments.extend(order.deliver_by.map(|day| date("02", day)));
    for line in wrapped(&text(order.note.as_deref().unwrap_or_default(), usize::MAX)) {
        // Element 363: WHI, instruction for the warehouse.
        segments.push(segment("NTE").element("WHI").element(line));
    }
    if let Some(carrier) = &order.carrier {
        let service = text(carrier.service.as_deref().unwrap_or_default(), 35);
        // PP, prepaid by the seller; M, motor: the carrier's code says more than this, but it must stand.
        let routing = segment("W66").elements(["PP", "M", "", "", &service, "", "", "", ""]);
        segments.push(routing.element(identifier(&carrier.scac, "/carrier/scac", 2, 4)?));
    }
    let mut total = Decimal::ZERO;
    for (index, line) in order.lines.iter().enumerate() {
        total += line.quantity.value();
        item(index, line, &mut segments)?;
    }
    // The total is for the warehouse to check; one that is too long for its element is left out.
    if digits(total) <= QUANTITY_DIGITS_MAX {
        segments.push(segment("W76").element(total.normalize().to_string()));
    }
    Outgoing { house, profile, numbers, now, controls: CONTROLS, delimiters: DELIMITERS }
        .write("OW", VERSION, "940", segments)
}

fn ship_to(to: &Address, segments: &mut Vec<NewSegment>) -> Result<(), Finding> {
    let name = segment("N1").element("ST").element(required(&to.name, "/ship_to/name", 1, 60)?);
    segments.push(match &to.code {
        Some(code) => coded(name, identifier(code, "/ship_to/code", 2, 80)?),
        None => name,
    });
    let street = segment("N3").element(required(&to.address1, "/ship_to/address1", 1, 55)?);
    segments.push(street.element(text(to.address2.as_deref().unwrap_or_default(), 55)));
    let region = match &to.region {
        Some(region) => identifier(region, "/ship_to/region", 2, 2)?,
        None => "",
    };
    let city = segment("N4").element(required(&to.city, "/ship_to/city", 2, 30)?).element(region);
    let postal_code = identifier(&to.postal_code, "/ship_to/postal_code", 3, 15)?;
    segments.push(city.element(postal_code).element(identifier(&to.country, "/ship_to/country", 2, 3)?));
    Ok(())
}

fn item(index: usize, line: &OrderLine, segments: &mut Vec<NewSegment>) -> Result<(), Finding> {
    let at = |field: &str| format!("/lines/{index}/{field}");
    if digits(line.quantity.value()) > QUANTITY_DIGITS_MAX {
        let detail = format!("has more than {QUANTITY_DIGITS_MAX} digits, which X12 cannot hold");
        return Err(unwritable(&at("quantity"), detail));
    }
    segments.push(segment("LX").element((index + 1).to_string()));
    segments.push(
        segment("W01")
            .element(line.quantity.to_string())
            .element(identifier(&line.uom, &at("uom"), 2, 2)?)
            .empty()
            .element("VN")
            .element(identifier(&line.sku, &at("sku"), 1, 48)?),
    );
    let description = text(line.description.as_deref().unwrap_or_default(), 45);
    if !description.is_empty() {
        segments.push(segment("G69").element(description));
    }
    segments.push(segment("N9").element("LI").element(line.line_no.to_string()));
    Ok(())
}

fn segment(id: &str) -> NewSegment {
    NewSegment::new(id)
}

fn date(qualifier: &str, day: Date) -> NewSegment {
    segment("G62").element(qualifier).element(day.strftime("%Y%m%d").to_string())
}

/// N103 `92`, a code assigned by the buyer of the service, which we are; a code of one character is too short for N104.
fn coded(name: NewSegment, code: &str) -> NewSegment {
    if code.chars().count() < 2 { name } else { name.element("92").element(code) }
}

/// Digits of a number, its point left out.
fn digits(value: Decimal) -> usize {
    value.normalize().to_string().bytes().filter(u8::is_ascii_digit).count()
}

/// Words for people: what separates, controls or turns the direction of writing becomes a blank.
fn text(value: &str, len_max: usize) -> String {
    let invisible =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let visible: String = value.chars().map(|c| if invisible(c) { ' ' } else { c }).collect();
    clean(&visible, DELIMITERS, len_max)
}

/// Words that must not be missing.
fn required(value: &str, pointer: &str, len_min: usize, len_max: usize) -> Result<String, Finding> {
    let text = text(value, len_max);
    if text.chars().count() < len_min {
        let detail =
            format!("has not the {len_min} characters that X12 asks for, once delimiters and controls are blanks");
        return Err(unwritable(pointer, detail));
    }
    Ok(text)
}

/// A value that identifies something: the blanks around it may go, nothing else.
fn identifier<'v>(value: &'v str, pointer: &str, len_min: usize, len_max: usize) -> Result<&'v str, Finding> {
    let value = value.trim_matches(' ');
    let separates = |c: char| u8::try_from(c).is_ok_and(|byte| DELIMITERS.contains(byte));
    if value.chars().any(|c| c.is_control() || separates(c)) {
        return Err(unwritable(pointer, "holds a character that separates in X12 (* > ~) or controls".to_owned()));
    }
    let len = value.chars().count();
    if !(len_min..=len_max).contains(&len) {
        return Err(unwritable(pointer, format!("has {len} characters; X12 takes {len_min} to {len_max}")));
    }
    Ok(value)
}

fn unwritable(pointer: &str, detail: String) -> Finding {
    Finding { code: Code::NotRenderable, detail, place: Some(Place::Pointer(pointer.to_owned())) }
}

/// A note in lines of at most 80 characters, broken at blanks where there are any.
fn wrapped(note: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut len = 0;
    for word in note.split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        for part in word.chunks(NOTE_LEN_MAX) {
            if len > 0 && len + 1 + part.len() > NOTE_LEN_MAX {
                lines.push(std::mem::take(&mut line));
                len = 0;
            }
            if len > 0 {
                line.push(' ');
                len += 1;
            }
            line.extend(part);
            len += part.len();
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_break_at_blanks_and_lose_no_word() {
        assert_eq!(wrapped(""), Vec::<String>::new());
        let note = format!("{} {}", "a".repeat(80), "b".repeat(79));
        assert_eq!(wrapped(&note), vec!["a".repeat(80), "b".repeat(79)]);
        assert_eq!(wrapped(&"c".repeat(160)), vec!["c".repeat(80), "c".repeat(80)]);
        assert_eq!(wrapped("call  the\u{a0}dock"), vec!["call the dock"]);
    }
}
