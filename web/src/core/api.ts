/** Requests of the pages that need nothing of the store: devices, programs, the planner, codes,
 * smart cards, unusual sign-ins, wake-ups, STAT messages, recoveries, charts, policies, schedules,
 * integrations, records, looks at charts. */
import type { Reference } from "../references/reference";
import { call, callUnasked } from "./core";
import type { ApiRequest } from "./methods";
import { fleetPath } from "./pages";
import { trustedRecords } from "./records";
import type {
  AccessExplanation,
  Assessment,
  BotInfo,
  BotRegister,
  BotScope,
  BulkAction,
  BulkOutcome,
  Canary,
  CanaryList,
  CanaryMake,
  CardChallenge,
  CardInfo,
  CardList,
  CareTeam,
  CareTeamImport,
  CareTeamsImported,
  ChartEntry,
  Comparison,
  DeadLetters,
  DeviceDetail,
  DeviceInfo,
  DeviceList,
  DryRun,
  EscalationInfo,
  Estimate,
  Exported,
  ExportFormat,
  FactorBegun,
  FactorInfo,
  FactorList,
  FactorsMissing,
  FleetInfo,
  Glass,
  GlassDetail,
  GlassList,
  GlassPurpose,
  Import,
  Imported,
  Integrations,
  Interruptions,
  Invite,
  LookAtChart,
  LookList,
  LookOutcome,
  LooksShown,
  Note,
  NotePart,
  OwnStatUse,
  PatientBanner,
  PatientChart,
  PatientList,
  PolicyCheck,
  PolicyFile,
  PolicyList,
  PolicyReplay,
  PolicyTexts,
  PolicyVersion,
  Presented,
  ProgramChange,
  ProgramInfo,
  ProgramList,
  PushInfo,
  PushSubscribe,
  QuietChoice,
  QuietInfo,
  Reachability,
  ReachOf,
  Records,
  RecordsOrder,
  Recovery,
  RiskOverview,
  RiskReport,
  RiskySignIn,
  ScheduledRole,
  ScheduleImport,
  ScheduleImported,
  Schedules,
  SignedTurns,
  Statement,
  Swap,
  Team,
  TeamCall,
  TeamEdit,
  TokenImport,
  TokenInfo,
  TokensImported,
  WhoCan,
} from "./wire";

/** The most devices that the hospital takes in one request. */
const MOST_AT_ONCE = 200;
/** How far ahead turns are shown. */
const FOUR_WEEKS_MS = 28 * 24 * 60 * 60 * 1000;

export type ChangedAssumptions = Readonly<Record<string, Estimate>>;

export interface CompareRequest {
  assumptions: ChangedAssumptions;
  /** By their slugs, at most five. */
  programs: readonly string[];
}

export interface PolicyProposal {
  files: readonly PolicyFile[];
  summary: string;
  /** Absent for as soon as it is approved. */
  effective_at?: number;
}

/** Who has a role for a time; nobody where the person is null. */
export interface TurnEdit {
  role: string;
  from: number;
  until: number;
  user_id: string | null;
}

