//! What was sent, held against what a partner says of it.

use serde::{Deserialize, Serialize};

use super::read::{
    Acknowledgment, FunctionalAck, GroupAckOutcome, InterchangeAck, InterchangeAckOutcome, Kind, Note, SetAck,
};

/// A set that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentSet {
    /// ST01 or 0065.
    pub id: String,
    /// ST02 or 0062.
    pub control: String,
}

/// A group that was sent; EDIFACT messages in no group are in one whose names are empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentGroup {
    /// GS01 or 0038.
    pub functional_id: String,
    /// GS06 or 0048.
    pub control: String,
    /// In order.
    pub sets: Vec<SentSet>,
}

/// An interchange that was sent, in the order of sending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentInterchange {
    /// ISA13 or 0020.
    pub control: String,
    /// In order.
    pub groups: Vec<SentGroup>,
}

/// What became of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "answer", content = "notes")]
pub enum Answer {
    /// Taken.
    Accepted,
    /// Taken, with something to look at.
    AcceptedWithNotes(Vec<Note>),
    /// It has come; whether it is taken is not said yet.
    Received,
    /// Not taken, and why.
    Rejected(Vec<Note>),
    /// This acknowledgment says nothing of it.
    NotMentioned,
}

impl Answer {
    fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted | Self::AcceptedWithNotes(_))
    }
}

/// What an acknowledgment says of one set that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAnswer {
    /// Indices of interchange, group and set in what was sent, from 0.
    pub index: [usize; 3],
    /// The set.
    pub set: SentSet,
    /// What became of it.
    pub answer: Answer,
}

/// A part of an acknowledgment that is of nothing that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unmatched {
    /// An interchange, by its control number.
    Interchange(String),
    /// A group, by GS01 (empty in a CONTRL) and control number.
    Group(String, String),
    /// A set of a group that was sent, by id and control number.
    Set(String, String),
}

/// Where an acknowledgment speaks against itself, or against what was sent. What it says of a set by name holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Contradiction {
    /// The group is accepted, a set in it is not.
    #[error("group {group} is accepted, but its set {set} is rejected")]
    AcceptedGroupRejectedSet {
        /// Control number of the group.
        group: String,
        /// Control number of the set.
        set: String,
    },
    /// The group is rejected, a set in it is not.
    #[error("group {group} is rejected, but its set {set} is accepted")]
    RejectedGroupAcceptedSet {
        /// Control number of the group.
        group: String,
        /// Control number of the set.
        set: String,
    },
    /// Some sets of the group are said to be rejected, and none is named.
    #[error("group {group} is accepted in part, but no set is named as rejected")]
    PartNotNamed {
        /// Control number of the group.
        group: String,
    },
    /// AK904 is not the number of sets that are accepted.
    #[error("group {group}: {said} sets accepted by its count, {named} by name")]
    AcceptedCount {
        /// Control number of the group.
        group: String,
        /// AK904.
        said: usize,
        /// By name, or by what holds for those not named.
        named: usize,
    },
    /// AK902 or AK903 is not the number of sets that were sent.
    #[error("group {group}: {said} sets by its count, {sent} were sent")]
    SentCount {
        /// Control number of the group.
        group: String,
        /// AK902 or AK903.
        said: usize,
        /// As sent.
        sent: usize,
    },
    /// A set is named twice; the first word holds.
    #[error("set {set} of group {group} is named twice")]
    SetTwice {
        /// Control number of the group.
        group: String,
        /// Control number of the set.
        set: String,
    },
    /// The interchange is rejected, a set in it is not.
    #[error("interchange {interchange} is rejected, but its set {set} is accepted")]
    RejectedInterchangeAcceptedSet {
        /// Control number of the interchange.
        interchange: String,
        /// Control number of the set.
        set: String,
    },
}

/// An acknowledgment, held against what was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matched {
    /// Every set that was sent, in the order of sending.
    pub sets: Vec<SetAnswer>,
    /// What is of nothing that was sent.
    pub unmatched: Vec<Unmatched>,
    /// Where it speaks against itself.
    pub contradictions: Vec<Contradiction>,
}

/// Whether two control numbers are the same: as numbers where both are, else as text without blanks around it.
pub fn same_control(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_number(one) && is_number(other) {
        one.trim_start_matches('0') == other.trim_start_matches('0')
    } else {
        one == other
    }
}

