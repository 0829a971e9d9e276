//! `POST /v1/factors`: an authenticator app of one's own is to make codes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wardline_audit::event::Kind;
use wardline_factors::Generator;
use wardline_model::FactorId;
use wardline_model::wire::factors::{FactorBegun, NewFactor as Request};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::NewFactor;
use zeroize::Zeroizing;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;
use crate::rim::random;

/// Makes a secret and tells it once. It opens nothing before its first code was right; one that was
/// begun before and never confirmed is forgotten.
#[utoipa::path(
    post, path = "/v1/factors", tag = "factors", request_body = Request,
    responses(
        (status = 201, body = FactorBegun), (status = 401, body = Problem),
        (status = 409, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<Request>,
) -> Result<(StatusCode, Json<FactorBegun>), Refusal> {
    let user = caller.user();
    let resource = Resource::Factors { owner: user };
    let permit = app
        .decide(caller.asker(), Action::FactorAdd, resource)
        .await?;
    let now_ms = permit.now_ms();
    let name = super::name(&request.name)?;
    // 160 bits, as RFC 4226 §4 recommends.
    let secret = Zeroizing::new(random::<20>());
    let id = FactorId::from_random(random());
    let new = NewFactor {
        factor_id: id,
        user_id: Some(user),
        generator: serde_json::to_string(&Generator::APP).map_err(Refusal::internal)?,
        name: name.to_owned(),
        serial: None,
        maker: String::new(),
        model: String::new(),
        next: 0,
    };
    let (uri, typed) = Generator::APP
        .told(
            secret.as_slice(),
            &app.config.hospital.name,
            &caller.principal().username,
        )
        .map_err(Refusal::internal)?;
    change!(permit.kind(BEGUN), |tx, note| {
        // Of two who begin at once one waits, so that both are counted.
        tx.lock_devices(&[caller.device()]).await?;
        let factors = tx.factors_of(user).await?;
        for begun in factors.iter().filter(|factor| !super::counts(factor)) {
            tx.remove_factor(begun.factor_id).await?;
        }
        if factors
            .iter()
            .filter(|factor| super::counts(factor))
            .count()
            >= MOST
        {
            return Err(Refusal::TooManyFactors);
        }
        tx.create_factor(&new, secret.as_slice(), now_ms).await?;
        note.put("factor", id.to_string());
        Ok(())
    })?;
    let begun = FactorBegun {
        factor_id: id,
        uri: uri.to_string(),
        secret: typed.to_string(),
    };
    Ok((StatusCode::CREATED, Json(begun)))
}

/// More generators than that are nobody's need.
const MOST: usize = 8;
const BEGUN: Kind = Kind::named("factor.begun");
