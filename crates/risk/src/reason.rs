//! Why a sign-in is unusual, in words.

use crate::hospital::Duty;
use crate::sides::{Key, Place};
use crate::weights::{Side, Weights};

/// One thing that speaks against a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A network that the person hardly uses.
    RareNetwork,
    /// A network new to the person, in a city that they were seen in, or that is not known.
    NewNetwork,
    /// A city new to the person.
    NewPlace,
    /// A country new to the person.
    NewCountry,
    /// A place that the person is seldom at.
    RarePlace,
    /// Too far from the last place for the time between.
    TooFast,
    /// Off duty by the roster.
    OffDuty,
    /// At another duty than the person is seen at in such a place.
    UnusualDuty,
    /// At an hour, of the day or of the shift, at which the person is not seen.
    UnusualHour,
    /// A device that nobody has used.
    NewKey,
    /// A shared device that the person has not used.
    NewSharedKey,
    /// A device that somebody else uses.
    OthersKey,
    /// No device's key signed.
    MissingKey,
    /// A device of the person's own that is not what they use there.
    RareKey,
    /// A browser or system that the person does not use.
    UnusualBrowser,
    /// Attempts for this person failed shortly before.
    Failures,
    /// Attempts for several people failed at this address.
    Spray,
    /// The address is on a list of bad ones.
    ListedAddress,
    /// It is like a sign-in of the last days that looked like an attack, or was one.
    Company,
    /// The device says that it is where its network is not.
    Contradicted,
    /// Many more records were opened after it than usual. It comes of [`crate::Opened`].
    OpensMany,
    /// A chart was opened that the person's work does not explain. It comes of what a server knows of
    /// charts and their patients.
    UnexplainedChart,
}

impl Reason {
    /// A sentence for the person.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::RareNetwork => "You rarely sign in from this network.",
            Self::NewNetwork => "You have not signed in from this network before.",
            Self::NewPlace => "You have not signed in from this place before.",
            Self::NewCountry => "You have not signed in from this country before.",
            Self::RarePlace => "You rarely sign in from here.",
            Self::TooFast => "Shortly before, you signed in somewhere else.",
            Self::OffDuty => "By the roster you are off duty.",
            Self::UnusualDuty => "You rarely sign in here at such a time of your roster.",
            Self::UnusualHour => "You rarely sign in at this time.",
            Self::NewKey => "You have not used this device before.",
            Self::NewSharedKey => "You have not used this shared device before.",
            Self::OthersKey => "This device is usually used by somebody else.",
            Self::MissingKey => "This device is not registered.",
            Self::RareKey => "You rarely sign in with this device.",
            Self::UnusualBrowser => "You rarely use this browser.",
            Self::Failures => "Before this, sign-ins with your name failed.",
            Self::Spray => "From this address, sign-ins of several people failed.",
            Self::ListedAddress => "This address is known for attacks.",
            Self::Company => "Something like this looked unusual a few days ago.",
            Self::Contradicted => "Your device and your network tell of different places.",
            Self::OpensMany => "You open far more charts than usual.",
            Self::UnexplainedChart => "You opened a chart that your work does not explain.",
        }
    }

    /// What an officer reads.
    pub fn detail(self) -> &'static str {
        match self {
            Self::RareNetwork => {
                "The network is a small share of those that the person signs in from."
            }
            Self::NewNetwork => {
                "The person was not seen by this network, nor in this block of addresses; in the city \
                 they were, or it is not known."
            }
            Self::NewPlace => "The person was seen in this country, and not in this city.",
            Self::NewCountry => "The person was not seen in this country.",
            Self::RarePlace => {
                "The person was seen at such a place, and the share of their sign-ins from it is \
                 small."
            }
            Self::TooFast => {
                "Few people change place in so short a time. Weak evidence: carriers and tunnels \
                 move people, too."
            }
            Self::OffDuty => {
                "The roster has the person off, and they are seldom seen from such a place then."
            }
            Self::UnusualDuty => {
                "The person is seldom seen from such a place on shift, on call or around a shift, \
                 whichever it is now."
            }
            Self::UnusualHour => {
                "Few of the person's sign-ins, and of their colleagues', are at this hour of the \
                 shift or of the day."
            }
            Self::NewKey => "An enrolled device signed that nobody has signed in with before.",
            Self::NewSharedKey => {
                "An enrolled device signed that three or more people use, and this person not yet."
            }
            Self::OthersKey => {
                "An enrolled device signed that one or two others use, and this person not yet."
            }
            Self::MissingKey => {
                "No enrolled device signed, where the person or the hospital mostly uses one. \
                 Everything else can be copied."
            }
            Self::RareKey => {
                "A device of the person's own signed, where they mostly sign in with another kind \
                 or with none."
            }
            Self::UnusualBrowser => {
                "Kind of device, system, browser or a version of them is new or rare for the person."
            }
            Self::Failures => "Attempts for this person failed within the last hour.",
            Self::Spray => {
                "Attempts for at least two people failed at this address within the last day."
            }
            Self::ListedAddress => "The operator's list of bad addresses has this one.",
            Self::Company => {
                "Network, user agent and device are those of a sign-in of the last seven days that \
                 looked like an attack, or that the person denied."
            }
            Self::Contradicted => {
                "The position that the device claims is far from where its network is. A claimed \
                 position counts only where it contradicts; it never makes a session less unusual."
            }
            Self::OpensMany => {
                "Within the last hour, or since the turn of work began, the person opened several times \
                 as many records or patients as they, their peers and a busy round do; off duty a third \
                 as many are enough."
            }
            Self::UnexplainedChart => {
                "What is known of the person, the patient and their work hardly explains the look at a \
                 chart. A privacy officer decides about it; here it is about who holds the device."
            }
        }
    }
}

