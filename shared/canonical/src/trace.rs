//! Where a request stands in a trace. Source: W3C Trace Context, level 1, header `traceparent`.
//!
//! Spans are derived, not drawn: the same step of the same request has the same span however often it is repeated.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Digest;

/// Length of version 00: `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits. Later versions may go on behind it.
const LEN: usize = 55;

/// A place in a trace: `00-<trace id>-<span id>-<flags>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"))]
pub struct Trace(String);

/// A text that is no place in a trace. Who gets one begins a trace of his own, as the standard asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no traceparent of W3C Trace Context")]
pub struct TraceError;

impl Trace {
    /// The beginning of a trace of whatever `seed` names, such as a request's id.
    pub fn begin(seed: &str) -> Self {
        let digest = Digest::of(seed.as_bytes());
        let (trace, rest) = digest.as_str().split_at(32);
        // A digest of zeros has never been seen; `1` in front of the rest keeps even that from being an invalid id.
        Self(format!("00-{trace}-1{}-01", rest.get(..15).unwrap_or_default()))
    }

    /// The next place in the same trace: what is done for `seed`.
    #[must_use]
    pub fn child(&self, seed: &str) -> Self {
        let digest = Digest::of(format!("{} {seed}", self.0).as_bytes());
        let span = digest.as_str().get(..15).unwrap_or_default();
        Self(format!("00-{}-1{span}-{}", self.trace_id(), self.0.get(53..LEN).unwrap_or("01")))
    }

    /// What all places of the trace have in common: 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        self.0.get(3..35).unwrap_or_default()
    }

    /// The header's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Trace {
    type Err = TraceError;

    fn from_str(text: &str) -> Result<Self, TraceError> {
        let known = text.get(..LEN).ok_or(TraceError)?;
        let mut parts = known.split('-');
        let mut hex = |len: usize| {
            let part = parts.next().filter(|part| part.len() == len).ok_or(TraceError)?;
            let is_hex = part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            if is_hex { Ok(part) } else { Err(TraceError) }
        };
        let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let goes_on = text.len() > LEN;
        let is_odd = version == "ff" || (goes_on && (version == "00" || text.as_bytes().get(LEN) != Some(&b'-')));
        let is_zero = |part: &str| part.bytes().all(|b| b == b'0');
        if is_odd || is_zero(trace) || is_zero(span) {
            return Err(TraceError);
        }
        // We pass on what we know: version 00.
        Ok(Self(format!("00-{trace}-{span}-{flags}")))
    }
}

impl TryFrom<String> for Trace {
    type Error = TraceError;

    fn try_from(text: String) -> Result<Self, TraceError> {
        text.parse()
    }
}

impl From<Trace> for String {
    fn from(trace: Trace) -> Self {
        trace.0
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_its_children_stay_in_its_trace() {
        let trace: Trace = SAMPLE.parse().unwrap();
        assert_eq!((trace.as_str(), trace.trace_id()), (SAMPLE, "4bf92f3577b34da6a3ce929d0e0e4736"));
        let child = trace.child("dlv_1");
        assert_eq!(child.as_str().parse(), Ok(child.clone()), "what we send is a traceparent");
        assert_eq!(child.trace_id(), trace.trace_id());
        assert!(child.as_str().ends_with("-01") && child != trace && child != trace.child("dlv_2"));
        assert_eq!(child, trace.child("dlv_1"), "a repetition is the same span");
    }

    #[test]
    fn a_trace_that_we_begin_is_one_for_others() {
        let begun = Trace::begin("request 1");
        assert_eq!(begun.as_str().parse(), Ok(begun.clone()));
        assert_eq!((begun.clone(), false), (Trace::begin("request 1"), begun == Trace::begin("request 2")));
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = SAMPLE.replacen("00", "cc", 1) + "-what-the-future-will-be-like";
        assert_eq!(later.parse::<Trace>().unwrap().as_str(), SAMPLE);
    }

    #[test]
    fn what_the_standard_calls_invalid_is_no_trace() {
        let zero_trace = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        let zero_span = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", "0".repeat(16));
        let upper = SAMPLE.to_uppercase();
        let (ff, longer) = (SAMPLE.replacen("00", "ff", 1), format!("{SAMPLE}-01"));
        let (later, multi) = (SAMPLE.replacen("00", "cc", 1) + "x", format!("{}é", "0".repeat(54)));
        for text in ["", "00", &zero_trace, &zero_span, &upper, &ff, &longer, &later, &multi, &SAMPLE.replace('-', "_")]
        {
            assert_eq!(text.parse::<Trace>(), Err(TraceError), "{text}");
        }
    }
}
