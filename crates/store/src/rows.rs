//! One SQL text and one row struct for both engines.
//!
//! [`row!`] declares a struct and reads it from a row of either engine. [`execute!`],
//! [`fetch_all!`], [`fetch_optional!`] and [`fetch_one!`] run the same `$1` statement on whichever
//! engine the transaction is on. [`Bind`] and [`Field`] say how our types become the five portable
//! column types (bytes, 64-bit integer, text, and their NULLs).

use std::error::Error;

use sqlx::{ColumnIndex, Decode, Row, Type};
use wardline_audit::Hash;
use wardline_audit::event::NodeName;
use wardline_model::endorsement::Duty;
use wardline_model::wire::enroll::{DeviceState, Platform};
use wardline_model::wire::groups::GroupKind;
use wardline_model::wire::messages::{EntryKind, Priority};
use wardline_model::wire::posture::{FactName, Provenance};
use wardline_model::wire::teams::TeamKind;
use wardline_model::{
    AttachmentId, CallId, CanaryId, CardId, ChallengeId, CriticalId, DeviceId, EnrollmentId,
    FacilityId, FactorId, GlassId, GroupId, InviteId, LookId, MessageId, RecoveryId, RoleSlug,
    SessionId, SwapId, TeamId, UserId,
};
use wardline_seal::Token;

use crate::ties::Bond;

/// A value read from a column.
pub(crate) trait Field: Sized {
    /// What the engines give: `i64`, `String`, `Vec<u8>`, or an `Option` of one.
    type Raw;

    /// The value; an error when the column holds what this program does not write.
    fn read(raw: Self::Raw) -> Result<Self, BadColumn>;
}

/// A value bound to a statement.
pub(crate) trait Bind {
    /// What the engines take: `i64`, `String`, `Vec<u8>`, or an `Option` of one.
    type Raw;

    /// The portable form.
    fn raw(&self) -> Self::Raw;
}

/// A column that holds something unexpected.
#[derive(Debug)]
pub(crate) struct BadColumn;

impl std::fmt::Display for BadColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a value that this program writes")
    }
}

impl Error for BadColumn {}

/// Reads one column by name.
pub(crate) fn column<'r, R, T>(row: &'r R, name: &'static str) -> Result<T, sqlx::Error>
where
    R: Row,
    T: Field,
    T::Raw: Decode<'r, R::Database> + Type<R::Database>,
    &'static str: ColumnIndex<R>,
{
    T::read(row.try_get(name)?).map_err(|bad| sqlx::Error::ColumnDecode {
        index: name.to_owned(),
        source: Box::new(bad),
    })
}

macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $ty:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $vis struct $name { $($(#[$field_meta])* $field_vis $field: $ty,)* }

        $crate::rows::row!(@impl $name, sqlx::sqlite::SqliteRow, $($field),*);
        $crate::rows::row!(@impl $name, sqlx::postgres::PgRow, $($field),*);
    };
    (@impl $name:ident, $row:ty, $($field:ident),*) => {
        impl<'r> sqlx::FromRow<'r, $row> for $name {
            fn from_row(row: &'r $row) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: $crate::rows::column(row, stringify!($field))?,)* })
            }
        }
    };
}

/// Evaluates an expression for whichever engine a transaction is on; `$db` names the engine's
/// type and `$conn` its connection.
macro_rules! on_engine {
    ($tx:expr, |$db:ident, $conn:ident| $body:expr) => {
        match &mut $tx.conn {
            $crate::store::Conn::Sqlite(transaction) => {
                type $db = sqlx::Sqlite;
                let $conn = &mut **transaction;
                $body
            }
            $crate::store::Conn::Postgres(transaction) => {
                type $db = sqlx::Postgres;
                let $conn = &mut **transaction;
                $body
            }
        }
    };
}

/// Runs a statement; the number of rows that it changed.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::rows::on_engine!($tx, |Db, conn| {
            sqlx::query::<Db>($sql)
                $(.bind($crate::rows::Bind::raw(&$bind)))*
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })
        .map_err($crate::StoreError::from)
    };
}

