//! Whom to call, when a partner works, and how long it may take. No function decides by it: it is for those who watch,
//! `crossdock stuck` and `crossdock partner show`.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lint::Complaints;

/// Longest time that a clock may allow, in working minutes: a working month of 8-hour days, by then nobody waits any more.
const CLOCK_MIN_MAX: u32 = 10_000;
/// How many days are looked at for the end of a clock: what is not over after two years is a mistake in the calendar.
const DAYS_MAX: u32 = 732;

/// Somebody at the partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// A name, or a team's.
    pub name: String,
    /// What to call for, such as `edi` or `warehouse`.
    pub about: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// When a partner works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Its time zone by its IANA name, such as `America/Chicago`.
    pub zone: String,
    /// The days on which it works.
    pub days: BTreeSet<Day>,
    /// When its day begins, such as `08:00`.
    pub opens: Time,
    /// When its day ends.
    pub closes: Time,
    /// What comes later than this counts from its next working day; the end of the day if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<Time>,
    /// Days on which it does not work though it otherwise would, such as `2026-12-25`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub holidays: BTreeSet<Date>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    fn of(date: Date) -> Self {
        match date.weekday() {
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

/// How long a partner may take, in minutes of its calendar; of the clock if it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// From getting a release to accepting or rejecting it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_min: Option<u32>,
    /// From accepting a release to shipping all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_min: Option<u32>,
}

impl Calendar {
    /// The end of `minutes` working minutes that begin at `since`; none if the calendar has no such end.
    pub fn after(&self, since: Timestamp, minutes: u32) -> Option<Timestamp> {
        let zone = TimeZone::get(&self.zone).ok()?;
        let start = since.to_zoned(zone.clone()).datetime();
        let mut left = SignedDuration::from_mins(i64::from(minutes));
        let mut date = start.date();
        // What comes after the cut-off has begun on no working day yet.
        let mut from = start.time();
        if from > self.cut_off.unwrap_or(self.closes) {
            date = date.tomorrow().ok()?;
            from = Time::midnight();
        }
        for _ in 0..DAYS_MAX {
            if self.days.contains(&Day::of(date)) && !self.holidays.contains(&date) {
                let begin = from.max(self.opens);
                let open = if begin < self.closes { begin.duration_until(self.closes) } else { SignedDuration::ZERO };
                if left <= open {
                    let end = date.to_datetime(begin).checked_add(left).ok()?;
                    return end.to_zoned(zone).ok().map(|end| end.timestamp());
                }
                left = left.checked_sub(open)?;
            }
            date = date.checked_add(1.day()).ok()?;
            from = Time::midnight();
        }
        None
    }

    pub(crate) fn lint(&self, complaints: &mut Complaints) {
        if TimeZone::get(&self.zone).is_err() {
            let problem = format!("there is no time zone {:?}", self.zone);
            complaints.add("calendar.zone", problem, "write its IANA name, such as America/Chicago");
        }
        if self.days.is_empty() {
            complaints.add("calendar.days", "names no day", "name those on which it works, such as [\"mon\", \"tue\"]");
        }
        if self.opens >= self.closes {
            complaints.add("calendar.closes", "is not after opens", "split a night shift at midnight, or swap the two");
        }
        if self.cut_off.is_some_and(|cut_off| cut_off < self.opens || cut_off > self.closes) {
            complaints.add("calendar.cut_off", "is outside its hours", "choose a time between opens and closes");
        }
    }
}

impl Clocks {
    pub(crate) fn lint(&self, calendar: Option<&Calendar>, complaints: &mut Complaints) {
        for (key, minutes) in [("clocks.accept_min", self.accept_min), ("clocks.ship_min", self.ship_min)] {
            let Some(minutes) = minutes else { continue };
            if minutes == 0 || minutes > CLOCK_MIN_MAX {
                let mend = format!("give 1 to {CLOCK_MIN_MAX} working minutes");
                complaints.add(key, format!("{minutes} minutes is no time to keep"), mend);
            } else if calendar.is_some_and(|calendar| calendar.after(Timestamp::UNIX_EPOCH, minutes).is_none()) {
                complaints.add(key, "never ends by the calendar", "give [calendar] working days and hours");
            }
        }
        if let (Some(accept), Some(ship)) = (self.accept_min, self.ship_min)
            && accept > ship
        {
            let problem = format!("{accept} minutes to accept is longer than {ship} minutes to ship");
            complaints.add("clocks.accept_min", problem, "make it at most ship_min");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        toml::from_str(
            "zone = \"America/Chicago\"\ndays = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]\nopens = \"08:00\"\n\
             closes = \"17:00\"\ncut_off = \"14:00\"\nholidays = [\"2026-11-26\"]",
        )
        .unwrap()
    }

    #[test]
    fn a_clock_runs_in_working_hours_and_from_the_next_day_after_the_cut_off() {
        for (since, minutes, end) in [
            ("2026-11-23T09:00[America/Chicago]", 60, "2026-11-23T10:00[America/Chicago]"),
            ("2026-11-23T14:00[America/Chicago]", 180, "2026-11-23T17:00[America/Chicago]"),
            ("2026-11-23T14:00:01[America/Chicago]", 60, "2026-11-24T09:00[America/Chicago]"),
            ("2026-11-23T05:00[America/Chicago]", 1, "2026-11-23T08:01[America/Chicago]"),
            ("2026-11-23T08:00[America/Chicago]", 541, "2026-11-24T08:01[America/Chicago]"),
            // Thanksgiving is no day of work, nor is the weekend.
            ("2026-11-25T15:00[America/Chicago]", 60, "2026-11-27T09:00[America/Chicago]"),
            ("2026-11-27T15:00[America/Chicago]", 60, "2026-11-30T09:00[America/Chicago]"),
        ] {
            let moment = |text: &str| text.parse::<jiff::Zoned>().unwrap().timestamp();
            assert_eq!(calendar().after(moment(since), minutes), Some(moment(end)), "{since} {minutes}");
        }
        let never = Calendar { days: BTreeSet::new(), ..calendar() };
        assert_eq!(never.after(Timestamp::UNIX_EPOCH, 1), None);
    }
}
