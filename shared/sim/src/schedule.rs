//! Who goes next where several could.

/// Decides who goes next. The choices are between what the executor could do: go on with a running function, or begin
/// another.
#[derive(Debug, Clone, Default)]
pub enum Schedule {
    /// The first: what runs is finished, then the stream, then the queues in the order of the topology.
    #[default]
    InOrder,
    /// These choices between running functions, then the first ever. A function begins as soon as there is work and a
    /// worker. What was possible is kept, so that the next schedule can be found.
    Given {
        /// The choices, each less than the number of options that there were.
        choices: Vec<usize>,
        /// How many options there were at each choice so far.
        options: Vec<usize>,
    },
    /// The last: a function begins as soon as there is work and a worker, and what began last goes on first. So whoever
    /// gets a message while another is at it overtakes that one.
    NewestFirst,
    /// Drawn from a seed.
    Seeded(u64),
}

impl Schedule {
    /// The choices of `choices`, then the first ever.
    pub fn given(choices: Vec<usize>) -> Self {
        Self::Given { choices, options: Vec::new() }
    }

    /// The schedule that follows this one when all are gone through, the last choice varied first; none after the last.
    /// Only of a [`Schedule::Given`] that was run.
    #[must_use]
    pub fn next(&self) -> Option<Self> {
        let Self::Given { choices, options } = self else { return None };
        let taken = |at: usize| choices.get(at).copied().unwrap_or(0);
        let last = (0..options.len()).rfind(|at| options.get(*at).is_some_and(|count| taken(*at) + 1 < *count))?;
        let mut next: Vec<usize> = (0..last).map(taken).collect();
        next.push(taken(last) + 1);
        Some(Self::given(next))
    }

    /// One of `count` options. A choice between one is none.
    pub(crate) fn choose(&mut self, count: usize) -> usize {
        if count <= 1 {
            return 0;
        }
        match self {
            Self::InOrder => 0,
            Self::NewestFirst => count - 1,
            Self::Given { choices, options } => {
                let chosen = choices.get(options.len()).copied().unwrap_or(0);
                options.push(count);
                chosen.min(count - 1)
            }
            Self::Seeded(state) => usize::try_from(draw(state) % (count as u64)).unwrap_or(0),
        }
    }
}

/// The next number of the sequence that `state` stands in.
///
/// `SplitMix64` (Steele, Lea, Flood 2014): one addition and two multiplications give good bits.
pub fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_schedules_are_gone_through_once() {
        // Three choices between 2, 3 and 2 options, the last one only after a 0.
        let mut schedule = Some(Schedule::given(Vec::new()));
        let mut seen = Vec::new();
        while let Some(mut one) = schedule {
            let first = one.choose(2);
            let second = one.choose(3);
            let third = if first == 0 { one.choose(2) } else { 9 };
            seen.push((first, second, third));
            schedule = one.next();
        }
        let mut unique = seen.clone();
        unique.dedup();
        assert_eq!(unique, seen);
        assert_eq!(seen.len(), 2 * 3 + 3);
    }

    #[test]
    fn a_seed_draws_the_same_again_and_every_option() {
        let draw = |seed| {
            let mut schedule = Schedule::Seeded(seed);
            (0..100).map(|_| schedule.choose(3)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!((0..3).all(|option| draw(7).contains(&option)));
    }
}
