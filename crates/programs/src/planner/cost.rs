//! What a program costs: quantities, items with their formulas, and honest sums of ranges.
//!
//! **Ranges.** An item is a product of numbers that are not negative, so its low end is the product
//! of the low ends (of the high ends, where it divides), and its high end the other way round. Both
//! are corners: everything in it has to turn out well, or badly, at once.
//!
//! **Sums.** The low and high ends of a sum are the sums of the ends, and corners again. Beside them
//! stands the mean of the sum with its standard deviation, each item taken as a triangular
//! distribution: once as if the items had nothing to do with each other (the root of the sum of the
//! variances), and once as if all of them moved together (the sum of the deviations). Items share
//! assumptions, such as the number of people, so the truth lies in between.

use std::fmt::Write as _;

use serde::Serialize;
use wardline_model::wire::posture::Provenance;
use wardline_model::wire::programs::{Approval, Ownership, Unknown, Wipe};

use super::Assumptions;
use super::assumptions::Estimate;
use crate::fleet::Fleet;
use crate::terms::Terms;

/// From low to high, with what is most likely.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Range {
    /// The low end.
    pub low: f64,
    /// What is most likely.
    pub likely: f64,
    /// The high end.
    pub high: f64,
}

/// Something that is counted before anything is paid for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quantity {
    /// `people`, `devices`, `trained` or `configurations`.
    pub name: String,
    /// How much of it.
    pub range: Range,
    /// How it was reckoned, with the likely values.
    pub formula: String,
}

/// What an item of cost is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Hardware that is bought.
    Device,
    /// What is paid by the month.
    Subscription,
    /// The work of IT staff.
    Support,
    /// The time of clinical staff.
    Training,
}

/// One item of cost over the whole time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    /// What it is for.
    pub purpose: Purpose,
    /// Its name for people.
    pub name: String,
    /// What it costs, in the comparison's currency.
    pub cost: Range,
    /// How it was reckoned, with the likely values. Names are those of quantities and assumptions.
    pub formula: String,
}

/// A sum of items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sum {
    /// The sums of the ends, and of what is likely for each item.
    pub range: Range,
    /// The mean of the sum.
    pub mean: f64,
    /// The standard deviation of the sum, if the items have nothing to do with each other.
    pub deviation_apart: f64,
    /// The standard deviation of the sum, if all items move together.
    pub deviation_together: f64,
}

/// What the devices of a program are, as far as costs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hardware {
    Own,
    Issued,
    Ward,
    Workstation,
}

impl Range {
    /// A number that is known.
    pub const fn exactly(value: f64) -> Self {
        Self {
            low: value,
            likely: value,
            high: value,
        }
    }

    /// The mean of the triangular distribution.
    fn mean(self) -> f64 {
        (self.low + self.likely + self.high) / 3.0
    }

    /// The variance of the triangular distribution.
    fn variance(self) -> f64 {
        // (a² + b² + c² − ab − ac − bc) / 18, written so that no digits cancel.
        let (below, above) = (self.likely - self.low, self.high - self.likely);
        (below * below + below * above + above * above) / 18.0
    }
}

impl From<&Estimate> for Range {
    fn from(estimate: &Estimate) -> Self {
        Self {
            low: estimate.low,
            likely: estimate.likely,
            high: estimate.high,
        }
    }
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Device,
        Self::Subscription,
        Self::Support,
        Self::Training,
    ];

    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Subscription => "subscription",
            Self::Support => "support",
            Self::Training => "training",
        }
    }
}

impl Sum {
    pub(super) fn of<'a>(items: impl Iterator<Item = &'a Item>) -> Self {
        let mut range = Range::exactly(0.0);
        let (mut mean, mut variance, mut together) = (0.0, 0.0, 0.0);
        for Item { cost, .. } in items {
            range.low += cost.low;
            range.likely += cost.likely;
            range.high += cost.high;
            mean += cost.mean();
            variance += cost.variance();
            together += cost.variance().sqrt();
        }
        Self {
            range,
            mean,
            deviation_apart: variance.sqrt(),
            deviation_together: together,
        }
    }
}