macro_rules! fetch {
    ($method:ident, $tx:expr, $row:ty, $sql:expr $(, $bind:expr)*) => {
        $crate::rows::on_engine!($tx, |Db, conn| {
            sqlx::query_as::<Db, $row>($sql)
                $(.bind($crate::rows::Bind::raw(&$bind)))*
                .$method(conn)
                .await
        })
        .map_err($crate::StoreError::from)
    };
}

/// All rows of a statement.
macro_rules! fetch_all {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::rows::fetch!(fetch_all, $tx, $row, $sql $(, $bind)*)
    };
}

/// The row of a statement that gives one at most.
macro_rules! fetch_optional {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::rows::fetch!(fetch_optional, $tx, $row, $sql $(, $bind)*)
    };
}

/// The row of a statement that always gives one.
macro_rules! fetch_one {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::rows::fetch!(fetch_one, $tx, $row, $sql $(, $bind)*)
    };
}

/// Runs a statement that was made for as many rows as there are items; `$q` is the query so far,
/// to which each item's columns are bound in turn.
macro_rules! bind_all {
    ($query:expr, $items:expr, |$q:ident, $item:pat_param| $bound:expr) => {{
        let mut query = $query;
        for $item in $items {
            let $q = query;
            query = $bound;
        }
        query
    }};
}

pub(crate) use {bind_all, execute, fetch, fetch_all, fetch_one, fetch_optional, on_engine, row};

macro_rules! identity {
    ($($ty:ty),*) => {$(
        impl Field for $ty {
            type Raw = $ty;
            fn read(raw: $ty) -> Result<Self, BadColumn> {
                Ok(raw)
            }
        }
        impl Bind for $ty {
            type Raw = $ty;
            fn raw(&self) -> $ty {
                self.clone()
            }
        }
    )*};
}
identity!(i64, String, Vec<u8>);

macro_rules! unsigned {
    ($($ty:ty),*) => {$(
        impl Field for $ty {
            type Raw = i64;
            fn read(raw: i64) -> Result<Self, BadColumn> {
                raw.try_into().map_err(|_| BadColumn)
            }
        }
        impl Bind for $ty {
            type Raw = i64;
            /// Beyond 2^63 it is cut to the largest that a column holds; no time, sequence number
            /// or epoch gets there.
            fn raw(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }
        }
    )*};
}
unsigned!(u16, u32, u64, usize);

impl Field for bool {
    type Raw = i64;
    fn read(raw: i64) -> Result<Self, BadColumn> {
        match raw {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(BadColumn),
        }
    }
}

impl Bind for bool {
    type Raw = i64;
    fn raw(&self) -> i64 {
        i64::from(*self)
    }
}

impl<T: Field> Field for Option<T> {
    type Raw = Option<T::Raw>;
    fn read(raw: Option<T::Raw>) -> Result<Self, BadColumn> {
        raw.map(T::read).transpose()
    }
}

impl<T: Bind> Bind for Option<T> {
    type Raw = Option<T::Raw>;
    fn raw(&self) -> Option<T::Raw> {
        self.as_ref().map(Bind::raw)
    }
}

impl<T: Bind + ?Sized> Bind for &T {
    type Raw = T::Raw;
    fn raw(&self) -> T::Raw {
        (**self).raw()
    }
}

impl Bind for str {
    type Raw = String;
    fn raw(&self) -> String {
        self.to_owned()
    }
}

