//! STAT messages to a code team where everything goes wrong that may, over many drawn runs: through the
//! transactions that a node makes, on a real database, with the wake-ups and calls that come of them.
//!
//! Two nodes whose clocks differ look at the pages of one message in any order. They die with a transaction
//! under way, or are started again. Roles are handed over, to people who have another one already or are not in the
//! conversation; people answer, cannot, or do not want to be disturbed. Phones say that they were rung, or do
//! not; the pager system takes calls, or does not. Then it gets quiet, and each page has to come to its end.
//!
//! With `WARDLINE_SOAK` in the environment there are many more runs.

use std::collections::BTreeMap;

use tempfile::TempDir;
use wardline_model::wire::enroll::Platform;
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::teams::TeamKind;
use wardline_model::{FacilityId, GroupId, MessageId, RoleSlug, TeamId};
use wardline_store::{
    Append, Lasts, Leaf, NewDevice, NewGroup, NewPerson, NewPushSubscription, Team,
};

use super::*;
use crate::Server;
use crate::config::{Config, Escalation};
use crate::init::{FirstOfficer, init};
use crate::rim::Clock;

const RUNS: u64 = 12;
const SOAK_RUNS: u64 = 1_000;

#[tokio::test]
async fn no_page_is_lost_and_nobody_is_rung_or_called_twice_whatever_goes_wrong() {
    let soak = std::env::var_os("WARDLINE_SOAK").is_some();
    let runs = if soak { SOAK_RUNS } else { RUNS };
    let mut ward = Box::pin(Ward::open()).await;
    for seed in 1..=runs {
        Box::pin(ward.play(seed)).await;
    }
    let counts = &ward.counts;
    println!("{runs} runs: {counts:?}");
    // The faults that are drawn do happen.
    assert!(counts.alerts > runs && counts.rings > runs && counts.calls > runs);
    assert!(counts.died > 0 && counts.handed_over > 0 && counts.restarted > 0);
    assert!(counts.unanswered > 0 && counts.acknowledged > 0);
    assert!(counts.shared > 0, "one call for two roles");
}

#[derive(Debug, Default)]
struct Counts {
    alerts: u64,
    rings: u64,
    calls: u64,
    /// Alerts for which a call for another role counted.
    shared: u64,
    died: u64,
    restarted: u64,
    handed_over: u64,
    acknowledged: u64,
    unanswered: u64,
}

/// A person with a phone and a pager.
#[derive(Debug, Clone, Copy)]
struct Person {
    user: UserId,
    device: DeviceId,
}

struct Ward {
    configs: [Config; 2],
    clocks: [Clock; 2],
    nodes: [App; 2],
    foreign: [Foreign; 2],
    /// The first one sends.
    people: Vec<Person>,
    group: GroupId,
    counts: Counts,
    rng: Rng,
    run: Run,
    _dir: TempDir,
}

/// What is known of one message.
#[derive(Debug, Default)]
struct Run {
    seed: u64,
    seq: u64,
    /// Of each page and person: how often they were alerted, and when last.
    alerted: BTreeMap<(u32, UserId), (u32, u64)>,
    /// When a wake-up was last sent to somebody's phone.
    rung: BTreeMap<UserId, u64>,
    /// When the last call of somebody was asked for, and for which page.
    called: BTreeMap<UserId, (u64, u32)>,
}