impl Hardware {
    pub(super) fn of(terms: &Terms) -> Self {
        let desktops = ["linux", "windows", "macos"];
        let desktop_only = !terms.platforms.is_empty()
            && terms
                .platforms
                .iter()
                .all(|platform| desktops.contains(&platform.as_str()));
        match terms.ownership {
            Ownership::Personal => Self::Own,
            Ownership::Shared => Self::Ward,
            Ownership::Hospital if desktop_only => Self::Workstation,
            Ownership::Hospital => Self::Issued,
        }
    }
}

/// Whether devices of these terms need a device manager: to be wiped, or because a rule that counts
/// takes nobody else's word.
pub(super) fn needs_manager(terms: &Terms) -> bool {
    let only_managed = |accept: &[Provenance]| accept == [Provenance::Managed];
    terms.limits.wipe == Wipe::Device
        || terms
            .rules
            .iter()
            .any(|rule| rule.unknown == Unknown::Count && only_managed(&rule.accept))
}

/// What a program's costs are reckoned from.
pub(super) struct Quantities {
    pub(super) people: Quantity,
    pub(super) devices: Quantity,
    pub(super) trained: Quantity,
    pub(super) configurations: Quantity,
}

impl Quantities {
    pub(super) fn of(a: &Assumptions, terms: &Terms, fleet: &Fleet) -> Self {
        let hardware = Hardware::of(terms);
        let staff = || Product::of("staff", &a.staff);
        let devices = match hardware {
            Hardware::Own => staff(),
            Hardware::Issued => staff().with_more("spare", &a.spare),
            Hardware::Ward => staff()
                .times("on_shift", &a.on_shift)
                .with_more("spare", &a.spare),
            Hardware::Workstation => staff().times("workstations", &a.workstations),
        }
        .quantity("devices");
        let configurations = configurations(a, hardware, &devices, terms, fleet);
        Self {
            people: staff().quantity("people"),
            trained: staff()
                .with_more_of("turnover", &a.turnover, a.years)
                .quantity("trained"),
            devices,
            configurations,
        }
    }

    pub(super) fn all(self) -> Vec<Quantity> {
        vec![self.people, self.devices, self.trained, self.configurations]
    }
}

/// In how many configurations the devices come: as the fleet has them, once it has at least half of
/// the devices; before that as assumed, and at least those that are there.
fn configurations(
    a: &Assumptions,
    hardware: Hardware,
    devices: &Quantity,
    terms: &Terms,
    fleet: &Fleet,
) -> Quantity {
    let seen = whole(fleet.configurations(&terms.slug));
    let counted = whole(fleet.count(&terms.slug));
    if counted * 2.0 >= devices.range.likely {
        return Quantity {
            name: "configurations".to_owned(),
            range: Range::exactly(seen),
            formula: format!("counted on the {counted} devices in use"),
        };
    }
    let assumed = match hardware {
        Hardware::Own => Product::from(devices)
            .times("configurations_personal", &a.configurations_personal)
            .over_hundred(),
        Hardware::Issued => Product::of("configurations_issued", &a.configurations_issued),
        Hardware::Ward => Product::of("configurations_shared", &a.configurations_shared),
        Hardware::Workstation => {
            Product::of("configurations_workstation", &a.configurations_workstation)
        }
    };
    let mut quantity = assumed.quantity("configurations");
    if counted > 0.0 {
        let Range { low, likely, high } = quantity.range;
        quantity.range = Range {
            low: low.max(seen),
            likely: likely.max(seen),
            high: high.max(seen),
        };
        let _ = write!(
            quantity.formula,
            ", at least the {seen} of the {counted} devices in use"
        );
    }
    quantity
}

