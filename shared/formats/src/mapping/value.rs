//! One value, from elements and to elements. Element types: X12.6 and ISO 9735; codes: elements 623 and 2379.

use std::borrow::Cow;

use canonical::{Moment, Quantity};
use edi::write::clean;
use edi::{Delimiters, Standard};
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use rust_decimal::Decimal;
use serde_json::Value;
use smol_str::{SmolStr, ToSmolStr};

use super::draft::Leaf;
use super::plan::Lookup;
use super::text::{Kind, Otherwise, Table};
use crate::sscc;

/// Most characters of a number that is looked at: a decimal holds 28 digits.
const NUMBER_LEN_MAX: usize = 24;

/// What became of a value that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken<'a> {
    Value(Leaf<'a>),
    /// Taken, though something is odd.
    Noted(Leaf<'a>, &'static str),
    LeftOut,
    /// Left out, for what is there cannot be it.
    Refused(&'static str),
}

/// What a value is that is taken as it stands, or has a word; `None` if it must be looked at more closely.
#[inline]
pub(super) fn as_it_stands<'a>(kind: &Kind, text: &'a str, table: Option<&'a Lookup>) -> Option<&'a str> {
    match kind {
        Kind::Id | Kind::Words(_) => Some(text),
        Kind::Quantity | Kind::Decimal => Some(text).filter(|text| is_plain(text)),
        Kind::Sscc => sscc::digits(text).filter(|digits| sscc::is_checked(digits)),
        Kind::Code(_) => table?.word(text),
        _ => None,
    }
}

/// Reads a value. `part` gives the other parts of a value of several, counted from 0. What is wrong is said without the
/// value.
#[inline]
pub(super) fn read<'a>(
    kind: &Kind,
    text: Cow<'a, str>,
    part: impl Fn(usize) -> Option<Cow<'a, str>>,
    table: Option<&'a Lookup>,
    decimal_mark: u8,
) -> Result<Taken<'a>, &'static str> {
    let taken = |number: Decimal| Ok(Taken::Value(Leaf::Made(number.to_smolstr())));
    match kind {
        Kind::Id | Kind::Words(_) => Ok(Taken::Value(leaf(text))),
        Kind::Quantity | Kind::Decimal if is_plain(&text) => Ok(Taken::Value(leaf(text))),
        Kind::Quantity => {
            let quantity = Quantity::try_from(number(&text, decimal_mark).ok_or("is no number")?);
            let what = "is no quantity: 0 or more, at most 12 digits before and 6 after the point";
            taken(quantity.map_err(|_| what)?.value())
        }
        Kind::Decimal => taken(number(&text, decimal_mark).ok_or("is no number")?),
        Kind::Implied(digits) => {
            let number = number(&text, decimal_mark).filter(|number| number.scale() == 0 && !text.contains('.'));
            let mut number = number.ok_or("is no number without a point")?;
            number.set_scale(*digits).map_err(|_| "is no number without a point")?;
            taken(number.normalize())
        }
        Kind::Integer => {
            let number = text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
            Ok(Taken::Value(Leaf::Integer(number.ok_or("is no whole number of 0 or more")?)))
        }
        Kind::Date => {
            let day = day(&text).ok_or("is no day of the form CCYYMMDD")?;
            Ok(Taken::Value(moment_leaf(Moment::Day(day))))
        }
        Kind::Moment => moment(&text, part(1).as_deref(), part(2).as_deref()),
        Kind::Dtm => dtm(&text, part(1).as_deref()),
        Kind::Sscc => {
            let Some(digits) = sscc::digits(&text) else {
                return Ok(Taken::Refused("is no SSCC: 18 digits, or 20 with the identifier 00; it is left out"));
            };
            let right = sscc::is_checked(digits);
            let leaf = match text {
                Cow::Borrowed(text) => Leaf::Text(sscc::digits(text).unwrap_or(text)),
                Cow::Owned(_) => Leaf::Made(SmolStr::new(digits)),
            };
            Ok(if right { Taken::Value(leaf) } else { Taken::Noted(leaf, "has a check digit that is not right") })
        }
        Kind::Gtin => {
            let is_number = matches!(text.len(), 8 | 12 | 13 | 14) && text.bytes().all(|b| b.is_ascii_digit());
            Ok(if is_number && sscc::is_checked(&text) {
                Taken::Value(leaf(text))
            } else {
                Taken::Noted(leaf(text), "is no GTIN: 8, 12, 13 or 14 digits, the last of which is right")
            })
        }
        Kind::Code(_) => {
            let lookup = table.ok_or("has no code table")?;
            Ok(match (lookup.word(&text), &lookup.table.otherwise) {
                (Some(word), _) => Taken::Value(Leaf::Text(word)),
                (None, Otherwise::Word(word)) => Taken::Value(Leaf::Text(word)),
                (None, Otherwise::Kept) => Taken::Value(leaf(text)),
                (None, Otherwise::LeftOut) => Taken::LeftOut,
                (None, Otherwise::Refused) => return Err("is a code that is not known here"),
            })
        }
    }
}

