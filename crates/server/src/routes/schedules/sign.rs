//! `PUT /v1/schedules/{id}/order`: sign who has a role for a time.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_model::RoleSlug;
use wardline_model::endorsement::Duty;
use wardline_model::turns::{SignedTurn, SignedTurns};
use wardline_model::wire::problem::Problem;
use wardline_model::wire::schedules::TurnsSigned;
use wardline_policy::{Action, Resource};
use wardline_store::Tx;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::{Body, Id};
use crate::gate::change;
use crate::problem::Refusal;
use crate::schedules;

/// Takes a scheduler's signature under the turns of a role as they stand: by it, and not by the
/// server's word, the record keeper lets people into the role's conversations.
#[utoipa::path(
    put, path = "/v1/schedules/{id}/order", tag = "people", request_body = TurnsSigned,
    params(("id" = RoleSlug, Path)),
    responses(
        (status = 200, body = TurnsSigned), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Id(slug): Id<RoleSlug>,
    Body(TurnsSigned { signed }): Body<TurnsSigned>,
) -> Result<Json<TurnsSigned>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::ScheduleManage, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let order = &signed.order;
    change!(permit.kind(SIGNED), |tx, note| {
        note.put("role", slug.as_str())
            .put("from", order.from)
            .put("until", order.until)
            .put("turns", order.turns.len());
        tx.lock_schedules().await?;
        tx.oncall_role(&slug, now_ms)
            .await?
            .ok_or(Refusal::NotFound)?;
        check(tx, &caller, &signed, &slug, now_ms).await?;
        let own = tx.endorsement(caller.device()).await?;
        let duty = own.map(|own| own.signed.endorsement.duty);
        if !matches!(duty, Some(Duty::Schedules | Duty::Endorses)) {
            return Err(Refusal::Denied {
                code: "no_duty".to_owned(),
                advice: vec![
                    "This device was not confirmed for scheduling. Ask an enrolling officer to \
                     confirm a device of yours anew, or have somebody else sign."
                        .to_owned(),
                ],
            });
        }
        let mut stored: Vec<SignedTurn> = tx
            .turns_between(order.from, order.until)
            .await?
            .into_iter()
            .filter(|turn| turn.slug == slug)
            .map(|turn| SignedTurn {
                user_id: turn.user_id,
                from: turn.from_ms,
                until: turn.until_ms,
            })
            .collect();
        let mut said = order.turns.clone();
        stored.sort_by_key(|turn| turn.from);
        said.sort_by_key(|turn| turn.from);
        // What is signed is what everybody sees.
        if stored != said {
            return Err(Refusal::ChangedMeanwhile);
        }
        tx.put_turn_order(&signed, None).await?;
        Ok(())
    })?;
    app.bus.publish(Hint::Roles);
    Ok(Json(TurnsSigned { signed }))
}

/// Whether signed turns are of the device that asks, of now, and about this role.
pub(crate) async fn check(
    tx: &mut Tx,
    caller: &Caller,
    signed: &SignedTurns,
    slug: &RoleSlug,
    now_ms: u64,
) -> Result<(), Refusal> {
    let order = &signed.order;
    let device = tx.device(caller.device()).await?.ok_or(Refusal::NotFound)?;
    let is_of_now = order.issued_at.abs_diff(now_ms) <= MAX_AGE_MS;
    let is_short = order.until.saturating_sub(order.from) <= schedules::LONGEST_MS;
    let is_own = order.signer == caller.device()
        && wardline_credential::verify_turns(signed, &device.mls_key);
    if order.is_sound() && order.role == *slug && is_of_now && is_short && is_own {
        Ok(())
    } else {
        Err(Refusal::InvalidBody {
            field: "signed".to_owned(),
            expected: "turns of this role, signed now by this device, of 400 days at most"
                .to_owned(),
        })
    }
}

const SIGNED: Kind = Kind::named("schedule.signed");
const MAX_AGE_MS: u64 = 10 * 60 * 1000;
