//! Bots: programs that are members of conversations, seen as what they are, within their scope.

use serde_json::{Value, json};
use wardline_audit::event::Outcome;
use wardline_client::ClientError;
use wardline_client_native::NativeClient;
use wardline_keeper::Rules;
use wardline_model::endorsement::Duty;
use wardline_model::wire::escalations::{EscalationInfo, EscalationList, EscalationState};
use wardline_model::wire::integrations::{BotInfo, BotRegistered, Integrations};
use wardline_model::wire::messages::Priority;
use wardline_model::wire::socket::{ServerFrame, SocketTicket};
use wardline_model::wire::teams::CareTeamsImported;
use wardline_model::{GroupId, UserId};
use wardline_policy::PolicyTexts;
use wardline_store::NewPolicyVersion;

use crate::support::socket::Socket;
use crate::support::ward::{Ward, come_online, confirm, enroll, me, say, sequenced, texts};
use crate::support::{Engine, story, until};

pub(crate) async fn post(
    client: &mut NativeClient,
    path: &str,
    body: &Value,
) -> Result<Vec<u8>, ClientError> {
    let body = serde_json::to_vec(body).unwrap();
    client.raw("POST", path, Some(body)).await
}

pub(crate) fn scope(change: impl FnOnce(&mut Value)) -> Value {
    let mut scope = json!({
        "reads": true, "highest": "stat", "anywhere": true, "groups": [], "roles": [],
    });
    change(&mut scope);
    scope
}

/// Viktor, a security officer, registers the lab's bot, for which Amara answers.
pub(crate) async fn register(
    viktor: &mut NativeClient,
    owner: UserId,
    scope: &Value,
) -> BotRegistered {
    let request = json!({
        "username": "lab-bot", "name": "Laboratory", "owner": owner, "program": "demo",
        "scope": scope, "per_minute": 5,
    });
    let made = post(viktor, "/v1/bots", &request).await.unwrap();
    serde_json::from_slice(&made).unwrap()
}

/// The bot's process, enrolled and confirmed.
pub(crate) async fn open(ward: &mut Ward, made: &BotRegistered) -> NativeClient {
    let home = ward.home("bot");
    let mut bot = enroll(&ward.hospital, &home, &made.invite.code).await;
    let id = bot.status().device_id.unwrap();
    confirm(&mut ward.officer, id, Duty::Bot).await;
    come_online(&mut bot).await;
    bot
}

pub(crate) async fn change(viktor: &mut NativeClient, bot: UserId, scope: &Value) {
    let body = serde_json::to_vec(&json!({ "scope": scope, "per_minute": 5 })).unwrap();
    let path = format!("/v1/bots/{bot}");
    viktor.raw("PUT", &path, Some(body)).await.unwrap();
}

/// The code by which the hospital refuses that the bot sends this.
async fn refused(bot: &mut NativeClient, group: GroupId, priority: Priority) -> String {
    let sealed = bot.encrypt(group, &["K 6.8".to_owned()], priority).await;
    let path = format!("/v1/groups/{group}/messages");
    let body = serde_json::to_value(&sealed.unwrap()[0]).unwrap();
    reason(post(bot, &path, &body).await)
}

pub(crate) fn reason(answer: Result<Vec<u8>, ClientError>) -> String {
    match answer {
        Ok(_) => "taken".to_owned(),
        Err(ClientError::Problem(problem)) => match problem.extensions.get("reason") {
            Some(reason) => reason.as_str().unwrap().to_owned(),
            None => problem.name().to_owned(),
        },
        Err(other) => panic!("{other}"),
    }
}