fn leaf(text: Cow<'_, str>) -> Leaf<'_> {
    match text {
        Cow::Borrowed(text) => Leaf::Text(text),
        Cow::Owned(text) => Leaf::Made(text.into()),
    }
}

fn moment_leaf<'a>(moment: Moment) -> Leaf<'a> {
    Leaf::Made(moment.text())
}

/// Digits that are a quantity as they stand.
fn is_plain(text: &str) -> bool {
    (1..=12).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
}

/// A decimal number as EDI writes it: `.5` and `5.` too, no exponent, no plus sign.
pub(crate) fn number(text: &str, decimal_mark: u8) -> Option<Decimal> {
    if let Some(digits) = whole(text) {
        return Some(Decimal::from(digits));
    }
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let digits: Cow<'_, str> = match decimal_mark {
        b',' if digits.contains(',') => Cow::Owned(digits.replace(',', ".")),
        _ => Cow::Borrowed(digits),
    };
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') && digits.bytes().any(|b| b.is_ascii_digit());
    let digits = digits.strip_suffix('.').unwrap_or(&digits);
    if !plain || digits.len() > NUMBER_LEN_MAX {
        return None;
    }
    let parsed: Decimal = format!("{sign}0{digits}").parse().ok()?;
    // No minus zero, which no quantity is.
    Some(if parsed.is_zero() { Decimal::ZERO } else { parsed.normalize() })
}

/// Digits alone, as many as surely fit.
fn whole(text: &str) -> Option<u64> {
    let digits = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.bytes().fold(0, |number, byte| number * 10 + u64::from(byte - b'0')))
}

/// CCYYMMDD.
pub(crate) fn day(text: &str) -> Option<Date> {
    let [year, month, day] = [text.get(0..4)?, text.get(4..6)?, text.get(6..8)?].map(whole);
    if text.len() != 8 {
        return None;
    }
    Date::new(i16::try_from(year?).ok()?, i8::try_from(month?).ok()?, i8::try_from(day?).ok()?).ok()
}

/// HHMM, HHMMSS, and with decimals, which are left out.
pub(crate) fn time_of_day(text: &str) -> Option<Time> {
    if !matches!(text.len(), 4 | 6..=8) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let two = |from: usize| i8::try_from(whole(text.get(from..from + 2)?)?).ok();
    let second = if text.len() == 4 { 0 } else { two(4)? };
    Time::new(two(0)?, two(2)?, second, 0).ok()
}

/// Element 623: universal time, the zones whose name says whether it is summer, and the offsets that are numbers.
pub(crate) fn zone_offset(code: &str) -> Option<Offset> {
    Some(match code {
        "UT" | "GM" => Offset::UTC,
        "AD" => Offset::constant(-3),
        "AS" | "ED" => Offset::constant(-4),
        "ES" | "CD" => Offset::constant(-5),
        "CS" | "MD" => Offset::constant(-6),
        "MS" | "PD" => Offset::constant(-7),
        "PS" => Offset::constant(-8),
        "HS" => Offset::constant(-10),
        // 01 to 12 are ahead of universal time by as many hours, 13 to 24 are behind it by 12 to 1.
        number if number.len() == 2 => match number.parse::<i8>().ok()? {
            ahead @ 1..=12 => Offset::constant(ahead),
            behind @ 13..=24 => Offset::constant(behind - 25),
            _ => return None,
        },
        _ => return None,
    })
}

