//! The examples of `docs/schedules.md` and `docs/teams.md` are what they say.

use wardline_roster::file::{Limits, Read};
use wardline_roster::slot::Window;
use wardline_roster::{care, csv, ics};

const PAGE: &str = include_str!("../../../docs/schedules.md");

fn examples(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let mut parts = PAGE.split(fence.as_str());
    parts.next();
    parts
        .map(|part| part.split("```").next().unwrap_or_default())
        .collect()
}

#[test]
fn the_examples_as_csv_are_turns_and_shifts() {
    let examples = examples("csv");
    let read: Vec<Read> = examples
        .iter()
        .map(|text| csv::read(text.as_bytes(), Limits::default()).unwrap())
        .collect();
    let [Read::Turns(turns), Read::Shifts(shifts)] = &read[..] else {
        panic!("{read:?}");
    };
    assert_eq!((turns.len(), shifts.len()), (2, 2));
}

#[test]
fn the_example_as_icalendar_is_a_series_with_one_night_less_and_one_of_somebody_else() {
    let examples = examples("ics");
    let [text] = &examples[..] else {
        panic!("{examples:?}");
    };
    // From Monday 3 August 2026 for two weeks.
    let window = Window::new(1_785_708_000_000, 1_786_917_600_000).unwrap();
    let Read::Turns(turns) = ics::read(text.as_bytes(), window, Limits::default()).unwrap() else {
        panic!("a calendar has turns");
    };
    let of = |name: &str| turns.iter().filter(|turn| turn.people[0] == name).count();
    assert_eq!((of("aokafor"), of("mchen")), (4, 1));
}

#[test]
fn the_example_of_care_teams_is_two_teams_of_which_one_is_nobody() {
    let page = include_str!("../../../docs/teams.md");
    let text = page.split("```csv\n").nth(1).unwrap();
    let text = text.split("```").next().unwrap();
    let teams = care::read(text.as_bytes(), care::limits()).unwrap();
    let members: Vec<usize> = teams.iter().map(|team| team.members.len()).collect();
    assert_eq!(members, [0, 2]);
}
