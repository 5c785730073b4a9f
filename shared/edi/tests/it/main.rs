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
mod guides_edifact;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod writing;
