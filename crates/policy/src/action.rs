//! [`Action`]: everything that can be asked for.

use crate::named::named;
use crate::resource::ResourceKind;

named! {
    /// What is asked for. Each route of the API asks for exactly one of these; the dotted name
    /// stands in policies and in the audit log and never changes its meaning.
    pub enum Action ("action") {
        /// Read the hospital's name, keys and pins.
        HospitalRead = "hospital.read",
        /// Begin an enrolment with a one-time code.
        EnrollStart = "enroll.start",
        /// Hand in keys and passkey of an enrolment.
        EnrollFinish = "enroll.finish",
        /// Ask how far an enrolment has come.
        EnrollPoll = "enroll.poll",
        /// Ask for a sign-in challenge.
        SessionChallenge = "session.challenge",
        /// Sign in.
        SessionCreate = "session.create",
        /// See a person's sessions.
        SessionList = "session.list",
        /// End one session.
        SessionEnd = "session.end",
        /// End all sessions of a person.
        SessionEndAll = "session.end_all",
        /// Be trusted in this session with what is sensitive; asked for nothing but the answer.
        SessionTrust = "session.trust",
        /// See how unusual a person's sign-ins were.
        RiskRead = "risk.read",
        /// Say whether a sign-in was the person.
        RiskAnswer = "risk.answer",
        /// See everyone's unusual sign-ins, and what the thresholds ask of whom.
        RiskOverview = "risk.overview",
        /// See a person's generators of one-time codes.
        FactorList = "factor.list",
        /// Add a generator.
        FactorAdd = "factor.add",
        /// Type a code, name a generator.
        FactorUse = "factor.use",
        /// Take a generator away.
        FactorRemove = "factor.remove",
        /// Import token cards, hand them out and take them back.
        TokenManage = "token.manage",
        /// See a person's smart cards.
        CardList = "card.list",
        /// Add a smart card.
        CardAdd = "card.add",
        /// Present a smart card, name one.
        CardUse = "card.use",
        /// Take a smart card away.
        CardRemove = "card.remove",
        /// Let this device claim a position at sign-in, or not any more.
        PositionConsent = "position.consent",
        /// Have this device rung, or not any more, and try it.
        PushManage = "push.manage",
        /// Say that a wake-up reached a device, proven by the id that it carried.
        PushReceipt = "push.receipt",
        /// Say until when one is not to be disturbed.
        AvailabilitySet = "availability.set",
        /// See how often phones ring, and how STAT is used, by unit.
        InterruptionsRead = "interruptions.read",
        /// Read one's own account.
        MeRead = "me.read",
        /// Invite a person to enrol a device.
        InviteCreate = "invite.create",
        /// See who lost every device, and is to have a new one.
        RecoveryList = "recovery.list",
        /// Ask that a person who lost every device has a new one.
        RecoveryAsk = "recovery.ask",
        /// Agree to it, as a second officer.
        RecoveryApprove = "recovery.approve",
        /// Take it back.
        RecoveryWithdraw = "recovery.withdraw",
        /// See one's own devices.
        DeviceListOwn = "device.list_own",
        /// See everyone's devices.
        DeviceListAll = "device.list_all",
        /// Take devices and whose they are away in a file.
        DeviceExport = "device.export",
        /// Vouch for a pending device.
        DeviceEndorse = "device.endorse",
        /// Take a device out of use.
        DeviceRevoke = "device.revoke",
        /// See what is known of a device, and who looked.
        DeviceRead = "device.read",
        /// Change what is registered of a device, or ask something of it through its manager.
        DeviceManage = "device.manage",
        /// Tell what a device knows of itself, proven by its key alone.
        DeviceReport = "device.report",
        /// Have this device's certificates renewed.
        DeviceRenew = "device.renew",
        /// Confirm that what was kept on a device out of use is gone, proven by its key alone.
        DeviceWiped = "device.wiped",
        /// Register devices, import what managers say, fetch the public lists of patches.
        FleetManage = "fleet.manage",
        /// See the device programs.
        ProgramRead = "program.read",
        /// Change a device program.
        ProgramChange = "program.change",
        /// Follow which devices may be trusted, as the gateway does.
        TrustRead = "trust.read",
        /// Hand in a security event, proven by its issuer's signature.
        SignalReceive = "signal.receive",
        /// Fetch the server's share of a device's local-store key.
        ShareRead = "share.read",
        /// Fetch devices' certificates and endorsements.
        CredentialRead = "credential.read",
        /// Search for people.
        PeopleSearch = "people.search",
        /// See whether a person can be reached now.
        PersonReach = "person.reach",
        /// See the on-call roles and who holds them.
        RoleList = "role.list",
        /// See the on-call schedules, and one's own shifts.
        ScheduleRead = "schedule.read",
        /// Import schedules, change who has a turn.
        ScheduleManage = "schedule.manage",
        /// Ask somebody to take over one's own turn, and answer when asked.
        ScheduleSwap = "schedule.swap",
        /// See the code teams, the broadcast lists and who is in them.
        TeamList = "team.list",
        /// Define code teams and broadcast lists.
        TeamManage = "team.manage",
        /// Say who is on patients' care teams.
        CareTeamManage = "care_team.manage",
        /// Page a code team.
        TeamCall = "team.call",
        /// Write to a broadcast list.
        ListSend = "list.send",
        /// Search for patients.
        PatientSearch = "patient.search",
        /// Read a patient's banner.
        PatientRead = "patient.read",
        /// Read a patient's chart.
        ChartRead = "chart.read",
        /// See which notes a patient's chart has.
        NoteList = "note.list",
        /// Read a note of a patient's chart.
        NoteRead = "note.read",
        /// Search records as FHIR words it.
        EntrySearch = "entry.search",
        /// Read an entry of a record: a FHIR resource, whole.
        EntryRead = "entry.read",
        /// Read of an entry who, where and what to be careful of.
        EntryGlance = "entry.glance",
        /// Open the chart of a patient who is not one's own, for a while.
        GlassBreak = "glass.break",
        /// See where one broke the glass oneself, and what came of it.
        GlassListOwn = "glass.list_own",
        /// Shut a chart again that was opened so.
        GlassEnd = "glass.end",
        /// See who broke the glass.
        GlassList = "glass.list",
        /// See why somebody broke the glass, and what they read.
        GlassRead = "glass.read",
        /// Say whether it was justified.
        GlassReview = "glass.review",
        /// See which charts are canaries: synthetic ones that nobody has a reason to open.
        CanaryList = "canary.list",
        /// Make one, or let a synthetic record be one.
        CanaryMake = "canary.make",
        /// Let one be none any more.
        CanaryRetire = "canary.retire",
        /// See which looks at charts somebody should look at.
        LookList = "look.list",
        /// See what speaks for one of them.
        LookRead = "look.read",
        /// Say what came of it.
        LookReview = "look.review",
        /// Hand in key packages of a device, or count them.
        KeyPackageUpload = "key_package.upload",
        /// Claim key packages of people.
        KeyPackageClaim = "key_package.claim",
        /// Start a conversation.
        GroupCreate = "group.create",
        /// See one's own conversations.
        GroupList = "group.list",
        /// Read a conversation's state and GroupInfo.
        GroupRead = "group.read",
        /// Commit to a conversation's group (RFC 9420 §12.4).
        GroupCommit = "group.commit",
        /// Read a conversation's log of ciphertexts.
        GroupReadLog = "group.read_log",
        /// Re-join a conversation by external commit (RFC 9420 §12.4.3.2).
        GroupExternalJoin = "group.external_join",
        /// Send a message.
        MessageSend = "message.send",
        /// Send a message that escalates.
        MessageSendStat = "message.send_stat",
        /// Forward a message out of a conversation about a patient.
        MessageForward = "message.forward",
        /// Upload an attachment.
        AttachmentUpload = "attachment.upload",
        /// Read an attachment's ciphertext.
        AttachmentRead = "attachment.read",
        /// Delete an attachment.
        AttachmentDelete = "attachment.delete",
        /// Say that a message was delivered, read or acknowledged.
        ReceiptPost = "receipt.post",
        /// See the STAT messages that concern oneself.
        EscalationList = "escalation.list",
        /// Take a STAT message, or say that one cannot.
        EscalationAnswer = "escalation.answer",
        /// Say that a STAT message of one's own needs no answer any more.
        EscalationWithdraw = "escalation.withdraw",
        /// Fetch welcomes for this device.
        InboxRead = "inbox.read",
        /// Open the real-time socket.
        SocketOpen = "socket.open",
        /// See which devices the members of kept conversations use.
        KeeperDevices = "keeper.devices",
        /// Read what devices signed about who is on call when.
        KeeperTurns = "keeper.turns",
        /// Take what officers and custodians handed in for the record keeper.
        KeeperStatements = "keeper.statements",
        /// Say what came of it, and what retention ended.
        KeeperReport = "keeper.report",
        /// See what is held, ordered, destroyed and exported.
        RecordsRead = "records.read",
        /// Hand in an order to the record keeper: a hold, its end, an export, a release.
        RecordsOrder = "records.order",
        /// Hand in that one agrees to somebody else's order.
        RecordsAgree = "records.agree",
        /// Hand in the key to which a custodian's share is sealed.
        RecordsCustody = "records.custody",
        /// Read the public log's checkpoints and tiles.
        LogRead = "log.read",
        /// Read the audit trail.
        AuditRead = "audit.read",
        /// Read the policies, compare drafts with them, see who can do what.
        PolicyRead = "policy.read",
        /// Try policies over what was decided.
        PolicyReplay = "policy.replay",
        /// Write a draft of the policies, or withdraw one.
        PolicyDraft = "policy.draft",
        /// Approve somebody else's draft.
        PolicyApprove = "policy.approve",
        /// See the state of the whole hospital.
        AdminOverview = "admin.overview",
        /// See how the pager system and bots do.
        IntegrationRead = "integration.read",
        /// Register and disable bots, enter numbers of pagers, send a test.
        IntegrationManage = "integration.manage",
        /// Get critical results and alarms to tell their roles of them.
        CriticalCallTake = "critical_call.take",
    }
}

