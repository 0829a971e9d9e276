//! At which times the clock alone can change what policies answer.
//!
//! Cedar has no clock: a policy sees the time as the number `context.now_ms`. As long as it only
//! compares that with numbers that stand in it, its answer is the same from one of them to the next,
//! so that asking at each, and right behind it, is asking at all times.

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// The clock as policies name it.
const CLOCK: &str = "now_ms";

/// A policy reckons with the time, so that it cannot be said when its answer changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reckons;

/// The numbers with which a policy could compare the time; none where it does not look at it.
/// `conditions` are those of a policy in Cedar's JSON form.
pub(crate) fn compared(conditions: &Json) -> Result<BTreeSet<u64>, Reckons> {
    let mut found = Found::default();
    for condition in conditions.as_array().into_iter().flatten() {
        found.look(&condition["body"]);
    }
    match (found.clock, found.reckons) {
        (false, _) => Ok(BTreeSet::new()),
        (true, true) => Err(Reckons),
        (true, false) => Ok(found.numbers),
    }
}

#[derive(Default)]
struct Found {
    /// It looks at the time.
    clock: bool,
    /// It makes numbers of numbers, or of texts.
    reckons: bool,
    numbers: BTreeSet<u64>,
}

impl Found {
    /// Goes through an expression, each of which is an object with its operator as the only key.
    fn look(&mut self, expression: &Json) {
        for (operator, operand) in expression.as_object().into_iter().flatten() {
            match operator.as_str() {
                "Var" | "Slot" => {}
                "Value" => self.value(operand),
                "Set" => {
                    for item in operand.as_array().into_iter().flatten() {
                        self.look(item);
                    }
                }
                "Record" => {
                    for (name, value) in operand.as_object().into_iter().flatten() {
                        self.clock |= name == CLOCK;
                        self.look(value);
                    }
                }
                "." | "has" => {
                    self.clock |= operand["attr"].to_string().contains(CLOCK);
                    self.look(&operand["left"]);
                }
                "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||" | "!" | "in" | "is"
                | "like" | "contains" | "containsAll" | "containsAny" | "isEmpty"
                | "if-then-else" => {
                    for part in ["arg", "left", "right", "in", "if", "then", "else"] {
                        self.look(&operand[part]);
                    }
                }
                // Arithmetic, and functions that make numbers of dates.
                _ => {
                    self.reckons = true;
                    self.clock |= operand.to_string().contains(CLOCK);
                }
            }
        }
    }

    fn value(&mut self, value: &Json) {
        match value {
            Json::Number(number) => self.numbers.extend(number.as_u64()),
            Json::Array(items) => items.iter().for_each(|item| self.value(item)),
            Json::Object(fields) => {
                self.clock |= fields.contains_key(CLOCK);
                fields.values().for_each(|field| self.value(field));
            }
            Json::Null | Json::Bool(_) | Json::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use cedar_policy::Policy;

    use super::*;

    fn of(condition: &str) -> Result<Vec<u64>, Reckons> {
        let text = format!("forbid (principal, action, resource) when {{ {condition} }};");
        let policy: Policy = text.parse().unwrap();
        let found = compared(&policy.to_json().unwrap()["conditions"]);
        found.map(|dates| dates.into_iter().collect())
    }

    #[test]
    fn what_the_time_is_compared_with_is_found_wherever_it_stands() {
        assert_eq!(of("context.risk > 60"), Ok(vec![]));
        assert_eq!(of("context.now_ms >= 1000"), Ok(vec![1000]));
        assert_eq!(of("context[\"now_ms\"] < 7"), Ok(vec![7]));
        let nested =
            "if context.risk > 5 then !(context.now_ms == 8) else [1, 2].contains(context.now_ms)";
        assert_eq!(of(nested), Ok(vec![1, 2, 5, 8]));
        assert_eq!(
            of("context == {\"now_ms\": 9, \"risk\": 3}"),
            Ok(vec![3, 9])
        );
        assert_eq!(
            of("principal has bot && context has now_ms && {t: context.now_ms}.t > 4"),
            Ok(vec![4])
        );
    }

    #[test]
    fn whoever_reckons_with_the_time_is_not_understood_and_with_other_numbers_is() {
        assert_eq!(of("context.now_ms + 5 > 1000"), Err(Reckons));
        assert_eq!(of("-context.now_ms < 1000"), Err(Reckons));
        assert_eq!(of("context.now_ms * 2 > context.risk"), Err(Reckons));
        assert_eq!(
            of("context.now_ms >= datetime(\"2027-01-01\").toTime().toMilliseconds()"),
            Err(Reckons)
        );
        assert_eq!(of("context.risk + 5 > 60"), Ok(vec![]));
    }
}
