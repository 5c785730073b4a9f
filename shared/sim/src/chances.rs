//! What goes wrong by chance, drawn from a seed. Each sort of mishap draws from a sequence of its own: leaving one sort
//! out changes nothing of when the others happen, so that a failing seed can be made smaller.

use jiff::{SignedDuration, Timestamp};

use crate::queues::later;
use crate::{Kind, Reaction, draw};

/// How often what happens, each in so many of a thousand cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chances {
    /// Where the sequences begin.
    pub seed: u64,
    /// A call of a port goes wrong,
    pub call: u16,
    /// in one of these ways: a bit for each of [`Kind::ALL`].
    pub kinds: u16,
    /// A message is delivered twice: the twin at once, in the same minute, an hour or three days later.
    pub twin: u16,
    /// A message comes late, up to a quarter of an hour: others overtake it.
    pub delay: u16,
    /// What a function says of its batch is lost: what it did is not deleted from the queue.
    pub answer_lost: u16,
    /// The relay begins again somewhere in what it has told.
    pub retell: u16,
    /// A function's clock is wrong by up to five minutes.
    pub skew: u16,
    /// A message that nobody can read comes with another.
    pub poison: u16,
    /// A partner's system does not do what it is asked, or says that it did not.
    pub partner: u16,
    /// The index of what waits shows a write late.
    pub index: u16,
}

/// Sorts of mishap, each with a sequence of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sort {
    Call,
    Twin,
    Delay,
    AnswerLost,
    Retell,
    Skew,
    Poison,
    Partner,
    Index,
}

/// How many sorts there are.
const SORTS: usize = 9;
/// Longest time, in seconds, until an index shows a write: on AWS mostly a fraction of one. It is less than the time after
/// which a breaker with nothing held is looked at again.
const INDEX_S_MAX: u64 = 30;
/// A clock that is wrong by more makes signatures of the moment invalid, and its function refuse what it gets: the scheme
/// allows five minutes, the calls in between take a few seconds of them.
const SKEW_S_MAX: u64 = 280;
/// Longest delay of a message, in seconds. [m]
const DELAY_S_MAX: u64 = 900;

/// The sequences of [`Chances`], and where each stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dice {
    chances: Chances,
    sequences: [u64; SORTS],
}

impl Dice {
    pub(crate) fn of(chances: Chances) -> Self {
        let mut seed = chances.seed;
        Self { chances, sequences: std::array::from_fn(|_| draw(&mut seed)) }
    }

    fn number(&mut self, sort: Sort, count: u64) -> u64 {
        self.sequences.get_mut(sort as usize).map_or(0, |sequence| (draw(sequence) >> 16) % count.max(1))
    }

    fn happens(&mut self, sort: Sort) -> bool {
        let chances = &self.chances;
        let chance = match sort {
            Sort::Call => chances.call,
            Sort::Twin => chances.twin,
            Sort::Delay => chances.delay,
            Sort::AnswerLost => chances.answer_lost,
            Sort::Retell => chances.retell,
            Sort::Skew => chances.skew,
            Sort::Poison => chances.poison,
            Sort::Partner => chances.partner,
            Sort::Index => chances.index,
        };
        chance > 0 && self.number(sort, 1000) < u64::from(chance)
    }

    /// What happens to a call that changes so many things.
    pub(crate) fn call(&mut self, things: usize) -> Option<Kind> {
        if !self.happens(Sort::Call) {
            return None;
        }
        let kinds = self.chances.kinds;
        let possible = |(bit, kind): &(usize, Kind)| kinds & (1 << bit) != 0 && kind.concerns(things);
        let count = Kind::ALL.into_iter().enumerate().filter(possible).count() as u64;
        let chosen = usize::try_from(self.number(Sort::Call, count)).unwrap_or(0);
        Kind::ALL.into_iter().enumerate().filter(possible).nth(chosen).map(|(_, kind)| kind)
    }

    /// When a message's twin comes, if it has one.
    pub(crate) fn twin(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.happens(Sort::Twin).then(|| {
            let seconds = match self.number(Sort::Twin, 8) {
                0..3 => 0,
                3..6 => 40,
                6 => 3600,
                _ => 72 * 3600,
            };
            later(now, seconds)
        })
    }

