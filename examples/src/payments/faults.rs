use serde::{Deserialize, Deserializer, Serialize};

/// The longest latency that can be asked for: a minute.
const MOST_LATENCY_MS: u64 = 60_000;

/// How the gateway misbehaves. At first it does not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Faults {
    /// Every answer to a charge is this late.
    pub latency_ms: u64,
    /// The share of charges that fail, 0 to 1.
    pub error_rate: f64,
    /// What they fail with, 400 to 599.
    pub status: u16,
    /// The `Retry-After` of the failures, in seconds.
    pub retry_after_s: Option<u64>,
    /// The share of charges that are never answered, 0 to 1.
    pub hang_rate: f64,
    /// Where the sequence of faults starts.
    pub seed: u64,
}

/// What `PUT /faults` takes. A member that is absent changes nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultsChange {
    latency_ms: Option<u64>,
    error_rate: Option<f64>,
    status: Option<u16>,
    /// `null` takes the header away again.
    #[expect(clippy::option_option, reason = "absent, null and a number are three things here")]
    #[serde(default, deserialize_with = "present")]
    retry_after_s: Option<Option<u64>>,
    hang_rate: Option<f64>,
    seed: Option<u64>,
}

/// Which member of a [`FaultsChange`] is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// The member's name.
    pub member: &'static str,
    /// What it has to be.
    pub expected: &'static str,
}

/// What becomes of one charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is answered.
    Served,
    /// It fails with the set status.
    Fails(Booking),
    /// It is never answered.
    Hangs(Booking),
}

/// Whether a fault comes before or after the money moved. The caller cannot tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booking {
    /// No money moved.
    Before,
    /// The charge is booked; only its answer is lost.
    After,
}

/// Decides the fate of each charge: the same seed gives the same sequence.
#[derive(Clone, Debug)]
pub struct Dice {
    faults: Faults,
    state: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            error_rate: 0.0,
            status: 503,
            retry_after_s: None,
            hang_rate: 0.0,
            seed: 0,
        }
    }
}

impl Faults {
    /// Whether the failures mean "no" rather than "not now": a declined charge is never booked.
    pub fn refuses(&self) -> bool {
        self.status < 500
    }

    fn changed(mut self, change: &FaultsChange) -> Result<Self, OutOfRange> {
        self.latency_ms = change.latency_ms.unwrap_or(self.latency_ms);
        self.error_rate = change.error_rate.unwrap_or(self.error_rate);
        self.status = change.status.unwrap_or(self.status);
        self.retry_after_s = change.retry_after_s.unwrap_or(self.retry_after_s);
        self.hang_rate = change.hang_rate.unwrap_or(self.hang_rate);
        self.seed = change.seed.unwrap_or(self.seed);
        self.checked()
    }

    fn checked(self) -> Result<Self, OutOfRange> {
        let rate = |rate: f64| (0.0..=1.0).contains(&rate);
        let members = [
            (self.latency_ms <= MOST_LATENCY_MS, "latency_ms", "must be 0 to 60000"),
            (rate(self.error_rate), "error_rate", "must be 0 to 1"),
            ((400..=599).contains(&self.status), "status", "must be 400 to 599"),
            (rate(self.hang_rate), "hang_rate", "must be 0 to 1"),
        ];
        match members.into_iter().find(|(holds, ..)| !holds) {
            Some((_, member, expected)) => Err(OutOfRange { member, expected }),
            None => Ok(self),
        }
    }
}

impl Dice {
    /// Dice that show no fault until they are told to.
    pub fn new() -> Self {
        Self { faults: Faults::default(), state: 0 }
    }

    /// The faults in force.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Puts a change in force, whole or not at all. A seed starts its sequence anew.
    pub fn change(&mut self, change: &FaultsChange) -> Result<(), OutOfRange> {
        self.faults = self.faults.clone().changed(change)?;
        if let Some(seed) = change.seed {
            self.state = seed;
        }
        Ok(())
    }

