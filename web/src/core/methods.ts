/** What the worker's core can be asked, by name: parameters and result. */
import type {
  Assessment,
  AttachmentUse,
  DeviceInfo,
  Duty,
  EnrollStarted,
  GroupKind,
  Hospital,
  Invite,
  Me,
  OnCallRole,
  PatientBanner,
  PersonBrief,
  PersonHit,
  Priority,
  Problem,
  SessionInfo,
  SignedStatement,
  SignedTurns,
  Statement,
  Told,
} from "./wire";

type None = Record<string, never>;

/** How far this device has come. */
export type Stage = "new" | "enrolling" | "pending" | "locked" | "open" | "wiped";

export interface Status {
  stage: Stage;
  hospital?: string | null;
  user?: PersonBrief | null;
  device_id?: string | null;
  confirmation?: string | null;
  credential_id?: string | null;
  /** Whether there is a session; without one an open store works offline. */
  online?: boolean | null;
  /** The dead-spot window is over: unlocking needs the hospital. */
  online_required?: boolean | null;
  /** Milliseconds without input after which the app locks; absent for no limit. */
  lock_ms?: number | null;
  /** Whether it claims a position at sign-in. */
  position?: boolean;
  /** What it may do with attachments, as the hospital said last. */
  attachments?: AttachmentUse | null;
  /** The number to call when a STAT message reaches nobody. */
  call?: string | null;
}

/** Where a device says that it is: degrees (WGS 84), metres. */
export interface Position {
  latitude: number;
  longitude: number;
  accuracy_m: number;
}

/** The trust anchors that an invitation's link carries. */
export interface Pins {
  ca: string;
  log: string;
  /** Absent for the first officer. */
  gen?: string;
}

/** Inputs for the passkey's PRF, base64url. */
export interface PrfSalts {
  first: string;
  second: string;
}

/** What the PRF gave, base64url; null where the passkey has none. */
export interface PrfResults {
  prf_first: string | null;
  prf_second: string | null;
}

export interface SignInChallenge {
  request: unknown;
  prf_first_salt: string;
  prf_second_salt: string;
  credential_id: string | null;
}

export interface MemberView {
  user: PersonBrief;
  verified: boolean;
  devices: number;
  /** A program, by what an officer's device vouched for. */
  bot?: boolean;
}

export type MessageState = "sending" | "failed" | "sent" | "delivered" | "read" | "acknowledged";

/** How far one's own message came with one person. Times say by when, where this device knows. */
export interface Reached {
  person: PersonBrief;
  state: MessageState;
  delivered_at: number | null;
  read_at: number | null;
  /** Of a STAT message: exactly when. */
  acknowledged_at: number | null;
}

export interface ConversationView {
  id: string;
  kind: GroupKind;
  title: string;
  /** The people in it. */
  members: MemberView[];
  /** The record keepers in it, verified as such. */
  keepers: MemberView[];
  patient?: PatientBanner | null;
  role?: string | null;
  role_title?: string | null;
  /** Whether it follows who has the role. */
  follows?: boolean;
  /** The code team or list that it is for. */
  team?: string | null;
  team_title?: string | null;
  created_by?: string | null;
  unread: number;
  last?: {
    /** What it carries. */
    attachment?: AttachmentView["kind"] | null;
    /** Whether it leads to an entry of a chart. */
    reference?: boolean;
    /** Empty once it was recalled. */
    text: string;
    /** It goes once it is read: what it says is read in the conversation, and there is no text here. */
    burns: boolean;
    recalled: boolean;
    expired: boolean;
    /** The name of who wrote it. */
    from: string;
    sent_at: number;
    mine: boolean;
    state: MessageState;
  } | null;
  priority_unread?: Priority | null;
  /** How many of the unread name this person. */
  mentions_unread: number;
  removal_pending: boolean;
  /** People who came while this device was away; nothing is sent until the person has looked. */
  strangers: PersonBrief[];
  /** Where this person put it, on this device. */
  pinned: boolean;
  archived: boolean;
  muted: boolean;
  marked_unread: boolean;
  /** What this person has begun to write. */
  draft: Draft | null;
  /** When something last happened. */
  at: number;
}