story!(a_bot_writes_as_a_member_that_everybody_sees_as_a_bot_until_it_is_disabled);
async fn a_bot_writes_as_a_member_that_everybody_sees_as_a_bot_until_it_is_disabled(
    engine: Engine,
) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let own = json!({
        "username": "mine", "name": "Mine", "owner": me(&amara), "program": "demo",
        "scope": scope(|_| {}), "per_minute": 5,
    });
    let nobody = post(&mut amara, "/v1/bots", &own).await;
    assert_eq!(reason(nobody), "missing_permission");
    let made = register(&mut viktor, me(&amara), &scope(|_| {})).await;
    assert_eq!((made.bot.owner.id, made.bot.devices), (me(&amara), 0));

    // The officer's word is that it is a program; without it the device is not let in.
    let mut bot = enroll(&ward.hospital, &ward.home("bot"), &made.invite.code).await;
    let id = bot.status().device_id.unwrap();
    let hidden = ward.officer.confirm(id, Duty::None).await;
    hidden.refused(422, "endorsement-refused");
    confirm(&mut ward.officer, id, Duty::Bot).await;
    sequenced(&mut ward.officer, id).await;
    come_online(&mut bot).await;

    let group = bot.start(&[me(&amara)], None, None).await.unwrap();
    say(&mut bot, group, "K 6.8 in bed 4").await;
    amara.sync().await.unwrap();
    assert_eq!(texts(&amara, group), ["K 6.8 in bed 4"]);
    let members = amara.conversations().unwrap().remove(0).members;
    let seen: Vec<(UserId, bool)> = members.iter().map(|m| (m.user.id, m.bot)).collect();
    assert!(seen.contains(&(me(&bot), true)) && seen.contains(&(me(&amara), false)));
    say(&mut amara, group, "Repeat it").await;
    bot.sync().await.unwrap();
    assert_eq!(texts(&bot, group).last().unwrap(), "Repeat it");

    // What people answer for is not for it.
    let seq = amara.conversations().unwrap()[0].clone().at;
    assert!(seq > 0);
    let path = format!("/v1/groups/{group}/receipts");
    let acknowledged = json!({ "state": "acknowledged", "up_to": 2 });
    assert_eq!(
        reason(post(&mut bot, &path, &acknowledged).await),
        "people_only"
    );
    let read = json!({ "state": "read", "up_to": 2 });
    assert_eq!(reason(post(&mut bot, &path, &read).await), "taken");
    let search = json!({ "q": "" });
    let chart = post(&mut bot, "/v1/patients/search", &search).await;
    assert_eq!(reason(chart), "people_only");

    // Disabled is out at once, and out of the conversation with the keeper's next look.
    let path = format!("/v1/bots/{}/disable", me(&bot));
    let disabled = post(&mut viktor, &path, &json!({})).await.unwrap();
    let disabled: BotInfo = serde_json::from_slice(&disabled).unwrap();
    assert!(disabled.disabled_at.is_some() && disabled.devices == 0);
    assert!(bot.me().await.is_err(), "its session ended");
    ward.keep(Rules::default()).await;
    amara.sync().await.unwrap();
    let members = amara.conversations().unwrap().remove(0).members;
    assert!(
        members
            .iter()
            .all(|member| member.devices == 0 || !member.bot)
    );
    assert!(bot.sign_in().await.is_err());
    assert_eq!(ward.hospital.events("bot.disabled").await.len(), 1);
}

