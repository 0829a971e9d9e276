/**
 * The JSON that the server and the client core speak, as far as the screens show it.
 * Times are unix milliseconds, bytes base64url without padding.
 */

export type Priority = "routine" | "urgent" | "stat";
export type GroupKind = "direct" | "group" | "role" | "team" | "code" | "broadcast" | "keeper";
export type DeviceState =
  | "pending"
  | "active"
  | "grace"
  | "quarantined"
  | "lost"
  | "wiped"
  | "retired";
/** What a device may do beyond its person's own business. */
export type Duty = "none" | "endorses" | "keeps_records" | "schedules" | "bot";

/** RFC 9457. `type` is `urn:wardline:problem:NAME`, stable; extension members beside it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  [extension: string]: unknown;
}

export interface Hospital {
  name: string;
  rp_id: string;
  log_origin: string;
}

export interface PersonBrief {
  id: string;
  username: string;
  name: string;
  role: string;
  department: string;
}

export interface PersonHit {
  user: PersonBrief;
  facility: string;
  on_shift: boolean;
  reachable: boolean;
  /** The record keeper's process, which nobody writes to. */
  keeps_records: boolean;
  /** A program's account. */
  bot?: boolean;
}

export interface OnCallRole {
  slug: string;
  title: string;
  department: string;
  holder?: PersonBrief | null;
  until?: number | null;
}

export interface Allergy {
  substance: string;
  criticality?: "low" | "high" | "unable-to-assess" | null;
}

export interface PatientBanner {
  id: string;
  /** `Family, Given`. */
  name: string;
  /** ISO date. */
  birth_date?: string | null;
  age?: number | null;
  sex?: string | null;
  mrn?: string | null;
  location?: string | null;
  allergies: Allergy[];
  code_status?: string | null;
}

/** A sensitivity or a confidentiality of a note (HL7 v3 codes). */
export interface NoteLabel {
  /** Such as `PSY`. */
  code: string;
  name: string;
}

/** A note of a patient's chart, without its text. */
export interface NoteInfo {
  id: string;
  /** Of what is very sensitive only its kind. */
  title: string;
  /** Such as `Progress note`. */
  kind: string;
  /** The name of who wrote it. */
  author?: string | null;
  at?: number | null;
  labels: NoteLabel[];
  /** Whether it opens: at once, after a proof, or not. */
  readable: "yes" | "ask" | "no";
  /** What to prove or to do, where it does not open at once. */
  why?: string | null;
}

/** Some of a chart's notes, the newest first. */
export interface NotePart {
  notes: NoteInfo[];
  /** What to ask for older ones after; absent where there are none. */
  next?: string | null;
}

export interface Note {
  info: NoteInfo;
  /** Plain; paragraphs are apart by an empty line. Absent where it is none that can be shown. */
  text?: string | null;
  why_no_text?: string | null;
}

/** The strongest of what explains that the person looks at a record. */
export interface AccessReason {
  /** Such as `ward`. */
  name: string;
  /** For the person. */
  sentence: string;
  /** Since when, where that is known; of a reason that is over, until when it was. */
  since?: number | null;
}

/** What opening a record takes: nothing more, a proof, a purpose; or it is not the person's to open. */
export type AccessOpens = "at_once" | "proof" | "purpose" | "not";

/** Why the person may look, before they do. */
export interface AccessExplanation {
  reason?: AccessReason | null;
  opens: AccessOpens;
  /** For how long it opens once a purpose was said. */
  minutes?: number | null;
}

/** What the person may see of a record, in one answer. The notes have a list of their own. */
export interface PatientChart {
  banner: PatientBanner;
  /** Why the person may look; absent under a broken glass alone. */
  because?: AccessReason | null;
  care_team: PersonBrief[];
  /** Those in force, such as isolation or a risk of falls. */
  precautions: ChartItem[];
  /** Those that stand, the latest first. */
  problems: ChartItem[];
  /** What was measured last comes first. */
  labs: ChartSeries[];
  vitals: ChartSeries[];
  /** Those in force, then those on hold, then the others. */
  medications: ChartMedication[];
  reports: ChartReport[];
  procedures: ChartItem[];
  plans: ChartPlan[];
  encounters: ChartEncounter[];
  withheld: ChartWithheld[];
  /** The person's role sees a part only: who, where and what to be careful of. */
  in_part: boolean;
  /** The record is longer than what was read of it. */
  cut: boolean;
  /** How it stands to the hospital's record system, where there is one. */
  source?: ChartSource | null;
}

/** Patients found, one's own first. */
export interface PatientList {
  patients: PatientBanner[];
  /** Nobody is known here by that, and the record system could not be asked. */
  record_system_away: boolean;
}

/** Where a chart is copied from, and as of when. */
export interface ChartSource {
  state: SourceState;
  /** As of when the copy is complete; absent where there is none. */
  as_of?: number | null;
  /** Entries of the record system that cannot be read here. */
  left_out: number;
  /** The record there is longer than what is copied of it. */
  cut: boolean;
}

/** `loading` and `away`: what is shown is older. `unknown`: it is what the hospital has besides. */
export type SourceState = "current" | "loading" | "away" | "unknown" | "merged";

export interface ChartItem {
  id: string;
  name: string;
  /** Since when, or when. */
  at?: number | null;
  /** Of FHIR. */
  status?: string | null;
}