fn moment<'a>(date: &str, time: Option<&str>, zone: Option<&str>) -> Result<Taken<'a>, &'static str> {
    let date = day(date).ok_or("is no day of the form CCYYMMDD")?;
    let Some(time) = time else {
        return Ok(Taken::Value(moment_leaf(Moment::Day(date))));
    };
    let Some(time) = time_of_day(time) else {
        return Ok(Taken::Noted(moment_leaf(Moment::Day(date)), "the time is no time of day; the day alone is taken"));
    };
    let civil = date.to_datetime(time);
    Ok(match zone {
        None | Some("LT") => Taken::Value(moment_leaf(Moment::Civil(civil))),
        Some(zone) => match zone_offset(zone).and_then(|offset| offset.to_timestamp(civil).ok()) {
            Some(at) => Taken::Value(moment_leaf(Moment::Instant(at))),
            None => Taken::Noted(
                moment_leaf(Moment::Civil(civil)),
                "the zone names no fixed offset from universal time; the time is taken as local",
            ),
        },
    })
}

/// DTM of EDIFACT. Formats (2379): 101 YYMMDD, 102 CCYYMMDD, 201 and 203 with HHMM, 204 with HHMMSS, 303 and 304 with a
/// zone of three letters, 205 with an offset from universal time.
fn dtm<'a>(text: &str, format: Option<&str>) -> Result<Taken<'a>, &'static str> {
    let wrong = "is no date in the format that its qualifier names";
    // Two digits of a year are of this century: EDI began in the last, but no message of it is still on its way.
    let long = match format {
        Some("101" | "201") => Cow::Owned(format!("20{text}")),
        _ => Cow::Borrowed(text),
    };
    let (date, time) = (long.get(0..8).ok_or(wrong)?, long.get(8..).unwrap_or_default());
    let at = |len: usize| time.get(..len).zip(time.get(len..)).ok_or(wrong);
    match format {
        None | Some("101" | "102") if time.is_empty() => moment(date, None, None).map_err(|_| wrong),
        Some("201" | "203" | "204") if matches!(time.len(), 4 | 6) => moment(date, Some(time), None),
        Some("303" | "304") => {
            let (time, zone) = at(if format == Some("304") { 6 } else { 4 })?;
            match zone {
                "UTC" | "GMT" | "ZZZ" | "Z" => moment(date, Some(time), Some("UT")),
                "EST" => moment(date, Some(time), Some("ES")),
                "CET" => moment(date, Some(time), Some("01")),
                "EDT" | "CST" | "CDT" | "MST" | "MDT" | "PST" | "PDT" => moment(date, Some(time), zone_of(zone)),
                _ => moment(date, Some(time), Some("?")),
            }
        }
        Some("205") => {
            let (time, offset) = at(4)?;
            let (hours, minutes) = offset.get(0..3).zip(offset.get(3..)).ok_or(wrong)?;
            let seconds = |text: &str| text.parse::<i32>().map_err(|_| wrong);
            let sign = if hours.starts_with('-') { -1 } else { 1 };
            let offset = seconds(hours)? * 3600 + sign * seconds(minutes)? * 60;
            let civil = day(date).zip(time_of_day(time)).map(|(day, time)| day.to_datetime(time)).ok_or(wrong)?;
            let at = Offset::from_seconds(offset).ok().and_then(|offset| offset.to_timestamp(civil).ok());
            Ok(Taken::Value(moment_leaf(Moment::Instant(at.ok_or(wrong)?))))
        }
        _ => Err(wrong),
    }
}