export interface MessageView {
  id: string;
  /** Its place in the conversation; null while it waits to be sent. */
  seq: number | null;
  from: PersonBrief | null;
  mine: boolean;
  text: string;
  priority: Priority;
  sent_at: number;
  /** Of my own messages how far they came; of others' how far I said I came. */
  state: MessageState;
  problem?: Problem | null;
  reply_to?: string | null;
  /** Set on lines that the system wrote, such as `person_added`. */
  notice?: string | null;
  notice_text?: string | null;
  /** The place of its newest version: what is read or acknowledged up to there is this version. */
  newest_seq: number | null;
  edited_at: number | null;
  /** The versions before the newest, oldest first. */
  earlier: readonly Version[];
  /** An edit was left out because it came too late. */
  late_edit: boolean;
  /** Its author took it back; there is no text then. */
  recalled: boolean;
  recalled_at: number | null;
  /** Of my own recalled message: who had read it before. */
  recalled_after: readonly string[];
  reactions: readonly ReactionView[];
  /** Whom the text names. */
  mentions: readonly PersonBrief[];
  mentions_me: boolean;
  /** The form that the text is of. */
  form: Form | null;
  /** Who wrote it and when, as whoever forwarded it says. */
  forwarded: { from: string; name: string; sent_at: number; origin?: string } | null;
  /** The file that it carries; the text is what its sender says of it, or nothing. */
  attachment?: AttachmentView | null;
  /** The entry of a chart that it leads to, `PATIENT/TYPE/ID/VIEW`; the text is what its sender says of it, or
   * nothing. */
  reference?: string | null;
  expires: Expiry | null;
  /** When it goes, where that is known. */
  expires_at: number | null;
  /** It went; there is no text then. */
  expired: boolean;
  /** My changes of it that the hospital has not taken. */
  waiting: readonly WaitingChange[];
}

/** A file that a message carries, without what opens it. */
export interface AttachmentView {
  id: string;
  kind: "photo" | "document" | "voice";
  mime: string;
  name: string;
  bytes: number;
  /** Across and down. */
  pixels?: readonly [number, number] | null;
  seconds?: number | null;
  /** A small JPEG of it, base64url. */
  thumbnail?: string | null;
  chunks: number;
  /** How many of them are here, or at the hospital while it is uploaded. */
  done: number;
  /** It is still to be uploaded from here. */
  uploading: boolean;
}

/** A file to be sent. */
export interface NewFile {
  name: string;
  mime: string;
  /** base64url. */
  bytes: string;
  pixels?: readonly [number, number];
  seconds?: number;
  thumbnail?: string;
}

/** When a message goes by itself: so many seconds after it was taken, or once it is read. */
export type Expiry = { after: number } | "read";

/** What a ward's form holds, in the order of its fields; empty where nothing was filled in. */
export interface Form {
  kind: "sbar" | "ipass";
  fields: readonly string[];
}

/** What was begun to be written. */
export interface Draft {
  text: string;
  priority: Priority;
}

export interface Version {
  text: string;
  /** Since when. */
  at: number;
}

export interface ReactionView {
  emoji: string;
  /** Who reacted so, by name. */
  people: readonly string[];
  mine: boolean;
}

export interface WaitingChange {
  id: string;
  kind: "edit" | "recall" | "reaction";
  /** Why the hospital refused it. */
  problem?: Problem | null;
}

/** What is looked for among the messages of this device; all of it together. */
export interface Wanted {
  /** Words; the last may be the beginning of one. */
  q: string;
  /** By this person. */
  from?: string;
  /** In conversations about this patient. */
  patient_id?: string;
  /** Sent then or later. */
  since?: number;
  /** Sent before that. */
  until?: number;
}