/** What was measured again and again. */
export interface ChartSeries {
  /** LOINC, where it has one. */
  code: string;
  name: string;
  unit?: string | null;
  /** The reference range of the latest value. */
  low?: number | null;
  high?: number | null;
  /** The latest first, at most 12. */
  points: ChartPoint[];
}

export interface ChartPoint {
  /** Of its Observation. */
  id: string;
  at?: number | null;
  value?: number | null;
  /** As it is to be read, without its unit. */
  text: string;
  /** HL7 v3 ObservationInterpretation. */
  flag?: string | null;
  status: string;
}

export interface ChartMedication {
  id: string;
  name: string;
  dose?: string | null;
  state: "active" | "held" | "ended";
  since?: number | null;
  last_given?: number | null;
}

export interface ChartReport {
  id: string;
  name: string;
  at?: number | null;
  status: string;
  conclusion?: string | null;
  /** HL7 v2 table 0074, such as `RAD`. */
  section?: string | null;
}

export interface ChartPlan {
  id: string;
  name: string;
  activities: string[];
}

export interface ChartEncounter {
  id: string;
  name?: string | null;
  status: string;
  from?: number | null;
  to?: number | null;
  location?: string | null;
}

/** What is in the record besides. */
export interface ChartWithheld {
  /** A FHIR type. */
  kind: string;
  count: number;
  /** The policy's stable code, where one refuses it. */
  reason?: string | null;
  /** What to prove or do to see it; absent where the person's role does not see it. */
  why?: string | null;
  /** What to prove; empty where no proof opens it. */
  methods: string[];
  /** What a proof has to be given for; empty where none opens it. */
  scopes: string[];
}

/** One entry of a chart as it is now, as far as the person may see it. */
export interface ChartEntry {
  /** When it was read. */
  read_at: number;
  /** Whose record it is in: of one that became part of another, that one. */
  patient_id: string;
  /** Absent for those who may not see whose it is. */
  patient_name?: string | null;
  /** `gone`: it is not in this record, or was entered in error. */
  state: "shown" | "withheld" | "gone";
  /** When it was stored as it is. */
  changed_at?: number | null;
  /** The one value, or how it went; a series for each part of a measurement. */
  series: ChartSeries[];
  medication?: ChartMedication | null;
  report?: ChartReport | null;
  /** As the list of notes shows it. */
  note?: NoteInfo | null;
  item?: ChartItem | null;
  withheld?: ChartWithheld | null;
}

export interface EnrollStarted {
  enrollment_id: string;
  device_id: string;
  user: PersonBrief;
  program: string;
  creation: unknown;
  /** To be accepted before the enrolment is finished, where the program has one. */
  privacy_notice?: PrivacyNotice | null;
  expires_at: number;
}

/** What the hospital sees of a device, for its person; each line a sentence or less. */
export interface PrivacyNotice {
  kept: string[];
  never: string[];
  wipe: string;
  /** Accepting names it. */
  hash: string;
}

/** A page of devices, newest first. */
export interface DeviceList {
  devices: DeviceInfo[];
  /** Where the next page begins; absent on the last one. */
  next?: string;
}

export interface DeviceInfo {
  id: string;
  user: PersonBrief;
  name: string;
  platform: "browser" | "native";
  program: string;
  state: DeviceState;
  /** How it stands by its program's rules; absent until they were looked at. */
  standing?: Standing | null;
  /** When its grace ends. */
  deadline?: number | null;
  /** What is wrong with it, in a sentence. */
  problem?: string | null;
  /** What its owner does about it, in a sentence. */
  step?: string | null;
  /** System and version, such as `Android 16`. */
  system?: string | null;
  model?: string | null;
  /** The maker's serial number, where the hospital registered it. */
  serial?: string | null;
  /** While it is pending: what its person's roles ask for. */
  duty: Duty;
  /** The device that vouched for it. */
  endorser?: string | null;
  passkey: string;
  created_at: number;
  last_seen_at?: number | null;
  current: boolean;
}

export interface SessionInfo {
  session_id: string;
  device_id: string;
  device_name: string;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  current: boolean;
}

export interface Invite {
  invite_id: string;
  code: string;
  typed_code: string;
  link: string;
  expires_at: number;
}

export interface Me {
  user: PersonBrief;
  roles: string[];
  on_shift: boolean;
  hospital: string;
  /** What the session lacks before it is trusted with what is sensitive. */
  asks?: Asks | null;
  /** What becomes of the position that this device may claim when it signs in. */
  position: PositionUse;
  /** Until when the person is not to be disturbed. */
  quiet_until?: number | null;
  /** What this device may do with attachments. */
  attachments?: AttachmentUse | null;
  /** The number to call when a STAT message reaches nobody. */
  call?: string | null;
}

export interface AttachmentUse {
  /** Whether its program lets files be kept on it. */
  allowed: boolean;
  /** The largest file, bytes. */
  max_bytes: number;
}

/** How it stands with this device's wake-ups; `unheard` where some were sent and none arrived lately. */
export type PushState = "off" | "untested" | "rings" | "unheard" | "failing" | "gone";

export interface PushInfo {
  /** To subscribe with, base64url. */
  public_key: string;
  state: PushState;
  last_sent_at?: number | null;
  last_receipt_at?: number | null;
}

