//! By when a partner has to do what is expected of it: allowances, counted in its working time.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use canonical::{Expected, Release};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest allowance, in days: what may take longer than a quarter is agreed by a date in the order.
pub const ALLOWANCE_DAYS_MAX: u32 = 90;
/// Farthest that working time is looked for, in days. The longest allowance, with four days of seven off and two weeks of
/// holidays, ends within.
const LOOK_AHEAD_DAYS_MAX: i32 = 366;

/// When what is expected of a warehouse partner is due. What is not set is not expected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// Its system has read the document: from its placing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<Allowance>,
    /// It has said whether it will ship: from its placing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<Allowance>,
    /// It has decided on a cancel: from the ERP's request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decide_cancel: Option<Allowance>,
    /// All has left: from the receipt of the order, or from the next working day where that was after the cut-off. An
    /// order that names its day (`ship_by`) is due by the end of that day, whatever stands here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship: Option<Allowance>,
    /// All has arrived: from the receipt of the order, or by the end of the day that it names (`deliver_by`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver: Option<Allowance>,
    /// When it works.
    #[serde(default)]
    pub calendar: Calendar,
}

impl Clocks {
    /// Adds to `release` what is expected once it is placed, at `placed_at`.
    pub fn on_placing(&self, release: &mut Release, placed_at: Timestamp) {
        let (received_at, order) = (release.received_at, &release.order);
        let (ship_by, deliver_by) = (order.ship_by, order.deliver_by);
        let from = |start: Timestamp, allowance: Option<Allowance>| Some(self.calendar.after(start, allowance?));
        let ship = match ship_by {
            Some(day) => Some(self.calendar.end_of(day)),
            None => from(self.calendar.counted_from(received_at), self.ship),
        };
        let deliver = match deliver_by {
            Some(day) => Some(self.calendar.zone.midnight_after(day)),
            None => from(received_at, self.deliver),
        };
        for (expected, due) in [
            (Expected::Acknowledge, from(placed_at, self.acknowledge)),
            (Expected::Accept, from(placed_at, self.accept)),
            (Expected::Ship, ship),
            (Expected::Deliver, deliver),
        ] {
            if let Some(due) = due {
                release.expect(expected, due);
            }
        }
    }

    /// Adds to `release` what is expected once its ERP asked to cancel, at `asked_at`.
    pub fn on_cancel(&self, release: &mut Release, asked_at: Timestamp) {
        if let Some(allowance) = self.decide_cancel {
            release.expect(Expected::DecideCancel, self.calendar.after(asked_at, allowance));
        }
    }
}

/// How long something may take: `30m` or `4h` of working time, `2d` of working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[0-9]+[mhd]$"))]
pub enum Allowance {
    /// Minutes of working time.
    Minutes(u32),
    /// Hours of working time.
    Hours(u32),
    /// Working days: until the same time of the day.
    Days(u32),
}

/// A text that is no allowance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no allowance: write a number above 0 with `m`, `h` or `d`, such as `30m`, `4h` or `2d`, of {ALLOWANCE_DAYS_MAX} days at most"
)]
pub struct NoAllowance(String);

impl FromStr for Allowance {
    type Err = NoAllowance;

    fn from_str(text: &str) -> Result<Self, NoAllowance> {
        let refused = || NoAllowance(text.to_owned());
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(refused)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        let number: u32 = number.parse().ok().filter(|number| *number > 0).ok_or_else(refused)?;
        let (allowance, per_day) = match unit {
            "m" => (Self::Minutes(number), 24 * 60),
            "h" => (Self::Hours(number), 24),
            "d" => (Self::Days(number), 1),
            _ => return Err(refused()),
        };
        if number > ALLOWANCE_DAYS_MAX * per_day { Err(refused()) } else { Ok(allowance) }
    }
}

impl TryFrom<String> for Allowance {
    type Error = NoAllowance;

