//! Retention, legal holds and exports: what officers and custodians hand in for the record keeper, and
//! what it says came of it. The server carries it; who signed it is what counts.

use super::enroll::PersonBrief;
use super::wire;
use crate::B64;
use crate::statement::SignedStatement;

/// `POST /v1/records/statements`: an order, an agreement or a custodian's key, signed by the device that
/// asks. Reasons are words about cases of people: it has no `Debug`.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandIn {
    /// What is handed in.
    pub signed: SignedStatement,
}

/// A statement that was handed in.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordsOrder {
    /// The statement.
    pub signed: SignedStatement,
    /// Its hash, by which agreements and outcomes name it.
    pub hash: B64,
    /// Who handed it in.
    pub by: PersonBrief,
    /// When, unix milliseconds.
    pub at: u64,
    /// When the record keeper took it, unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<u64>,
    /// Where it stands.
    pub state: OrderState,
    /// What came of it, signed by the record keeper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<SignedStatement>,
    /// Of a hold: what ended it, signed by the record keeper. Who ordered that may have done so by a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<SignedStatement>,
    /// Who agreed to it.
    #[serde(default)]
    pub agreements: Vec<Agreement>,
}

/// That somebody agreed to an order.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agreement {
    /// The statement; a custodian's share in it is sealed for the record keeper.
    pub signed: SignedStatement,
    /// Who.
    pub by: PersonBrief,
}

wire! {
    /// Where an order stands.
    #[derive(Default)]
    pub enum OrderState {
        /// The record keeper has not said what came of it.
        #[default]
        Waiting,
        /// A hold that is in force.
        Held,
        /// A hold that is over.
        Ended,
        /// It was carried out.
        Done,
        /// It counts for nothing.
        Refused,
    }
}

/// A custodian, as the record keeper's host names them.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustodianInfo {
    /// Who.
    pub user: PersonBrief,
    /// Whether a key of theirs was handed in.
    pub key: bool,
    /// Whether the record keeper has sealed a share for them.
    pub share: bool,
}

/// `GET /v1/records`.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordsList {
    /// What the record keeper goes by, signed by it; absent until it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force: Option<SignedStatement>,
    /// Whose devices order, as the record keeper says, by name.
    pub officers: Vec<PersonBrief>,
    /// Who has to agree before anything is read, by name.
    pub custodians: Vec<CustodianInfo>,
    /// Orders: those that wait and holds in force, the oldest first, and then the newest hundred that are
    /// settled. Whoever is a custodian and no officer sees exports and releases only.
    pub orders: Vec<RecordsOrder>,
    /// Records of destruction, signed by the record keeper: the newest hundred.
    pub destroyed: Vec<SignedStatement>,
    /// How many there are.
    pub destroyed_count: u64,
    /// The share that the record keeper sealed for who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<SignedStatement>,
}

/// `GET /v1/keeper/statements`, for the record keeper.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatementsLeft {
    /// What it has not taken yet, the oldest first, a hundred at most. Each is to be verified.
    pub statements: Vec<SignedStatement>,
}

wire! {
    /// `POST /v1/keeper/statements/taken`.
    pub struct StatementsTaken {
        /// The hashes of what the record keeper has made durable; a hundred at most.
        pub hashes: Vec<B64>,
    }
}

/// `POST /v1/keeper/results`: something that the record keeper signed.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordsResult {
    /// An outcome, a record of destruction, a custodian's share, or what is in force.
    pub signed: SignedStatement,
}