impl Bind for [u8] {
    type Raw = Vec<u8>;
    fn raw(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<const N: usize> Bind for [u8; N] {
    type Raw = Vec<u8>;
    fn raw(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<const N: usize> Field for [u8; N] {
    type Raw = Vec<u8>;
    fn read(raw: Vec<u8>) -> Result<Self, BadColumn> {
        raw.try_into().map_err(|_| BadColumn)
    }
}

macro_rules! bytes {
    ($($ty:ty),*) => {$(
        impl Field for $ty {
            type Raw = Vec<u8>;
            fn read(raw: Vec<u8>) -> Result<Self, BadColumn> {
                Self::from_slice(&raw).ok_or(BadColumn)
            }
        }
        impl Bind for $ty {
            type Raw = Vec<u8>;
            fn raw(&self) -> Vec<u8> {
                self.as_bytes().to_vec()
            }
        }
    )*};
}
bytes!(
    AttachmentId,
    CallId,
    CanaryId,
    CriticalId,
    CardId,
    ChallengeId,
    DeviceId,
    EnrollmentId,
    FacilityId,
    FactorId,
    GroupId,
    Hash,
    InviteId,
    LookId,
    MessageId,
    GlassId,
    RecoveryId,
    SessionId,
    SwapId,
    TeamId,
    Token,
    UserId
);

macro_rules! parsed {
    ($($ty:ty),*) => {$(
        impl Field for $ty {
            type Raw = String;
            fn read(raw: String) -> Result<Self, BadColumn> {
                raw.parse().map_err(|_| BadColumn)
            }
        }
        impl Bind for $ty {
            type Raw = String;
            fn raw(&self) -> String {
                self.as_str().to_owned()
            }
        }
    )*};
}
parsed!(NodeName, RoleSlug);

macro_rules! named {
    ($($ty:ty { $($variant:ident = $name:literal),* })*) => {$(
        impl Field for $ty {
            type Raw = String;
            fn read(raw: String) -> Result<Self, BadColumn> {
                match raw.as_str() {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(BadColumn),
                }
            }
        }
        impl Bind for $ty {
            type Raw = String;
            fn raw(&self) -> String {
                match self { $(Self::$variant => $name,)* }.to_owned()
            }
        }
    )*};
}
named! {
    DeviceState {
        Pending = "pending", Active = "active", Grace = "grace", Quarantined = "quarantined",
        Lost = "lost", Wiped = "wiped", Retired = "retired"
    }
    FactName {
        Platform = "platform", OsVersion = "os_version", PatchLevel = "patch_level",
        Model = "model", Manufacturer = "manufacturer", Serial = "serial",
        StorageEncrypted = "storage_encrypted", ScreenLock = "screen_lock",
        ScreenLockSeconds = "screen_lock_seconds", VerifiedBoot = "verified_boot",
        BootloaderLocked = "bootloader_locked", KeyHardware = "key_hardware",
        Rooted = "rooted", SecureBoot = "secure_boot", Tpm = "tpm", Firewall = "firewall",
        PendingUpdates = "pending_updates", RestartPending = "restart_pending",
        Kernel = "kernel", Managed = "managed", ManagerCompliant = "manager_compliant",
        Authenticator = "authenticator"
    }
    Provenance {
        Claimed = "claimed", Agent = "agent", Managed = "managed", Attested = "attested"
    }
    Platform { Browser = "browser", Native = "native" }
    GroupKind { Direct = "direct", Group = "group", Role = "role", Team = "team", Code = "code", Broadcast = "broadcast", Keeper = "keeper" }
    TeamKind { Code = "code", List = "list" }
    Duty { None = "none", Endorses = "endorses", KeepsRecords = "keeps_records", Schedules = "schedules", Bot = "bot" }
    Bond { CareTeam = "care_team", Consult = "consult", Order = "order", Encounter = "encounter", Ward = "ward" }
    EntryKind { Message = "message", Commit = "commit", Proposal = "proposal" }
}

impl Field for Priority {
    type Raw = i64;
    fn read(raw: i64) -> Result<Self, BadColumn> {
        match raw {
            0 => Ok(Self::Routine),
            1 => Ok(Self::Urgent),
            2 => Ok(Self::Stat),
            _ => Err(BadColumn),
        }
    }
}

impl Bind for Priority {
    type Raw = i64;
    fn raw(&self) -> i64 {
        match self {
            Self::Routine => 0,
            Self::Urgent => 1,
            Self::Stat => 2,
        }
    }
}