    /// The next charge's fate. It takes three numbers whatever comes out, so that a rate changed
    /// half-way does not shift the rest of the sequence.
    pub fn roll(&mut self) -> Fate {
        let (hang, error, after) = (self.number(), self.number(), self.number());
        let booking = if after < 0.5 { Booking::Before } else { Booking::After };
        if hang < self.faults.hang_rate {
            Fate::Hangs(booking)
        } else if error < self.faults.error_rate {
            Fate::Fails(if self.faults.refuses() { Booking::Before } else { booking })
        } else {
            Fate::Served
        }
    }

    /// A number in 0..1, by `SplitMix64`.
    fn number(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX);
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }
}

impl Default for Dice {
    fn default() -> Self {
        Self::new()
    }
}

/// Tells `null` from absence.
#[expect(clippy::option_option, reason = "absent, null and a number are three things here")]
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(json: &str) -> FaultsChange {
        serde_json::from_str(json).unwrap()
    }

    fn rolls(dice: &mut Dice, count: usize) -> Vec<Fate> {
        std::iter::repeat_with(|| dice.roll()).take(count).collect()
    }

    #[test]
    fn a_seed_repeats_its_sequence() {
        let mut dice = Dice::new();
        let seeded = change(r#"{"error_rate": 0.5, "hang_rate": 0.1, "seed": 7}"#);
        dice.change(&seeded).unwrap();
        let first = rolls(&mut dice, 200);
        dice.change(&seeded).unwrap();
        assert_eq!(rolls(&mut dice, 200), first);
        for fate in [
            Fate::Served,
            Fate::Fails(Booking::Before),
            Fate::Fails(Booking::After),
            Fate::Hangs(Booking::Before),
            Fate::Hangs(Booking::After),
        ] {
            assert!(first.contains(&fate), "{fate:?} in 200 rolls");
        }
    }

    #[test]
    fn rates_are_kept() {
        let mut dice = Dice::new();
        dice.change(&change(r#"{"error_rate": 1, "seed": 1}"#)).unwrap();
        assert!(rolls(&mut dice, 1000).iter().all(|fate| matches!(fate, Fate::Fails(_))));
        dice.change(&change(r#"{"error_rate": 0.3}"#)).unwrap();
        let failed = rolls(&mut dice, 10_000).iter().filter(|&&it| it != Fate::Served).count();
        assert!((2_700..=3_300).contains(&failed), "{failed}");
    }

    #[test]
    fn what_refuses_is_never_booked() {
        let mut dice = Dice::new();
        dice.change(&change(r#"{"error_rate": 1, "status": 402, "seed": 3}"#)).unwrap();
        assert!(rolls(&mut dice, 500).iter().all(|&it| it == Fate::Fails(Booking::Before)));
    }

    #[test]
    fn absent_members_stay_and_null_takes_the_wait_away() {
        let mut dice = Dice::new();
        dice.change(&change(r#"{"retry_after_s": 3, "status": 500}"#)).unwrap();
        dice.change(&change(r#"{"latency_ms": 5}"#)).unwrap();
        assert_eq!((dice.faults().retry_after_s, dice.faults().status), (Some(3), 500));
        dice.change(&change(r#"{"retry_after_s": null}"#)).unwrap();
        assert_eq!(dice.faults().retry_after_s, None);
    }

    #[test]
    fn a_wrong_change_changes_nothing() {
        let mut dice = Dice::new();
        for (json, member) in [
            (r#"{"latency_ms": 60001}"#, "latency_ms"),
            (r#"{"latency_ms": 1, "error_rate": 1.5}"#, "error_rate"),
            (r#"{"status": 200}"#, "status"),
            (r#"{"hang_rate": -0.1}"#, "hang_rate"),
        ] {
            let error = dice.change(&change(json)).unwrap_err();
            assert_eq!(error.member, member);
        }
        assert_eq!(dice.faults(), &Faults::default());
    }
}
