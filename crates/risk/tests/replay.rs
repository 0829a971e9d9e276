//! A replay over logs made up for it: a nurse who works nights on a ward, and who is not the nurse.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::fmt::Write as _;
use std::time::Duration;

use wardline_risk::replay::{self, People, ReplayError, Score};
use wardline_risk::{Hospital, Premises, Roster};

const HEADER: &str = "Login Timestamp,User ID,IP Address,Country,Region,City,ASN,User Agent String,\
    Browser Name and Version,OS Name and Version,Device Type,Login Successful,Is Attack IP,\
    Is Account Takeover,Device ID\n";
const PREMISES: &str = r#"{"facilities":[{"id":"F1","name":"General","egress":[
    {"cidr":"192.0.2.0/28","kind":"wifi"}]}]}"#;
const PHONE: &str = "Mozilla/5.0 (iPhone),Mobile Safari 18.2,iOS 18.2,mobile";

/// A night shift each day for forty days, by twenty nurses, from the ward; planned for a month more.
fn nights() -> (String, String) {
    let mut roster = "user_id,role,shift_start,shift_end,kind\n".to_owned();
    let mut log = HEADER.to_owned();
    for day in 0..70 {
        for nurse in 0..20 {
            let date = time::macros::date!(2026 - 03 - 01) + time::Duration::days(day);
            let next = date + time::Duration::days(1);
            writeln!(roster, "n{nurse},nurse,{date}T21:00Z,{next}T07:00Z,on_site").unwrap();
            if day >= 40 {
                continue;
            }
            writeln!(
                log,
                "{date}T21:0{}:00Z,n{nurse},192.0.2.{},US,R,Town,64512,{PHONE},True,False,False,d{nurse}",
                nurse % 10,
                nurse % 10
            )
            .unwrap();
        }
    }
    (roster, log)
}

fn scores(roster: &str, log: &str) -> (replay::Report, Vec<f64>) {
    let (roster, malformed) = replay::roster(roster.as_bytes()).unwrap();
    assert_eq!(malformed, 0);
    let premises = Premises::from_json(PREMISES).unwrap();
    let mut now = Duration::ZERO;
    let mut clock = || {
        now += Duration::from_micros(3);
        now
    };
    let hospital = Hospital {
        roster: &roster,
        premises: &premises,
    };
    let mut scores = Vec::new();
    let mut taken = |score: Score| {
        scores.push(score.score);
        Ok(())
    };
    let report = replay::run(
        log.as_bytes(),
        hospital,
        &People::default(),
        &mut clock,
        &mut taken,
    )
    .unwrap();
    (report, scores)
}

/// The same with what its people are.
fn with_people(roster: &str, people: &str, log: &str) -> replay::Report {
    let (roster, _) = replay::roster(roster.as_bytes()).unwrap();
    let (people, malformed) = replay::people(people.as_bytes()).unwrap();
    assert_eq!(malformed, 0);
    let premises = Premises::from_json(PREMISES).unwrap();
    let hospital = Hospital {
        roster: &roster,
        premises: &premises,
    };
    let clock = &mut || Duration::ZERO;
    replay::run(log.as_bytes(), hospital, &people, clock, &mut |_| Ok(())).unwrap()
}

/// A replay in a hospital that knows nothing of itself.
fn alone(log: &str) -> Result<(replay::Report, Vec<Score>), ReplayError> {
    let (roster, premises) = (Roster::default(), Premises::default());
    let hospital = Hospital {
        roster: &roster,
        premises: &premises,
    };
    let mut scores = Vec::new();
    let mut taken = |score| {
        scores.push(score);
        Ok(())
    };
    let report = replay::run(
        log.as_bytes(),
        hospital,
        &People::default(),
        &mut || Duration::ZERO,
        &mut taken,
    )?;
    Ok((report, scores))
}

/// The score of a further sign-in of the first nurse.
fn further(row: &str) -> f64 {
    let (roster, log) = nights();
    let (_, scores) = scores(&roster, &format!("{log}{row}\n"));
    *scores.last().unwrap()
}

