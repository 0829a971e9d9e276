//! Floods of alarms: nothing is lost, nobody is paged without end, and the first one waits for nothing.

use proptest::prelude::*;
use wardline_hl7::flood::{Flood, Page, Terms, Urgency};

const TERMS: Terms = Terms {
    gather_ms: 1000,
    burst: 3,
    refill_ms: 400,
};

#[derive(Debug, Clone)]
enum Step {
    Signal(u8, u8, Urgency),
    Over(u8, u8),
    Wait(u64),
    Due,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let urgency = prop_oneof![
        Just(Urgency::Alarm),
        Just(Urgency::HighAlarm),
        Just(Urgency::Critical)
    ];
    let step = prop_oneof![
        6 => (0_u8..3, 0_u8..6, urgency).prop_map(|(t, s, u)| Step::Signal(t, s, u)),
        1 => (0_u8..3, 0_u8..6).prop_map(|(t, s)| Step::Over(t, s)),
        3 => (0_u64..700).prop_map(Step::Wait),
        3 => Just(Step::Due),
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nobody_is_flooded(steps in steps()) {
        let mut flood: Flood<u8, u8> = Flood::new(TERMS);
        let (mut now, mut seen, mut withdrawn) = (10_000, 0, 0);
        let mut pages: Vec<(u64, Page<u8, u8>)> = Vec::new();
        for step in steps {
            match step {
                Step::Signal(target, subject, urgency) => {
                    seen += 1;
                    pages.extend(flood.observe(&target, &subject, urgency, now).map(|p| (now, p)));
                }
                Step::Over(target, subject) => withdrawn += flood.over(&target, &subject),
                Step::Wait(ms) => now += ms,
                Step::Due => pages.extend(flood.due(now).into_iter().map(|page| (now, page))),
            }
            let told: u64 = pages.iter().map(|(_, page)| page.signals()).sum();
            prop_assert_eq!(told + flood.waiting() + withdrawn, seen);
            prop_assert_eq!(flood.next_due().is_none(), flood.waiting() == 0);
        }
        for target in 0..3 {
            let times: Vec<u64> = pages
                .iter()
                .filter(|(_, page)| page.target == target)
                .map(|(at, _)| *at)
                .collect();
            for (index, from) in times.iter().enumerate() {
                for (count, to) in times[index..].iter().enumerate() {
                    let most = u64::from(TERMS.burst) + (to - from) / TERMS.refill_ms + 1;
                    prop_assert!(u64::try_from(count).unwrap() < most);
                }
            }
        }
        // Asked when it says, it tells of everything, and soon.
        let begun = now;
        while let Some(at) = flood.next_due() {
            now = now.max(at);
            prop_assert!(!flood.due(now).is_empty(), "due, and nothing came");
            prop_assert!(now - begun <= TERMS.gather_ms + 6 * TERMS.refill_ms);
        }
        prop_assert_eq!(flood.waiting(), 0);
    }

    #[test]
    fn the_first_signal_about_somebody_pages_at_once(target in any::<u8>(), at in 0_u64..1 << 40) {
        let mut flood: Flood<u8, u8> = Flood::new(TERMS);
        let page = flood.observe(&target, &1, Urgency::Alarm, at).unwrap();
        prop_assert_eq!(page.about, vec![(1, 1)]);
        prop_assert!(flood.observe(&target, &1, Urgency::Alarm, at).is_none());
        let worse = flood.observe(&target, &1, Urgency::Critical, at).unwrap();
        prop_assert_eq!(worse.signals(), 2, "what is worse waits for nothing");
    }
}
