//! How fast a partner takes what we send, and what was held for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Deliveries a minute that every partner takes after an outage, unless its profile says otherwise. The tightest limit on
/// public record is 150 a minute (`ShipBob`); what comes new in the meantime waits behind.
const PER_MINUTE: u16 = 150;

/// Most deliveries a minute that a profile may ask for: what one call of `partner-resume` sends on with ease.
pub const PER_MINUTE_MAX: u16 = 10_000;

/// A pace, in deliveries a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schemars(with = "u16", extend("minimum" = 1, "maximum" = 10_000))]
pub struct Pace(u16);

impl Pace {
    /// Deliveries a minute, from 1.
    pub fn per_minute(self) -> usize {
        self.0.into()
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self(PER_MINUTE)
    }
}

impl TryFrom<u16> for Pace {
    type Error = String;

    fn try_from(per_minute: u16) -> Result<Self, String> {
        match per_minute {
            1..=PER_MINUTE_MAX => Ok(Self(per_minute)),
            _ => Err(format!("{per_minute} a minute is no pace; write 1 to {PER_MINUTE_MAX}")),
        }
    }
}

impl From<Pace> for u16 {
    fn from(pace: Pace) -> Self {
        pace.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_from_one_to_the_most() {
        let pace = |text: &str| serde_json::from_str(text).map(|pace: Pace| pace.per_minute());
        assert_eq!(pace("1").unwrap(), 1);
        assert_eq!(pace("10000").unwrap(), usize::from(PER_MINUTE_MAX));
        assert!(pace("0").unwrap_err().to_string().contains("write 1 to 10000"));
        assert!(pace("10001").is_err());
        assert_eq!(Pace::default().per_minute(), 150);
    }
}
