//! The fleet as a whole: registered devices, device managers, imports.

use super::enroll::PersonBrief;
use super::wire;
use crate::InviteId;

wire! {
    /// `GET /v1/fleet`.
    pub struct FleetInfo {
        /// Devices that were bought and are not enrolled.
        pub registered: Vec<Registered>,
        /// Invitations from which no device has come yet, the newest first.
        pub invited: Vec<Invited>,
        /// What device managers say.
        pub managers: ManagersInfo,
    }
}
wire! {
    /// A person who was invited to enrol a device, and has not finished.
    pub struct Invited {
        /// The invitation.
        pub invite_id: InviteId,
        /// Who.
        pub user: PersonBrief,
        /// The slug of the program.
        pub program: String,
        /// The serial number of the registered device that is handed out.
        pub serial: Option<String>,
        /// When it was made, unix milliseconds.
        pub created_at: u64,
        /// When it ends, unix milliseconds.
        pub expires_at: u64,
        /// When a device presented its code, unix milliseconds; absent while none has.
        pub begun_at: Option<u64>,
    }
}
wire! {
    /// A device that the hospital bought and has not handed out.
    pub struct Registered {
        /// The maker's serial number.
        pub serial: String,
        /// The slug of the program that it is for.
        pub program: String,
        /// The name under which the model is sold.
        pub model: String,
        /// What an officer noted.
        pub note: String,
        /// When it was registered, unix milliseconds.
        pub registered_at: u64,
    }
}
wire! {
    /// What is known of the hospital's device managers.
    pub struct ManagersInfo {
        /// Whether Microsoft Intune is asked on a schedule.
        pub intune: bool,
        /// When the last pull that has ended had begun, on whichever node, unix milliseconds.
        pub tried_at: Option<u64>,
        /// When it answered last, unix milliseconds.
        pub pulled_at: Option<u64>,
        /// Why not later, in a sentence.
        pub problem: Option<String>,
        /// Devices that managers know.
        pub known: u64,
        /// Of these, those that belong to no enrolled device.
        pub unmatched: u64,
        /// What managers are to be asked for and have not taken yet, such as a wipe: how many.
        pub waiting: u64,
        /// Since when the oldest of that waits, unix milliseconds.
        pub waiting_since: Option<u64>,
        /// Why it waits, as it was the last time that any of it was tried, in a sentence.
        pub waiting_problem: Option<String>,
    }
}
wire! {
    /// `POST /v1/fleet/import` and `POST /v1/fleet/registered`.
    #[serde(deny_unknown_fields)]
    pub struct ImportRequest {
        /// Under which name the manager's words are kept; not for registrations.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub source: Option<String>,
        /// `csv` or `json`.
        pub format: ImportFormat,
        /// The file's text.
        pub text: String,
    }
}
wire! {
    /// The form of an imported file.
    pub enum ImportFormat {
        /// Comma-separated values (RFC 4180) with a line of names.
        Csv,
        /// An array of objects.
        Json,
    }
}
wire! {
    /// What became of an import.
    pub struct ImportAnswer {
        /// Devices in the file.
        pub devices: u64,
        /// Of these, those that belong to enrolled ones.
        pub matched: u64,
    }
}