/// What a program costs over the years, item by item.
pub(super) fn items(a: &Assumptions, terms: &Terms, q: &Quantities) -> Vec<Item> {
    let hardware = Hardware::of(terms);
    let devices = || Product::from(&q.devices);
    let monthly = |product: Product| product.by("months", f64::from(a.years) * 12.0);
    let yearly = |product: Product| product.by("years", f64::from(a.years));
    let bought = |price: (&'static str, &Estimate), life: (&'static str, &Estimate)| {
        let product = yearly(devices().times(price.0, price.1)).per(life.0, life.1);
        product.item(Purpose::Device, "Devices bought")
    };
    let accessories = || {
        let product = devices().times("accessories", &a.accessories);
        yearly(product)
            .per("phone_life", &a.phone_life)
            .item(Purpose::Device, "Cases and chargers")
    };
    let replaced = |price: (&'static str, &Estimate)| {
        let product = devices().times_either(("lost", &a.lost), ("broken", &a.broken));
        yearly(product.times(price.0, price.1)).item(Purpose::Device, "Lost or broken, replaced")
    };
    let staged = |life: (&'static str, &Estimate)| {
        yearly(devices())
            .per(life.0, life.1)
            .times("staging_hours", &a.staging_hours)
            .times("it_hour", &a.it_hour)
            .item(Purpose::Support, "Setting devices up")
    };
    let phone_life = ("phone_life", &a.phone_life);
    let mut items = match hardware {
        Hardware::Own => vec![
            monthly(Product::from(&q.people).times("stipend", &a.stipend))
                .item(Purpose::Subscription, "Paid to people for their phones"),
        ],
        Hardware::Issued => {
            let price = ("phone_price", &a.phone_price);
            vec![
                bought(price, phone_life),
                accessories(),
                replaced(price),
                monthly(devices().times("line", &a.line))
                    .item(Purpose::Subscription, "Mobile lines"),
                staged(phone_life),
            ]
        }
        Hardware::Ward => {
            let price = ("shared_price", &a.shared_price);
            vec![
                bought(price, phone_life),
                accessories(),
                replaced(price),
                monthly(
                    devices()
                        .times("shared_line", &a.shared_line)
                        .times("line", &a.line),
                )
                .item(Purpose::Subscription, "Mobile lines"),
                staged(phone_life),
            ]
        }
        Hardware::Workstation => {
            let life = ("workstation_life", &a.workstation_life);
            vec![
                bought(("workstation_price", &a.workstation_price), life),
                staged(life),
            ]
        }
    };
    if needs_manager(terms) {
        let product = devices().times("manager", &a.manager);
        items.push(monthly(product).item(Purpose::Subscription, "Device manager"));
    }
    let (calls, training) = match hardware {
        Hardware::Own => (
            ("calls_personal", &a.calls_personal),
            ("training_personal", &a.training_personal),
        ),
        Hardware::Issued => (
            ("calls_issued", &a.calls_issued),
            ("training_issued", &a.training_issued),
        ),
        Hardware::Ward => (
            ("calls_shared", &a.calls_shared),
            ("training_shared", &a.training_shared),
        ),
        Hardware::Workstation => (
            ("calls_workstation", &a.calls_workstation),
            ("training_workstation", &a.training_workstation),
        ),
    };
    items.push(
        yearly(devices().times(calls.0, calls.1).times("call", &a.call))
            .item(Purpose::Support, "Calls to the service desk"),
    );
    items.push(
        yearly(
            Product::from(&q.configurations)
                .times("configuration_hours", &a.configuration_hours)
                .times("it_hour", &a.it_hour),
        )
        .item(Purpose::Support, "Trying and supporting configurations"),
    );
    if terms.enrolment.approval == Approval::Officer {
        items.push(
            Product::from(&q.trained)
                .times("approval_hours", &a.approval_hours)
                .times("it_hour", &a.it_hour)
                .item(Purpose::Support, "Confirming enrolments"),
        );
    }
    items.push(
        Product::from(&q.trained)
            .times(training.0, training.1)
            .times("staff_hour", &a.staff_hour)
            .item(Purpose::Training, "People's time"),
    );
    items.sort_by_key(|item| item.purpose);
    items
}

