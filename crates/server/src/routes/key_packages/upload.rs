//! `POST /v1/key-packages`: a device hands in key packages, so that it can be added.

use axum::Json;
use axum::extract::State;
use sha2::{Digest, Sha256};
use wardline_audit::event::Kind;
use wardline_bus::Hint;
use wardline_credential::DeviceKey;
use wardline_model::B64;
use wardline_model::wire::keys::{KeyPackageCount, KeyPackageUpload};
use wardline_model::wire::problem::Problem;
use wardline_policy::{Action, Resource};
use wardline_store::NewKeyPackage;

use crate::app::App;
use crate::caller::Caller;
use crate::extract::Body;
use crate::gate::change;
use crate::problem::Refusal;

/// Keeps key packages of the device that asks: valid ones, with its own certificate and key.
#[utoipa::path(
    post, path = "/v1/key-packages", tag = "key packages", request_body = KeyPackageUpload,
    responses((status = 200, body = KeyPackageCount), (status = 422, body = Problem)),
)]
pub(crate) async fn handler(
    State(app): State<App>,
    caller: Caller,
    Body(upload): Body<KeyPackageUpload>,
) -> Result<Json<KeyPackageCount>, Refusal> {
    let resource = Resource::KeyPackages {
        device: Some(caller.device()),
    };
    let permit = app
        .decide(caller.asker(), Action::KeyPackageUpload, resource)
        .await?;
    let now_ms = permit.now_ms();
    if upload.packages.len() > MAX_PACKAGES {
        return Err(Refusal::InvalidBody {
            field: "packages".to_owned(),
            expected: format!("at most {MAX_PACKAGES} key packages"),
        });
    }
    let device = app
        .facts()
        .await?
        .device(caller.device())
        .await?
        .ok_or(Refusal::WrongDevice)?;
    let single = upload.packages.iter().map(|package| (package, false));
    let last = upload.last_resort.iter().map(|package| (package, true));
    let new = single
        .chain(last)
        .map(|(package, last_resort)| {
            checked(&app, &caller, &device.mls_key, package, last_resort, now_ms)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let (first, (available, last_resort)) = change!(permit.kind(UPLOADED), |tx, note| {
        let first = tx.count_key_packages(caller.device()).await? == (0, false);
        tx.put_key_packages(caller.device(), &new, now_ms).await?;
        note.put("packages", new.len());
        let count = tx.count_key_packages(caller.device()).await?;
        if count.0 > MAX_KEPT {
            return Err(Refusal::InvalidBody {
                field: "packages".to_owned(),
                expected: format!("no more than {MAX_KEPT} key packages kept"),
            });
        }
        Ok((first, count))
    })?;
    if first {
        // Only now can it be brought into its person's conversations.
        app.bus.publish(Hint::DeviceChanged {
            device: caller.device(),
        });
    }
    Ok(Json(KeyPackageCount {
        available,
        last_resort,
    }))
}

fn checked(
    app: &App,
    caller: &Caller,
    mls_key: &[u8; 32],
    package: &B64,
    last_resort: bool,
    now_ms: u64,
) -> Result<NewKeyPackage, Refusal> {
    let refused = |why: &str| Refusal::MlsRefused(why.to_owned());
    let info = wardline_delivery::key_package(package.as_ref(), &app.device_ca, now_ms)
        .map_err(|error| Refusal::MlsRefused(error.to_string()))?;
    let certificate = &info.certificate;
    if certificate.device != caller.device()
        || certificate.user != caller.user()
        || certificate.key != DeviceKey::Ed25519(*mls_key)
    {
        return Err(refused("a key package is another device's"));
    }
    if info.last_resort != last_resort {
        return Err(refused(
            "a last-resort key package must say so, and no other may",
        ));
    }
    Ok(NewKeyPackage {
        package_ref: Sha256::digest(package.as_ref()).to_vec(),
        ciphersuite: info.ciphersuite,
        last_resort,
        package: package.0.clone(),
    })
}

const MAX_PACKAGES: usize = 200;
const MAX_KEPT: u64 = 1000;
const UPLOADED: Kind = Kind::named("key_packages.uploaded");
