//! What a partner would notice: verdicts, places, acknowledgments, and files that read back.

#[cfg(test)]
mod acknowledgments;
#[cfg(test)]
mod awkward;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod edifact;
#[cfg(test)]
mod envelopes;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod guides;
#[cfg(test)]
mod guides_edifact;
#[cfg(test)]
mod guides_x12;
#[cfg(test)]
mod json;
#[cfg(test)]
mod judging;
#[cfg(test)]
mod long;
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
mod splitting;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod writing;
#[cfg(test)]
mod writing_edifact;