/// The zone of X12 for one of three letters.
fn zone_of(zone: &str) -> Option<&str> {
    zone.strip_suffix('T')
}

/// Writes a value into its parts: one element, or date, time and zone. What is wrong is said without the value.
pub(super) fn write(
    kind: &Kind,
    value: &Value,
    parts: usize,
    table: Option<&Table>,
    standard: Standard,
) -> Result<Vec<String>, &'static str> {
    let text: Cow<'_, str> = match value {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        _ => return Err("is no value that an element could hold"),
    };
    let one = match kind {
        Kind::Id | Kind::Sscc | Kind::Gtin => text.trim_matches(' ').to_owned(),
        Kind::Words(len_max) => words(&text, *len_max, standard),
        Kind::Integer | Kind::Quantity => text.into_owned(),
        Kind::Decimal => decimal(&text)?.to_string(),
        Kind::Implied(digits) => {
            let mut number = decimal(&text)?;
            if number.scale() > *digits {
                return Err("has more digits after the point than the element holds");
            }
            number.rescale(*digits);
            number.set_scale(0).map_err(|_| "is too large")?;
            number.to_string()
        }
        Kind::Date => text.parse::<Date>().map_err(|_| "is no day")?.strftime("%Y%m%d").to_string(),
        Kind::Moment => return Ok(moment_parts(text.parse().map_err(|_| "is no moment")?, parts)),
        Kind::Dtm => return Ok(dtm_parts(text.parse().map_err(|_| "is no moment")?)),
        Kind::Code(_) => {
            let table = table.ok_or("has no code table")?;
            match table.pairs.iter().find(|(_, word)| *word == text) {
                Some((code, _)) => code.clone(),
                None if table.otherwise == Otherwise::Kept => text.into_owned(),
                None if table.otherwise == Otherwise::LeftOut => String::new(),
                None => return Err("has no code in the partner's document"),
            }
        }
    };
    Ok(vec![one])
}

fn decimal(text: &str) -> Result<Decimal, &'static str> {
    text.parse::<Decimal>().map(|number| number.normalize()).map_err(|_| "is no number")
}

/// Words for people: what separates, controls or turns the direction of writing becomes a blank.
fn words(text: &str, len_max: usize, standard: Standard) -> String {
    let invisible =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let visible: String = text.chars().map(|c| if invisible(c) || c.is_control() { ' ' } else { c }).collect();
    match standard {
        Standard::X12 => clean(&visible, Delimiters::STANDARD, len_max),
        // The writer puts a release character before what separates.
        Standard::Edifact => visible.trim().chars().take(len_max).collect::<String>().trim_end().to_owned(),
    }
}

/// Date, time and zone; only as many as the segment has elements for.
fn moment_parts(moment: Moment, parts: usize) -> Vec<String> {
    let civil = moment.civil();
    let time = if civil.second() == 0 { civil.strftime("%H%M") } else { civil.strftime("%H%M%S") }.to_string();
    let date = civil.strftime("%Y%m%d").to_string();
    let mut all = match moment {
        Moment::Day(_) => vec![date],
        Moment::Civil(_) => vec![date, time],
        Moment::Instant(_) => vec![date, time, "UT".to_owned()],
    };
    all.truncate(parts);
    all
}

/// Value and format.
fn dtm_parts(moment: Moment) -> Vec<String> {
    let civil = moment.civil();
    let seconds = civil.second() != 0;
    let written = |form: &str| civil.strftime(form).to_string();
    let (text, format) = match moment {
        Moment::Day(_) => (written("%Y%m%d"), "102"),
        Moment::Civil(_) if seconds => (written("%Y%m%d%H%M%S"), "204"),
        Moment::Civil(_) => (written("%Y%m%d%H%M"), "203"),
        Moment::Instant(_) if seconds => (written("%Y%m%d%H%M%SUTC"), "304"),
        Moment::Instant(_) => (written("%Y%m%d%H%MUTC"), "303"),
    };
    vec![text, format.to_owned()]
}