impl Action {
    /// The kind of resource that the action is about.
    pub const fn resource_kind(self) -> ResourceKind {
        match self {
            Self::HospitalRead
            | Self::EnrollStart
            | Self::EnrollFinish
            | Self::EnrollPoll
            | Self::SessionChallenge
            | Self::SessionCreate
            | Self::PositionConsent
            | Self::PushManage
            | Self::PushReceipt
            | Self::AvailabilitySet
            | Self::InterruptionsRead
            | Self::MeRead
            | Self::DeviceListOwn
            | Self::DeviceListAll
            | Self::DeviceExport
            | Self::GlassListOwn
            | Self::GlassList
            | Self::CanaryList
            | Self::CanaryMake
            | Self::CanaryRetire
            | Self::LookList
            | Self::CredentialRead
            | Self::PeopleSearch
            | Self::PersonReach
            | Self::RoleList
            | Self::ScheduleRead
            | Self::ScheduleManage
            | Self::ScheduleSwap
            | Self::TeamList
            | Self::TeamManage
            | Self::CareTeamManage
            | Self::TeamCall
            | Self::ListSend
            | Self::PatientSearch
            | Self::EntrySearch
            | Self::GroupList
            | Self::EscalationList
            | Self::InboxRead
            | Self::SocketOpen
            | Self::KeeperDevices
            | Self::KeeperTurns
            | Self::KeeperStatements
            | Self::KeeperReport
            | Self::FleetManage
            | Self::DeviceReport
            | Self::DeviceRenew
            | Self::DeviceWiped
            | Self::ProgramRead
            | Self::ProgramChange
            | Self::TrustRead
            | Self::SignalReceive
            | Self::SessionTrust
            | Self::RiskOverview
            | Self::RecoveryList
            | Self::TokenManage
            | Self::PolicyRead
            | Self::PolicyDraft
            | Self::PolicyReplay
            | Self::AdminOverview
            | Self::IntegrationRead
            | Self::IntegrationManage
            | Self::CriticalCallTake => ResourceKind::Hospital,
            Self::FactorList
            | Self::FactorAdd
            | Self::FactorUse
            | Self::FactorRemove
            | Self::CardList
            | Self::CardAdd
            | Self::CardUse
            | Self::CardRemove => ResourceKind::Factors,
            Self::SessionList
            | Self::SessionEnd
            | Self::SessionEndAll
            | Self::RiskRead
            | Self::RiskAnswer => ResourceKind::Session,
            Self::InviteCreate => ResourceKind::Invite,
            Self::RecoveryAsk | Self::RecoveryApprove | Self::RecoveryWithdraw => {
                ResourceKind::Recovery
            }
            Self::DeviceEndorse | Self::DeviceRevoke | Self::DeviceRead | Self::DeviceManage => {
                ResourceKind::Device
            }
            Self::ShareRead => ResourceKind::Share,
            Self::PatientRead | Self::ChartRead | Self::NoteList | Self::GlassBreak => {
                ResourceKind::Patient
            }
            Self::GlassEnd | Self::GlassRead | Self::GlassReview => ResourceKind::Glass,
            Self::LookRead | Self::LookReview => ResourceKind::Look,
            Self::MessageForward => ResourceKind::Forward,
            Self::NoteRead => ResourceKind::Document,
            Self::EntryRead | Self::EntryGlance => ResourceKind::Entry,
            Self::KeyPackageUpload | Self::KeyPackageClaim => ResourceKind::KeyPackages,
            Self::GroupCreate
            | Self::GroupRead
            | Self::GroupCommit
            | Self::GroupReadLog
            | Self::GroupExternalJoin
            | Self::MessageSend
            | Self::MessageSendStat
            | Self::ReceiptPost => ResourceKind::Group,
            Self::EscalationAnswer | Self::EscalationWithdraw => ResourceKind::Escalation,
            Self::AttachmentUpload | Self::AttachmentRead | Self::AttachmentDelete => {
                ResourceKind::Attachment
            }
            Self::LogRead | Self::AuditRead => ResourceKind::Log,
            Self::PolicyApprove => ResourceKind::Policy,
            Self::RecordsRead | Self::RecordsOrder | Self::RecordsAgree | Self::RecordsCustody => {
                ResourceKind::Records
            }
        }
    }

