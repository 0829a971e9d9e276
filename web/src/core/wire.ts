/**
 * The JSON that the server and the client core speak, as far as the screens show it.
 * Times are unix milliseconds, bytes base64url without padding.
 */

export type Priority = "routine" | "urgent" | "stat";
export type GroupKind = "direct" | "group" | "role" | "team" | "keeper";
export type DeviceState = "pending" | "active" | "revoked";
/** What a device may do beyond its person's own business. */
export type Duty = "none" | "endorses" | "keeps_records";

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

export interface EnrollStarted {
  enrollment_id: string;
  device_id: string;
  user: PersonBrief;
  program: string;
  creation: unknown;
  expires_at: number;
}

export interface DeviceInfo {
  id: string;
  user: PersonBrief;
  name: string;
  platform: "browser" | "native";
  program: string;
  state: DeviceState;
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
}
