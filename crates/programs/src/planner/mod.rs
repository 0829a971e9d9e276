//! The program planner: what programs cost, what they ask of a hospital and its people, and what
//! risk they leave, side by side.
//!
//! The frame is that of NIST SP 800-124r2 (deployment models and what each asks of an organisation),
//! SP 1800-22 (own devices) and SP 1800-21 (issued devices). [`compare`] is a function of three
//! things: [`Assumptions`], which a hospital replaces by its own numbers; the [`Terms`] as they are
//! in force, so that a changed rule changes the answer; and the [`Fleet`] as far as it is known.

mod assumptions;
mod cost;
mod render;
mod risk;

use serde::Serialize;
use wardline_model::wire::posture::Standing;
use wardline_model::wire::programs::Ownership;

pub use assumptions::{Assumptions, AssumptionsError, Estimate};
pub use cost::{Item, Purpose, Quantity, Range, Sum};
pub use risk::{Level, Measure, Risk, Threat, risks};

use crate::fleet::{Fleet, Group};
use crate::reach::{Warning, warnings};
use crate::terms::Terms;
use cost::{Hardware, Quantities};

/// Programs side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comparison {
    /// In which currency the costs are, as a code of ISO 4217.
    pub currency: String,
    /// Over how many years they are counted.
    pub years: u32,
    /// One for each program, in the order in which they were asked for.
    pub programs: Vec<Plan>,
    /// How to read it, in sentences for a person.
    pub notes: Vec<String>,
    /// The numbers that it was reckoned with.
    pub assumptions: Vec<Assumed>,
}

/// An assumption by its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assumed {
    /// Its name in the file and in formulas.
    pub name: String,
    /// The number, its range and its source.
    pub estimate: Estimate,
}

/// What one program comes to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    /// The program's slug.
    pub slug: String,
    /// Its name for people.
    pub title: String,
    /// Whose the devices are.
    pub ownership: Ownership,
    /// What is counted: people, devices, people trained over the years, configurations.
    pub quantities: Vec<Quantity>,
    /// The items of cost.
    pub items: Vec<Item>,
    /// The sums by purpose, for those that there are.
    pub purposes: Vec<PurposeSum>,
    /// The sum of all items.
    pub total: Sum,
    /// What a person carries.
    pub carries: Carries,
    /// How the devices in use differ; empty lists where none is known.
    pub spread: Spread,
    /// What remains of each threat.
    pub risks: Vec<Risk>,
    /// Rules that nothing can meet.
    pub warnings: Vec<Warning>,
}

/// What is spent for one purpose.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PurposeSum {
    /// What for.
    pub purpose: Purpose,
    /// How much.
    pub sum: Sum,
}

/// What a person carries on account of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Carries {
    /// How many devices beside their own phone.
    pub extra: u8,
    /// In words.
    pub text: String,
}

/// How the devices of a program differ, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Spread {
    /// How well it is known that they are encrypted, best first.
    pub encryption: Vec<Portion>,
    /// Where their keys live, best first.
    pub key: Vec<Portion>,
    /// How they stand, best first.
    pub standing: Vec<Portion>,
}

/// The devices of which one thing is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Portion {
    /// What is true of them.
    pub value: String,
    /// How many devices.
    pub devices: u64,
    /// In how many configurations these come.
    pub configurations: u64,
}

/// Programs side by side, under these assumptions, for this fleet.
pub fn compare(assumptions: &Assumptions, programs: &[Terms], fleet: &Fleet) -> Comparison {
    let plans = programs.iter().map(|terms| plan(assumptions, terms, fleet));
    let assumed = assumptions.estimates().into_iter();
    Comparison {
        currency: assumptions.currency.clone(),
        years: assumptions.years,
        programs: plans.collect(),
        notes: NOTES.map(str::to_owned).to_vec(),
        assumptions: assumed
            .map(|(name, estimate)| Assumed {
                name: name.to_owned(),
                estimate: estimate.clone(),
            })
            .collect(),
    }
}

impl Plan {
    /// In how many configurations of system and model its devices come.
    pub fn configurations(&self) -> Option<&Quantity> {
        self.quantities
            .iter()
            .find(|quantity| quantity.name == "configurations")
    }
}

fn plan(assumptions: &Assumptions, terms: &Terms, fleet: &Fleet) -> Plan {
    let quantities = Quantities::of(assumptions, terms, fleet);
    let items = cost::items(assumptions, terms, &quantities);
    let purposes = Purpose::ALL.into_iter().filter_map(|purpose| {
        let mut of_it = items
            .iter()
            .filter(|item| item.purpose == purpose)
            .peekable();
        of_it.peek()?;
        Some(PurposeSum {
            purpose,
            sum: Sum::of(of_it),
        })
    });
    Plan {
        slug: terms.slug.clone(),
        title: terms.title.clone(),
        ownership: terms.ownership,
        purposes: purposes.collect(),
        total: Sum::of(items.iter()),
        items,
        quantities: quantities.all(),
        carries: carries(Hardware::of(terms)),
        spread: spread(fleet, &terms.slug),
        risks: risks(terms),
        warnings: warnings(terms, fleet),
    }
}

fn carries(hardware: Hardware) -> Carries {
    let (extra, text) = match hardware {
        Hardware::Own => (
            0,
            "Their own phone, and nothing else. It is the one that they forget least.",
        ),
        Hardware::Issued => (
            1,
            "The hospital's phone beside their own: two to charge, to carry and to answer.",
        ),
        Hardware::Ward => (
            1,
            "A ward device for the shift, taken and given back, beside their own phone.",
        ),
        Hardware::Workstation => (0, "Nothing. They are reached only where a workstation is."),
    };
    Carries {
        extra,
        text: text.to_owned(),
    }
}

fn spread(fleet: &Fleet, program: &str) -> Spread {
    Spread {
        encryption: portions(fleet, program, |group| {
            Some((group.encryption as usize, group.encryption.as_str()))
        }),
        key: portions(fleet, program, |group| {
            Some((group.key as usize, group.key.as_str()))
        }),
        standing: portions(fleet, program, |group| {
            let standing: Standing = group.standing?;
            Some((standing as usize, standing.as_str()))
        }),
    }
}

/// The groups of a program by one of their properties, in the order of its rank.
fn portions(
    fleet: &Fleet,
    program: &str,
    property: impl Fn(&Group) -> Option<(usize, &'static str)>,
) -> Vec<Portion> {
    let mut values: Vec<(usize, &str)> = fleet.of(program).filter_map(&property).collect();
    values.sort_unstable();
    values.dedup();
    let portion = |value: (usize, &str)| {
        let groups = fleet.of(program);
        let alike = Fleet {
            devices: groups
                .filter(|group| property(group) == Some(value))
                .cloned()
                .collect(),
            facts: Vec::new(),
        };
        Portion {
            value: value.1.to_owned(),
            devices: alike.count(program),
            configurations: alike.configurations(program),
        }
    };
    values.into_iter().map(portion).collect()
}

const NOTES: [&str; 4] = [
    "An item's low and high end take all of its numbers at their best, or at their worst. A sum's \
     ends take all items so: everything would have to turn out well, or badly, at once.",
    "Beside each sum stands its mean with a standard deviation, between that of items that have \
     nothing to do with each other and that of items that all move together. Items share \
     assumptions, so the truth lies in between.",
    "Hardware is counted in shares of its life, not in whole purchases; nothing is discounted, and \
     no breach is priced.",
    "What remains of a threat is graded from the terms of the program alone: change a rule and the \
     grade changes.",
];

#[cfg(test)]
mod tests;
