//! `POST /v1/credentials`: what a member needs in order to accept devices.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use wardline_model::B64;
use wardline_model::wire::devices::{
    CredentialsAnswer, CredentialsRequest, DeviceCredential, LoggedEndorsement,
};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::{Device, StoredEndorsement, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::problem::Refusal;
use crate::shape;

/// Certificates and endorsement chains of devices, each link with its proof of inclusion in the
/// log. A device whose endorsement is not sequenced yet is left out; ask again in a second.
#[utoipa::path(
    post, path = "/v1/credentials", tag = "devices", request_body = CredentialsRequest,
    responses((status = 200, body = CredentialsAnswer), (status = 403, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<CredentialsRequest>,
) -> Result<Json<CredentialsAnswer>, Refusal> {
    if request.device_ids.len() > MAX_DEVICES {
        return Err(Refusal::InvalidBody {
            field: "device_ids".to_owned(),
            expected: format!("at most {MAX_DEVICES} devices"),
        });
    }
    let permit = app
        .decide(caller.asker(), Action::CredentialRead, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    // Chains share their upper links; each is proven once.
    let mut proven: HashMap<_, LoggedEndorsement> = HashMap::new();
    let mut credentials = Vec::with_capacity(request.device_ids.len());
    for device in facts.devices(&request.device_ids).await? {
        let links = facts.endorsement_chain(device.device_id).await?;
        for link in &links {
            let id = link.signed.endorsement.device_id;
            if !proven.contains_key(&id)
                && let Some(logged) = logged(&mut facts, link).await?
            {
                proven.insert(id, logged);
            }
        }
        let chain: Vec<LoggedEndorsement> = links
            .iter()
            .filter_map(|link| proven.get(&link.signed.endorsement.device_id).cloned())
            .collect();
        if chain.len() == links.len()
            && !chain.is_empty()
            && let Some(credential) = credential(&app, &mut facts, device, chain).await?
        {
            credentials.push(credential);
        }
    }
    drop(facts);
    let mut note = permit.note();
    note.put("devices", request.device_ids.len())
        .put("answered", credentials.len());
    permit.record_with(note).await?;
    Ok(Json(CredentialsAnswer { credentials }))
}

async fn credential(
    app: &App,
    facts: &mut Tx,
    device: Device,
    chain: Vec<LoggedEndorsement>,
) -> Result<Option<DeviceCredential>, Refusal> {
    let Some(certificates) = shape::certificates(app, &device) else {
        return Ok(None);
    };
    let owner = facts
        .person(device.user_id)
        .await?
        .ok_or(Refusal::NotFound)?;
    Ok(Some(DeviceCredential {
        device_id: device.device_id,
        user: shape::brief(owner),
        certificates,
        chain,
        revoked: !device.state.is_in_use(),
    }))
}

async fn logged(
    facts: &mut Tx,
    link: &StoredEndorsement,
) -> Result<Option<LoggedEndorsement>, Refusal> {
    let Some(disclosure) = facts.disclosure(&link.event).await? else {
        return Ok(None);
    };
    Ok(Some(LoggedEndorsement {
        signed: link.signed.clone(),
        event: B64(disclosure.payload.canonical().map_err(Refusal::internal)?),
        salt: B64::from(disclosure.salt.0),
        index: disclosure.index,
        path: disclosure
            .path
            .iter()
            .map(|hash| B64::from(hash.0))
            .collect(),
        checkpoint: disclosure.checkpoint,
    }))
}

const MAX_DEVICES: usize = 200;