/** What a browser is subscribed with. */
export interface PushSubscribe {
  endpoint: string;
  p256dh: string;
  auth: string;
}

/** What does not ring while somebody is off duty; each keeps what the ones before keep. */
export type OffDutyQuiet = "nothing" | "routine" | "urgent";

/** When messages ring for a person, as they choose. */
export interface QuietChoice {
  batch: "hospital" | "at_once" | "every" | "breaks";
  /** For `every`: 15, 30 or 60. */
  minutes?: number | null;
  /** For `breaks`: minutes since midnight, in `zone`. */
  breaks: number[];
  zone?: string | null;
  /** Absent for what the hospital says. */
  off_duty?: OffDutyQuiet | null;
}

export interface QuietUntil {
  reason: "batched" | "off_duty" | "undisturbed";
  /** Absent where the roster does not say when they are back. */
  until?: number | null;
}

/** What would not ring now. */
export interface Quietly {
  routine?: QuietUntil | null;
  urgent?: QuietUntil | null;
}

export interface QuietInfo {
  choice: QuietChoice;
  /** For who chose nothing; 0 for at once. */
  hospital_minutes: number;
  hospital_off_duty: OffDutyQuiet;
  /** What may be chosen lies between the two. */
  least: OffDutyQuiet;
  most: OffDutyQuiet;
  longest_minutes: number;
  now: Quietly;
  /** In how many conversations something waits that did not ring. */
  waiting: number;
}

/** How often phones rang for messages of one urgency. */
export interface RingFigures {
  priority: Priority;
  rings: number;
  /** Answered within so many minutes, or at all. */
  answered_1: number;
  answered_5: number;
  answered_15: number;
  answered: number;
}

export interface HourFigures {
  /** 0 to 23. */
  hour: number;
  /** Routine, urgent, STAT. */
  rings: [number, number, number];
  /** For each hour that one person is on duty, in thousandths; absent without a roster. */
  per_person_milli?: number | null;
}

export interface UnitFigures {
  unit: string;
  /** Too small to be shown. */
  suppressed: boolean;
  rings: RingFigures[];
  /** Without those at which too few people are on duty. */
  hours: HourFigures[];
  duty_hours: number;
  /** What its people sent; absent where too few of them did. */
  stat?: { sent: number; acknowledged: number; unneeded: number } | null;
}

export interface Interruptions {
  from: number;
  until: number;
  smallest_group: number;
  units: UnitFigures[];
}

/** One's own STAT messages. */
export interface OwnStatUse {
  days: number;
  sent: number;
  acknowledged: number;
  /** Absent where so few were sent that it would say who said so. */
  unneeded?: number | null;
}

/** Whether somebody would notice a message. */
export interface Reachability {
  on_shift: boolean;
  quiet_until?: number | null;
  quietly: Quietly;
  /** `no`: not reachable by phone. */
  phone: "open" | "rings" | "no";
  last_seen: "now" | "hour" | "day" | "week" | "earlier" | "never";
  /** Whom to write to instead. */
  better?: {
    user: PersonBrief;
    reason: "holds_role" | "on_shift";
    role_title?: string | null;
  } | null;
}

/** How one of several people can be reached. */
export type ReachOf = Omit<Reachability, "quietly" | "better"> & { user_id: string };

/** `unused` where the hospital has no use for positions, and nobody is to be asked. */
export type PositionUse = "unused" | "off" | "on";

/** What a session lacks. */
export interface Asks {
  /** The proofs to give; empty where none would help. */
  methods: string[];
  /** What the proofs have to be given for, where others do not count. */
  scopes: string[];
  /** Sentences for the person: why, and what to do. */
  advice: string[];
}

/** What moves a generator of one-time codes on: the time, or a press of its button. */
export type FactorKind = "totp" | "hotp";

/** A person's generator of one-time codes: an app, or a card with its number. */
export interface FactorInfo {
  factor_id: string;
  kind: FactorKind;
  name: string;
  /** The number on a card's back; absent for an app. */
  serial?: string | null;
  created_at: number;
  /** When its first code proved that its person has it. */
  confirmed_at?: number | null;
  last_used_at?: number | null;
}

export interface FactorList {
  factors: FactorInfo[];
  /** How many the person's roles need: generators and smart cards. */
  needed: number;
  /** How many smart cards the person has that have not expired. */
  cards: number;
}

/** An app's secret, told once. */
export interface FactorBegun {
  factor_id: string;
  /** For the app's camera: an `otpauth` URI. */
  uri: string;
  /** For typing, Base32. */
  secret: string;
}

/** A token card of the hospital. */
export interface TokenInfo {
  /** The number on its back. */
  serial: string;
  maker: string;
  model: string;
  kind: FactorKind;
  /** Who has it. */
  user?: PersonBrief | null;
}

/** Somebody who has fewer factors than their roles need. */
export interface FactorsMissingOf {
  user: PersonBrief;
  needed: number;
  has: number;
}

export interface FactorsMissing {
  /** By name, the first five hundred. */
  people: FactorsMissingOf[];
  total: number;
}

export interface TokenImport {
  format: "csv" | "pskc";
  text: string;
  /** Of a container, hexadecimal. */
  key?: string;
  /** Of a container. */
  passphrase?: string;
}

export interface TokensImported {
  taken: number;
  /** Left as they were. */
  known: number;
}