impl Ward {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.data.dir = dir.path().join("data");
        "127.0.0.1:0".clone_into(&mut config.server.http);
        config.server.https = String::new();
        config.escalation = Escalation {
            re_alert_ms: RE_ALERT,
            level_ms: 3 * RE_ALERT,
            whole_ms: 12 * RE_ALERT,
            levels: LEVELS.map(str::to_owned).into(),
            ..Escalation::default()
        };
        config.pager.secret_file = dir.path().join("secret");
        std::fs::write(&config.pager.secret_file, "a secret that both sides have").unwrap();
        // Nobody listens there: the test takes the calls.
        "http://127.0.0.1:9/".clone_into(&mut config.pager.url);
        config.pager.repeat = true;
        let clock = Clock::default();
        let officer = FirstOfficer {
            username: "officer".to_owned(),
            name: "Officer".to_owned(),
        };
        Box::pin(init(&config, &officer, &clock)).await.unwrap();
        let mut second = config.clone();
        "node-2".clone_into(&mut second.server.node);
        let clocks = [clock, Clock::default()];
        let nodes = [
            start(&config, &clocks[0]).await,
            start(&second, &clocks[1]).await,
        ];
        let mut ward = Self {
            configs: [config, second],
            clocks,
            nodes,
            foreign: [Foreign::new(), Foreign::new()],
            people: Vec::new(),
            group: GroupId::from_random(random()),
            counts: Counts::default(),
            rng: Rng(1),
            run: Run::default(),
            _dir: dir,
        };
        ward.admit().await;
        ward
    }

    /// People with their phones and pagers, the roles, the team and its conversation.
    async fn admit(&mut self) {
        let now_ms = self.now(0);
        let mut tx = self.nodes[0].gate.machinery().write().await.unwrap();
        let facility = FacilityId::from_random(random());
        tx.put_facility(facility, "North").await.unwrap();
        for n in 0..PEOPLE {
            let person = NewPerson {
                user_id: UserId::from_random(random()),
                username: format!("person.{n}"),
                name: format!("Person {n}"),
                role_title: "Physician".to_owned(),
                department: "Cardiology".to_owned(),
                facility_id: facility,
                active: true,
                onboarded: true,
                roles: vec!["physician".to_owned()],
            };
            tx.put_person(&person, now_ms).await.unwrap();
            let device = NewDevice {
                device_id: DeviceId::from_random(random()),
                user_id: person.user_id,
                name: "Phone".to_owned(),
                platform: Platform::Browser,
                program: "byod".to_owned(),
                serial: None,
                notice_hash: None,
                jkt: random(),
                device_jwk: "{}".to_owned(),
                mls_key: random(),
                binding: "a.b.c".to_owned(),
                passkey_kind: "platform".to_owned(),
            };
            let (id, passkey) = (device.device_id, random::<32>());
            tx.create_device(&device, b"passkey", &passkey, now_ms)
                .await
                .unwrap();
            let active = tx.activate_device(id, b"certificate", b"mls certificate", now_ms);
            assert!(active.await.unwrap());
            let subscription = NewPushSubscription {
                device_id: id,
                endpoint: b"https://push.example/1".to_vec().into(),
                host: "push.example".to_owned(),
                keys: vec![4; 81].into(),
            };
            tx.put_push_subscription(&subscription, now_ms)
                .await
                .unwrap();
            tx.set_pager_number(person.user_id, Some(b"5550".as_slice()), now_ms)
                .await
                .unwrap();
            self.people.push(Person {
                user: person.user_id,
                device: id,
            });
        }
        for role in ROLES.iter().chain(&LEVELS) {
            tx.put_oncall_role(&slug(role), "Somebody on call", "Cardiology")
                .await
                .unwrap();
        }
        let team = Team {
            team_id: TeamId::from_random(random()),
            kind: TeamKind::Code,
            title: "STEMI".to_owned(),
        };
        tx.put_team(&team, &[], &ROLES.map(slug)).await.unwrap();
        // The sender and one more: whoever else gets a role has no message to be rung by.
        let leaves = self.people.iter().take(2).zip(0..);
        let group = NewGroup {
            group_id: self.group,
            kind: GroupKind::Code,
            role: None,
            purpose: None,
            team_id: Some(team.team_id),
            patient_id: None,
            ciphersuite: 0x004e,
            public_state: b"state".to_vec(),
            group_info: b"info".to_vec(),
            created_by: self.people[0].user,
            leaves: leaves
                .map(|(person, leaf_index)| Leaf {
                    device_id: person.device,
                    user_id: person.user,
                    leaf_index,
                })
                .collect(),
        };
        tx.create_group(&group, now_ms).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn now(&self, node: usize) -> u64 {
        self.clocks[node].now_ms()
    }

    fn pass(&self, ms: u64) {
        for clock in &self.clocks {
            clock.advance(ms);
        }
    }

    /// One message's life.
    async fn play(&mut self, seed: u64) {
        self.rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        self.run = Run {
            seed,
            ..Run::default()
        };
        // What the run before left is long over.
        self.pass(20 * RE_ALERT);
        self.differ();
        for role in ROLES.iter().chain(&LEVELS) {
            self.hand_over(role).await;
        }
        self.send().await;
        // Some of each, whatever is drawn: people who never take it, and some who all do after a while.
        let restarts = (seed % 4 == 1).then_some(2 + seed % 5);
        let silent = seed % 2 == 1;
        let come = seed.is_multiple_of(4).then_some(12);
        for step in 0..60 {
            let ms = self.rng.below(RE_ALERT / 2);
            self.pass(ms);
            if restarts == Some(step) {
                let node = self.node();
                self.restart(node).await;
            }
            if come == Some(step) {
                for n in 1..PEOPLE {
                    let (user, at) = (self.people[n].user, self.now(0));
                    self.says(0, Input::Acknowledged { user, at }).await;
                }
            }
            self.something_happens(silent).await;
            self.settle().await;
            if self.is_over().await {
                break;
            }
        }
        let mut looks = 0;
        while !self.is_over().await {
            self.pass(RE_ALERT / 4);
            let node = self.node();
            self.look(node).await;
            self.settle().await;
            looks += 1;
            assert!(looks < 200, "seed {seed}: still open");
        }
        self.judge().await;
    }

    /// Sets the nodes' clocks apart, by no more than clocks may be.
    fn differ(&mut self) {
        let apart = self.rng.below(RE_ALERT / 2);
        let [first, second] = [self.now(0), self.now(1)];
        let behind = (first + apart).checked_sub(second);
        match behind {
            Some(ms) => self.clocks[1].advance(ms),
            None => self.clocks[0].advance(second - first - apart),
        }
    }

    fn node(&mut self) -> usize {
        usize::from(self.rng.one_in(2))
    }

    fn somebody(&mut self) -> Person {
        let n = self.rng.below(self.people.len() as u64 - 1);
        self.people[1 + usize::try_from(n).unwrap()]
    }

    async fn send(&mut self) {
        let node = self.node();
        let app = &self.nodes[node];
        let now_ms = self.now(node);
        let sender = self.people[0];
        let kind = Kind::named("message.appended");
        let taken = app.gate.machinery().append(Append {
            group: self.group,
            message_id: MessageId::from_random(random()),
            sender_device: sender.device,
            sender_user: sender.user,
            epoch: 0,
            priority: Priority::Stat,
            body: b"ciphertext".to_vec(),
            now_ms,
            event: app.gate.house_event(kind, "message.send", now_ms),
            salt: Salt(random()),
        });
        self.run.seq = taken.await.unwrap().seq;
    }

    async fn something_happens(&mut self, silent: bool) {
        let node = self.node();
        match self.rng.below(100) {
            0..=9 => {}
            10..=54 => self.look(node).await,
            55..=64 => self.dies(node).await,
            65..=74 => {
                let roles = ROLES.len() + LEVELS.len();
                let role = usize::try_from(self.rng.below(roles as u64)).unwrap();
                let role = ROLES.iter().chain(&LEVELS).nth(role).unwrap();
                self.hand_over(role).await;
                self.counts.handed_over += 1;
            }
            75..=82 => {
                let person = self.somebody();
                let now_ms = self.now(node);
                let until = self.rng.one_in(2).then_some(now_ms + 6 * RE_ALERT);
                let app = &self.nodes[node];
                let mut tx = app.gate.machinery().write().await.unwrap();
                tx.set_quiet(person.user, until).await.unwrap();
                quiet_changed(&mut tx, app, person.user, now_ms)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
            }
            _ => {
                let (user, at) = (self.somebody().user, self.now(node));
                let input = match self.rng.below(10) {
                    0 if !silent => Input::Acknowledged { user, at },
                    1..=3 => Input::Declined { user, at },
                    4..=6 => Input::Read { user, at },
                    _ => Input::Delivered { user, at },
                };
                self.says(node, input).await;
            }
        }
    }

    async fn look(&mut self, node: usize) {
        look(&self.nodes[node], &mut self.foreign[node])
            .await
            .unwrap();
    }

    /// A node dies with what it has written and not committed.
    async fn dies(&mut self, node: usize) {
        let (app, now_ms) = (&self.nodes[node], self.now(node));
        let mut tx = app.gate.machinery().write().await.unwrap();
        let found = tx.escalations_of_message(self.group, self.run.seq).await;
        for stored in found.unwrap() {
            let mut open = Open::read(&mut tx, app, &stored, now_ms)
                .await
                .unwrap()
                .unwrap();
            open.house(Input::Tick { now: now_ms });
            open.write(&mut tx, app, now_ms).await.unwrap();
        }
        drop(tx);
        self.counts.died += 1;
    }

    async fn restart(&mut self, node: usize) {
        let gone = self.nodes[node].gate.machinery().clone();
        gone.close().await;
        self.nodes[node] = start(&self.configs[node], &self.clocks[node]).await;
        self.foreign[node] = Foreign::new();
        self.counts.restarted += 1;
    }

    /// Somebody has a role from now on, whatever else they have; or nobody has.
    async fn hand_over(&mut self, role: &str) {
        let n = usize::try_from(self.rng.below(self.people.len() as u64)).unwrap();
        let holder = self.people[n];
        let now_ms = self.now(0);
        let mut tx = self.nodes[0].gate.machinery().write().await.unwrap();
        let until = if self.rng.one_in(8) {
            now_ms + RE_ALERT
        } else {
            now_ms + 1_000 * RE_ALERT
        };
        tx.put_oncall_turn(&slug(role), holder.user, now_ms, until)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// A person says the same of each page of the message, as far as it counts.
    async fn says(&mut self, node: usize, input: Input) {
        let (app, now_ms) = (&self.nodes[node], self.now(node));
        let mut tx = app.gate.machinery().write().await.unwrap();
        let found = tx.escalations_of_message(self.group, self.run.seq).await;
        for stored in found.unwrap() {
            let mut open = Open::read(&mut tx, app, &stored, now_ms)
                .await
                .unwrap()
                .unwrap();
            if open.hear(input.clone()).is_ok() {
                open.write(&mut tx, app, now_ms).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }

    /// Sends what is due, and compares what went out with who was alerted.
    async fn settle(&mut self) {
        let now_ms = self.now(0).max(self.now(1));
        self.ring(now_ms).await;
        self.call(now_ms).await;
        self.compare().await;
    }

    async fn ring(&mut self, now_ms: u64) {
        let mut tx = self.nodes[0].gate.machinery().write().await.unwrap();
        for due in tx.due_pushes(now_ms, 100, 100).await.unwrap() {
            let receipt = random();
            let (device, lease_ms) = (due.device_id, 6 * RE_ALERT);
            let claimed = tx.claim_push(device, &receipt, LASTS, lease_ms, now_ms);
            let push = claimed.await.unwrap().unwrap();
            let people = &self.people;
            let person = people.iter().find(|person| person.device == device);
            let user = person.unwrap().user;
            if self.rng.one_in(8) {
                tx.push_failed(&push, Some(now_ms + 1)).await.unwrap();
            } else {
                tx.push_sent(&push).await.unwrap();
            }
            if self.rng.one_in(2) {
                tx.take_push_receipt(&receipt, now_ms).await.unwrap();
            }
            self.run.rung.insert(user, now_ms);
            self.counts.rings += 1;
        }
        tx.commit().await.unwrap();
    }

    async fn call(&mut self, now_ms: u64) {
        let mut tx = self.nodes[0].gate.machinery().write().await.unwrap();
        for id in tx.due_pager_calls(now_ms, 100).await.unwrap() {
            let claimed = tx.claim_pager_call(id, RE_ALERT, now_ms).await.unwrap();
            let call = claimed.unwrap();
            let page = call.escalation.unwrap();
            if page.seq == self.run.seq && call.tries == 1 {
                let called = (call.created_at, page.line);
                let before = self.run.called.insert(call.user_id, called);
                let rest = before.map_or(u64::MAX, |(at, _)| call.created_at.saturating_sub(at));
                assert!(
                    rest >= RE_ALERT - SKEW,
                    "seed {}: {} is called again after {rest} ms",
                    self.run.seed,
                    call.user_id
                );
                self.counts.calls += 1;
            }
            if self.rng.one_in(4) {
                let again = Some(now_ms + 1000);
                tx.pager_call_failed(&call, again, now_ms).await.unwrap();
            } else {
                tx.pager_call_taken(&call, now_ms).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }

    async fn stored(&self) -> Vec<StoredEscalation> {
        let mut facts = self.nodes[0].gate.machinery().read().await.unwrap();
        let found = facts.escalations_of_message(self.group, self.run.seq).await;
        found.unwrap()
    }

    async fn is_over(&self) -> bool {
        let stored = self.stored().await;
        stored.iter().all(|stored| stored.ended_at.is_some())
    }

    /// Whoever was alerted was rung and called, once.
    async fn compare(&mut self) {
        let seed = self.run.seed;
        for stored in self.stored().await {
            let Some(state) = &stored.state else { continue };
            let page = Page::decode(state).unwrap();
            for (user, asked) in page.asked() {
                let known = self.run.alerted.entry((stored.line, *user));
                let (attempts, before) = *known.or_default();
                if asked.attempts == attempts {
                    continue;
                }
                let last = asked.last_at;
                assert_eq!(asked.attempts, attempts + 1, "seed {seed}: {user}");
                assert!(
                    attempts == 0 || last + SKEW >= before + RE_ALERT,
                    "seed {seed}: {user} is alerted again after {} ms",
                    last.saturating_sub(before)
                );
                self.run
                    .alerted
                    .insert((stored.line, *user), (asked.attempts, last));
                self.counts.alerts += 1;
                if page.end().is_some() {
                    // Whoever it reached in the moment in which it ended is not alerted any more.
                    continue;
                }
                // One that went out for something else just before tells of this, too.
                let rung = self.run.rung.get(user).copied().unwrap_or_default();
                assert!(
                    rung + RE_ALERT / 2 + SKEW >= last,
                    "seed {seed}: {user} was alerted at {last} and rung at {rung}"
                );
                let (called, line) = self.run.called.get(user).copied().unwrap_or_default();
                assert!(
                    called + RE_ALERT + SKEW >= last,
                    "seed {seed}: {user} was alerted at {last} and called at {called}"
                );
                self.counts.shared += u64::from(line != stored.line);
            }
        }
    }

    /// Each page came to its end, and those who are to hear of it did.
    async fn judge(&mut self) {
        let seed = self.run.seed;
        let sender = self.people[0].user;
        for stored in self.stored().await {
            let page = Page::decode(stored.state.as_ref().unwrap()).unwrap();
            let mut facts = self.nodes[0].gate.machinery().read().await.unwrap();
            let id = stored.id();
            let alerts = facts.count_escalation_alerts(id).await.unwrap();
            let attempts = page.asked().values().map(|asked| u64::from(asked.attempts));
            let attempts = attempts.sum::<u64>();
            // Whom it reached in the moment in which somebody took it is spared.
            let spared = match page.end() {
                Some(End::Acknowledged { .. }) => page.asked().len() as u64,
                _ => 0,
            };
            assert!(
                alerts <= attempts && attempts <= alerts + spared,
                "seed {seed}: {alerts} of {attempts}"
            );
            let calls = facts.pager_calls_of(id).await.unwrap();
            let waits = calls.iter().any(|call| call.state == "waiting");
            assert!(!waits, "seed {seed}: nobody waits for them any more");
            let people = facts.people_of_escalation(id).await.unwrap();
            match page.end().unwrap() {
                End::Acknowledged { .. } => self.counts.acknowledged += 1,
                End::Withdrawn { .. } => panic!("seed {seed}: nobody took it back"),
                End::Unanswered { at } => {
                    self.counts.unanswered += 1;
                    let told = page.told_of_silence();
                    assert!(told.contains(&sender), "seed {seed}");
                    assert!(told.iter().all(|user| people.contains(user)), "seed {seed}");
                    for user in told {
                        let rung = self.run.rung.get(&user).copied().unwrap_or_default();
                        assert!(
                            rung + RE_ALERT / 2 + SKEW >= at,
                            "seed {seed}: {user} was not told that nobody answered"
                        );
                    }
                }
            }
        }
    }
}

/// A node that does nothing by itself.
async fn start(config: &Config, clock: &Clock) -> App {
    let running = Box::pin(Server::start(config.clone(), clock.clone()));
    running.await.unwrap().at_rest().await
}

fn slug(text: &str) -> RoleSlug {
    text.parse().unwrap()
}

const RE_ALERT: u64 = 20_000;
/// So far the nodes' clocks are apart at most, and a step's time is from the moment at which it is looked at.
const SKEW: u64 = RE_ALERT / 2 + 2_000;
const PEOPLE: usize = 5;
const ROLES: [&str; 2] = ["stemi-fellow", "stemi-lab"];
const LEVELS: [&str; 2] = ["charge-nurse", "supervisor"];
const LASTS: Lasts = Lasts {
    urgent_ms: 300_000,
    routine_ms: 3_600_000,
};

/// xorshift64*: the same runs everywhere, by seed.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}
