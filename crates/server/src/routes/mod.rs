//! Every route on one page.

pub(crate) mod attachments;
pub(crate) mod bots;
pub(crate) mod canaries;
pub(crate) mod cards;
pub(crate) mod care_teams;
pub(crate) mod credentials;
pub(crate) mod critical;
pub(crate) mod devices;
pub(crate) mod ehr;
pub(crate) mod enroll;
pub(crate) mod escalations;
pub(crate) mod factors;
pub(crate) mod fhir;
pub(crate) mod fleet;
pub(crate) mod glass;
pub(crate) mod groups;
pub(crate) mod hl7;
pub(crate) mod hospital;
pub(crate) mod inbox;
pub(crate) mod integrations;
pub(crate) mod interruptions;
pub(crate) mod invites;
pub(crate) mod keeper;
pub(crate) mod key_packages;
pub(crate) mod log;
pub(crate) mod looks;
pub(crate) mod me;
pub(crate) mod notes;
pub(crate) mod ops;
pub(crate) mod pager;
pub(crate) mod patients;
pub(crate) mod people;
pub(crate) mod pki;
pub(crate) mod policies;
pub(crate) mod programs;
pub(crate) mod push;
pub(crate) mod records;
pub(crate) mod recoveries;
pub(crate) mod risk;
pub(crate) mod roles;
pub(crate) mod schedules;
pub(crate) mod sessions;
pub(crate) mod signals;
pub(crate) mod socket;
pub(crate) mod swaps;
pub(crate) mod teams;
pub(crate) mod tokens;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::response::IntoResponse;
use axum::{Extension, Router, middleware, routing};
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa::openapi::{OpenApi as Document, RefOr};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::extract::Largest;
use crate::problem::Refusal;
use crate::{pipeline, web};

/// What stands above the operations in the description.
#[derive(OpenApi)]
#[openapi(
    paths(log::tile::handler),
    info(
        title = "Wardline",
        description = "Every request but the public ones carries a proof of the device key (DPoP, \
        RFC 9449) with the nonce of the last `DPoP-Nonce` header, and an access token bound to \
        that key. Errors are RFC 9457 problem documents with a stable `type`. Times are unix \
        milliseconds, bytes base64url without padding.",
    )
)]
struct Head;

