//! Canaries: synthetic charts that nobody has a reason to open. One file for each operation.

pub(crate) mod list;
pub(crate) mod make;
pub(crate) mod retire;

use wardline_model::wire::looks::CanaryInfo;
use wardline_store::{Canary, CanaryLooks, Tx};

use crate::canaries::Said;
use crate::problem::Refusal;
use crate::shape;

/// A canary as answers show it.
async fn info(tx: &mut Tx, canary: &Canary, looks: &[CanaryLooks]) -> Result<CanaryInfo, Refusal> {
    let said: Said = serde_json::from_slice(&canary.said).map_err(Refusal::internal)?;
    let by = tx.person(canary.made_by).await?.ok_or(Refusal::NotFound)?;
    let looks = looks.iter().find(|it| it.canary_id == canary.canary_id);
    Ok(CanaryInfo {
        id: canary.canary_id,
        patient_id: said.patient,
        name: said.name,
        mrn: said.mrn,
        ward: said.ward,
        made: canary.made,
        made_by: shape::brief(by),
        made_at: canary.made_at,
        retired_at: canary.retired_at,
        looks: looks.map_or(0, |it| it.looks),
        looked_at: looks.map(|it| it.looked_at),
    })
}
