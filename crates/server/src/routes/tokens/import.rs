//! `POST /v1/tokens/import`: the seeds of token cards that the hospital bought.

use axum::Json;
use axum::extract::State;
use wardline_audit::event::Kind;
use wardline_factors::pskc::{self, Unlock};
use wardline_factors::{Seed, seeds};
use wardline_model::FactorId;
use wardline_model::wire::factors::{TokenFormat, TokenImport, TokensImported};
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

/// Takes a list of cards, whole or not at all. Cards that are known stay as they are: their count has
/// gone on since.
#[utoipa::path(
    post, path = "/v1/tokens/import", tag = "factors", request_body = TokenImport,
    responses(
        (status = 200, body = TokensImported), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<TokenImport>,
) -> Result<Json<TokensImported>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::TokenManage, Resource::Hospital)
        .await?;
    let now_ms = permit.now_ms();
    let text = Zeroizing::new(request.text);
    let unlock = unlock(request.key, request.passphrase)?;
    let format = request.format;
    // A passphrase takes a million hashes: not on a thread that serves others.
    let seeds = tokio::task::spawn_blocking(move || match format {
        TokenFormat::Csv => seeds::read_csv(&text),
        TokenFormat::Pskc => pskc::read(&text, &unlock, now_ms / 1000),
    })
    .await
    .map_err(Refusal::internal)?
    .map_err(|error| Refusal::ImportRefused(vec![format!("{error}.")]))?;
    let cards = seeds.iter().map(card).collect::<Result<Vec<_>, _>>()?;
    let taken = change!(permit.kind(IMPORTED), |tx, note| {
        let mut taken = 0;
        for (card, seed) in cards.iter().zip(&seeds) {
            taken += u64::from(tx.create_factor(card, &seed.secret, now_ms).await?);
        }
        note.put("cards", cards.len()).put("taken", taken);
        Ok(taken)
    })?;
    Ok(Json(TokensImported {
        taken,
        known: cards.len() as u64 - taken,
    }))
}

fn card(seed: &Seed) -> Result<NewFactor, Refusal> {
    Ok(NewFactor {
        factor_id: FactorId::from_random(random()),
        user_id: None,
        generator: serde_json::to_string(&seed.generator).map_err(Refusal::internal)?,
        name: String::new(),
        serial: Some(seed.serial.clone()),
        maker: seed.maker.clone(),
        model: seed.model.clone(),
        next: seed.next,
    })
}

/// What opens a container: a key, hexadecimal, or a passphrase, or nothing.
fn unlock(key: Option<String>, passphrase: Option<String>) -> Result<Unlock, Refusal> {
    let fault = |field: &str, expected: &str| Refusal::InvalidBody {
        field: field.to_owned(),
        expected: expected.to_owned(),
    };
    match (key.map(Zeroizing::new), passphrase.map(Zeroizing::new)) {
        (None, None) => Ok(Unlock::Plain),
        (None, Some(passphrase)) => Ok(Unlock::Passphrase(passphrase)),
        (Some(key), None) => hex::decode(key.trim())
            .map(|key| Unlock::Key(Zeroizing::new(key)))
            .map_err(|_| fault("key", "hexadecimal digits")),
        (Some(_), Some(_)) => Err(fault("passphrase", "nothing beside a key")),
    }
}

const IMPORTED: Kind = Kind::named("token.imported");