/// All operations with their description.
fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Head::openapi())
        .routes(routes!(hospital::read::handler))
        .routes(routes!(invites::create::handler))
        .routes(routes!(invites::withdraw::handler))
        .routes(routes!(recoveries::list::handler, recoveries::ask::handler))
        .routes(routes!(recoveries::approve::handler))
        .routes(routes!(recoveries::withdraw::handler))
        .routes(routes!(enroll::start::handler))
        .routes(routes!(enroll::finish::handler))
        .routes(routes!(enroll::poll::handler))
        .routes(routes!(sessions::challenge::handler))
        .routes(routes!(
            sessions::create::handler,
            sessions::list::handler,
            sessions::end_all::handler
        ))
        .routes(routes!(sessions::step_up_challenge::handler))
        .routes(routes!(sessions::step_up::handler))
        .routes(routes!(sessions::step_up_code::handler))
        .routes(routes!(sessions::step_up_card::handler))
        .routes(routes!(cards::list::handler, cards::add::handler))
        .routes(routes!(cards::challenge::handler))
        .routes(routes!(cards::rename::handler, cards::remove::handler))
        .routes(routes!(risk::overview::handler))
        .routes(routes!(risk::own::handler))
        .routes(routes!(risk::report::handler))
        .routes(routes!(risk::answer::handler))
        .routes(routes!(factors::list::handler, factors::add::handler))
        .routes(routes!(factors::missing::handler))
        .routes(routes!(factors::rename::handler, factors::remove::handler))
        .routes(routes!(factors::confirm::handler))
        .routes(routes!(factors::resync::handler))
        .routes(routes!(tokens::list::handler))
        .routes(routes!(tokens::assign::handler))
        .routes(routes!(sessions::end::handler))
        .routes(routes!(devices::list::handler))
        .routes(routes!(devices::endorse::handler))
        .routes(routes!(devices::bulk::handler))
        .routes(routes!(devices::export::handler))
        .routes(routes!(devices::read::handler))
        .routes(routes!(devices::revoke::handler))
        .routes(routes!(devices::lost::handler))
        .routes(routes!(devices::serial::handler))
        .routes(routes!(devices::report::handler))
        .routes(routes!(devices::attest_challenge::handler))
        .routes(routes!(devices::attest::handler))
        .routes(routes!(devices::renew::handler))
        .routes(routes!(devices::wiped::handler))
        .routes(routes!(programs::list::handler))
        .routes(routes!(programs::change::handler))
        .routes(routes!(programs::dry_run::handler))
        .routes(routes!(programs::compare::handler))
        .routes(routes!(programs::export::handler))
        .routes(routes!(policies::list::handler, policies::draft::handler))
        .routes(routes!(policies::check::handler))
        .routes(routes!(policies::replay::handler))
        .routes(routes!(policies::who_can::handler))
        .routes(routes!(
            policies::read::handler,
            policies::withdraw::handler
        ))
        .routes(routes!(policies::approve::handler))
        .routes(routes!(fleet::read::handler))
        .merge(files())
        .routes(routes!(fleet::trust::handler))
        .routes(routes!(signals::receive::handler))
        .routes(routes!(pki::crl::handler))
        .routes(routes!(ehr::jwks::handler))
        .routes(routes!(credentials::read::handler))
        .routes(routes!(me::read::handler))
        .routes(routes!(
            me::allow_position::handler,
            me::forbid_position::handler
        ))
        .routes(routes!(me::availability::handler))
        .routes(routes!(me::quiet::handler, me::quiet::choose))
        .routes(routes!(me::stat_use::handler))
        .routes(routes!(interruptions::read::handler))
        .routes(routes!(
            push::read::handler,
            push::subscribe::handler,
            push::unsubscribe::handler
        ))
        .routes(routes!(push::receipt::handler))
        .routes(routes!(push::test::handler))
        .routes(routes!(integrations::read::handler))
        .routes(routes!(hl7::list::handler))
        .routes(routes!(hl7::replay::handler))
        .routes(routes!(hl7::dismiss::handler))
        .routes(routes!(critical::list::handler))
        .routes(routes!(critical::posted::handler))
        .routes(routes!(bots::register::handler))
        .routes(routes!(bots::change::handler))
        .routes(routes!(bots::disable::handler))
        .routes(routes!(pager::numbers::handler))
        .routes(routes!(pager::test::handler))
        .routes(routes!(people::search::handler))
        .routes(routes!(people::reachability::handler))
        .routes(routes!(people::reachable::handler))
        .routes(routes!(roles::list::handler))
        .routes(routes!(schedules::read::handler))
        .routes(routes!(schedules::edit::handler))
        .routes(routes!(schedules::sign::handler))
        .routes(routes!(teams::list::handler, teams::define::create))
        .routes(routes!(teams::define::change, teams::remove::handler))
        .routes(routes!(teams::call::handler))
        .routes(routes!(patients::team::handler))
        .routes(routes!(swaps::ask::handler))
        .routes(routes!(swaps::agree::handler))
        .routes(routes!(swaps::decline::handler))
        .routes(routes!(swaps::withdraw::handler))
        .routes(routes!(patients::search::handler))
        .routes(routes!(patients::read::handler))
        .routes(routes!(patients::explanation::handler))
        .routes(routes!(patients::break_glass::handler))
        .routes(routes!(glass::list::handler))
        .routes(routes!(glass::own::handler))
        .routes(routes!(glass::read::handler))
        .routes(routes!(glass::end::handler))
        .routes(routes!(glass::review::handler))
        .routes(routes!(canaries::list::handler, canaries::make::handler))
        .routes(routes!(canaries::retire::handler))
        .routes(routes!(looks::list::handler))
        .routes(routes!(looks::read::handler))
        .routes(routes!(looks::review::handler))
        .routes(routes!(notes::list::handler))
        .routes(routes!(notes::read::handler))
        .routes(routes!(key_packages::upload::handler))
        .routes(routes!(key_packages::count::handler))
        .routes(routes!(key_packages::claim::handler))
        .routes(routes!(keeper::devices::handler))
        .routes(routes!(keeper::turns::handler))
        .routes(routes!(keeper::statements::left))
        .routes(routes!(keeper::statements::taken))
        .routes(routes!(keeper::results::handler))
        .routes(routes!(records::list::handler))
        .routes(routes!(records::hand_in::handler))
        .routes(routes!(patients::chart::handler))
        .routes(routes!(patients::chart_entry::handler))
        .merge(records_as_fhir())
        .merge(commits())
        .routes(routes!(groups::info::handler))
        .routes(routes!(groups::send::handler))
        .routes(routes!(groups::forward::handler))
        .routes(routes!(groups::log::handler))
        .routes(routes!(groups::receipt::handler))
        .routes(routes!(attachments::create::handler))
        .routes(routes!(
            attachments::read::handler,
            attachments::delete::handler
        ))
        .routes(routes!(
            attachments::chunk::handler,
            attachments::put_chunk::handler
        ))
        .routes(routes!(escalations::list::handler))
        .routes(routes!(escalations::acknowledge::handler))
        .routes(routes!(escalations::decline::handler))
        .routes(routes!(escalations::withdraw::handler))
        .routes(routes!(escalations::unneeded::handler))
        .routes(routes!(inbox::read::handler))
        .routes(routes!(socket::ticket::handler))
        .routes(routes!(socket::open::handler))
        .routes(routes!(log::consistency::handler))
        .routes(routes!(log::checkpoint::handler))
        .routes(routes!(ops::health::handler))
        .routes(routes!(ops::ready::handler))
        .routes(routes!(ops::metrics::handler))
}

