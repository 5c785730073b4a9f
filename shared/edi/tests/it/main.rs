//! What a partner would notice: verdicts, places, acknowledgments, and files that read back.

#[cfg(test)]
mod acknowledgments;
#[cfg(test)]
mod edifact;
#[cfg(test)]
mod envelopes;
#[cfg(test)]
mod guides;
#[cfg(test)]
mod matching;
#[cfg(test)]
mod owed;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod rewriting;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod writing;
#[cfg(test)]
mod writing_edifact;