#[test]
fn a_night_on_the_ward_is_usual_and_noon_from_elsewhere_is_not() {
    let night = further(&format!(
        "2026-04-09T21:03:00Z,n0,192.0.2.4,US,R,Town,64512,{PHONE},True,False,,d0"
    ));
    let update = further(
        "2026-04-09T21:03:00Z,n0,192.0.2.4,US,R,Town,64512,Mozilla/5.0 (iPhone 18_3),\
         Mobile Safari 18.3,iOS 18.3,mobile,True,False,,d0",
    );
    let noon = further(&format!(
        "2026-04-09T12:00:00Z,n0,198.51.100.7,US,R,Town,64999,{PHONE},True,False,,d0"
    ));
    let without_key = further(&format!(
        "2026-04-09T12:00:00Z,n0,198.51.100.7,US,R,Town,64999,{PHONE},True,False,,"
    ));
    let abroad = further(
        "2026-04-09T12:00:00Z,n0,203.0.113.9,FR,X,Paris,3215,curl,Other,Linux,desktop,True,True,,",
    );
    let order = [night, update, noon, without_key, abroad];
    assert!(night < 0.0, "{order:?}");
    assert!(order.is_sorted_by(|a, b| a < b), "{order:?}");
    assert!(abroad > 5.0, "{order:?}");
}

#[test]
fn a_takeover_that_was_let_in_does_not_make_the_next_one_usual() {
    let (roster, log) = nights();
    let takeover =
        "T12:00:00Z,n0,203.0.113.9,FR,X,Paris,3215,curl,Other,Linux,desktop,True,False,,\n";
    let again = (9..12).fold(String::new(), |rows, day| {
        rows + &format!("2026-04-{day:02}{takeover}")
    });
    let (_, scores) = scores(&roster, &format!("{log}{again}"));
    assert!(
        scores[scores.len() - 1] > 5.0,
        "{:?}",
        &scores[scores.len() - 3..]
    );
}

#[test]
fn who_moves_house_becomes_usual() {
    let (roster, log) = nights();
    let home = format!("T12:00:00Z,n0,198.51.100.7,US,R,Town,64999,{PHONE},True,False,,d0\n");
    let from_home = (10..30).fold(String::new(), |rows, day| {
        rows + &format!("2026-04-{day:02}{home}")
    });
    let (_, scores) = scores(&roster, &format!("{log}{from_home}"));
    let first = scores[scores.len() - 20];
    let last = scores[scores.len() - 1];
    assert!(last + 2.0 < first, "{first} {last}");
}

#[test]
fn failed_attempts_on_many_make_their_address_suspect() {
    let (roster, log) = nights();
    let mut spray = String::new();
    for nurse in 1..6 {
        writeln!(
            spray,
            "2026-04-09T11:00:0{nurse}Z,n{nurse},203.0.113.9,US,R,Town,64999,{PHONE},False,False,,"
        )
        .unwrap();
    }
    let row = format!("2026-04-09T12:00:00Z,n0,203.0.113.9,US,R,Town,64999,{PHONE},True,False,,\n");
    let (_, without) = scores(&roster, &format!("{log}{row}"));
    let (_, with) = scores(&roster, &format!("{log}{spray}{row}"));
    assert!(with.last() > without.last());
}

#[test]
fn rows_that_cannot_be_read_are_counted_and_the_rest_goes_on() {
    let (roster, log) = nights();
    let bad = "\n,,,\nnonsense\n2026-13-01T00:00:00Z,n0,192.0.2.4\n\
        2026-04-09T21:00:00Z,n0,999.0.2.4,US,R,T,1,a,b,c,mobile,True,False,,d0\n\
        2026-04-09T21:00:00Z,n0,192.0.2.4,US,R,T,1,a,b,c,mobile,perhaps,False,,d0\n";
    let (report, scores) = scores(&roster, &format!("{log}{bad}"));
    assert_eq!((report.logins, report.malformed), (800, 5));
    assert_eq!(scores.len(), 800);
    assert!(scores.iter().all(|score| score.is_finite()));
}

/// The log with something else in place of one of its rows, the header being row 0.
fn with_row(log: &str, nth: usize, altered: impl Fn(&str) -> String) -> String {
    let rows = log.lines().enumerate();
    rows.map(|(row, text)| {
        let text = if row == nth {
            altered(text)
        } else {
            text.to_owned()
        };
        text + "\n"
    })
    .collect()
}