/// A product that is built up together with the text of its formula, so that both say the same.
struct Product {
    range: Range,
    formula: String,
}

impl Product {
    fn of(name: &str, estimate: &Estimate) -> Self {
        Self {
            range: estimate.into(),
            formula: format!("{name} {}", short(estimate.likely)),
        }
    }

    fn times(self, name: &str, estimate: &Estimate) -> Self {
        self.scaled(
            estimate.into(),
            &format!("× {name} {}", short(estimate.likely)),
        )
    }

    /// By a number that is known.
    fn by(self, name: &str, value: f64) -> Self {
        self.scaled(Range::exactly(value), &format!("× {name} {}", short(value)))
    }

    /// By one of two things that cannot both happen.
    fn times_either(self, one: (&str, &Estimate), other: (&str, &Estimate)) -> Self {
        let (Range { low, likely, high }, more) = (Range::from(one.1), Range::from(other.1));
        let range = Range {
            low: low + more.low,
            likely: likely + more.likely,
            high: high + more.high,
        };
        let text = format!(
            "× ({} {} + {} {})",
            one.0,
            short(likely),
            other.0,
            short(more.likely)
        );
        self.scaled(range, &text)
    }

    /// With a share on top.
    fn with_more(self, name: &str, estimate: &Estimate) -> Self {
        let Range { low, likely, high } = estimate.into();
        let range = Range {
            low: 1.0 + low,
            likely: 1.0 + likely,
            high: 1.0 + high,
        };
        self.scaled(range, &format!("× (1 + {name} {})", short(likely)))
    }

    /// With a share of every year on top.
    fn with_more_of(self, name: &str, estimate: &Estimate, years: u32) -> Self {
        let years = f64::from(years);
        let Range { low, likely, high } = estimate.into();
        let range = Range {
            low: 1.0 + low * years,
            likely: 1.0 + likely * years,
            high: 1.0 + high * years,
        };
        let text = format!("× (1 + {name} {} × years {})", short(likely), short(years));
        self.scaled(range, &text)
    }

    fn per(self, name: &str, estimate: &Estimate) -> Self {
        let range = Range {
            low: 1.0 / estimate.high,
            likely: 1.0 / estimate.likely,
            high: 1.0 / estimate.low,
        };
        self.scaled(range, &format!("÷ {name} {}", short(estimate.likely)))
    }

    fn over_hundred(self) -> Self {
        self.scaled(Range::exactly(0.01), "÷ 100")
    }

    fn scaled(mut self, by: Range, text: &str) -> Self {
        self.range.low *= by.low;
        self.range.likely *= by.likely;
        self.range.high *= by.high;
        self.formula.push(' ');
        self.formula.push_str(text);
        self
    }

    fn quantity(self, name: &str) -> Quantity {
        Quantity {
            name: name.to_owned(),
            range: self.range,
            formula: self.formula,
        }
    }

    fn item(self, purpose: Purpose, name: &str) -> Item {
        Item {
            purpose,
            name: name.to_owned(),
            cost: self.range,
            formula: self.formula,
        }
    }
}

impl From<&Quantity> for Product {
    fn from(quantity: &Quantity) -> Self {
        Self {
            range: quantity.range,
            formula: format!("{} {}", quantity.name, short(quantity.range.likely)),
        }
    }
}

/// A number with as many digits as a person wants to read.
pub(super) fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// A count as a number; counts are far below where that loses anything.
#[expect(
    clippy::cast_precision_loss,
    reason = "a fleet has at most ten million devices"
)]
const fn whole(count: u64) -> f64 {
    count as f64
}
