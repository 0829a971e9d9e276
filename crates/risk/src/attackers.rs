//! Who attacks, by assumption. Nobody has published how attackers of hospitals sign in, so these
//! figures are judgement and not measurement: round, few, and the same for every hospital.

/// One kind of attacker.
#[derive(Debug)]
pub(crate) struct Attacker {
    /// How much is made of this kind, against the others.
    pub(crate) share: f64,
    /// From where, in the order of [`crate::Place`].
    pub(crate) places: [f64; 6],
    /// During which duty of the victim, in the order of [`crate::Duty`]; the last, without a
    /// roster, is not used.
    pub(crate) duties: [f64; 5],
    /// With which key, in the order of [`crate::Key`].
    pub(crate) keys: [f64; 5],
    /// How often with the victim's own user agent.
    pub(crate) own_agent: f64,
    /// How often at the victim's own hours.
    pub(crate) own_hours: f64,
    /// How often by the victim's own network, where the victim is known in the city.
    pub(crate) own_network: f64,
    /// After no failed attempt, one, two or three, more.
    pub(crate) failures: [f64; 4],
    /// How often from an address that lists have.
    pub(crate) listed: f64,
}

/// All kinds: a stranger anywhere; a neighbour, who knows where the victim lives; a twin, who also
/// imitates device, network and hours; an insider at an unlocked phone or a ward's workstation.
/// Insiders are made most of, since all else tells them so little apart.
pub(crate) const ATTACKERS: [Attacker; 4] = [
    Attacker {
        share: 0.3,
        places: [0.002, 0.003, 0.015, 0.08, 0.4, 0.5],
        duties: [0.25, 0.05, 0.15, 0.55, 0.0],
        keys: [0.002, 0.002, 0.004, 0.022, 0.97],
        own_agent: 0.02,
        own_hours: 0.0,
        own_network: 0.0,
        failures: [0.6, 0.25, 0.1, 0.05],
        listed: 0.4,
    },
    Attacker {
        share: 0.25,
        places: [0.01, 0.04, 0.25, 0.55, 0.13, 0.02],
        duties: [0.25, 0.05, 0.15, 0.55, 0.0],
        keys: [0.01, 0.005, 0.005, 0.03, 0.95],
        own_agent: 0.4,
        own_hours: 0.3,
        own_network: 0.3,
        failures: [0.65, 0.25, 0.07, 0.03],
        listed: 0.03,
    },
    Attacker {
        share: 0.25,
        places: [0.06, 0.1, 0.5, 0.25, 0.08, 0.01],
        duties: [0.4, 0.07, 0.23, 0.3, 0.0],
        keys: [0.1, 0.01, 0.01, 0.03, 0.85],
        own_agent: 0.97,
        own_hours: 0.8,
        own_network: 0.6,
        failures: [0.8, 0.15, 0.04, 0.01],
        listed: 0.02,
    },
    Attacker {
        share: 1.2,
        places: [0.45, 0.08, 0.32, 0.1, 0.04, 0.01],
        duties: [0.2, 0.03, 0.12, 0.65, 0.0],
        keys: [0.73, 0.18, 0.02, 0.01, 0.06],
        own_agent: 0.97,
        own_hours: 0.02,
        own_network: 0.2,
        failures: [0.88, 0.1, 0.015, 0.005],
        listed: 0.005,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_somewhere_at_some_time_with_some_key() {
        for attacker in &ATTACKERS {
            let whole = |parts: &[f64]| (parts.iter().sum::<f64>() - 1.0).abs() < 1e-9;
            assert!(whole(&attacker.places), "{attacker:?}");
            assert!(whole(&attacker.duties), "{attacker:?}");
            assert!(whole(&attacker.keys), "{attacker:?}");
            assert!(whole(&attacker.failures), "{attacker:?}");
        }
    }
}