story!(a_bot_and_whoever_answers_for_it_hear_that_nobody_answered);
async fn a_bot_and_whoever_answers_for_it_hear_that_nobody_answered(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let owner = me(&viktor);
    let made = register(&mut viktor, owner, &scope(|_| {})).await;
    let mut bot = open(&mut ward, &made).await;
    let group = bot.start(&[me(&amara)], None, None).await.unwrap();
    assert_eq!(refused(&mut bot, group, Priority::Stat).await, "taken");
    let page = until("the page", async || pages(&mut amara).await.pop()).await;
    assert!(page.asked && !page.people.is_empty());
    let waits = pages(&mut bot).await;
    assert_eq!((waits.len(), waits[0].id), (1, page.id));
    assert_eq!(waits[0].state, EscalationState::Waiting);
    assert!(pages(&mut viktor).await.is_empty(), "somebody is asked");

    let path = format!("/v1/escalations/{}/decline", page.id);
    assert_eq!(
        reason(post(&mut bot, &path, &json!({})).await),
        "people_only"
    );
    assert_eq!(reason(post(&mut amara, &path, &json!({})).await), "taken");
    // The program learns it, and nobody's name with it.
    let over = pages(&mut bot).await.remove(0);
    assert_eq!(
        (over.state, over.failed),
        (EscalationState::Unanswered, true)
    );
    assert!(over.people.is_empty() && over.recipients.is_empty() && over.told.is_empty());
    // Its owner is told as a sender is, and the log says so.
    let told = pages(&mut viktor).await.remove(0);
    assert_eq!((told.id, told.failed, told.asked), (page.id, true, false));
    assert_eq!(told.sender.id, me(&bot));
    let events = ward.hospital.events("escalation.unanswered").await;
    assert!(
        events[0].detail["told"]
            .to_string()
            .contains(&me(&viktor).to_string())
    );
}

async fn pages(client: &mut NativeClient) -> Vec<EscalationInfo> {
    let found = client.raw("GET", "/v1/escalations", None).await.unwrap();
    let found: EscalationList = serde_json::from_slice(&found).unwrap();
    found.escalations
}

story!(the_hospital_holds_a_bot_to_its_scope);
async fn the_hospital_holds_a_bot_to_its_scope(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let amara = ward.person("amara.osei").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let made = register(&mut viktor, me(&amara), &scope(|_| {})).await;
    let id = made.bot.user.id;
    let mut bot = open(&mut ward, &made).await;
    let group = bot.start(&[me(&amara)], None, None).await.unwrap();

    // Place.
    change(&mut viktor, id, &scope(|s| s["anywhere"] = false.into())).await;
    assert_eq!(
        refused(&mut bot, group, Priority::Routine).await,
        "bot_place"
    );
    assert!(bot.start(&[me(&viktor)], None, None).await.is_err());
    let here = scope(|s| {
        s["anywhere"] = false.into();
        s["groups"] = json!([group]);
        s["highest"] = "routine".into();
    });
    change(&mut viktor, id, &here).await;
    assert_eq!(refused(&mut bot, group, Priority::Routine).await, "taken");

    // Priority.
    for priority in [Priority::Urgent, Priority::Stat] {
        assert_eq!(refused(&mut bot, group, priority).await, "bot_priority");
    }
    let urgent = scope(|s| s["highest"] = "urgent".into());
    change(&mut viktor, id, &urgent).await;
    assert_eq!(refused(&mut bot, group, Priority::Urgent).await, "taken");
    assert_eq!(
        refused(&mut bot, group, Priority::Stat).await,
        "bot_priority"
    );

    // Rate: five in a minute, of which two were sent.
    for _ in 0..3 {
        assert_eq!(refused(&mut bot, group, Priority::Routine).await, "taken");
    }
    let more = refused(&mut bot, group, Priority::Routine).await;
    assert_eq!(more, "too-many-requests");
}

