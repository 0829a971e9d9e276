//! Who works when, and who is on call: a week each way of `now_ms`. Hospital time is UTC.

use crate::{OnCallRole, Readiness, Shift, StaffMember, Turn};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const SHIFT: i64 = 12 * HOUR;
/// Shifts begin every four hours from 03:00, so that handovers do not all fall together.
const LINE: i64 = 4 * HOUR;
const FIRST_LINE: i64 = 3 * HOUR;
/// On-call turns change at 08:00 and 20:00.
const TURN: i64 = 12 * HOUR;
const FIRST_TURN: i64 = 8 * HOUR;

/// Gives everyone their shifts of 12 hours, four days in seven.
///
/// Whoever is not off shift has one that runs now and for four hours more at least; whoever is
/// has none until four hours from now at the earliest.
pub(crate) fn assign_shifts(staff: &mut [StaffMember], now: i64) {
    let current = (now - FIRST_LINE).div_euclid(LINE) * LINE + FIRST_LINE;
    for (person, at) in staff.iter_mut().zip(0_i64..) {
        let start = if person.readiness == Readiness::OffShift {
            current + 2 * LINE
        } else {
            current - (at % 2) * LINE
        };
        // Today is the first to the fourth of the four days on.
        let nth_day_on = at % 4;
        person.shifts = (-7..=7)
            .filter(|day| (day + nth_day_on).rem_euclid(7) < 4)
            .filter_map(|day| {
                let from = start + day * DAY;
                Some(Shift {
                    from_ms: u64::try_from(from).ok()?,
                    to_ms: u64::try_from(from + SHIFT).ok()?,
                })
            })
            .collect();
    }
}

/// Builds the on-call roles: turns without gap or overlap from a week before to a week after now.
///
/// The turn that runs now and the one after it belong to people who are ready.
pub(crate) fn on_call(staff: &[StaffMember], now: i64) -> Vec<OnCallRole> {
    ROLES
        .iter()
        .zip(0..)
        .map(|((slug, title, department, role), offset)| {
            let holders: Vec<&StaffMember> = staff
                .iter()
                .filter(|p| p.department == *department && p.has_role(role))
                .filter(|p| matches!(p.readiness, Readiness::Ready | Readiness::OffShift))
                .collect();
            let ready: Vec<&StaffMember> = holders
                .iter()
                .copied()
                .filter(|p| p.readiness == Readiness::Ready)
                .collect();
            let current = (now - FIRST_TURN).div_euclid(TURN);
            let weeks_turns = 7 * DAY / TURN;
            let turns = (current - weeks_turns..=current + weeks_turns)
                .filter_map(|turn| {
                    let soon = turn == current || turn == current + 1;
                    let pool = if soon { &ready } else { &holders };
                    let length = i64::try_from(pool.len())
                        .ok()
                        .filter(|length| *length > 0)?;
                    let nth = usize::try_from((turn + offset).rem_euclid(length)).ok()?;
                    let from = turn * TURN + FIRST_TURN;
                    Some(Turn {
                        username: pool[nth].username.clone(),
                        from_ms: u64::try_from(from.max(0)).ok()?,
                        to_ms: u64::try_from(from + TURN).ok()?,
                    })
                })
                .collect();
            OnCallRole {
                slug: (*slug).to_owned(),
                title: (*title).to_owned(),
                department: (*department).to_owned(),
                turns,
            }
        })
        .collect()
}

const ROLES: [(&str, &str, &str, &str); 11] = [
    (
        "cardiology-on-call",
        "Cardiology on call",
        "Cardiology",
        "physician",
    ),
    (
        "medicine-on-call",
        "General medicine on call",
        "General Medicine",
        "physician",
    ),
    (
        "critical-care-on-call",
        "Critical care on call",
        "Critical Care",
        "physician",
    ),
    (
        "nephrology-on-call",
        "Nephrology on call",
        "Nephrology",
        "physician",
    ),
    ("surgery-on-call", "Surgery on call", "Surgery", "physician"),
    ("stroke-on-call", "Stroke on call", "Neurology", "physician"),
    (
        "oncology-on-call",
        "Oncology on call",
        "Oncology",
        "physician",
    ),
    (
        "radiology-on-call",
        "Radiology on call",
        "Radiology",
        "physician",
    ),
    (
        "pharmacy-on-call",
        "Pharmacy on call",
        "Pharmacy",
        "pharmacist",
    ),
    (
        "elderly-care-on-call",
        "Elderly care on call",
        "Elderly Care",
        "physician",
    ),
    (
        "respiratory-on-call",
        "Respiratory on call",
        "Respiratory Medicine",
        "physician",
    ),
];
