//! The officers' page on policies names what policies may speak of.

use crate::{Action, Scope};

const PAGE: &str = include_str!("../../../../docs/policies.md");

#[test]
fn every_action_and_every_scope_stands_on_the_page() {
    let actions = Action::ALL.iter().map(|action| action.as_str());
    let scopes = Scope::ALL.iter().map(|scope| scope.as_str());
    let missing: Vec<&str> = actions
        .chain(scopes)
        .filter(|name| !PAGE.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_page_names_no_action_that_there_is_not() {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    let names = first.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let unknown: Vec<&str> = names
        .filter(|name| name.contains('.') && name.parse::<Action>().is_err())
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
