//! When messages ring for a person, how often phones of a unit ring, and how STAT is used.

use super::messages::Priority;
use super::wire;

wire! {
    /// When routine messages ring for somebody at work.
    #[derive(Default)]
    pub enum Batching {
        /// As the hospital says.
        #[default]
        Hospital,
        /// As they come.
        AtOnce,
        /// At the full quarters, half hours or hours.
        Every,
        /// At times of the day.
        Breaks,
    }
}
wire! {
    /// What does not ring while somebody is off duty; each keeps what the ones before keep.
    #[derive(PartialOrd, Ord)]
    pub enum OffDutyQuiet {
        /// Everything rings.
        Nothing,
        /// Routine messages do not.
        Routine,
        /// Urgent ones do not, either. STAT always rings.
        Urgent,
    }
}
wire! {
    /// `PUT /v1/me/quiet`: what a person chooses.
    #[serde(deny_unknown_fields)]
    pub struct QuietChoice {
        /// When routine messages ring.
        pub batch: Batching,
        /// For `every`: 15, 30 or 60.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub minutes: Option<u16>,
        /// For `breaks`: up to 12, in minutes since midnight.
        #[serde(default)]
        pub breaks: Vec<u16>,
        /// For `breaks`: the name of their time zone in the IANA database.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub zone: Option<String>,
        /// Off duty; absent for what the hospital says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub off_duty: Option<OffDutyQuiet>,
    }
}
wire! {
    /// `GET /v1/me/quiet`.
    pub struct QuietInfo {
        /// What the person chose.
        pub choice: QuietChoice,
        /// Minutes between two rings for who chose nothing; 0 for at once.
        pub hospital_minutes: u16,
        /// Off duty, for who chose nothing.
        pub hospital_off_duty: OffDutyQuiet,
        /// What is quiet off duty at the least …
        pub least: OffDutyQuiet,
        /// … and at the most.
        pub most: OffDutyQuiet,
        /// How long a routine message waits at most at work, in minutes.
        pub longest_minutes: u64,
        /// How it stands now.
        pub now: Quietly,
        /// In how many conversations something waits that did not ring.
        pub waiting: u64,
    }
}
wire! {
    /// Why a message does not ring at once.
    pub enum QuietReason {
        /// The person has routine messages ring at their breaks.
        Batched,
        /// They are off duty.
        OffDuty,
        /// They are not to be disturbed.
        Undisturbed,
    }
}
wire! {
    /// What would not ring now, and until when.
    #[derive(Default)]
    pub struct Quietly {
        /// For a routine message; absent where it rings at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub routine: Option<QuietUntil>,
        /// For an urgent one; absent where it rings at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub urgent: Option<QuietUntil>,
    }
}
wire! {
    /// Until when something does not ring.
    pub struct QuietUntil {
        /// Why.
        pub reason: QuietReason,
        /// When it rings, unix milliseconds; absent where the roster does not say yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub until: Option<u64>,
    }
}
wire! {
    /// How often phones rang for messages of one urgency, and how many of the rings were answered within
    /// so many minutes: somebody read or acknowledged something.
    pub struct RingFigures {
        /// How urgent.
        pub priority: Priority,
        /// How often.
        pub rings: u64,
        /// Within one.
        pub answered_1: u64,
        /// Within five.
        pub answered_5: u64,
        /// Within fifteen.
        pub answered_15: u64,
        /// At all.
        pub answered: u64,
    }
}
wire! {
    /// How often phones rang in one hour of the day, over all days.
    pub struct HourFigures {
        /// 0 to 23.
        pub hour: u8,
        /// By urgency: routine, urgent, STAT.
        pub rings: [u64; 3],
        /// Rings for each person-hour on duty, in thousandths; absent without a roster.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub per_person_milli: Option<u64>,
    }
}
wire! {
    /// How STAT was used by those of a unit.
    pub struct StatFigures {
        /// How many were sent.
        pub sent: u64,
        /// How many of them a recipient acknowledged.
        pub acknowledged: u64,
        /// How many somebody who acknowledged did not think to need STAT.
        pub unneeded: u64,
    }
}
wire! {
    /// What is known of a unit's interruptions.
    pub struct UnitFigures {
        /// The unit.
        pub unit: String,
        /// Whether it is too small to be shown: then nothing else is.
        pub suppressed: bool,
        /// By urgency.
        pub rings: Vec<RingFigures>,
        /// By the hour of the day. Hours at which too few people are on duty are left out.
        pub hours: Vec<HourFigures>,
        /// Hours that its people were on duty for, added up.
        pub duty_hours: u64,
        /// STAT that its people sent; absent where too few of them did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub stat: Option<StatFigures>,
    }
}
wire! {
    /// `GET /v1/interruptions?days=&zone=`.
    pub struct Interruptions {
        /// The beginning of what was counted, unix milliseconds.
        pub from: u64,
        /// Its end, unix milliseconds.
        pub until: u64,
        /// Of how many people at least something is shown.
        pub smallest_group: u64,
        /// By name.
        pub units: Vec<UnitFigures>,
    }
}
wire! {
    /// `GET /v1/me/stat-use`: of one's own STAT messages in the last four weeks.
    pub struct OwnStatUse {
        /// How many days are counted.
        pub days: u64,
        /// How many were sent.
        pub sent: u64,
        /// How many of them a recipient acknowledged.
        pub acknowledged: u64,
        /// How many somebody who acknowledged did not think to need STAT; absent where so few were sent
        /// that it would say who said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub unneeded: Option<u64>,
    }
}
