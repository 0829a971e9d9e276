//! The model of Freeman, Jain, Dürmuth, Biggio and Giacinto, "Who Are You? A Statistical Approach to
//! Measuring User Authenticity" (NDSS 2016): the baseline that the hospital's own model is held
//! against. It looks at address and user agent alone.

use std::collections::HashMap;

use crate::login::Login;
use crate::tree::{Lean, Tree};

/// The baseline. Higher scores are riskier.
#[derive(Debug, Clone, Default)]
pub struct Freeman {
    network: Tree,
    agent: Tree,
    sign_ins: HashMap<u32, f64>,
    total: f64,
}

impl Freeman {
    /// The logarithm of how much more likely the sign-in is an attacker's than the person's, who is
    /// attacked as often as anyone.
    pub fn score(&self, person: u32, login: &Login) -> f64 {
        let address = login.address_text();
        let persons = f64::from(u32::try_from(self.sign_ins.len()).unwrap_or(u32::MAX)) + 1.0;
        let own = self.sign_ins.get(&person).copied().unwrap_or_default();
        let attacked = (1.0 / persons).ln();
        let active = ((own + 1.0) / (self.total + persons)).ln();
        self.network
            .surprise(Lean::Total, person, &network(login, &address))
            + self.agent.surprise(Lean::Total, person, &agent(login))
            + attacked
            - active
    }

    /// Learns a sign-in of the person.
    pub fn learn(&mut self, person: u32, login: &Login) {
        let address = login.address_text();
        self.network.learn(person, &network(login, &address), 1.0);
        self.agent.learn(person, &agent(login), 1.0);
        *self.sign_ins.entry(person).or_default() += 1.0;
        self.total += 1.0;
    }
}

fn network<'a>(login: &'a Login, address: &'a str) -> [&'a str; 3] {
    [&login.country, &login.network, address]
}

fn agent(login: &Login) -> [&str; 4] {
    [
        &login.device_kind,
        &login.system,
        &login.browser,
        &login.agent,
    ]
}