/// Says for every set that was sent what an acknowledgment says of it.
///
/// Where several sent interchanges or groups have the same number, the latest is meant. A set that is not named shares
/// the word on its group, unless sets that are named speak otherwise: in a group of which a part is accepted, those not
/// named are, if a rejected one is named. A TA1 that accepts says nothing of sets: it is of the envelope.
pub fn matched(sent: &[SentInterchange], acknowledgment: &Acknowledgment) -> Matched {
    let of_sets = sent.iter().enumerate().flat_map(|(i, interchange)| {
        interchange.groups.iter().enumerate().flat_map(move |(g, group)| {
            let sets = group.sets.iter().enumerate();
            sets.map(move |(s, set)| SetAnswer { index: [i, g, s], set: set.clone(), answer: Answer::NotMentioned })
        })
    });
    let mut matched = Matched { sets: of_sets.collect(), ..Matched::default() };
    match &acknowledgment.interchange {
        Some(word) => matched.interchange(sent, word, acknowledgment),
        None => {
            for word in &acknowledgment.groups {
                let groups = sent.iter().enumerate().flat_map(|(i, interchange)| {
                    interchange.groups.iter().enumerate().map(move |(g, group)| ([i, g], group))
                });
                let same = |(_, group): &([usize; 2], &SentGroup)| {
                    group.functional_id == word.functional_id && same_control(&group.control, &word.group_control)
                };
                match groups.rev().find(same) {
                    Some((at, group)) => matched.group(at, group, word),
                    None => matched.unmatched(word),
                }
            }
        }
    }
    matched
}

impl Matched {
    fn unmatched(&mut self, word: &FunctionalAck) {
        self.unmatched.push(Unmatched::Group(word.functional_id.clone(), word.group_control.clone()));
    }

    fn interchange(&mut self, sent: &[SentInterchange], word: &InterchangeAck, acknowledgment: &Acknowledgment) {
        let same =
            |(_, interchange): &(usize, &SentInterchange)| same_control(&interchange.control, &word.control_number);
        let Some((i, interchange)) = sent.iter().enumerate().rev().find(same) else {
            self.unmatched.push(Unmatched::Interchange(word.control_number.clone()));
            return;
        };
        let notes: Vec<Note> = word.note.iter().cloned().collect();
        let all = match word.outcome {
            InterchangeAckOutcome::Rejected => Some(Answer::Rejected(notes)),
            _ if acknowledgment.kind == Kind::Ta1 => None,
            InterchangeAckOutcome::Received => Some(Answer::Received),
            InterchangeAckOutcome::Accepted | InterchangeAckOutcome::AcceptedWithNotes => Some(Answer::Accepted),
        };
        if let Some(all) = all {
            for set in self.sets.iter_mut().filter(|set| set.index.first() == Some(&i)) {
                set.answer = all.clone();
            }
        }
        for named in &acknowledgment.groups {
            if named.group_control.is_empty() {
                self.loose(i, interchange, named);
                continue;
            }
            let group = interchange.groups.iter().enumerate();
            match group.rev().find(|(_, group)| same_control(&group.control, &named.group_control)) {
                Some((g, group)) => self.group([i, g], group, named),
                None => self.unmatched(named),
            }
        }
        if word.outcome == InterchangeAckOutcome::Rejected {
            let accepted = self.sets.iter().filter(|set| set.index.first() == Some(&i) && set.answer.is_accepted());
            let contradictions: Vec<_> = accepted
                .map(|set| Contradiction::RejectedInterchangeAcceptedSet {
                    interchange: interchange.control.clone(),
                    set: set.set.control.clone(),
                })
                .collect();
            self.contradictions.extend(contradictions);
        }
    }

    /// Messages that a CONTRL names without their group, whichever they were sent in.
    fn loose(&mut self, i: usize, interchange: &SentInterchange, word: &FunctionalAck) {
        let mut named = vec![false; word.sets.len()];
        for (g, group) in interchange.groups.iter().enumerate() {
            self.named([i, g], group, word, &mut named);
        }
        self.left_over(&named, word);
    }