    /// When a message can first be received.
    pub(crate) fn visible(&mut self, now: Timestamp) -> Timestamp {
        if !self.happens(Sort::Delay) {
            return now;
        }
        let most = if self.number(Sort::Delay, 4) == 0 { DELAY_S_MAX } else { 60 };
        later(now, i64::try_from(self.number(Sort::Delay, most)).unwrap_or(0))
    }

    pub(crate) fn answer_is_lost(&mut self) -> bool {
        self.happens(Sort::AnswerLost)
    }

    /// From where the relay begins again, if it does.
    pub(crate) fn retell(&mut self, done: usize) -> Option<usize> {
        self.happens(Sort::Retell).then(|| usize::try_from(self.number(Sort::Retell, done as u64 + 1)).unwrap_or(0))
    }

    /// By how much a function's clock is wrong.
    pub(crate) fn skew(&mut self) -> SignedDuration {
        if !self.happens(Sort::Skew) {
            return SignedDuration::ZERO;
        }
        let seconds = i64::try_from(self.number(Sort::Skew, 2 * SKEW_S_MAX + 1)).unwrap_or(0);
        SignedDuration::from_secs(seconds - SKEW_S_MAX.cast_signed())
    }

    pub(crate) fn poison(&mut self) -> bool {
        self.happens(Sort::Poison)
    }

    /// Until when the index of what waits does not show a write, if it is late.
    pub(crate) fn index_follows(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.happens(Sort::Index)
            .then(|| later(now, i64::try_from(1 + self.number(Sort::Index, INDEX_S_MAX)).unwrap_or(1)))
    }

    /// What a partner's system does with a call, if not what it is asked.
    pub(crate) fn reaction(&mut self) -> Option<Reaction> {
        self.happens(Sort::Partner).then(|| match self.number(Sort::Partner, 12) {
            0 => Reaction::Answers(500, None),
            1 => Reaction::Answers(503, Some(120)),
            2 => Reaction::Answers(429, Some(30)),
            3 => Reaction::Answers(404, None),
            4 => Reaction::Answers(401, None),
            5 => Reaction::Unreachable,
            6 => Reaction::DoesAndAnswers(500),
            7 => Reaction::DoesAndAnswers(502),
            8 => Reaction::DoesAndGarbles,
            _ => Reaction::DoesAndIsNotHeard,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_one_sort_out_changes_nothing_of_the_others() {
        let chances = Chances { seed: 7, call: 300, kinds: 0x1ff, twin: 300, delay: 300, ..Chances::default() };
        let calls = |chances| {
            let mut dice = Dice::of(chances);
            let mut calls = Vec::new();
            for _ in 0..200 {
                dice.twin(Timestamp::UNIX_EPOCH);
                dice.visible(Timestamp::UNIX_EPOCH);
                calls.push(dice.call(2));
            }
            calls
        };
        let with = calls(chances);
        assert_eq!(with, calls(Chances { twin: 0, delay: 0, ..chances }));
        assert!(Kind::ALL.iter().all(|kind| with.contains(&Some(*kind))), "every kind comes up");
        assert!(with.contains(&None));
    }

    #[test]
    fn nothing_happens_by_default() {
        let mut dice = Dice::of(Chances::default());
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..1000 {
            assert_eq!((dice.call(2), dice.twin(now), dice.visible(now)), (None, None, now));
            assert!(!dice.answer_is_lost() && !dice.poison() && dice.reaction().is_none());
            assert_eq!(dice.index_follows(now), None);
            assert_eq!((dice.retell(9), dice.skew()), (None, SignedDuration::ZERO));
        }
    }

    #[test]
    fn a_call_that_only_reads_is_not_acknowledged_late() {
        let mut dice = Dice::of(Chances { seed: 1, call: 1000, kinds: 0x1ff, ..Chances::default() });
        let kinds: Vec<_> = (0..200).filter_map(|_| dice.call(0)).collect();
        assert!(kinds.iter().all(|kind| kind.concerns(0)) && kinds.len() == 200);
    }
}