/** A smart card that its person signs with. */
export interface CardInfo {
  id: string;
  name: string;
  /** The authority that issued its certificate (RFC 4514). */
  issuer: string;
  /** The certificate's number. */
  serial: string;
  /** Until when its certificate is valid. */
  not_after: number;
  created_at: number;
  last_used_at?: number | null;
}

export interface CardList {
  cards: CardInfo[];
  /** Where the browser presents a card; absent where the hospital takes none. */
  url?: string | null;
}

/** What a card is to be presented with, once. */
export interface CardChallenge {
  challenge_id: string;
  /** Where: it asks for the card while the connection is made. */
  url: string;
  expires_at: number;
}

/** That a card was presented: what the place for it answered to the challenge. */
export interface Presented {
  challenge_id: string;
  answer: string;
}

/** Something unusual about a sign-in. */
export interface RiskReason {
  name: string;
  /** For its person. */
  sentence: string;
  /** For officers. */
  detail: string;
}

/** A sign-in, and how unusual it was. */
export interface RiskySignIn {
  session_id: string;
  /** Whose; absent among one's own. */
  user?: PersonBrief | null;
  device_name: string;
  at: number;
  /** 0 to 100. */
  risk: number;
  /** Whether that is enough for something to be asked. */
  unusual: boolean;
  /** The weightiest first. */
  reasons: RiskReason[];
  /** When a second factor confirmed it. */
  confirmed_at?: number | null;
  /** What its person or an officer said. */
  was_me?: boolean | null;
  /** Whether it began the session that asks. */
  current: boolean;
}

/** From which risk on something is asked. */
export interface RiskThreshold {
  /** `step_up`, `second` or `deny`. */
  asks: string;
  /** From here on, 0 to 100. */
  risk: number;
  /** The share of legitimate sign-ins at or above it, 0 to 1; absent while few were seen. */
  share_asked?: number | null;
}

export interface RiskOverview {
  /** The lowest first. */
  thresholds: RiskThreshold[];
  /** At or above the lowest threshold: those that wait for an officer, then the others, the newest first. */
  sign_ins: RiskySignIn[];
  /** Sessions at or above the highest of which nobody has said whose they are. */
  waiting: number;
  /** What each rule did ask in the last ninety days. */
  rules: RiskRule[];
  /** All sessions of that time. */
  sessions: number;
}

/** What a rule about risk did ask. */
export interface RiskRule {
  /** In the policies, such as `risk.off_duty_elsewhere`. */
  name: string;
  /** Sessions that it asked for more, or refused. */
  asked: number;
}

/** How a group of people fared. */
export interface RiskGroup {
  by: "role" | "shift" | "facility";
  /** Empty where it is not known. */
  name: string;
  sign_ins: number;
  /** Of these, how many a rule about risk did ask for more. */
  asked: number;
  refused: number;
  /** Those that their person confirmed. */
  confirmed: number;
  /** Those that were not their person. */
  disowned: number;
  /** 0 to 1. */
  asked_share: number;
  /** To the share of everyone else; null where the group has too few. */
  ratio: number | null;
  /** Between which it is, with a confidence of 95 %. */
  ratio_95?: [low: number, high: number] | null;
}

export interface RiskReport {
  from: number;
  to: number;
  groups: RiskGroup[];
  /** Of groups with fewer sign-ins no ratio is told. */
  few: number;
}

/** That a person who lost every device begins anew, by the word of two officers. */
/** Somebody's turn of an on-call role. */
export interface ScheduledTurn {
  from: number;
  until: number;
  user: PersonBrief;
}

export interface ScheduledRole {
  slug: string;
  title: string;
  department: string;
  turns: ScheduledTurn[];
  /** Until when a device signed who has it; the record keeper follows signed turns only. */
  signed_until?: number | null;
  /** Whether the turns were changed since. */
  unsigned_changes?: boolean;
}

/** What a device signs of a role's turns. */
export interface SignedTurns {
  order: unknown;
  signature: string;
}

export type TeamKind = "code" | "list";

/** A code team or a broadcast list. */
export interface Team {
  id: string;
  kind: TeamKind;
  title: string;
  people: PersonBrief[];
  roles: OnCallRole[];
  may_call: boolean;
}

export interface TeamEdit {
  kind: TeamKind;
  title: string;
  people: string[];
  roles: string[];
}

/** Who is in a team at this moment. */
export interface TeamCall {
  people: PersonBrief[];
  /** Those of them whom no message reaches. */
  unreachable: string[];
  /** The titles of roles that nobody holds. */
  unheld: string[];
}

export interface CareTeam {
  people: PersonBrief[];
  unreachable: string[];
}

/** Who is on patients' care teams: CSV of `patient_id,username`. */
export interface CareTeamImport {
  text: string;
  dry_run: boolean;
}

export interface CareTeamFinding {
  kind: string;
  line: number;
  /** Whether it keeps the file from being imported. */
  stops: boolean;
  words: string;
}

/** Somebody who comes to a patient's care team, or leaves it. */
export interface CareTeamMemberChange {
  kind: "added" | "removed";
  patient: string;
  person: string;
}

export interface CareTeamsImported {
  applied: boolean;
  stopped: boolean;
  findings: CareTeamFinding[];
  /** How many patients the file names, and of how many the team changes. */
  patients: number;
  changed: number;
  /** Members, over all teams. */
  added: number;
  removed: number;
  changes: CareTeamMemberChange[];
}

