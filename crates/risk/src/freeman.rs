//! The model of Freeman, Jain, Dürmuth, Biggio and Giacinto, "Who Are You? A Statistical Approach to
//! Measuring User Authenticity" (NDSS 2016): the baseline that the hospital's own model is held
//! against. It looks at address and user agent alone.

use std::collections::HashMap;

use crate::login::Login;
use crate::mark::{TOP, mark, path};

/// Weight of the assumption that a value nobody has shown yet may come, by level.
const UNSEEN: [f64; 3] = [60.0, 40.0, 400.0];

/// The baseline. Higher scores are riskier.
#[derive(Debug, Clone, Default)]
pub struct Freeman {
    network: Counts,
    agent: Counts,
    sign_ins: HashMap<u64, f64>,
    total: f64,
}

impl Freeman {
    /// The logarithm of how much more likely the sign-in is an attacker's than the person's, who is
    /// attacked as often as anyone.
    pub fn score(&self, login: &Login) -> f64 {
        let person = mark(TOP, &login.user);
        let persons = f64::from(u32::try_from(self.sign_ins.len()).unwrap_or(u32::MAX)) + 1.0;
        let own = self.sign_ins.get(&person).copied().unwrap_or_default();
        let attacked = (1.0 / persons).ln();
        let active = ((own + 1.0) / (self.total + persons)).ln();
        self.network.surprise(person, own, &network(login))
            + self.agent.surprise(person, own, &agent(login))
            + attacked
            - active
    }

    /// Learns a sign-in of the person.
    pub fn learn(&mut self, login: &Login) {
        let person = mark(TOP, &login.user);
        self.network.learn(person, &network(login));
        self.agent.learn(person, &agent(login));
        *self.sign_ins.entry(person).or_default() += 1.0;
        self.total += 1.0;
    }
}

fn network(login: &Login) -> [u64; 3] {
    let address = login
        .address
        .map_or_else(String::new, |address| address.to_string());
    path([&login.country, &login.network, &address])
}

fn agent(login: &Login) -> [u64; 4] {
    path([
        &login.device_kind,
        &login.system,
        &login.browser,
        &login.agent,
    ])
}

/// Counts of one hierarchy, of everybody and of each person.
#[derive(Debug, Clone, Default)]
struct Counts {
    /// How often a value was seen, and how many stand below it.
    nodes: HashMap<u64, (f64, f64)>,
    persons: HashMap<(u64, u64), f64>,
}

impl Counts {
    /// The logarithm of how much more a path is anybody's than this person's, who was seen `total`
    /// times. Only that number tells how far the person leans on everybody.
    fn surprise(&self, person: u64, total: f64, path: &[u64]) -> f64 {
        let (mut anybody, mut own) = (1.0, 1.0);
        let mut above = TOP;
        for (level, mark) in path.iter().enumerate() {
            let (parent, kinds) = self.nodes.get(&above).copied().unwrap_or_default();
            let (seen, _) = self.nodes.get(mark).copied().unwrap_or_default();
            let open = 1.0 + kinds / 4.0;
            let unseen = UNSEEN.get(level).or(UNSEEN.last()).copied().unwrap_or(1.0);
            let step = (seen + open / (kinds + unseen)) / (parent + open);
            let shown = self.persons.get(&(person, *mark));
            own = (shown.copied().unwrap_or_default() + own * step) / (total + 1.0);
            anybody *= step;
            above = *mark;
        }
        anybody.ln() - own.ln()
    }

    fn learn(&mut self, person: u64, path: &[u64]) {
        self.nodes.entry(TOP).or_default().0 += 1.0;
        let mut above = TOP;
        for mark in path {
            if !self.nodes.contains_key(mark) {
                self.nodes.entry(above).or_default().1 += 1.0;
            }
            self.nodes.entry(*mark).or_default().0 += 1.0;
            *self.persons.entry((person, *mark)).or_default() += 1.0;
            above = *mark;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_agent_of_ones_own_weigh_less_than_those_of_others() {
        let mut freeman = Freeman::default();
        let login = |user: &str, network: &str, agent: &str| Login {
            user: user.to_owned(),
            country: "US".to_owned(),
            network: network.to_owned(),
            agent: agent.to_owned(),
            ..Login::default()
        };
        for _ in 0..20 {
            freeman.learn(&login("a", "1", "x"));
            freeman.learn(&login("b", "2", "y"));
        }
        let own = freeman.score(&login("a", "1", "x"));
        let others = freeman.score(&login("a", "2", "y"));
        let strange = freeman.score(&login("a", "3", "z"));
        assert!(own < 0.0, "{own}");
        assert!(
            others > own + 5.0 && strange > own + 5.0,
            "{others} {strange}"
        );
    }
}