    fn try_from(text: String) -> Result<Self, NoAllowance> {
        text.parse()
    }
}

impl From<Allowance> for String {
    fn from(allowance: Allowance) -> Self {
        allowance.to_string()
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minutes(number) => write!(f, "{number}m"),
            Self::Hours(number) => write!(f, "{number}h"),
            Self::Days(number) => write!(f, "{number}d"),
        }
    }
}

/// When a partner works. Without any of it: always.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Where its clock stands.
    #[serde(default, rename = "time_zone")]
    pub zone: Zone,
    /// The days of the week that it works; all of them if none is named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub working_days: BTreeSet<Day>,
    /// Days on which it does not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub holidays: BTreeSet<Date>,
    /// When it begins, such as `08:00`; at midnight if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<Time>,
    /// When it ends, such as `17:00`; at midnight if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<Time>,
    /// What is received later in the day counts from the next working day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<Time>,
}

impl Calendar {
    /// What contradicts itself in it, and what to do.
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        let opens = self.opens.unwrap_or(Time::MIN);
        if self.closes.is_some_and(|closes| closes <= opens) {
            found.push(
                "calendar.closes is not after calendar.opens; a shift over midnight is two days' work".to_owned(),
            );
        }
        if let Some(cut_off) = self.cut_off
            && (cut_off < opens || self.closes.is_some_and(|closes| cut_off > closes))
        {
            found.push("calendar.cut_off lies outside calendar.opens to calendar.closes".to_owned());
        }
        found
    }

    /// The end of `allowance` that begins at `start`, in working time.
    pub fn after(&self, start: Timestamp, allowance: Allowance) -> Timestamp {
        match allowance {
            Allowance::Minutes(minutes) => self.working(start, SignedDuration::from_mins(minutes.into())),
            Allowance::Hours(hours) => self.working(start, SignedDuration::from_hours(hours.into())),
            Allowance::Days(days) => self.days_on(start, days),
        }
    }

    /// The end of work on `day`, or of the day itself where it does not work then: what is due by that day is due by then.
    pub fn end_of(&self, day: Date) -> Timestamp {
        self.shift(day).map_or_else(|| self.zone.midnight_after(day), |(_, closes)| closes)
    }

    /// From when something received at `received_at` counts: then, or from the next day's work if the cut-off was over.
    pub fn counted_from(&self, received_at: Timestamp) -> Timestamp {
        let local = self.zone.local(received_at);
        let late = self.cut_off.is_some_and(|cut_off| local.time() > cut_off);
        if !late {
            return received_at;
        }
        self.shifts(local.date()).map(|(_, (opens, _))| opens).find(|opens| *opens > received_at).unwrap_or(received_at)
    }

    fn working(&self, start: Timestamp, mut left: SignedDuration) -> Timestamp {
        let mut end = start;
        for (_, (opens, closes)) in self.shifts(self.zone.local(start).date()) {
            let from = opens.max(start);
            if from >= closes {
                continue;
            }
            let room = from.duration_until(closes);
            if left <= room {
                return later(from, left);
            }
            left = left.saturating_sub(room);
            end = closes;
        }
        end
    }

    fn days_on(&self, start: Timestamp, days: u32) -> Timestamp {
        let mut shifts = self.shifts(self.zone.local(start).date()).filter(|(_, (_, closes))| *closes > start);
        // A day off counts as the next day's beginning.
        let Some((_, (opens, _))) = shifts.next() else { return start };
        let time = self.zone.local(start.max(opens)).time();
        let nth = usize::try_from(days).unwrap_or(usize::MAX).saturating_sub(1);
        let Some((day, (opens, closes))) = shifts.nth(nth) else { return start };
        self.zone.at(day, time).clamp(opens, closes)
    }

    /// The times of work from `day` on.
    fn shifts(&self, day: Date) -> impl Iterator<Item = (Date, (Timestamp, Timestamp))> {
        let days = (0..LOOK_AHEAD_DAYS_MAX).map_while(move |ahead| day.checked_add(ahead.days()).ok());
        days.filter_map(|day| Some((day, self.shift(day)?)))
    }

    /// From when to when it works on `day`, if it does.
    fn shift(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        let weekday = Day::of(day.weekday());
        if self.holidays.contains(&day) || !(self.working_days.is_empty() || self.working_days.contains(&weekday)) {
            return None;
        }
        let opens = self.zone.at(day, self.opens.unwrap_or(Time::MIN));
        let closes = self.closes.map_or_else(|| self.zone.midnight_after(day), |closes| self.zone.at(day, closes));
        Some((opens, closes))
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    fn of(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

/// A time zone of the IANA database, such as `America/Chicago`; UTC if none is given. The database is compiled in, so that
/// every machine has the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// A name that is no time zone's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time zone: write one of the IANA database, such as `America/Chicago`")]
pub struct NoZone(String);

impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }
}