export type SwapState = "asked" | "agreed" | "declined" | "withdrawn" | "expired";

/** A wish that somebody takes over a turn. */
export interface Swap {
  id: string;
  role: string;
  title: string;
  from: number;
  until: number;
  asked_by: PersonBrief;
  asked_of: PersonBrief;
  state: SwapState;
  asked_at: number;
  decided_at?: number | null;
}

export interface Schedules {
  roles: ScheduledRole[];
  /** One's own. */
  shifts: { from: number; until: number }[];
  /** Those that one has to do with. */
  swaps: Swap[];
}

export interface ScheduleImport {
  format: "csv" | "icalendar";
  text: string;
  dry_run: boolean;
}

export interface ScheduleFinding {
  kind: string;
  line?: number | null;
  /** Whether it keeps the file from being imported. */
  stops: boolean;
  words: string;
}

export interface ScheduleChange {
  kind: "added" | "removed" | "changed";
  role?: string | null;
  from: number;
  until: number;
  person: string;
  before?: string | null;
}

export interface ScheduleImported {
  applied: boolean;
  stopped: boolean;
  from: number;
  until: number;
  findings: ScheduleFinding[];
  added: number;
  removed: number;
  changed: number;
  changes: ScheduleChange[];
}

export interface PagerHealth {
  configured: boolean;
  /** Whose number is on file. */
  people: PersonBrief[];
  waiting: number;
  last_taken_at?: number | null;
  last_failed_at?: number | null;
  /** Within a day. */
  given_up: number;
}

/** Where a bot may write and what. */
export interface BotScope {
  reads: boolean;
  highest: Priority;
  anywhere: boolean;
  groups: string[];
  roles: string[];
  /** Says who is on care teams. */
  care_teams: boolean;
  /** Tells roles of critical results and alarms. */
  results: boolean;
}

export interface BotInfo {
  user: PersonBrief;
  owner: PersonBrief;
  scope: BotScope;
  per_minute: number;
  devices: number;
  created_at: number;
  disabled_at?: number | null;
}

export interface BotRegister {
  username: string;
  name: string;
  owner: string;
  program: string;
  scope: BotScope;
  per_minute: number;
}

export interface Integrations {
  pager: PagerHealth;
  bots: BotInfo[];
  critical: CriticalHealth;
}

/** How the telling of critical results and alarms does. */
export interface CriticalHealth {
  configured: boolean;
  waiting: number;
  /** Of those, for more than a minute: nobody was told. */
  late: number;
  oldest_at?: number | null;
  last_posted_at?: number | null;
  /** Roles of late ones. */
  roles: string[];
}

/** A message of a feed that could not be applied; nothing of a patient is in it. */
export interface DeadLetter {
  id: number;
  /** Such as `ORU^R01`. */
  kind: string;
  application: string;
  facility: string;
  control_id: string;
  received_at: number;
  reason: string;
  /** Such as `PID-3`. */
  place?: string | null;
  decided_at: number;
}

export interface DeadLetters {
  letters: DeadLetter[];
  dead: number;
  waiting: number;
  next?: number | null;
}

/** What the glass is broken for: codes of HL7 v3 PurposeOfUse. */
export type GlassPurpose = "ETREAT" | "BTG" | "TREAT" | "COC";

/** That somebody broke the glass of a patient's record. */
export interface Glass {
  id: string;
  user: PersonBrief;
  patient_id: string;
  patient_name?: string | null;
  patient_mrn?: string | null;
  purpose: GlassPurpose;
  /** In the person's own words; left out of a reviewer's list. */
  reason?: string | null;
  at: number;
  until: number;
  /** Whether the chart is open now. */
  open: boolean;
  ended_at?: number | null;
  outcome: "waiting" | "justified" | "not_justified";
  /** When the review is due. */
  due_at: number;
  reviewed_by?: PersonBrief | null;
  reviewed_at?: number | null;
  /** What the reviewer wrote. */
  note?: string | null;
}

export interface GlassList {
  grants: Glass[];
  /** How many wait for a review. */
  waiting: number;
}

export interface GlassDetail {
  glass: Glass;
  /** What was read under it. */
  looks: { at: number; action: string; note?: string | null }[];
}

/** What was done with a chart. */
export type LookWay = "opened" | "broke_the_glass" | "refused";

export type LookOutcome = "waiting" | "fine" | "asked" | "followed_up";

/** A look at a chart that a privacy officer should look at. */
export interface LookAtChart {
  id: string;
  user: PersonBrief;
  patient_id: string;
  patient_name?: string | null;
  patient_mrn?: string | null;
  /** The chart is, or was, a canary. */
  canary: boolean;
  at: number;
  last_at: number;
  times: number;
  /** How likely it is snooping, 0 to 100, as far as the model tells. */
  percent: number;
  /** Why the person may look, where something explains it. */
  explained?: string | null;
  signs: { name: string; sentence: string }[];
  ways: LookWay[];
  outcome: LookOutcome;
  /** The officer's; left out of the list. */
  note?: string | null;
  reviewed_by?: PersonBrief | null;
  reviewed_at?: number | null;
}

export type LooksShown = "waiting" | "asked" | "done";

export interface LookList {
  looks: LookAtChart[];
  waiting: number;
  next?: string | null;
  /** So many of a day are listed at most, beside those at canaries. */
  a_day: number;
}