    fn group(&mut self, at: [usize; 2], group: &SentGroup, word: &FunctionalAck) {
        let mut named = vec![false; word.sets.len()];
        let rejected_by_name = word.sets.iter().any(|set| !set.outcome.is_accepted());
        let others = match word.outcome {
            GroupAckOutcome::Rejected => Answer::Rejected(word.notes.clone()),
            GroupAckOutcome::PartiallyAccepted if rejected_by_name => Answer::Accepted,
            GroupAckOutcome::PartiallyAccepted => Answer::NotMentioned,
            GroupAckOutcome::AcceptedWithNotes if word.sets.is_empty() => Answer::AcceptedWithNotes(word.notes.clone()),
            GroupAckOutcome::Accepted | GroupAckOutcome::AcceptedWithNotes => Answer::Accepted,
        };
        for set in self.sets.iter_mut().filter(|set| set.index.starts_with(&at)) {
            set.answer = others.clone();
        }
        self.named(at, group, word, &mut named);
        self.left_over(&named, word);
        self.contradictions(at, group, word, rejected_by_name);
    }

    /// Answers for the sets of a group that an acknowledgment names.
    fn named(&mut self, at: [usize; 2], group: &SentGroup, word: &FunctionalAck, named: &mut [bool]) {
        for (s, sent) in group.sets.iter().enumerate() {
            let same = |ack: &SetAck| sent.id == ack.set_id && same_control(&sent.control, &ack.control_number);
            let mut words = word.sets.iter().zip(named.iter_mut()).filter(|(ack, taken)| !**taken && same(ack));
            let Some((ack, taken)) = words.next() else { continue };
            *taken = true;
            let mut twice = false;
            for (_, taken) in words {
                (*taken, twice) = (true, true);
            }
            if twice {
                let (group, set) = (group.control.clone(), sent.control.clone());
                self.contradictions.push(Contradiction::SetTwice { group, set });
            }
            let notes = ack.notes.clone();
            let answer = match (ack.outcome.is_accepted(), notes.is_empty()) {
                (false, _) => Answer::Rejected(notes),
                (true, true) if ack.outcome == super::SetAckOutcome::Accepted => Answer::Accepted,
                (true, _) => Answer::AcceptedWithNotes(notes),
            };
            let [i, g] = at;
            if let Some(set) = self.sets.iter_mut().find(|set| set.index == [i, g, s]) {
                set.answer = answer;
            }
        }
    }

    fn left_over(&mut self, named: &[bool], word: &FunctionalAck) {
        let left = word.sets.iter().zip(named).filter(|(_, taken)| !**taken);
        self.unmatched.extend(left.map(|(ack, _)| Unmatched::Set(ack.set_id.clone(), ack.control_number.clone())));
    }

    fn contradictions(&mut self, at: [usize; 2], group: &SentGroup, word: &FunctionalAck, rejected_by_name: bool) {
        let control = || group.control.clone();
        let by_name = |accepted: bool| word.sets.iter().filter(move |set| set.outcome.is_accepted() == accepted);
        match word.outcome {
            GroupAckOutcome::Accepted | GroupAckOutcome::AcceptedWithNotes => {
                self.contradictions.extend(by_name(false).map(|set| Contradiction::AcceptedGroupRejectedSet {
                    group: control(),
                    set: set.control_number.clone(),
                }));
            }
            GroupAckOutcome::Rejected => {
                self.contradictions.extend(by_name(true).map(|set| Contradiction::RejectedGroupAcceptedSet {
                    group: control(),
                    set: set.control_number.clone(),
                }));
            }
            GroupAckOutcome::PartiallyAccepted if !rejected_by_name => {
                self.contradictions.push(Contradiction::PartNotNamed { group: control() });
            }
            GroupAckOutcome::PartiallyAccepted => {}
        }
        let sent = group.sets.len();
        let counts = [word.sets_announced, word.sets_received].into_iter().flatten().filter(|said| *said != sent);
        let mut counts: Vec<usize> = counts.collect();
        counts.dedup();
        self.contradictions.extend(counts.into_iter().map(|said| Contradiction::SentCount {
            group: control(),
            said,
            sent,
        }));
        let answers = self.sets.iter().filter(|set| set.index.starts_with(&at));
        let named = answers.clone().filter(|set| set.answer.is_accepted()).count();
        let all_answered = answers.clone().all(|set| set.answer != Answer::NotMentioned);
        if let Some(said) = word.sets_accepted.filter(|said| all_answered && *said != named) {
            self.contradictions.push(Contradiction::AcceptedCount { group: control(), said, named });
        }
    }
}