    /// Whether the action is open to requests without a session.
    pub const fn is_public(self) -> bool {
        matches!(
            self,
            Self::HospitalRead
                | Self::EnrollStart
                | Self::EnrollFinish
                | Self::EnrollPoll
                | Self::SessionChallenge
                | Self::SessionCreate
                | Self::DeviceReport
                | Self::DeviceWiped
                | Self::SignalReceive
                | Self::PushReceipt
                | Self::LogRead
        )
    }

    /// Whether a bot may ever do it. What people answer for is closed to programs whatever the policies
    /// in force say.
    pub const fn is_open_to_bots(self) -> bool {
        self.is_public()
            || matches!(
                self,
                Self::SessionList
                    | Self::SessionEnd
                    | Self::SessionEndAll
                    | Self::MeRead
                    | Self::DeviceListOwn
                    | Self::DeviceRenew
                    | Self::ShareRead
                    | Self::CredentialRead
                    | Self::PeopleSearch
                    | Self::RoleList
                    | Self::CareTeamManage
                    | Self::KeyPackageUpload
                    | Self::KeyPackageClaim
                    | Self::GroupCreate
                    | Self::GroupList
                    | Self::GroupRead
                    | Self::GroupCommit
                    | Self::GroupReadLog
                    | Self::GroupExternalJoin
                    | Self::MessageSend
                    | Self::MessageSendStat
                    | Self::ReceiptPost
                    | Self::EscalationList
                    | Self::InboxRead
                    | Self::SocketOpen
                    | Self::CriticalCallTake
            )
    }