impl Weights {
    /// What speaks against the sign-in, and counts for something: the heaviest first.
    pub fn reasons(&self) -> Vec<Reason> {
        let facts = &self.facts;
        let sides = [
            (Side::Place, self.of_place()),
            (
                Side::Duty,
                match facts.duty {
                    Duty::Off => Reason::OffDuty,
                    _ => Reason::UnusualDuty,
                },
            ),
            (
                Side::Key,
                match facts.key {
                    Key::Own => Reason::RareKey,
                    Key::Shared => Reason::NewSharedKey,
                    Key::Others => Reason::OthersKey,
                    Key::New => Reason::NewKey,
                    Key::Missing => Reason::MissingKey,
                },
            ),
            (Side::Agent, Reason::UnusualBrowser),
            (Side::Hour, Reason::UnusualHour),
            (Side::Network, Reason::RareNetwork),
            (Side::Failures, Reason::Failures),
            (Side::Listed, Reason::ListedAddress),
        ];
        let sides = sides.map(|(side, reason)| (self.parts[side as usize], reason));
        let added = [
            // After half a day it is no matter of speed.
            (if facts.hasty { self.travel } else { 0.0 }, Reason::TooFast),
            (self.spray, Reason::Spray),
            (self.company, Reason::Company),
            (self.claim, Reason::Contradicted),
        ];
        let all = sides.into_iter().chain(added);
        let mut all: Vec<(f64, Reason)> = all.filter(|(weight, _)| *weight >= COUNTS).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        all.into_iter().map(|(_, reason)| reason).collect()
    }

    /// What the person is told: the heaviest reasons, three at most.
    pub fn sentences(&self) -> Vec<&'static str> {
        let reasons = self.reasons();
        reasons
            .into_iter()
            .take(TOLD)
            .map(Reason::sentence)
            .collect()
    }

    fn of_place(&self) -> Reason {
        match self.facts.place {
            Place::House | Place::Known | Place::Near => Reason::RarePlace,
            Place::Country if self.facts.located.1 => Reason::NewPlace,
            Place::Abroad if self.facts.located.0 => Reason::NewCountry,
            // Of what is not known nobody is told that it is new.
            Place::Town | Place::Country | Place::Abroad => Reason::NewNetwork,
        }
    }
}

/// What makes an attack no more than twice as likely is no reason.
const COUNTS: f64 = std::f64::consts::LN_2;
/// So many reasons a person is told.
const TOLD: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{Facts, SIDES};

    fn weights(parts: [f64; SIDES]) -> Weights {
        Weights {
            unusual: parts.iter().sum(),
            travel: 0.8,
            spray: 0.0,
            company: 0.0,
            claim: 0.0,
            parts,
            facts: Facts {
                place: Place::Town,
                located: (true, true),
                duty: Duty::Off,
                key: Key::Missing,
                hasty: true,
                claimed: None,
            },
        }
    }

    #[test]
    fn the_heaviest_reason_comes_first_and_what_weighs_little_is_none() {
        let reasons = weights([1.0, 2.0, 3.0, 0.5, -4.0, 0.0, 0.0, 0.0]).reasons();
        let expected = [
            Reason::MissingKey,
            Reason::OffDuty,
            Reason::NewNetwork,
            Reason::TooFast,
        ];
        assert_eq!(reasons, expected);
    }

    #[test]
    fn a_person_is_told_three_short_sentences_at_most() {
        let told = weights([1.0; SIDES]).sentences();
        assert_eq!(told.len(), 3);
        assert_eq!(told[0], "You have not signed in from this network before.");
        assert!(weights([0.0; SIDES]).sentences().len() == 1);
    }
}
