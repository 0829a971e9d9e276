//! `GET /v1/programs/{slug}/export`: what a device manager loads for a program's devices.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_programs::provision::{self, Site};

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Params;
use crate::fleet::Rulebook;
use crate::problem::Refusal;

/// In which form.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// `mobileconfig`, `android` or `qr`.
    format: Format,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// A configuration profile for iPhones and iPads.
    Mobileconfig,
    /// Web app and browser settings for an Android EMM, JSON.
    Android,
    /// The extras of an Android EMM's QR code, JSON.
    Qr,
}

/// A file for a device manager.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Exported {
    /// A name for it.
    file: String,
    /// Its text.
    text: String,
}

/// The file, made for this hospital's address and name.
#[utoipa::path(
    get, path = "/v1/programs/{slug}/export", tag = "programs",
    params(("slug" = String, Path), Which),
    responses(
        (status = 200, body = Exported), (status = 403, body = Problem),
        (status = 422, body = Problem),
    ),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Path(slug): Path<String>,
    Params(which): Params<Which>,
) -> Result<Json<Exported>, Refusal> {
    let permit = app
        .decide(caller.asker(), Action::DeviceListAll, Resource::Hospital)
        .await?;
    let mut facts = app.facts().await?;
    let rules = Rulebook::load(&app, &mut facts).await?;
    drop(facts);
    let terms = &rules.program(&slug).ok_or(Refusal::NotFound)?.terms;
    let refused = |error: provision::ProvisionError| Refusal::TermsRefused(error.to_string());
    let url = app.secure_url.as_deref().unwrap_or_default();
    let mut site = Site::new(&app.config.hospital.name, url).map_err(refused)?;
    if app.config.tls.certificate.as_os_str().is_empty() {
        // The certificate is of the built-in authority, which no phone knows.
        site = site
            .with_authorities(app.keys.tls_ca.pem().as_bytes())
            .map_err(refused)?;
    }
    let (file, text) = match which.format {
        Format::Mobileconfig => {
            let profile = provision::apple(&site, terms).map_err(refused)?;
            let text = String::from_utf8(profile).map_err(Refusal::internal)?;
            (format!("wardline-{slug}.mobileconfig"), text)
        }
        Format::Android => {
            let settings = provision::android(&site, terms).map_err(refused)?;
            (
                format!("wardline-{slug}-android.json"),
                settings.to_string(),
            )
        }
        Format::Qr => {
            let extras = provision::qr(&site, terms, None).map_err(refused)?;
            (format!("wardline-{slug}-qr.json"), extras.to_string())
        }
    };
    permit.record().await?;
    Ok(Json(Exported { file, text }))
}