#[test]
fn a_stray_quote_spoils_its_own_row_and_none_after_it() {
    let (roster, log) = nights();
    let stray = with_row(&log, 50, |row| row.replace("Mozilla", "\"Mozilla"));
    let (report, all) = scores(&roster, &stray);
    assert_eq!((report.logins, report.malformed), (799, 1));
    assert_eq!(all.len(), 799);
    // The same where all user agents are quoted and one is not closed.
    let (_, agent) = PHONE.split_once("Mozilla").unwrap();
    let (agent, _) = agent.split_once(',').unwrap();
    let quoted = log.replace(&format!("Mozilla{agent},"), &format!("\"Mozilla{agent}\","));
    assert_eq!(scores(&roster, &quoted).0.logins, 800);
    let unclosed = with_row(&quoted, 50, |row| row.replace("\",Mobile", ",Mobile"));
    let (report, _) = scores(&roster, &unclosed);
    assert_eq!((report.logins, report.malformed), (799, 1));
    // Places of rows count that one.
    let (_, told) = alone(&unclosed).unwrap();
    let indices: Vec<u64> = told[48..50].iter().map(|score| score.index).collect();
    assert_eq!(indices, [48, 50]);
    // Nor does one in the roster cost it the rest.
    let torn = with_row(&roster, 5, |row| format!("\"{row}"));
    assert_eq!(replay::roster(torn.as_bytes()).unwrap().1, 1);
    assert_eq!(replay::people(torn.as_bytes()).unwrap().1, 1);
}

#[test]
fn a_row_that_is_dated_years_ahead_is_left_out_and_the_rest_is_in_order() {
    let (roster, log) = nights();
    let rows: Vec<&str> = log.lines().skip(1).collect();
    let mut rows: Vec<String> = rows.into_iter().map(str::to_owned).collect();
    rows.sort_unstable();
    let log = format!("{HEADER}{}\n", rows.join("\n"));
    let (in_order, expected) = scores(&roster, &log);
    assert_eq!((in_order.malformed, in_order.out_of_order), (0, 0));
    let ahead = |row: &str| row.replace("2026-", "9026-");
    for nth in [1, 2, 50, 800] {
        let (report, all) = scores(&roster, &with_row(&log, nth, ahead));
        assert_eq!((report.logins, report.malformed), (799, 1), "{nth}");
        assert_eq!((report.out_of_order, all.len()), (0, 799), "{nth}");
    }
    // Several at a time, and one of which something else cannot be read.
    let several = (50..55).fold(log.clone(), |log, nth| with_row(&log, nth, ahead));
    let several = with_row(&several, 55, |_| "nonsense".to_owned());
    let (report, _) = scores(&roster, &several);
    assert_eq!((report.logins, report.malformed), (794, 6));
    assert_eq!(report.out_of_order, 0);
    // A log that goes on after years has a gap, and each of its rows counts.
    let (_, before) = log.split_once('\n').unwrap();
    let (report, all) = scores(
        &roster,
        &format!("{log}{}", before.replace("2026-", "2029-")),
    );
    assert_eq!((report.logins, report.malformed), (1600, 0));
    assert_eq!(report.out_of_order, 0);
    assert_eq!(all[..800], expected);
}

#[test]
fn a_log_that_breaks_off_is_weighed_up_to_there() {
    struct Cut;
    impl std::io::Read for Cut {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::UnexpectedEof.into())
        }
    }
    let (_, log) = nights();
    let (roster, premises) = (Roster::default(), Premises::default());
    let hospital = Hospital {
        roster: &roster,
        premises: &premises,
    };
    let cut = std::io::Read::chain(&log.as_bytes()[..log.len() - 10], Cut);
    let (people, clock) = (People::default(), &mut || Duration::ZERO);
    let report = replay::run(cut, hospital, &people, clock, &mut |_| Ok(())).unwrap();
    assert_eq!((report.logins, report.malformed), (799, 1));
    assert!(report.broke_off);
    assert!(!alone(&log).unwrap().0.broke_off);
    let error = replay::run(Cut, hospital, &people, clock, &mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, ReplayError::Read(_)));
}

#[test]
fn without_labels_there_are_scores_and_no_measures() {
    let log = "Login Timestamp,User ID\n2020-02-03 12:43:30.772,-4324475583306591935\n";
    let (report, _) = alone(log).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["logins"], 1);
    assert!(json["auc"].is_null() && json["tpr_at_fpr"]["0.01"].is_null());
    assert!(json["freeman"]["auc"].is_null() && json["freeman"]["tpr_at_fpr"]["0.001"].is_null());
    assert_eq!(json["decision_us"]["p50"], 0.0);
}