/// Operations that take whole files.
fn files() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(fleet::import::handler))
        .routes(routes!(fleet::register::handler))
        .routes(routes!(tokens::import::handler))
        .routes(routes!(schedules::import::handler))
        .routes(routes!(care_teams::import::handler))
        .layer(DefaultBodyLimit::max(LARGEST_FILE))
        .layer(Extension(Largest(LARGEST_FILE)))
}

/// The FHIR façade: its problems are OperationOutcomes.
fn records_as_fhir() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(fhir::metadata::handler))
        .routes(routes!(fhir::read::handler))
        .routes(routes!(fhir::read::version))
        .routes(routes!(fhir::search::by_address))
        .routes(routes!(fhir::search::by_form))
        .layer(middleware::from_fn(fhir::outcomes))
}

/// Operations that bring commits: one that adds hundreds of people has a key package of each.
fn commits() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(groups::create::handler, groups::list::handler))
        .routes(routes!(groups::commit::handler))
        .layer(DefaultBodyLimit::max(LARGEST_COMMIT))
        .layer(Extension(Largest(LARGEST_COMMIT)))
}

/// The description of the API (OpenAPI 3.1), as served at `/openapi.json`.
pub fn openapi() -> Document {
    finished(operations().into_openapi())
}

/// Adds what holds for every operation: an id made from method and path, and the media type of
/// problems.
fn finished(mut document: Document) -> Document {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let words = path
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|word| !word.is_empty() && *word != "v1");
            let name: Vec<&str> = std::iter::once(method).chain(words).collect();
            operation.operation_id = Some(name.join("_"));
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else {
                    continue;
                };
                if status.as_str() >= "400"
                    && let Some(content) = response.content.shift_remove("application/json")
                {
                    let problem = "application/problem+json".to_owned();
                    response.content.insert(problem, content);
                }
            }
        }
    }
    document
}

/// The whole server as a router.
pub(crate) fn router(app: &App) -> Router {
    let (router, document) = operations().split_for_parts();
    let document: Arc<str> = finished(document).to_json().unwrap_or_default().into();
    let described = routing::get(move || {
        let document = Arc::clone(&document);
        async move {
            (
                [(header::CONTENT_TYPE, "application/json")],
                document.to_string(),
            )
        }
    });
    // API answers are not compressed: secrets and what a person typed would share a compression
    // context (BREACH). Static files are.
    let app_files = Router::new()
        .route("/openapi.json", described)
        .fallback(web::serve)
        .layer(CompressionLayer::new());
    router
        // The tile's path has slashes in it, which OpenAPI cannot say, so it is added by hand.
        .route("/log/tile/{*path}", routing::get(log::tile::handler))
        .merge(app_files)
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed.into_response() })
        .layer(DefaultBodyLimit::max(app.config.server.max_body_bytes))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            pipeline::around,
        ))
        .with_state(app.clone())
}

/// Five hundred people with two devices each, at some 8 KiB a device in the hybrid suite: its key package,
/// its part of the Welcome and of the tree.
const LARGEST_COMMIT: usize = 12 << 20;
/// A file of 8 MiB, of which JSON may write every other byte as two.
const LARGEST_FILE: usize = 16 << 20;
