//! What can be asked of a device.

/// An action on a device, of Microsoft Graph's `managedDevice`. Each needs the application's
/// permission `DeviceManagementManagedDevices.PrivilegedOperations.All`.
///
/// Graph answers `204 No Content` once Intune has taken the request. That the device was reached,
/// or has done it, is not said then: it shows later, in an [`ActionResult`](super::ActionResult)
/// and in what the next pull tells.
///
/// **Asking for an update is [`Action::Sync`]**, and no more can honestly be promised: v1.0 has no
/// action that installs an update of the system. A sync makes the device check in at once and take
/// up the update policies that the hospital has assigned to it in Intune; when the update is
/// installed is up to those and to the device. Where an update is installed and only waits for a
/// restart, [`Action::Restart`] brings it into use, without asking the person who is using the
/// device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// `syncDevice`: check in with Intune now.
    Sync,
    /// `rebootNow`: restart at once. A person's own phone does not take it.
    Restart,
    /// `remoteLock`: lock the screen. Windows does not take it.
    Lock,
    /// `retire`: take the hospital's data and settings off, and leave what is the person's own.
    Retire,
    /// `wipe`: set it back to how it left the factory, the person's own data and the enrolment
    /// included. A Mac without a T2 chip or Apple silicon asks for a PIN that this does not send.
    Wipe,
}

impl Action {
    /// Every action, the mildest first.
    pub const ALL: [Self; 5] = [
        Self::Sync,
        Self::Restart,
        Self::Lock,
        Self::Retire,
        Self::Wipe,
    ];

    /// The name as it is written in Wardline's API and log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Restart => "restart",
            Self::Lock => "lock",
            Self::Retire => "retire",
            Self::Wipe => "wipe",
        }
    }

    /// The JSON body to send; absent for an empty one.
    pub const fn body(self) -> Option<&'static str> {
        match self {
            Self::Wipe => Some(r#"{"keepEnrollmentData":false,"keepUserData":false}"#),
            Self::Sync | Self::Restart | Self::Lock | Self::Retire => None,
        }
    }

    /// The name in Graph's address.
    pub(super) const fn segment(self) -> &'static str {
        match self {
            Self::Sync => "syncDevice",
            Self::Restart => "rebootNow",
            Self::Lock => "remoteLock",
            Self::Retire => "retire",
            Self::Wipe => "wipe",
        }
    }

    /// The action that a `deviceActionResult` names. Which names it has is not documented: those of
    /// the addresses are seen, and the enumeration `remoteAction` has others for two of them.
    pub(super) fn of_result(name: &str) -> Option<Self> {
        match name {
            "removeCompanyData" => Some(Self::Retire),
            "factoryReset" => Some(Self::Wipe),
            name => Self::ALL
                .into_iter()
                .find(|action| action.segment() == name),
        }
    }
}