export const api = {
  ownDevices: () => ask<DeviceList>("GET", "/v1/devices?scope=own").then(({ devices }) => devices),
  /** A page of everyone's devices. */
  fleetPage: (after: string | null) => ask<DeviceList>("GET", fleetPath(after)),
  device: (id: string) => ask<DeviceDetail>("GET", `/v1/devices/${id}`),
  reportLost: ({ id }: { id: string }) => ask<DeviceInfo>("POST", `/v1/devices/${id}/lost`),
  setSerial: ({ id, serial }: { id: string; serial: string | null }) =>
    ask<Assessment>("POST", `/v1/devices/${id}/serial`, { serial }),
  bulk,
  fleet: () => ask<FleetInfo>("GET", "/v1/fleet"),
  register: (file: Import) => ask<Imported>("POST", "/v1/fleet/registered", file),
  importManaged: (file: Import) => ask<Imported>("POST", "/v1/fleet/import", file),
  withdraw: ({ id }: { id: string }) => ask<null>("DELETE", `/v1/invites/${id}`),
  programs: () => ask<ProgramList>("GET", "/v1/programs"),
  dryRun: (change: ProgramChange) =>
    ask<DryRun>("POST", `/v1/programs/${change.terms.slug}/dry-run`, change),
  changeProgram: (change: ProgramChange) =>
    ask<ProgramInfo>("PUT", `/v1/programs/${change.terms.slug}`, change),
  exported: ({ slug, format }: { slug: string; format: ExportFormat }) =>
    ask<Exported>("GET", `/v1/programs/${slug}/export?format=${format}`),
  /** A person's generators of codes; one's own without a person. */
  factors: (user?: string) =>
    ask<FactorList>("GET", user ? `/v1/factors?user=${user}` : "/v1/factors"),
  addFactor: ({ name }: { name: string }) => ask<FactorBegun>("POST", "/v1/factors", { name }),
  confirmFactor: ({ id, code }: { id: string; code: string }) =>
    ask<FactorInfo>("POST", `/v1/factors/${id}/confirm`, { code }),
  resyncFactor: ({ id, first, second }: { id: string; first: string; second: string }) =>
    ask<FactorInfo>("POST", `/v1/factors/${id}/resync`, { first, second }),
  renameFactor: ({ id, name }: { id: string; name: string }) =>
    ask<null>("PUT", `/v1/factors/${id}`, { name }),
  removeFactor: ({ id }: { id: string }) => ask<null>("DELETE", `/v1/factors/${id}`),
  factorsMissing: () => ask<FactorsMissing>("GET", "/v1/factors/missing"),
  tokens: () => ask<{ tokens: TokenInfo[] }>("GET", "/v1/tokens").then(({ tokens }) => tokens),
  importTokens: (file: TokenImport) => ask<TokensImported>("POST", "/v1/tokens/import", file),
  /** Hands a card to a person; takes it back without one. */
  assignToken: (change: { serial: string; user_id?: string }) =>
    ask<null>("POST", "/v1/tokens/assign", change),
  /** A person's smart cards; one's own without a person. */
  cards: (user?: string) => ask<CardList>("GET", user ? `/v1/cards?user=${user}` : "/v1/cards"),
  cardChallenge: () => ask<CardChallenge>("POST", "/v1/cards/challenge", {}),
  addCard: (card: Presented & { name: string }) => ask<CardInfo>("POST", "/v1/cards", card),
  renameCard: ({ id, name }: { id: string; name: string }) =>
    ask<null>("PUT", `/v1/cards/${id}`, { name }),
  removeCard: ({ id }: { id: string }) => ask<null>("DELETE", `/v1/cards/${id}`),
  ownSignIns: () =>
    ask<{ sign_ins: RiskySignIn[] }>("GET", "/v1/risk/own").then(({ sign_ins }) => sign_ins),
  risk: () => ask<RiskOverview>("GET", "/v1/risk"),
  riskWaiting: () =>
    callUnasked("api", { method: "GET", path: "/v1/risk" }).then(
      (overview) => (overview as RiskOverview).waiting,
    ),
  riskReport: () => ask<RiskReport>("GET", "/v1/risk/report"),
  answerSignIn: ({ id, was_me }: { id: string; was_me: boolean }) =>
    ask<null>("POST", `/v1/risk/${id}/answer`, { was_me }),
  allowPosition: () => ask<null>("PUT", "/v1/me/position-consent"),
  forbidPosition: () => ask<null>("DELETE", "/v1/me/position-consent"),
  push: () => ask<PushInfo>("GET", "/v1/push"),
  subscribePush: (subscription: PushSubscribe) => ask<PushInfo>("PUT", "/v1/push", subscription),
  unsubscribePush: () => ask<null>("DELETE", "/v1/push"),
  testPush: () => ask<null>("POST", "/v1/push/test"),
  /** Until then nothing but STAT rings; null for no longer. */
  setQuiet: ({ until }: { until: number | null }) =>
    ask<null>("PUT", "/v1/me/availability", { quiet_until: until }),
  quiet: () => ask<QuietInfo>("GET", "/v1/me/quiet"),
  chooseQuiet: (choice: QuietChoice) => ask<QuietInfo>("PUT", "/v1/me/quiet", choice),
  statUse: () => ask<OwnStatUse>("GET", "/v1/me/stat-use"),
  /** Says of a STAT message, once it is acknowledged, that it did not need to be one. */
  unneeded: ({ group, seq }: { group: string; seq: number }) =>
    ask<null>("POST", `/v1/escalations/${group}.${seq}/unneeded`),
  interruptions: (days: number, zone: string) =>
    ask<Interruptions>("GET", `/v1/interruptions?days=${days}&zone=${encodeURIComponent(zone)}`),
  reach: (person: string) => ask<Reachability>("GET", `/v1/people/${person}/reachability`),
  reachOf: (people: readonly string[]) =>
    ask<{ people: ReachOf[] }>("POST", "/v1/people/reachability", { user_ids: people }).then(
      (found) => found.people,
    ),
  /** The STAT messages that concern this person, the newest first. */
  stat: () =>
    ask<{ escalations: EscalationInfo[] }>("GET", "/v1/escalations").then(
      ({ escalations }) => escalations,
    ),
  takeStat: ({ id }: { id: string }) =>
    ask<EscalationInfo>("POST", `/v1/escalations/${id}/acknowledge`),
  declineStat: ({ id }: { id: string }) =>
    ask<EscalationInfo>("POST", `/v1/escalations/${id}/decline`),
  withdrawStat: ({ id }: { id: string }) =>
    ask<EscalationInfo>("POST", `/v1/escalations/${id}/withdraw`),
  recoveries: () =>
    ask<{ recoveries: Recovery[] }>("GET", "/v1/recoveries").then(({ recoveries }) => recoveries),
  askRecovery: (request: { user_id: string; program: string; reason: string }) =>
    ask<Recovery>("POST", "/v1/recoveries", request),
  approveRecovery: ({ id }: { id: string }) =>
    ask<{ recovery: Recovery; invite: Invite }>("POST", `/v1/recoveries/${id}/approve`),
  withdrawRecovery: ({ id }: { id: string }) => ask<null>("DELETE", `/v1/recoveries/${id}`),
  integrations: () => ask<Integrations>("GET", "/v1/integrations"),
  registerBot: (request: BotRegister) =>
    ask<{ bot: BotInfo; invite: Invite }>("POST", "/v1/bots", request),
  changeBot: ({ id, ...change }: { id: string; scope: BotScope; per_minute: number }) =>
    ask<BotInfo>("PUT", `/v1/bots/${id}`, change),
  disableBot: ({ id }: { id: string }) => ask<BotInfo>("POST", `/v1/bots/${id}/disable`),
  setPagerNumbers: (request: { text: string }) =>
    ask<{ set: number; removed: number }>("POST", "/v1/pager/numbers", request),
  deadLetters: () => ask<DeadLetters>("GET", "/v1/hl7/dead-letters"),
  replayLetter: ({ id }: { id: number }) =>
    ask<null>("POST", `/v1/hl7/dead-letters/${id}/replay`, {}),
  dismissLetter: ({ id, reason }: { id: number; reason: string }) =>
    ask<null>("POST", `/v1/hl7/dead-letters/${id}/dismiss`, { reason }),
  testPager: () => ask<null>("POST", "/v1/pager/test"),
  /** Who is on call from now on, for four weeks. */
  schedules: (now: number) =>
    ask<Schedules>("GET", `/v1/schedules?from=${now}&until=${now + FOUR_WEEKS_MS}`),
  importSchedule: (file: ScheduleImport) =>
    ask<ScheduleImported>("POST", "/v1/schedules/import", file),
  assignTurn: ({ role, ...turn }: TurnEdit) =>
    ask<ScheduledRole>("PUT", `/v1/schedules/${role}/turns`, turn),
  /** What this device says of a role's turns, as they stand, so that the record keeper follows them. */
  signTurns: async ({ role }: { role: string }) => {
    // As the hospital has them at this moment, from the same moment on.
    const from = Date.now();
    const until = from + FOUR_WEEKS_MS;
    const path = `/v1/schedules?from=${from}&until=${until}`;
    const { roles } = await ask<Schedules>("GET", path);
    const turns = (roles.find(({ slug }) => slug === role)?.turns ?? []).map((turn) => ({
      user_id: turn.user.id,
      from: turn.from,
      until: turn.until,
    }));
    const signed = await call("sign_turns", { role, from, until, turns });
    return ask<{ signed: SignedTurns }>("PUT", `/v1/schedules/${role}/order`, { signed });
  },
  /** With this device's word that the turn is theirs who is asked, for when they agree. */
  askSwap: async (request: { role: string; from: number; until: number; asked_of: string }) => {
    const { role, from, until, asked_of } = request;
    const turns = [{ user_id: asked_of, from, until }];
    const order = await call("sign_turns", { role, from, until, turns });
    return ask<Swap>("POST", "/v1/swaps", { role, from, asked_of, order });
  },
  teams: () => ask<{ teams: Team[] }>("GET", "/v1/teams").then(({ teams }) => teams),
  /** Makes a team; with an id it changes that one. */
  putTeam: ({ id, team }: { id: string | null; team: TeamEdit }) =>
    id ? ask<Team>("PUT", `/v1/teams/${id}`, team) : ask<Team>("POST", "/v1/teams", team),
  removeTeam: ({ id }: { id: string }) => ask<null>("DELETE", `/v1/teams/${id}`),
  callTeam: ({ id }: { id: string }) => ask<TeamCall>("POST", `/v1/teams/${id}/call`),
  careTeam: ({ patient }: { patient: string }) =>
    ask<CareTeam>("GET", `/v1/patients/${patient}/team`),
  importCareTeams: (file: CareTeamImport) =>
    ask<CareTeamsImported>("POST", "/v1/care-teams/import", file),
  answerSwap: ({ id, answer }: { id: string; answer: "agree" | "decline" | "withdraw" }) =>
    ask<Swap>("POST", `/v1/swaps/${id}/${answer}`),
  /** Of a patient's chart, without their texts: the newest, or those after a part's `next`. */
  notes: ({ patient, after }: { patient: string; after: string | null }) =>
    ask<NotePart>("GET", `/v1/patients/${patient}/notes${after ? `?after=${after}` : ""}`),
  note: ({ patient, note }: { patient: string; note: string }) =>
    ask<Note>("GET", `/v1/patients/${patient}/notes/${note}`),
  /** All of a chart that is shown, but its notes, in one request. */
  chart: (patient: string) => ask<PatientChart>("GET", `/v1/patients/${patient}/chart`),
  /** One entry of it, to which somebody refers. */
  chartEntry: ({ patient, kind, id, view }: Reference) =>
    ask<ChartEntry>("GET", `/v1/patients/${patient}/chart/${kind}/${id}?view=${view}`),
  /** By name or number; what is searched for is patient data and stays out of the address. */
  patients: (q: string) => ask<PatientList>("POST", "/v1/patients/search", { q }),
  patient: (id: string) => ask<PatientBanner>("GET", `/v1/patients/${id}`),
  /** Why the person may look at a chart, and what opening it takes. */
  explanation: (patient: string) =>
    ask<AccessExplanation>("GET", `/v1/patients/${patient}/explanation`),
  breakGlass: ({ patient, ...why }: { patient: string; purpose: GlassPurpose; reason: string }) =>
    ask<Glass>("POST", `/v1/patients/${patient}/break-the-glass`, why),
  /** Where one broke the glass oneself. */
  ownGlass: () => ask<GlassList>("GET", "/v1/glass/own"),
  glass: () => ask<GlassList>("GET", "/v1/glass"),
  glassOne: ({ id }: { id: string }) => ask<GlassDetail>("GET", `/v1/glass/${id}`),
  endGlass: ({ id }: { id: string }) => ask<null>("POST", `/v1/glass/${id}/end`, {}),
  looks: ({
    show,
    canaries,
    after,
  }: {
    show: LooksShown;
    canaries: boolean;
    after?: string | undefined;
  }) => {
    const query = new URLSearchParams({ show, canaries: String(canaries) });
    if (after) {
      query.set("after", after);
    }
    return ask<LookList>("GET", `/v1/looks?${query}`);
  },
  looksWaiting: () =>
    callUnasked("api", { method: "GET", path: "/v1/looks" }).then(
      (list) => (list as LookList).waiting,
    ),
  look: ({ id }: { id: string }) => ask<LookAtChart>("GET", `/v1/looks/${id}`),
  reviewLook: ({
    id,
    ...said
  }: {
    id: string;
    outcome: Exclude<LookOutcome, "waiting">;
    note: string;
  }) => ask<LookAtChart>("POST", `/v1/looks/${id}/review`, said),
  canaries: () => ask<CanaryList>("GET", "/v1/canaries"),
  makeCanary: (made: CanaryMake) => ask<Canary>("POST", "/v1/canaries", made),
  retireCanary: ({ id }: { id: string }) => ask<Canary>("POST", `/v1/canaries/${id}/retire`, {}),
  reviewGlass: ({ id, ...said }: { id: string; justified: boolean; note: string }) =>
    ask<Glass>("POST", `/v1/glass/${id}/review`, said),
  /** What is held, ordered and destroyed. What the record keeper is to have signed is verified: of what
   * is not its own nothing is left, and `doubtful` says so. */
  records: async (): Promise<Records & { doubtful: boolean }> => {
    const list = await ask<Records>("GET", "/v1/records");
    return trustedRecords(list, {
      verify: (signed) => call("verify_statement", { signed }),
      hash: async (signed) => (await call("hash_statement", { signed })).hash,
    });
  },
  /** Signs a statement with this device's key and hands it in. */
  handInStatement: async ({ statement }: { statement: Statement }) => {
    const signed = await call("sign_statement", { statement });
    return ask<RecordsOrder>("POST", "/v1/records/statements", { signed });
  },
  /** Agrees to an order, once it is known that its person's device signed what is shown. */
  agreeToOrder: async ({ order, reason }: { order: RecordsOrder; reason: string }) => {
    const { hash } = await call("verify_statement", { signed: order.signed });
    const statement: Statement = { type: "approval", order: hash, reason };
    const signed = await call("sign_statement", { statement });
    return ask<RecordsOrder>("POST", "/v1/records/statements", { signed });
  },
  /** Devices and whose they are, as a table. */
  exportDevices: ({ ids }: { ids: readonly string[] }) =>
    ask<{ file: string; text: string; rows: number }>("POST", "/v1/devices/export", {
      device_ids: ids,
    }),
  policies: () => ask<PolicyList>("GET", "/v1/policies"),
  policy: (version: number) => ask<PolicyTexts>("GET", `/v1/policies/${version}`),
  /** What is wrong with texts, and what they change of a version. */
  checkPolicies: (texts: { files: readonly PolicyFile[]; against: number }) =>
    ask<PolicyCheck>("POST", "/v1/policies/check", texts),
  proposePolicies: (draft: PolicyProposal) => ask<PolicyVersion>("POST", "/v1/policies", draft),
  approvePolicies: ({ version }: { version: number }) =>
    ask<PolicyVersion>("POST", `/v1/policies/${version}/approve`),
  withdrawPolicies: ({ version }: { version: number }) =>
    ask<null>("DELETE", `/v1/policies/${version}`),
  replayPolicies: (request: { files: readonly PolicyFile[]; since: number }) =>
    ask<PolicyReplay>("POST", "/v1/policies/replay", request),
  /** All that can be asked about with `whoCan`. */
  policyActions: () =>
    ask<WhoCan>("POST", "/v1/policies/who-can", {}).then(({ actions }) => actions),
  whoCan: (question: { action: string; files: readonly PolicyFile[] }) =>
    ask<WhoCan>("POST", "/v1/policies/who-can", question),
  compare: (request: CompareRequest) => ask<Comparison>("POST", "/v1/programs/compare", request),
};

/** The same with many devices; each has its outcome. */
async function bulk({ action, ids }: { action: BulkAction; ids: readonly string[] }) {
  const outcomes: BulkOutcome[] = [];
  for (let from = 0; from < ids.length; from += MOST_AT_ONCE) {
    const answer = await ask<{ outcomes: BulkOutcome[] }>("POST", "/v1/devices/bulk", {
      action,
      device_ids: ids.slice(from, from + MOST_AT_ONCE),
    });
    outcomes.push(...answer.outcomes);
  }
  return outcomes;
}

async function ask<T>(method: ApiRequest["method"], path: string, body?: unknown): Promise<T> {
  return (await call("api", { method, path, ...(body === undefined ? {} : { body }) })) as T;
}
