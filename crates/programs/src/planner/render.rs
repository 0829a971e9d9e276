//! A comparison as a file for a spreadsheet, and as a table for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::cost::short;
use super::{Comparison, Plan, Portion, Range, Sum};

/// The columns of [`Comparison::to_csv`].
const COLUMNS: [&str; 8] = [
    "program", "section", "item", "low", "likely", "high", "unit", "text",
];

impl Comparison {
    /// As CSV (RFC 4180) with the columns `program`, `section`, `item`, `low`, `likely`, `high`,
    /// `unit` and `text`. Sections are `quantity`, `cost`, `sum`, `mean`, `deviation`, `carries`,
    /// `spread`, `risk` and `warning`; numbers stand in the three columns for them, everything
    /// else in `text`.
    ///
    /// # Errors
    /// None that a vector in memory can cause; the library's type has to name them.
    pub fn to_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(COLUMNS)?;
        for plan in &self.programs {
            for record in self.records(plan) {
                csv.write_record(record.iter().map(|field| inert(field).into_owned()))?;
            }
        }
        csv.into_inner()
            .map_err(|error| csv::Error::from(error.into_error()))
    }

    fn records(&self, plan: &Plan) -> Vec<[String; 8]> {
        let row = |section: &str, item: &str, numbers: [String; 3], unit: &str, text: &str| {
            let [low, likely, high] = numbers;
            [
                plan.slug.clone(),
                section.to_owned(),
                item.to_owned(),
                low,
                likely,
                high,
                unit.to_owned(),
                text.to_owned(),
            ]
        };
        let none = || [String::new(), String::new(), String::new()];
        let money = self.currency.as_str();
        let mut rows = Vec::new();
        for quantity in &plan.quantities {
            let numbers = digits(quantity.range);
            rows.push(row(
                "quantity",
                &quantity.name,
                numbers,
                "",
                &quantity.formula,
            ));
        }
        for item in &plan.items {
            let name = format!("{}: {}", item.purpose.as_str(), item.name);
            rows.push(row("cost", &name, digits(item.cost), money, &item.formula));
        }
        let sums = plan.purposes.iter().map(|p| (p.purpose.as_str(), p.sum));
        for (name, sum) in sums.chain([("total", plan.total)]) {
            rows.push(row(
                "sum",
                name,
                digits(sum.range),
                money,
                "sums of the ends",
            ));
            let mean = [String::new(), number(sum.mean), String::new()];
            rows.push(row("mean", name, mean, money, "triangular items"));
            let deviation = [
                number(sum.deviation_apart),
                String::new(),
                number(sum.deviation_together),
            ];
            let text = "low: items have nothing to do with each other; high: all move together";
            rows.push(row("deviation", name, deviation, money, text));
        }
        let extra = plan.carries.extra.to_string();
        let numbers = [extra.clone(), extra.clone(), extra];
        rows.push(row(
            "carries",
            "devices",
            numbers,
            "devices",
            &plan.carries.text,
        ));
        for (name, portions) in plan.spread.parts() {
            for portion in portions {
                let item = format!("{name}: {}", portion.value);
                let devices = portion.devices.to_string();
                let numbers = [devices.clone(), devices.clone(), devices];
                let text = format!("in {} configurations", portion.configurations);
                rows.push(row("spread", &item, numbers, "devices", &text));
            }
        }
        for risk in &plan.risks {
            let terms: Vec<&str> = risk.measures.iter().map(|m| m.term.as_str()).collect();
            let text = format!("{} ({})", risk.reason, terms.join(", "));
            rows.push(row(
                "risk",
                risk.threat.as_str(),
                none(),
                risk.level.as_str(),
                &text,
            ));
        }
        for warning in &plan.warnings {
            rows.push(row("warning", &warning.rule, none(), "", &warning.text));
        }
        rows
    }

    /// As a table for a terminal, programs side by side, and what has to be said in words below.
    pub fn to_text(&self) -> String {
        let mut rows = vec![self.row("", |plan| plan.title.clone())];
        for name in ["people", "devices", "configurations"] {
            rows.push(self.row(name, |plan| {
                let found = plan.quantities.iter().find(|q| q.name == name);
                found.map_or_else(String::new, |q| span(q.range))
            }));
        }
        rows.push(self.row("devices to carry", |plan| plan.carries.extra.to_string()));
        let thousands = format!("{} thousand, {} years", self.currency, self.years);
        rows.push(self.row(&thousands, |_| String::new()));
        for purpose in super::Purpose::ALL {
            rows.push(self.row(&format!("  {}", purpose.as_str()), |plan| {
                let found = plan.purposes.iter().find(|p| p.purpose == purpose);
                found.map_or_else(|| "0".to_owned(), |p| span(in_thousands(p.sum.range)))
            }));
        }
        rows.push(self.row("  total", |plan| span(in_thousands(plan.total.range))));
        rows.push(self.row("  mean ± deviation", |plan| spread_of(plan.total)));
        rows.push(self.row("what remains of", |_| String::new()));
        for threat in super::Threat::ALL {
            rows.push(self.row(&format!("  {}", threat.title()), |plan| {
                let found = plan.risks.iter().find(|risk| risk.threat == threat);
                found.map_or_else(String::new, |risk| risk.level.as_str().to_owned())
            }));
        }
        let mut text = aligned(&rows);
        for plan in &self.programs {
            self.in_words(plan, &mut text);
        }
        text.push('\n');
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn row(&self, name: &str, cell: impl Fn(&Plan) -> String) -> Vec<String> {
        let mut row = vec![name.to_owned()];
        row.extend(self.programs.iter().map(cell));
        row
    }

    fn in_words(&self, plan: &Plan, text: &mut String) {
        let _ = writeln!(text, "\n{} ({})", plan.title, plan.slug);
        let _ = writeln!(text, "  {}", plan.carries.text);
        for item in &plan.items {
            let _ = writeln!(
                text,
                "  {} {}: {} {} = {}",
                item.purpose.as_str(),
                item.name,
                self.currency,
                number(item.cost.likely),
                item.formula
            );
        }
        for (name, portions) in plan.spread.parts() {
            if portions.is_empty() {
                continue;
            }
            let parts: Vec<String> = portions
                .iter()
                .map(|portion| {
                    format!(
                        "{} on {} devices in {} configurations",
                        portion.value, portion.devices, portion.configurations
                    )
                })
                .collect();
            let _ = writeln!(text, "  {name}: {}", parts.join("; "));
        }
        for risk in &plan.risks {
            let _ = writeln!(
                text,
                "  {}: {}. {}",
                risk.threat.title(),
                risk.level.as_str(),
                risk.reason
            );
        }
        for warning in &plan.warnings {
            let _ = writeln!(text, "  Rule {}: {}", warning.rule, warning.text);
        }
    }
}