/// The hospital's own policies, from before there were bots.
async fn without_bot_policies(ward: &Ward) {
    let baseline = PolicyTexts::baseline();
    let files = baseline
        .files()
        .iter()
        .filter(|file| file.name != "bots.cedar");
    let texts = PolicyTexts::edited(files.cloned().collect()).unwrap();
    assert!(texts.files().len() < baseline.files().len());
    let new = NewPolicyVersion {
        base: 0,
        files: serde_json::to_string(&texts).unwrap(),
        hash: texts.hash(),
        summary: "Ours".to_owned(),
        author: None,
        effective_at: None,
    };
    let (store, _) = ward.hospital.seize();
    let now = ward.hospital.clock.now_ms();
    let mut tx = store.write().await.unwrap();
    let version = tx.create_policy_version(&new, now).await.unwrap();
    tx.approve_policy_version(version, None, now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn ticket(bot: &mut NativeClient) -> Result<String, ClientError> {
    let made = post(bot, "/v1/socket-tickets", &json!({})).await?;
    let made: SocketTicket = serde_json::from_slice(&made).unwrap();
    Ok(made.ticket)
}

/// What ended a socket, and how many messages came over it before.
async fn ended(socket: &mut Socket) -> (usize, String) {
    let mut messages = 0;
    loop {
        match socket.next().await.expect("told why") {
            ServerFrame::Ended { problem } => {
                let reason = problem.extensions["reason"].as_str().unwrap();
                return (messages, reason.to_owned());
            }
            ServerFrame::Entry { .. } => messages += 1,
            _ => {}
        }
    }
}

story!(a_bot_that_only_writes_hears_nothing_whatever_the_policies_say);
async fn a_bot_that_only_writes_hears_nothing_whatever_the_policies_say(engine: Engine) {
    Box::pin(hears_nothing(engine)).await;
}

async fn hears_nothing(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let listens = scope(|s| s["highest"] = "routine".into());
    let made = register(&mut viktor, me(&amara), &listens).await;
    let id = made.bot.user.id;
    let mut bot = open(&mut ward, &made).await;
    let group = bot.start(&[me(&amara)], None, None).await.unwrap();
    amara.sync().await.unwrap();
    without_bot_policies(&ward).await;
    // What only the policies held it to is held no more.
    until("the policies", async || {
        (refused(&mut bot, group, Priority::Urgent).await == "taken").then_some(())
    })
    .await;

    let url = ward.hospital.url.clone();
    let first = ticket(&mut bot).await.unwrap();
    let mut socket = Socket::with_ticket(&url, &first).await;
    assert_eq!(socket.next().await, Some(ServerFrame::Ready));
    say(&mut amara, group, "Which bed?").await;
    until("what she wrote", async || {
        matches!(socket.next().await, Some(ServerFrame::Entry { .. })).then_some(())
    })
    .await;

    // From one moment to the next it only writes: what was open ends, before anything else is heard, and
    // a ticket from before opens nothing.
    let kept = ticket(&mut bot).await.unwrap();
    let mute = scope(|s| s["reads"] = false.into());
    change(&mut viktor, id, &mute).await;
    say(&mut amara, group, "Her HIV test is back").await;
    assert_eq!(ended(&mut socket).await, (0, "bot_reads".to_owned()));
    let mut late = Socket::with_ticket(&url, &kept).await;
    assert_eq!(ended(&mut late).await, (0, "bot_reads".to_owned()));
    assert_eq!(reason(ticket(&mut bot).await.map(Vec::from)), "bot_reads");
    // The officer's page shows what holds, and who changed it stands in the log.
    let shown = viktor.raw("GET", "/v1/integrations", None).await.unwrap();
    let shown: Integrations = serde_json::from_slice(&shown).unwrap();
    assert!(!shown.bots[0].scope.reads);
    let changed = ward.hospital.events("bot.changed").await;
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].detail["scope"]["reads"], false);

    // It hears again once an officer lets it.
    change(&mut viktor, id, &listens).await;
    let again = ticket(&mut bot).await.unwrap();
    let mut socket = Socket::with_ticket(&url, &again).await;
    assert_eq!(socket.next().await, Some(ServerFrame::Ready));
}