/** A synthetic chart that nobody has a reason to open. */
export interface Canary {
  id: string;
  patient_id: string;
  name: string;
  mrn?: string | null;
  ward?: string | null;
  /** The chart was made up; else it was there before. */
  made: boolean;
  made_by: PersonBrief;
  made_at: number;
  retired_at?: number | null;
  looks: number;
  looked_at?: number | null;
}

export interface CanaryList {
  canaries: Canary[];
  /** Wards that one can be put on. */
  wards: string[];
}

export type CanaryMake =
  | {
      new: { given: string; family: string; sex: "female" | "male"; mrn: string; ward: string };
    }
  | { existing: { mrn: string } };

/** What an order about records covers: what fits all that is given. */
export interface RecordScope {
  groups?: string[];
  people?: string[];
  patients?: string[];
  from?: number;
  until?: number;
}

/** What is stated about records. Lists that are empty are left out: so the record keeper writes them,
 * and a signature is over what is written. */
export type Statement =
  | { type: "hold" | "export"; case: string; reason: string; scope: RecordScope }
  | { type: "end_hold"; hold: string; reason: string }
  | { type: "release"; device: string; reason: string }
  | { type: "approval"; order: string; reason: string; share?: unknown }
  | { type: "custodian_key"; key: string }
  | { type: "share"; custodian: string }
  | {
      type: "destruction";
      group: string;
      from: number;
      until: number;
      count: number;
      ids: string;
      rule: string;
    }
  | { type: "exported"; order: string }
  | { type: "outcome"; order: string; came: RecordOutcome }
  | {
      type: "in_force";
      days: [string, number][];
      officers: string[];
      custodians: string[];
      needed: number;
      export_key?: string;
    };

/** What came of an order, by the record keeper. */
export type RecordOutcome =
  | { type: "held" | "released" }
  | { type: "ended"; hold: string }
  | { type: "exported"; manifest: string; files: number; entries: number }
  | { type: "refused"; why: string };

export interface SignedStatement {
  v: number;
  statement: Statement;
  user_id: string;
  device_id: string;
  issued_at: number;
  signature: string;
}

/** An order about records. */
export interface RecordsOrder {
  signed: SignedStatement;
  hash: string;
  by: PersonBrief;
  at: number;
  taken_at?: number | null;
  state: "waiting" | "held" | "ended" | "done" | "refused";
  outcome?: SignedStatement | null;
  /** Of a hold: what ended it, whoever ordered that and how. */
  ended?: SignedStatement | null;
  agreements: { signed: SignedStatement; by: PersonBrief }[];
}

export interface Records {
  in_force?: SignedStatement | null;
  officers: PersonBrief[];
  custodians: { user: PersonBrief; key: boolean; share: boolean }[];
  orders: RecordsOrder[];
  destroyed: SignedStatement[];
  destroyed_count: number;
  share?: SignedStatement | null;
}

export interface Recovery {
  id: string;
  user: PersonBrief;
  reason: string;
  asked_by: PersonBrief;
  asked_at: number;
  expires_at: number;
  state: "waiting" | "approved" | "withdrawn" | "expired";
  decided_by?: PersonBrief | null;
  decided_at?: number | null;
}

/** Who says it, weakest first. */
export type Provenance = "claimed" | "agent" | "managed" | "attested";
/** How a device stands by its program's rules, best first. */
export type Standing = "compliant" | "grace" | "quarantined";
export type FactValue = boolean | number | string;

/** A fact that the device tells of itself. */
export interface Told {
  name: string;
  value: FactValue;
}

/** One thing that is known of a device. */
export interface Fact extends Told {
  provenance: Provenance;
  observed_at: number;
  /** What it rests on, for a person. */
  evidence: string;
}

/** What one rule makes of a device. */
export interface Finding {
  /** The rule's id within its program. */
  rule: string;
  outcome: "met" | "unmet" | "unknown";
  standing: Standing;
  reason: string;
  /** What the owner does about it; absent where nothing is to be done. */
  step?: string | null;
  since?: number | null;
  /** From when on it quarantines the device. */
  deadline?: number | null;
  provenance?: Provenance | null;
  observed_at?: number | null;
}

/** What a program's rules make of a device; the worst finding first. */
export interface Assessment {
  standing: Standing;
  deadline?: number | null;
  findings: Finding[];
}

export interface DeviceView {
  name: string;
  role: string;
  last_at: number;
  times: number;
}

/** Something that a device's manager was asked for. */
export interface AskedOfManager {
  action: string;
  at: number;
  /** When the manager took it; absent while it has not. */
  taken_at?: number | null;
  /** How it ended; absent while that is not known. */
  outcome?: string | null;
}

/** Everything that is known of a device. */
export interface DeviceDetail {
  device: DeviceInfo;
  facts: Fact[];
  assessment: Assessment;
  certificate?: { serial: string; not_after: number } | null;
  notice_accepted_at?: number | null;
  notice_changed: boolean;
  notice: PrivacyNotice;
  /** Since when its person lets it claim a position at sign-in. */
  position_consent_at?: number | null;
  ended_at?: number | null;
  ended_reason?: string | null;
  wiped_at?: number | null;
  /** What its manager was asked for, the last of each kind, the newest first. */
  asked: AskedOfManager[];
  /** Who looked at this, its owner left out, the last first. */
  views: DeviceView[];
}