export interface SearchHit {
  group: string;
  id: string;
  seq: number;
  /** What is shown of its text, in parts; `marked` is what was looked for. */
  snippet: { text: string; marked: boolean }[];
  from: PersonBrief | null;
  mine: boolean;
  patient_id?: string | null;
  priority: Priority;
  sent_at: number;
}

export interface SearchCursor {
  sent_at: number;
  group: string;
  seq: number;
}

/** How far the index has come; while it is not whole, older messages may not be found. */
export interface SearchProgress {
  whole: boolean;
  done: number;
  of: number;
}

export interface SearchResults {
  hits: SearchHit[];
  next: SearchCursor | null;
  progress: SearchProgress;
}

/** A STAT message that has not reached the hospital. */
export interface Unsent {
  id: string;
  group: string;
  written_at: number;
  /** It waited for too long to leave by itself; `retry` makes it new. */
  late: boolean;
  /** Why the hospital refused it. */
  problem?: Problem | null;
}

export interface PendingDevice {
  device: DeviceInfo;
  confirmation: string;
}

export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Begins with `/v1/`. */
  path: string;
  body?: unknown;
}

export interface Methods {
  status: [None, Status];
  hospital: [None, Hospital];
  me: [None, Me];
  prf_salts: [None, PrfSalts];
  enroll_start: [{ code: string; device_name: string; pins?: Pins }, EnrollStarted];
  enroll_finish: [
    { credential: unknown; accepted_notice?: string } & PrfResults,
    { confirmation: string },
  ];
  enroll_poll: [None, { state: string }];
  confirm_wipe: [None, unknown];
  report: [{ facts: readonly Told[] }, Assessment];
  /** A request to the hospital that needs nothing of the store. */
  api: [ApiRequest, unknown];
  challenge: [None, SignInChallenge];
  sign_in: [{ credential: unknown; position: Position | null } & PrfResults, unknown];
  unlock_offline: [PrfResults, unknown];
  lock: [None, unknown];
  sign_out: [None, unknown];
  socket_ticket: [None, { url: string; ticket: string }];
  frame: [{ frame: unknown }, unknown];
  sync: [None, unknown];
  conversations: [None, ConversationView[]];
  messages: [{ group: string; before?: number; limit: number }, MessageView[]];
  /** Nothing for others' messages. */
  who_has: [{ group: string; id: string }, Reached[]];
  search: [Wanted & { after: SearchCursor | null; limit: number }, SearchResults];
  /** Takes a step of what the index needs. */
  tend_search: [None, SearchProgress];
  send: [
    { group: string; text: string; priority: Priority; reply_to?: string; expires?: Expiry },
    { id: string },
  ];
  /** A message with a file, which is uploaded before it leaves. The words of a STAT message do not wait for
   * that: the file follows as an answer to them. */
  attach: [
    {
      group: string;
      file: NewFile;
      text: string;
      priority: Priority;
      reply_to?: string;
      expires?: Expiry;
    },
    { id: string },
  ];
  /** Takes a step of what is to be done with files; whether there may be more. */
  tend_files: [None, boolean];
  /** Fetches one more piece of a message's file. */
  fetch_file: [{ group: string; id: string }, { done: number; chunks: number }];
  /** A file that is here whole, base64url. */
  file: [{ group: string; id: string }, { bytes: string }];
  deliver: [None, unknown];
  send_form: [{ group: string; form: Form; priority: Priority; reply_to?: string }, { id: string }];
  /** An entry of a chart, with what is to be said of it, or nothing. */
  send_reference: [
    { group: string; reference: string; text: string; priority?: Priority; reply_to?: string },
    { id: string },
  ];
  edit: [{ group: string; id: string; text: string }, unknown];
  recall: [{ group: string; id: string }, unknown];
  /** STAT messages of this person that wait or were refused, the oldest first. */
  unsent_stat: [None, Unsent[]];
  /** Into another conversation; the hospital may ask for a proof first. */
  forward: [{ group: string; id: string; to: string }, { id: string }];
  react: [{ group: string; id: string; emoji: string }, unknown];
  unreact: [{ group: string; id: string; emoji: string }, unknown];
  retry: [{ id: string }, unknown];
  discard: [{ id: string }, unknown];
  start: [{ users: string[]; role?: string; patient_id?: string }, { group: string }];
  /** With whom the hospital named just now. */
  start_team: [
    { kind: GroupKind; users: string[]; team?: string; patient_id?: string },
    { group: string },
  ];
  /** This device's signature under who has a role for a time. */
  sign_turns: [
    {
      role: string;
      from: number;
      until: number;
      turns: readonly { user_id: string; from: number; until: number }[];
    },
    SignedTurns,
  ];
  /** This device's signature under a statement about records. */
  sign_statement: [{ statement: Statement }, SignedStatement];
  /** Fails unless the device that a statement names signed it, is its person's and is in use. */
  verify_statement: [{ signed: SignedStatement }, { hash: string; keeper: boolean }];
  /** What stands for a statement, by its own words; nothing of it is verified. */
  hash_statement: [{ signed: SignedStatement }, { hash: string }];
  /** `shown` are STAT messages that were on the screen, by the places of their newest versions. */
  mark_read: [{ group: string; up_to: number; shown?: readonly number[] }, unknown];
  acknowledge: [{ group: string; up_to: number }, unknown];
  accept_members: [{ group: string }, unknown];
  /** What is left out stays. */
  mark: [
    { group: string; pinned?: boolean; archived?: boolean; muted?: boolean; unread?: boolean },
    unknown,
  ];
  keep_draft: [{ group: string } & Draft, unknown];
  add_people: [{ group: string; users: string[] }, unknown];
  remove_person: [{ group: string; user: string }, unknown];
  people: [{ q: string }, PersonHit[]];
  roles: [None, OnCallRole[]];
  patients: [{ q: string }, PatientBanner[]];
  pending_devices: [None, PendingDevice[]];
  confirm_device: [{ id: string; duty: Duty }, unknown];
  revoke_device: [{ id: string }, unknown];
  invite: [{ user_id: string; program: string; serial?: string }, Invite];
  sessions: [None, SessionInfo[]];
  end_session: [{ id: string }, unknown];
  end_all_sessions: [None, unknown];
  step_up_challenge: [{ scopes: readonly string[] }, { request: unknown }];
  step_up: [{ credential: unknown }, unknown];
}

export type Method = keyof Methods;
export type Params<M extends Method> = Methods[M][0];
export type Result<M extends Method> = Methods[M][1];

/** How the line to the hospital is; `refused` when it answers, but not to this device's session. */
export type Connection = "online" | "connecting" | "offline" | "refused";

/** What the worker tells the screens. */
export type CoreEvent =
  | { t: "conversations" }
  | { t: "messages"; group: string }
  | { t: "status" }
  | { t: "devices" }
  /** What is ordered, held or destroyed of records changed. */
  | { t: "records" }
  /** Sessions wait for a security officer, or do not any more. */
  | { t: "risk" }
  /** Looks at charts wait for a privacy officer, or do not any more. */
  | { t: "looks" }
  | { t: "roles" }
  /** A STAT message that concerns this person goes on, or is over. */
  | { t: "stat" }
  /** The care team of a conversation changed. */
  | { t: "care_team"; group: string }
  | { t: "ended"; problem: Problem }
  | { t: "connection"; state: Connection }
  /** The window's own: the person has just proven that it is them. */
  | { t: "proven" }
  | { t: "elsewhere" }
  /** The core stopped for good; only loading the app again helps. */
  | { t: "broken" };