#[test]
fn a_file_that_is_no_log_is_refused_with_the_column_that_it_lacks() {
    let error = alone("a,b\n").unwrap_err();
    assert!(matches!(error, ReplayError::Column("Login Timestamp")));
    let error = replay::roster("user_id,kind\n".as_bytes()).unwrap_err();
    assert!(matches!(error, ReplayError::Column("shift_start")));
}

/// The same rows with something else in a column.
fn with_column(log: &str, name: &str, value: impl Fn(&str) -> String) -> String {
    let column = HEADER
        .trim_end()
        .split(',')
        .position(|it| it == name)
        .unwrap();
    let (header, rows) = log.split_once('\n').unwrap();
    let rows = rows.lines().map(|row| {
        let mut fields: Vec<String> = row.split(',').map(str::to_owned).collect();
        fields[column] = value(&fields[column]);
        fields.join(",")
    });
    std::iter::once(header.to_owned())
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn labels_change_no_score() {
    let (roster, log) = nights();
    let takeover = "2026-04-09T12:00:00Z,n0,203.0.113.9,FR,X,Paris,3215,curl,Other,Linux,desktop,True,False,True,\n";
    let after =
        format!("2026-04-10T21:03:00Z,n0,192.0.2.4,US,R,Town,64512,{PHONE},True,False,False,d0");
    let log = format!("{log}{takeover}{after}");
    let (_, labelled) = scores(&roster, &log);
    for label in ["", "False", "True"] {
        let other = with_column(&log, "Is Account Takeover", |_| label.to_owned());
        assert_eq!(scores(&roster, &other).1, labelled, "{label:?}");
    }
}

#[test]
fn without_a_location_database_a_strange_address_is_strange_all_the_same() {
    let (roster, mut log) = nights();
    // They look at the plan from home, too, before they come.
    for day in 0..40 {
        let date = time::macros::date!(2026 - 03 - 01) + time::Duration::days(day);
        for nurse in 0..20 {
            writeln!(
                log,
                "{date}T15:00:00Z,n{nurse},198.51.{nurse}.7,US,R,Town,64999,{PHONE},True,False,,d{nurse}"
            )
            .unwrap();
        }
    }
    let mut rows: Vec<&str> = log.lines().skip(1).collect();
    rows.sort_unstable();
    let log = format!("{HEADER}{}\n", rows.join("\n"));
    let unlocated = |row: &str| {
        let mut log = format!("{log}{row}");
        for column in ["Country", "Region", "City", "ASN"] {
            log = with_column(&log, column, |_| String::new());
        }
        *scores(&roster, &log).1.last().unwrap()
    };
    let from = |address: &str| {
        unlocated(&format!(
            "2026-04-10T15:00:00Z,n0,{address},,,,,{PHONE},True,False,,d0"
        ))
    };
    let (home, neighbour, strange) = (from("198.51.0.7"), from("198.51.0.9"), from("203.0.113.9"));
    assert!(home < 0.0, "{home}");
    assert!(
        neighbour.min(strange) > home + 5.0,
        "{home} {neighbour} {strange}"
    );
    // An address of a private network says as little as none.
    assert!((from("10.1.2.3") - from("")).abs() < 1e-9);
}

#[test]
fn whoever_stands_in_no_roster_is_told_from_an_intruder_by_the_place() {
    let (roster, mut log) = nights();
    let desk = "Mozilla/5.0 (Windows),Edge 138,Windows 11,desktop";
    for day in 0..40 {
        let date = time::macros::date!(2026 - 03 - 01) + time::Duration::days(day);
        writeln!(
            log,
            "{date}T09:00:00Z,vendor,192.0.2.11,US,R,Town,64512,{desk},True,False,,v"
        )
        .unwrap();
    }
    let last = |row: &str| *scores(&roster, &format!("{log}{row}")).1.last().unwrap();
    let usual = last(&format!(
        "2026-04-10T09:00:00Z,vendor,192.0.2.11,US,R,Town,64512,{desk},True,False,,v"
    ));
    let intruder = last(
        "2026-04-10T03:00:00Z,vendor,203.0.113.9,FR,X,Paris,3215,curl,Other,Linux,desktop,True,False,,",
    );
    assert!(usual < 0.0, "{usual}");
    assert!(intruder > 5.0, "{intruder}");
}

#[test]
fn a_new_phone_of_ones_own_does_not_become_somebody_elses() {
    let (roster, log) = nights();
    let with_new_phone = |day: u32| {
        format!("2026-04-{day:02}T21:03:00Z,n0,192.0.2.4,US,R,Town,64512,{PHONE},True,False,,new\n")
    };
    let rows: String = (10..14).map(with_new_phone).collect();
    let (_, all) = scores(&roster, &format!("{log}{rows}"));
    let new = &all[all.len() - 4..];
    assert!(new.is_sorted_by(|before, after| before >= after), "{new:?}");
}

#[test]
fn rows_out_of_order_are_counted_and_tell_of_no_travel() {
    let (roster, log) = nights();
    let late =
        format!("2026-03-02T21:30:00Z,n0,192.0.2.4,US,R,Town,64512,{PHONE},True,False,,d0\n");
    let (report, all) = scores(&roster, &format!("{log}{late}"));
    // Nine of each night's are, too: ten nurses come while ten others have come.
    assert_eq!(report.out_of_order, 40 * 9 + 1);
    assert!(all.last() < Some(&0.0));
}

#[test]
fn addresses_that_are_not_said_are_no_spray() {
    let (roster, log) = nights();
    let failed = (1..6).fold(String::new(), |rows, nurse| {
        rows + &format!("2026-04-09T11:00:0{nurse}Z,n{nurse},,,,,,{PHONE},False,False,,\n")
    });
    let row = format!("2026-04-09T12:00:00Z,n0,,,,,,{PHONE},True,False,,d0\n");
    let (_, without) = scores(&roster, &format!("{log}{row}"));
    let (_, with) = scores(&roster, &format!("{log}{failed}{row}"));
    assert_eq!(with.last(), without.last());
}

#[test]
fn an_index_that_cannot_be_read_leaves_its_row_out() {
    let log = "index,Login Timestamp,User ID\n7,2026-04-01T00:00:00Z,n\nx,2026-04-01T00:01:00Z,n\n";
    let (report, scores) = alone(log).unwrap();
    assert_eq!((report.logins, report.malformed), (1, 1));
    assert_eq!(scores[0].index, 7);
}

#[test]
fn who_is_asked_is_told_by_role_turn_and_facility_where_these_are_said() {
    let (roster, log) = nights();
    let people = (0..20).fold("user_id,role,facility\n".to_owned(), |people, nurse| {
        let role = ["nurse", "physician"][nurse % 2];
        let facility = ["F1", "F2", ""][nurse % 3];
        people + &format!("n{nurse},{role},{facility}\n")
    });
    let takeover = "2026-04-09T12:00:00Z,n0,203.0.113.9,FR,X,Paris,3215,curl,Other,Linux,desktop,True,False,True,\n";
    // Where everybody works at night it is their day: others tell that it is none.
    let report = with_people(&roster, &people, &format!("{log}{takeover}"));
    let groups = report.groups.unwrap();
    let names: Vec<_> = groups
        .groups
        .iter()
        .map(|it| (it.by.name(), it.name.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("role", "nurse"),
            ("role", "physician"),
            ("shift", "day"),
            ("shift", "off"),
            ("facility", "F1"),
            ("facility", "F2"),
        ]
    );
    // Twenty-six nights of ten each, after the first two weeks.
    let [nurse, physician, _, off, ..] = groups.groups.as_slice() else {
        unreachable!("there are six");
    };
    assert_eq!((nurse.tally.sign_ins, physician.tally.sign_ins), (261, 260));
    assert_eq!((off.tally.sign_ins, off.tally.disowned), (1, 1));
    assert_eq!((nurse.tally.disowned, physician.tally.disowned), (1, 0));
    assert_eq!(off.ratio, None, "one is few");
    assert!(nurse.tally.asked <= 1 + 5, "{nurse:?}");

    // Without what its people are, there are turns alone; without a roster, none.
    let turns = with_people(&roster, "user_id\n", &log).groups.unwrap();
    assert!(turns.groups.iter().all(|it| it.by.name() == "shift"));
    assert_eq!(alone(&log).unwrap().0.groups, None);
}

#[test]
fn people_are_read_of_their_file_or_of_the_roster_and_rows_that_say_nobody_are_counted() {
    let (roster, log) = nights();
    let report = with_people(&roster, &roster, &log);
    let groups = report.groups.unwrap();
    assert!(groups.groups.iter().any(|it| it.name == "nurse"));
    let (_, malformed) = replay::people("user_id,role\n,nurse\nn1\nn2,nurse\n".as_bytes()).unwrap();
    assert_eq!(malformed, 2);
    let error = replay::people("role\n".as_bytes()).unwrap_err();
    assert!(matches!(error, ReplayError::Column("user_id")));
}