export type BulkAction = "lost" | "retire" | "assess" | "request_update";

export interface BulkOutcome {
  device_id: string;
  done: boolean;
  problem?: string | null;
}

/** A device that the hospital bought and has not handed out yet. */
export interface Registered {
  serial: string;
  program: string;
  model: string;
  note: string;
  registered_at: number;
}

/** A person who was invited to enrol a device, and has not finished. */
export interface Invited {
  invite_id: string;
  user: PersonBrief;
  program: string;
  serial?: string | null;
  created_at: number;
  expires_at: number;
  /** When a device presented the code. */
  begun_at?: number | null;
}

/** What waits to be handed out, and how far device managers are followed. */
export interface FleetInfo {
  invited: Invited[];
  registered: Registered[];
  managers: {
    /** Whether Microsoft Intune is asked on a schedule. */
    intune: boolean;
    /** When the last pull that has ended had begun. */
    tried_at?: number | null;
    pulled_at?: number | null;
    problem?: string | null;
    /** Devices that managers know. */
    known: number;
    /** Of these, those that belong to no enrolled device. */
    unmatched: number;
    /** How much that managers are to be asked for, such as a wipe, they have not taken yet. */
    waiting: number;
    waiting_since?: number | null;
    waiting_problem?: string | null;
  };
}

export interface Import {
  /** The manager's name; none for registrations. */
  source?: string;
  format: "csv" | "json";
  text: string;
}

export interface Imported {
  devices: number;
  matched: number;
}

/** What a rule looks at. */
export type Check =
  | { kind: PlainCheck }
  | { kind: "screen_lock"; max_seconds?: number }
  | { kind: "key_in_hardware"; strongbox: boolean }
  | { kind: "os_floor"; floors: Record<string, string> }
  | { kind: "seen"; days: number };

export type PlainCheck =
  | "storage_encrypted"
  | "verified_boot"
  | "not_rooted"
  | "patched"
  | "secure_boot"
  | "tpm"
  | "firewall"
  | "updates_installed"
  | "managed"
  | "manager_compliant"
  | "authenticator";

export type CheckKind = Check["kind"];

/** One thing that devices of a program must meet. */
export interface Rule {
  id: string;
  check: Check;
  /** Whose word counts for the device. */
  accept: Provenance[];
  /** Empty for all. */
  platforms: string[];
  max_age_days?: number | null;
  grace_days: number;
  /** What it means that nothing decides it. */
  unknown: "allow" | "count";
}

/** One device program. */
export interface Program {
  slug: string;
  title: string;
  summary: string;
  ownership: "personal" | "hospital" | "shared";
  platforms: string[];
  enrolment: {
    path: "self_service" | "invited" | "registered";
    approval: "officer" | "own_device";
    attestation: "none" | "key" | "authenticator" | "either";
    authenticators: string[];
    /** How old the list of revoked attestation keys may be where a phone's hardware vouches. */
    revocations_days?: number | null;
    privacy_notice: boolean;
  };
  limits: {
    lock_seconds: number;
    offline_hours: number;
    attachments: boolean;
    wipe: "app" | "device";
  };
  rules: Rule[];
}

export type ExportFormat = "mobileconfig" | "android" | "qr";

/** A file for a device manager. */
export interface Exported {
  file: string;
  text: string;
}

/** How many devices stand how. */
export interface Count {
  compliant: number;
  grace: number;
  quarantined: number;
}

export interface ProgramInfo {
  terms: Program;
  /** How often the hospital changed it. */
  version: number;
  changed_at?: number | null;
  devices: Count;
  /** Rules that nothing in the fleet can satisfy, in words. */
  warnings: string[];
}

/** What is known of the public lists of patches. */
export interface FeedsInfo {
  fetched_at?: number | null;
  hash?: string | null;
  files: number;
  problem?: string | null;
}

export interface ProgramList {
  programs: ProgramInfo[];
  feeds: FeedsInfo;
}

export interface ProgramChange {
  /** The version that the change was made from. */
  version: number;
  terms: Program;
}

/** What a change would do. */
export interface DryRun {
  before: Count;
  after: Count;
  /** At most 50 devices that would stand worse. */
  worse: { device_id: string; owner: string; name: string; standing: Standing; reason: string }[];
  warnings: string[];
}

/** From low to high, with what is most likely. */
export interface Range {
  low: number;
  likely: number;
  high: number;
}

/** A number that the planner reckons with, and where it comes from. */
export interface Estimate extends Range {
  unit: string;
  source: string;
  /** Of which day the source is, ISO. */
  date: string;
}

export type Purpose = "device" | "subscription" | "support" | "training";

export interface Sum {
  range: Range;
  mean: number;
  deviation_apart: number;
  deviation_together: number;
}

export interface Risk {
  threat: string;
  level: "low" | "moderate" | "high";
  reason: string;
  measures: { term: string; text: string; accept: Provenance[]; firm: boolean }[];
}

/** What one program comes to. */
export interface Plan {
  slug: string;
  title: string;
  ownership: Program["ownership"];
  quantities: { name: string; range: Range; formula: string }[];
  items: { purpose: Purpose; name: string; cost: Range; formula: string }[];
  purposes: { purpose: Purpose; sum: Sum }[];
  total: Sum;
  carries: { extra: number; text: string };
  risks: Risk[];
  warnings: { rule: string; text: string }[];
}

