//! `POST /v1/bots`: an officer registers a bot.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_model::UserId;
use wardline_model::wire::integrations::{BotRegister, BotRegistered};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::programs::Path;
use wardline_policy::{Action, BOT, Program, Resource};
use wardline_store::{NewBot, NewPerson};

use super::{checked, infos};
use crate::app::App;
use crate::caller::Caller;
use crate::codes::{self, Invitation};
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;
use crate::routes::invites;

/// Makes an account for a program, for which a person answers, and invites its device. The device waits
/// for an enrolling officer, whose endorsement says that it is a program's.
#[utoipa::path(
    post, path = "/v1/bots", tag = "integrations", request_body = BotRegister,
    responses(
        (status = 201, body = BotRegistered), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<BotRegister>,
) -> Result<(StatusCode, Json<BotRegistered>), Refusal> {
    let permit = app
        .decide(
            caller.asker(),
            Action::IntegrationManage,
            Resource::Hospital,
        )
        .await?;
    let now_ms = permit.now_ms();
    let fault = |field: &str, expected: &str| Refusal::InvalidBody {
        field: field.to_owned(),
        expected: expected.to_owned(),
    };
    let program: Program = request
        .program
        .parse()
        .map_err(|_| fault("program", "`workstation`, or another program for devices"))?;
    if invites::path(&app, program).await? == Path::Registered {
        return Err(fault("program", "one that hands out no registered devices"));
    }
    let scope = checked(&request.scope, request.per_minute)?;
    let noted = serde_json::to_value(&request.scope).map_err(Refusal::internal)?;
    let (username, name) = (request.username.trim(), request.name.trim());
    if !is_username(username) {
        return Err(fault(
            "username",
            "2 to 64 small letters, digits, dots, dashes and underscores",
        ));
    }
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(fault("name", "1 to 80 characters"));
    }
    let id = UserId::from_random(random());
    let (bot, made) = change!(permit.kind(REGISTERED), |tx, note| {
        note.put("bot", id.to_string())
            .put("owner", request.owner.to_string())
            .put("program", program.as_str())
            .put("per_minute", request.per_minute)
            .put("scope", noted.clone());
        let owner = tx.person(request.owner).await?;
        let owner = owner
            .filter(|owner| owner.active)
            .ok_or(Refusal::NotFound)?;
        if tx.bot(owner.user_id).await?.is_some() {
            return Err(fault("owner", "a person"));
        }
        if tx.person_by_username(username).await?.is_some() {
            return Err(fault("username", "one that nobody has"));
        }
        let person = NewPerson {
            user_id: id,
            username: username.to_owned(),
            name: name.to_owned(),
            role_title: TITLE.to_owned(),
            department: owner.department,
            facility_id: owner.facility_id,
            active: true,
            onboarded: true,
            roles: vec![BOT.to_owned()],
        };
        tx.put_person(&person, now_ms).await?;
        let new = NewBot {
            user_id: id,
            owner: owner.user_id,
            scope: scope.clone(),
            per_minute: request.per_minute,
            created_by: caller.user(),
        };
        tx.create_bot(&new, now_ms).await?;
        let invitation = Invitation {
            user: id,
            program,
            genesis: false,
            confirmed: false,
            invited_by: Some(caller.user()),
            serial: None,
        };
        let terms = codes::Terms::of(&app.config);
        let made = codes::invite(tx, &app.keys.index, &invitation, &terms, now_ms).await?;
        note.put("invite", made.id.to_string());
        let found = tx.bot(id).await?;
        let bot = infos(tx, found.into_iter().collect()).await?.pop();
        Ok((bot.ok_or(Refusal::NotFound)?, made))
    })?;
    let genesis = app.facts().await?.genesis().await?;
    Ok((
        StatusCode::CREATED,
        Json(BotRegistered {
            bot,
            invite: made.into_wire(&app, genesis.as_ref()),
        }),
    ))
}

fn is_username(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b))
}

const REGISTERED: Kind = Kind::named("bot.registered");
/// What people read beside its name.
const TITLE: &str = "Bot";