    /// The action in words, to follow "Only a nurse can …".
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::HospitalRead => "see the hospital's address card",
            Self::EnrollStart => "begin an enrolment",
            Self::EnrollFinish => "finish this enrolment",
            Self::EnrollPoll => "follow this enrolment",
            Self::SessionChallenge | Self::SessionCreate => "sign in",
            Self::SessionList => "see these sessions",
            Self::SessionEnd => "end this session",
            Self::SessionEndAll => "end these sessions",
            Self::SessionTrust => "be trusted with what is sensitive",
            Self::RiskRead => "see how unusual these sign-ins were",
            Self::RiskAnswer => "say whose these sign-ins were",
            Self::RiskOverview => "see everyone's unusual sign-ins",
            Self::FactorList => "see these code generators",
            Self::FactorAdd => "add a code generator",
            Self::FactorUse => "use these code generators",
            Self::FactorRemove => "take these code generators away",
            Self::TokenManage => "manage token cards",
            Self::CardList => "see these smart cards",
            Self::CardAdd => "add a smart card",
            Self::CardUse => "use these smart cards",
            Self::CardRemove => "take these smart cards away",
            Self::PositionConsent => "say whether this device tells its position",
            Self::PushManage => "have this device rung",
            Self::PushReceipt => "say that a wake-up arrived",
            Self::AvailabilitySet => "say when they are not to be disturbed",
            Self::InterruptionsRead => "see how often phones ring",
            Self::MeRead => "see this account",
            Self::InviteCreate => "invite people to enrol a device",
            Self::RecoveryList => "see who lost every device",
            Self::RecoveryAsk => "ask for a recovery",
            Self::RecoveryApprove => "agree to this recovery",
            Self::RecoveryWithdraw => "take this recovery back",
            Self::DeviceListOwn => "see their own devices",
            Self::DeviceListAll => "see everyone's devices",
            Self::DeviceExport => "take these devices away in a file",
            Self::DeviceEndorse => "confirm this device",
            Self::DeviceRevoke => "take this device out of use",
            Self::DeviceRead => "see what is known of this device",
            Self::DeviceManage => "manage this device",
            Self::DeviceReport => "tell of this device",
            Self::DeviceRenew => "renew this device's certificates",
            Self::DeviceWiped => "say that this device is wiped",
            Self::FleetManage => "manage the hospital's devices",
            Self::ProgramRead => "see the device programs",
            Self::ProgramChange => "change the device programs",
            Self::TrustRead => "follow which devices are trusted",
            Self::SignalReceive => "hand in security events",
            Self::ShareRead => "unlock this device's storage",
            Self::CredentialRead => "check devices' certificates",
            Self::PeopleSearch => "search for people",
            Self::PersonReach => "see whether this person can be reached",
            Self::RoleList => "see who is on call",
            Self::ScheduleRead => "see the on-call schedules",
            Self::ScheduleManage => "change the on-call schedules",
            Self::ScheduleSwap => "swap turns",
            Self::TeamList => "see the teams",
            Self::TeamManage => "define teams and lists",
            Self::CareTeamManage => "say who is on care teams",
            Self::TeamCall => "page a code team",
            Self::ListSend => "write to a broadcast list",
            Self::PatientSearch => "search for patients",
            Self::PatientRead => "see who this patient is",
            Self::ChartRead => "open this chart",
            Self::NoteList => "see the notes of this chart",
            Self::NoteRead => "read this note",
            Self::EntrySearch => "search records",
            Self::EntryRead => "read this entry of the record",
            Self::EntryGlance => "see who and where this entry is about",
            Self::GlassBreak => "break the glass",
            Self::GlassListOwn => "see where they broke the glass",
            Self::GlassEnd => "shut this chart again",
            Self::GlassList => "see who broke the glass",
            Self::GlassRead => "see why the glass was broken",
            Self::GlassReview => "review why the glass was broken",
            Self::CanaryList => "see which charts are canaries",
            Self::CanaryMake => "make a canary",
            Self::CanaryRetire => "retire a canary",
            Self::LookList => "see which looks at charts are to be looked at",
            Self::LookRead => "see what speaks for this look",
            Self::LookReview => "say what came of this look",
            Self::KeyPackageUpload => "hand in this device's key packages",
            Self::KeyPackageClaim => "add people's devices",
            Self::GroupCreate => "start a conversation",
            Self::GroupList => "see their conversations",
            Self::GroupRead => "see this conversation",
            Self::GroupCommit => "change this conversation's members",
            Self::GroupReadLog => "read this conversation",
            Self::GroupExternalJoin => "join this conversation again",
            Self::MessageSend => "write in this conversation",
            Self::MessageSendStat => "page this conversation",
            Self::MessageForward => "forward this message",
            Self::AttachmentUpload => "attach files in this conversation",
            Self::AttachmentRead => "open attachments of this conversation",
            Self::AttachmentDelete => "delete this attachment",
            Self::ReceiptPost => "acknowledge in this conversation",
            Self::EscalationList => "see the STAT messages that wait for them",
            Self::EscalationAnswer => "answer this STAT message",
            Self::EscalationWithdraw => "take this STAT message back",
            Self::InboxRead => "fetch their invitations to conversations",
            Self::SocketOpen => "receive messages live",
            Self::KeeperDevices => "see which devices members use",
            Self::KeeperTurns => "see the signed turns",
            Self::KeeperStatements => "take what was handed in for the record keeper",
            Self::KeeperReport => "say what became of records",
            Self::RecordsRead => "see what is held and destroyed",
            Self::RecordsOrder => "order holds and exports",
            Self::RecordsAgree => "agree to this order",
            Self::RecordsCustody => "hand in a custodian's key",
            Self::LogRead => "read the public log",
            Self::AuditRead => "read the audit trail",
            Self::PolicyRead => "read the policies",
            Self::PolicyReplay => "try policies over what was decided",
            Self::PolicyDraft => "draft policies",
            Self::PolicyApprove => "approve this draft of the policies",
            Self::AdminOverview => "see the hospital's overview",
            Self::IntegrationRead => "see how the pager system and bots do",
            Self::IntegrationManage => "manage the pager system and bots",
            Self::CriticalCallTake => "take critical results to their roles",
        }
    }
}