story!(a_bot_brings_care_teams_only_where_an_officer_lets_it);
async fn a_bot_brings_care_teams_only_where_an_officer_lets_it(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let amara = ward.person("amara.osei").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let made = register(&mut viktor, me(&amara), &scope(|_| {})).await;
    let mut bot = open(&mut ward, &made).await;
    let path = "/v1/care-teams/import";
    let teams = |name: &str| {
        let text = format!("patient_id,username\nfeed-1,{name}\n");
        json!({ "text": text, "dry_run": false })
    };
    let by_default = post(&mut bot, path, &teams("rahul.menon")).await;
    assert_eq!(reason(by_default), "bot_care_teams");

    let lets = scope(|s| s["care_teams"] = true.into());
    change(&mut viktor, made.bot.user.id, &lets).await;
    let taken = post(&mut bot, path, &teams("rahul.menon")).await.unwrap();
    let taken: CareTeamsImported = serde_json::from_slice(&taken).unwrap();
    assert_eq!((taken.applied, taken.added), (true, 1));
    // Who comes and leaves is for people; a program is on no team.
    assert!(taken.changes.is_empty());
    let itself = post(&mut bot, path, &teams("lab-bot")).await;
    assert_eq!(reason(itself), "import-refused");
    let changed = ward.hospital.events("care_team.changed").await;
    assert_eq!(changed[0].actor.user, Some(me(&bot)));

    change(&mut viktor, made.bot.user.id, &scope(|_| {})).await;
    let again = post(&mut bot, path, &teams("rahul.menon")).await;
    assert_eq!(reason(again), "bot_care_teams");
}

story!(only_who_registers_bots_changes_what_one_may_do);
async fn only_who_registers_bots_changes_what_one_may_do(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let made = register(&mut viktor, me(&amara), &scope(|_| {})).await;
    let body = json!({ "scope": scope(|s| s["reads"] = false.into()), "per_minute": 5 });
    let path = format!("/v1/bots/{}", made.bot.user.id);
    let put = serde_json::to_vec(&body).unwrap();
    // Whoever answers for it may not widen what it may do.
    let own = amara.raw("PUT", &path, Some(put.clone())).await;
    assert_eq!(reason(own), "missing_permission");
    for (field, value) in [("per_minute", json!(0)), ("per_minute", json!(601))] {
        let mut wrong = body.clone();
        wrong[field] = value;
        let wrong = serde_json::to_vec(&wrong).unwrap();
        let answer = viktor.raw("PUT", &path, Some(wrong)).await;
        assert_eq!(reason(answer), "invalid-body");
    }
    let nobody = format!("/v1/bots/{}", me(&amara));
    let answer = viktor.raw("PUT", &nobody, Some(put)).await;
    assert_eq!(reason(answer), "not-found");
    let mut changed = ward.hospital.events("bot.changed").await;
    changed.retain(|event| event.outcome == Outcome::Allow);
    assert!(changed.is_empty());
}

story!(a_bot_that_only_writes_gets_nothing_of_what_others_write);
async fn a_bot_that_only_writes_gets_nothing_of_what_others_write(engine: Engine) {
    let mut ward = Ward::open(engine).await;
    let mut amara = ward.person("amara.osei").await;
    let mut viktor = ward.person("viktor.lindgren").await;
    let mute = scope(|s| s["reads"] = false.into());
    let made = register(&mut viktor, me(&amara), &mute).await;
    let mut bot = open(&mut ward, &made).await;
    let group = bot.start(&[me(&amara)], None, None).await.unwrap();
    amara.sync().await.unwrap();
    say(&mut amara, group, "Her HIV test is back").await;
    bot.sync().await.unwrap();
    assert!(texts(&bot, group).is_empty());
    let ticket = post(&mut bot, "/v1/socket-tickets", &json!({})).await;
    let ticket = reason(ticket);
    assert_eq!(ticket, "bot_reads");
    let log = format!("/v1/groups/{group}/log?after=0");
    let log = bot.raw("GET", &log, None).await.unwrap();
    let log: Value = serde_json::from_slice(&log).unwrap();
    for entry in log["entries"].as_array().unwrap() {
        let withheld = entry["kind"] == "message";
        assert_eq!(entry["body"] == "", withheld, "{entry}");
    }
    // It goes on writing.
    say(&mut bot, group, "K 6.8").await;
    amara.sync().await.unwrap();
    assert_eq!(texts(&amara, group).last().unwrap(), "K 6.8");
}