impl super::Spread {
    /// The lists with their names.
    fn parts(&self) -> [(&'static str, &[Portion]); 3] {
        [
            ("encryption", &self.encryption),
            ("key", &self.key),
            ("standing", &self.standing),
        ]
    }
}

/// A field that a spreadsheet does not take for a formula: programs' titles and models of devices
/// are written by others.
fn inert(field: &str) -> Cow<'_, str> {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{field}"))
    } else {
        Cow::Borrowed(field)
    }
}

fn digits(range: Range) -> [String; 3] {
    [range.low, range.likely, range.high].map(number)
}

/// A number to the cent.
fn number(value: f64) -> String {
    format!("{value:.2}")
}

fn in_thousands(range: Range) -> Range {
    Range {
        low: range.low / 1000.0,
        likely: range.likely / 1000.0,
        high: range.high / 1000.0,
    }
}

/// `12 (8 to 20)`, or `12` where that is known.
fn span(range: Range) -> String {
    let [low, likely, high] =
        [range.low, range.likely, range.high].map(|value| short(value.round()));
    if low == high {
        likely
    } else {
        format!("{likely} ({low} to {high})")
    }
}

fn spread_of(sum: Sum) -> String {
    let [mean, apart, together] = [sum.mean, sum.deviation_apart, sum.deviation_together]
        .map(|value| short((value / 1000.0).round()));
    format!("{mean} ± {apart} to {together}")
}

/// Cells in columns of equal width.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