impl TryFrom<String> for Zone {
    type Error = NoZone;

    fn try_from(name: String) -> Result<Self, NoZone> {
        match TimeZone::get(&name) {
            Ok(rules) => Ok(Self { name, rules }),
            Err(_) => Err(NoZone(name)),
        }
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

impl Zone {
    fn local(&self, at: Timestamp) -> jiff::civil::DateTime {
        self.rules.to_datetime(at)
    }

    /// A time of a day that the clock skips is the time after the gap; one that it shows twice is the first.
    fn at(&self, day: Date, time: Time) -> Timestamp {
        let shown = self.rules.to_ambiguous_timestamp(day.to_datetime(time));
        shown.compatible().unwrap_or(Timestamp::MAX)
    }

    fn midnight_after(&self, day: Date) -> Timestamp {
        day.tomorrow().map_or(Timestamp::MAX, |next| self.at(next, Time::midnight()))
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn chicago() -> Calendar {
        toml::from_str(
            r#"
            time_zone = "America/Chicago"
            working_days = ["mon", "tue", "wed", "thu", "fri"]
            opens = "08:00"
            closes = "17:00"
            cut_off = "12:00"
            holidays = ["2026-11-26"]
            "#,
        )
        .unwrap()
    }

    #[track_caller]
    fn ends(calendar: &Calendar, start: &str, allowance: &str, end: &str) {
        assert_eq!(calendar.after(at(start), allowance.parse().unwrap()), at(end), "{allowance} from {start}");
    }

    #[test]
    fn without_a_calendar_time_just_passes() {
        let always = Calendar::default();
        ends(&always, "2026-11-25T23:30:00Z", "30m", "2026-11-26T00:00:00Z");
        ends(&always, "2026-11-25T23:30:00Z", "49h", "2026-11-28T00:30:00Z");
        ends(&always, "2026-11-25T23:30:00Z", "2d", "2026-11-27T23:30:00Z");
    }

    #[test]
    fn hours_count_at_work_alone() {
        let calendar = chicago();
        // Wednesday 16:00 in Chicago is 22:00 UTC; Thursday is Thanksgiving.
        ends(&calendar, "2026-11-25T22:00:00Z", "1h", "2026-11-25T23:00:00Z");
        ends(&calendar, "2026-11-25T22:00:00Z", "61m", "2026-11-27T14:01:00Z");
        ends(&calendar, "2026-11-25T22:00:00Z", "10h", "2026-11-27T23:00:00Z");
        ends(&calendar, "2026-11-25T22:00:00Z", "11h", "2026-11-30T15:00:00Z");
        // Before work, and on a day off.
        ends(&calendar, "2026-11-25T09:00:00Z", "1h", "2026-11-25T15:00:00Z");
        ends(&calendar, "2026-11-28T18:00:00Z", "1h", "2026-11-30T15:00:00Z");
    }

    #[test]
    fn days_are_working_days_until_the_same_time() {
        let calendar = chicago();
        ends(&calendar, "2026-11-25T16:00:00Z", "1d", "2026-11-27T16:00:00Z");
        ends(&calendar, "2026-11-25T16:00:00Z", "2d", "2026-11-30T16:00:00Z");
        // A day off is the next day's beginning; so is an evening.
        ends(&calendar, "2026-11-26T16:00:00Z", "1d", "2026-11-30T14:00:00Z");
        ends(&calendar, "2026-11-25T23:30:00Z", "1d", "2026-11-30T14:00:00Z");
    }

    #[test]
    fn a_day_of_another_length_counts_as_long_as_it_is() {
        let nights: Calendar = toml::from_str("time_zone = \"America/Chicago\"\ncloses = \"06:00\"").unwrap();
        // On 8 March 2026 the clock skips an hour: from midnight to six there are five.
        ends(&nights, "2026-03-08T06:00:00Z", "5h", "2026-03-08T11:00:00Z");
        ends(&nights, "2026-03-08T06:00:00Z", "6h", "2026-03-09T06:00:00Z");
    }

    #[test]
    fn what_comes_after_the_cut_off_counts_from_the_next_working_day() {
        let calendar = chicago();
        let noon = at("2026-11-25T18:00:00Z");
        assert_eq!(calendar.counted_from(noon), noon);
        assert_eq!(calendar.counted_from(at("2026-11-25T18:00:01Z")), at("2026-11-27T14:00:00Z"));
    }

    #[test]
    fn a_day_ends_with_its_work() {
        let calendar = chicago();
        assert_eq!(calendar.end_of("2026-11-25".parse().unwrap()), at("2026-11-25T23:00:00Z"));
        assert_eq!(calendar.end_of("2026-11-26".parse().unwrap()), at("2026-11-27T06:00:00Z"), "a holiday");
        assert_eq!(Calendar::default().end_of("2026-11-25".parse().unwrap()), at("2026-11-26T00:00:00Z"));
    }

    #[test]
    fn a_calendar_without_an_end_of_its_days_off_does_not_loop() {
        let mut calendar = chicago();
        calendar.holidays = (0..400).filter_map(|day| at_day(day).checked_add(0.days()).ok()).collect();
        ends(&calendar, "2026-11-25T16:00:00Z", "1h", "2026-11-25T16:00:00Z");
        ends(&calendar, "2026-11-25T16:00:00Z", "1d", "2026-11-25T16:00:00Z");
    }

    fn at_day(ahead: i32) -> Date {
        Date::constant(2026, 11, 25).checked_add(ahead.days()).unwrap()
    }

    #[test]
    fn allowances_are_read_as_they_are_written() {
        for text in ["1m", "30m", "4h", "90d", "2160h"] {
            assert_eq!(text.parse::<Allowance>().unwrap().to_string(), text);
        }
        for text in ["", "h", "0h", "-1h", "+1h", "1", "1w", "1.5h", "91d", "2161h", "99999999999h", "1 h", "é"] {
            let refused = text.parse::<Allowance>().unwrap_err().to_string();
            assert!(refused.contains("such as `30m`"), "{text}: {refused}");
        }
    }

    #[test]
    fn a_calendar_that_contradicts_itself_says_how() {
        let found = |text: &str| toml::from_str::<Calendar>(text).unwrap().contradictions();
        assert!(chicago().contradictions().is_empty());
        assert_eq!(found("opens = \"17:00\"\ncloses = \"08:00\"").len(), 1);
        assert_eq!(found("opens = \"08:00\"\ncut_off = \"07:59\"").len(), 1);
        assert_eq!(found("closes = \"17:00\"\ncut_off = \"17:01\"").len(), 1);
        let wrong = toml::from_str::<Calendar>("time_zone = \"Chicago\"").unwrap_err().to_string();
        assert!(wrong.contains("is no time zone"), "{wrong}");
    }
}