/** Programs side by side. */
export interface Comparison {
  currency: string;
  years: number;
  programs: Plan[];
  /** How to read it, in sentences. */
  notes: string[];
  /** The numbers that it was reckoned with. */
  assumptions: { name: string; estimate: Estimate }[];
}

/** How far a version of the policies came; `approved` waits for its date. */
export type PolicyState = "draft" | "approved" | "active" | "replaced" | "withdrawn";

/** One version of the hospital's policies; 0 is what ships. */
export interface PolicyVersion {
  version: number;
  /** Of all its files, hexadecimal. */
  hash: string;
  state: PolicyState;
  author?: PersonBrief | null;
  created_at: number;
  summary: string;
  effective_at?: number | null;
  approved_by?: PersonBrief | null;
  approved_at?: number | null;
  /** Absent for the console. */
  withdrawn_by?: PersonBrief | null;
  withdrawn_at?: number | null;
}

export interface PolicyList {
  /** The version in force. */
  active: number;
  /** Newest first. */
  versions: PolicyVersion[];
}

export interface PolicyFile {
  name: string;
  text: string;
}

export interface PolicyTexts {
  version: PolicyVersion;
  /** The schema first, which cannot be changed. */
  files: PolicyFile[];
}

/** Lines and columns from 1, columns in characters. */
export interface PolicyProblem {
  file: string;
  line: number;
  column: number;
  message: string;
}

export interface DiffLine {
  sign: " " | "+" | "-";
  text: string;
}

/** What became of one policy, or of a file beside its policies. */
export interface PolicyChange {
  /** The policy's id, such as `officers.audit`; else the file's name. */
  id: string;
  file: string;
  /** One policy, the order of a file's policies, or its comments. */
  part: "policy" | "order" | "comments";
  kind: "added" | "removed" | "changed";
  before?: string | null;
  after?: string | null;
  lines: DiffLine[];
}

/** What is to be said of policies before they are proposed. */
export interface PolicyCheck {
  hash: string;
  problems: PolicyProblem[];
  warnings: PolicyProblem[];
  changes: PolicyChange[];
  /** Why nobody could change the policies any more; null where somebody could. */
  locked_out?: string | null;
}

/** What policies say: yes, after a proof, or no. */
export type PolicyAnswer = "allow" | "step_up" | "deny";

/** Decisions that were made and would be made otherwise, alike in what policies say of them. */
export interface ReplayChange {
  action: string;
  was: PolicyAnswer;
  now: PolicyAnswer;
  count: number;
  people: number;
  policies: string[];
  advice: string[];
  /** At most five. */
  examples: { at: number; user?: PersonBrief | null; action: string; resource: string }[];
}

/** What policies would have made of the decisions of a time. */
export interface PolicyReplay {
  /** When the earliest of them was made; absent where there was none. */
  from?: number | null;
  to?: number | null;
  decisions: number;
  /** Those of which not all that they depended on was kept. */
  without_inputs: number;
  same: number;
  changes: ReplayChange[];
}

/** What policies answer one person under the best circumstances. */
export interface PersonAnswer {
  user: PersonBrief;
  answer: PolicyAnswer;
  /** The proofs that are asked for. */
  methods: string[];
  why: string[];
  policies: string[];
}

export interface WhoCan {
  /** Absent where only the actions were asked for. */
  action?: string | null;
  phrase?: string | null;
  people: PersonAnswer[];
  /** All that can be asked about. */
  actions: PolicyAction[];
}

export interface PolicyAction {
  /** Such as `patient.read`. */
  name: string;
  /** In words, such as `see who this patient is`. */
  phrase: string;
}

export type EscalationState = "waiting" | "acknowledged" | "unanswered" | "withdrawn";

/** A person who was alerted of a STAT message, or answered. */
export interface EscalationPerson {
  person: PersonBrief;
  /** What they are to it: `recipients`, or the name of a level of the chain. */
  level: string;
  attempts: number;
  first_at: number;
  last_at: number;
  delivered_at?: number | null;
  read_at?: number | null;
  declined_at?: number | null;
}

/** A STAT message as those see it whom it concerns; never what it says. */
export interface EscalationInfo {
  id: string;
  group: string;
  /** The message's place in it. */
  seq: number;
  /** Which of the message's pages: one to a code team has one for each role. */
  line?: number;
  sender: PersonBrief;
  recipients: PersonBrief[];
  /** The role that it is for; absent where it is for people. */
  role?: string | null;
  /** The code team that was called. */
  team?: string | null;
  departments: string[];
  started_at: number;
  state: EscalationState;
  ended_at?: number | null;
  acknowledged_by?: PersonBrief | null;
  /** Whether this person is asked to answer. */
  asked: boolean;
  /** Whether this person is to be told that nobody answered. */
  failed: boolean;
  /** When it goes on by itself; absent once it is over. */
  next_at?: number | null;
  /** Who is asked then: a level, or `quiet`; absent where it ends then. */
  next_level?: string | null;
  roused_at?: number | null;
  /** Who was passed over: not to be disturbed, or without a device in use. */
  quiet: PersonBrief[];
  unreachable: PersonBrief[];
  /** The number to call when nobody answered. */
  call?: string | null;
  people: EscalationPerson[];
}
