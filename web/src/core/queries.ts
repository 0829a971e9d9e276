/** What the core knows, held by the query cache and nowhere else; the worker's events refresh it. */
import {
  keepPreviousData,
  QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
} from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { api, type CompareRequest } from "./api";
import { call, listen } from "./core";
import type { Failure } from "./failure";
import type { Connection, Method, Params, Result, SearchCursor, Wanted } from "./methods";
import { behind, joined } from "./pages";
import type { LooksShown, PolicyTexts, PushInfo, Quietly } from "./wire";

const CARE_FRESH_MS = 5 * 60_000;
const SEARCH_FRESH_MS = 15_000;
const REACHABLE_MS = 5_000;
const STAT_MS = 15_000;
/** How often a STAT message that has not left is sent again. */
const URGE_MS = 5_000;
const RECOVERIES_MS = 15_000;
const INTEGRATIONS_MS = 5_000;
/** Another nurse may be breaking the glass just now. */
const GLASS_MS = 60_000;
/** How long news about records wait for those that follow at once. */
const RECORDS_SPREAD_MS = 500;
/** For what no frame told, such as while the line was down. */
const SCHEDULES_MS = 60_000;
/** Between two steps of indexing, so that what the person does comes first. */
const STEP_MS = 30;
const HITS = 30;
/** Over which time apps spread their questions about who is on call. */
const SPREAD_MS = 8_000;
const SHOWN_SPREAD_MS = 800;
/** Each look is an event of the log. */
const REACH_MS = 5 * 60_000;

export const queryClient = new QueryClient({
  defaultOptions: {
    // The core answers offline too and says itself when it cannot; nothing is asked twice.
    queries: {
      networkMode: "always",
      retry: false,
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    },
    mutations: { networkMode: "always", retry: false },
  },
});

const keys = {
  status: ["status"] as const,
  conversations: ["conversations"] as const,
  messages: (group: string) => ["messages", group] as const,
  found: ["found"] as const,
  index: ["index"] as const,
  devices: ["devices"] as const,
  programs: ["programs"] as const,
  sessions: ["sessions"] as const,
  factors: ["factors"] as const,
  tokens: ["tokens"] as const,
  cards: ["cards"] as const,
  risk: ["risk"] as const,
  everyonesRisk: ["risk", "all"] as const,
  factorsMissing: ["factors", "missing"] as const,
  recoveries: ["recoveries"] as const,
  integrations: ["integrations"] as const,
  deadLetters: ["dead_letters"] as const,
  schedules: ["schedules"] as const,
  teams: ["teams"] as const,
  roles: ["search", "roles"] as const,
  notes: ["notes"] as const,
  careTeams: ["care-team"] as const,
  patient: ["patient"] as const,
  chart: ["chart"] as const,
  glass: ["glass"] as const,
  looks: ["looks"] as const,
  canaries: ["canaries"] as const,
  records: ["records"] as const,
  policies: ["policies"] as const,
  push: ["push"] as const,
  stat: ["stat"] as const,
  unsent: ["unsent"] as const,
  quiet: ["search", "quiet"] as const,
  interruptions: ["search", "interruptions"] as const,
  me: ["search", "me"] as const,
  search: ["search"] as const,
};

let connection: Connection = "connecting";
const connectionListeners = new Set<() => void>();

/** Keeps the cache in step with the worker; returns how to stop. */
export function follow(): () => void {
  return listen((event) => {
    switch (event.t) {
      case "conversations":
        void queryClient.invalidateQueries({ queryKey: keys.conversations });
        break;
      case "messages":
        void queryClient.invalidateQueries({ queryKey: keys.messages(event.group) });
        void queryClient.invalidateQueries({ queryKey: keys.found });
        void queryClient.invalidateQueries({ queryKey: keys.unsent });
        break;
      case "devices":
        void queryClient.invalidateQueries({ queryKey: keys.devices });
        break;
      case "roles":
        rolesChanged();
        break;
      case "care_team":
        void queryClient.invalidateQueries({ queryKey: keys.careTeams });
        break;
      case "records":
        recordsChanged();
        break;
      case "risk":
        void queryClient.invalidateQueries({ queryKey: keys.risk });
        break;
      case "looks":
        looksChanged();
        break;
      case "stat":
        void queryClient.invalidateQueries({ queryKey: keys.stat });
        break;
      case "proven":
        void meChanged();
        void queryClient.invalidateQueries({ queryKey: keys.factors });
        void queryClient.invalidateQueries({ queryKey: keys.cards });
        void queryClient.invalidateQueries({ queryKey: keys.risk });
        // What asked for a proof may open at once now.
        void queryClient.invalidateQueries({ queryKey: keys.notes });
        void queryClient.invalidateQueries({ queryKey: keys.patient });
        void queryClient.invalidateQueries({ queryKey: keys.chart });
        break;
      case "status":
      case "ended":
        void statusChanged();
        break;
      case "connection":
        connection = event.state;
        if (connection === "online") {
          // What was told meanwhile was not heard.
          void queryClient.invalidateQueries({ queryKey: keys.stat });
          void queryClient.invalidateQueries({ queryKey: keys.careTeams });
          recordsChanged();
          void queryClient.invalidateQueries({ queryKey: keys.everyonesRisk });
          looksChanged();
        }
        for (const listener of connectionListeners) {
          listener();
        }
        break;
      case "elsewhere":
      case "broken":
        forget();
        break;
    }
  });
}

let asking: ReturnType<typeof setTimeout> | undefined;

/** Every open app hears at the same moment that who is on call changed: each asks a little later, at a
 * time of its own, so that they do not all ask at once. A page that shows it asks first. */
function rolesChanged(): void {
  clearTimeout(asking);
  const shown = queryClient
    .getQueryCache()
    .findAll({ queryKey: keys.roles, type: "active" })
    .some((query) => query.getObserversCount() > 0);
  const latest = shown || location.hash.startsWith("#/on-call") ? SHOWN_SPREAD_MS : SPREAD_MS;
  asking = setTimeout(() => {
    void queryClient.invalidateQueries({ queryKey: keys.schedules });
    void queryClient.invalidateQueries({ queryKey: keys.roles });
    void queryClient.invalidateQueries({ queryKey: keys.teams });
  }, Math.random() * latest);
}

let looking: ReturnType<typeof setTimeout> | undefined;

/** Each look at the list is an event of the hospital's log: what comes together is looked at once. */
function looksChanged(): void {
  if (lookingAtLooks) {
    return;
  }
  lookingAtLooks = setTimeout(() => {
    lookingAtLooks = undefined;
    void queryClient.invalidateQueries({ queryKey: keys.looks });
    void queryClient.invalidateQueries({ queryKey: keys.canaries });
  }, RECORDS_SPREAD_MS);
}

let lookingAtLooks: ReturnType<typeof setTimeout> | undefined;

/** An order is handed in, taken and carried out within a moment, and each look at records is an event of the
 * hospital's log: what comes together is looked at once. */
function recordsChanged(): void {
  if (looking) {
    return;
  }
  looking = setTimeout(() => {
    looking = undefined;
    void queryClient.invalidateQueries({ queryKey: keys.records });
  }, RECORDS_SPREAD_MS);
}

/** The stage may have moved: what an open store showed does not outlive it. */
export async function statusChanged(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: keys.status });
  if (queryClient.getQueryData<Result<"status">>(keys.status)?.stage !== "open") {
    forget();
  }
}

/** The session is another one, or is trusted otherwise. */
export async function meChanged(): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: keys.me });
}

function forget(): void {
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.status[0] });
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (changed) => {
      connectionListeners.add(changed);
      return () => connectionListeners.delete(changed);
    },
    () => connection,
  );
}

export function useStatus() {
  return useQuery({ queryKey: keys.status, queryFn: () => call("status", {}) });
}

export function useHospital(enabled: boolean) {
  return useQuery({
    queryKey: ["hospital"],
    queryFn: () => call("hospital", {}),
    enabled,
  });
}

export function useMe() {
  return useQuery({ queryKey: keys.me, queryFn: () => call("me", {}) });
}

export function useConversations() {
  return useQuery({
    queryKey: keys.conversations,
    queryFn: () => call("conversations", {}),
  });
}

/** The newest `limit` messages, those that wait included. */
export function useMessages(group: string, limit: number) {
  return useQuery({
    queryKey: [...keys.messages(group), limit],
    queryFn: () => call("messages", { group, limit }),
    placeholderData: keepPreviousData,
  });
}

/** How far one's own message came, person by person; nothing is asked where there is none. */
export function useWhoHas(group: string, id: string | null) {
  return useQuery({
    queryKey: [...keys.messages(group), "who", id],
    queryFn: () => (id === null ? [] : call("who_has", { group, id })),
  });
}

/** Messages of this device that have what is wanted, newest first, page after page. */
export function useFound(wanted: Wanted | null) {
  return useInfiniteQuery({
    queryKey: [...keys.found, wanted],
    queryFn: ({ pageParam }) =>
      call("search", { ...(wanted ?? { q: "" }), after: pageParam, limit: HITS }),
    enabled: wanted !== null,
    initialPageParam: null as SearchCursor | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
}

/** Makes the messages of a store from before the index findable, step by step. */
export function useIndexing() {
  const indexing = useQuery({
    queryKey: keys.index,
    queryFn: () => call("tend_search", {}),
    refetchInterval: ({ state }) =>
      state.status === "error" || state.data?.whole ? false : STEP_MS,
  });
  const whole = indexing.data?.whole ?? false;
  useEffect(() => {
    if (whole) {
      void queryClient.invalidateQueries({ queryKey: keys.found });
    }
  }, [whole]);
  return indexing;
}

export function usePeople(q: string) {
  return useQuery({
    queryKey: [...keys.search, "people", q],
    queryFn: () => call("people", { q }),
    staleTime: SEARCH_FRESH_MS,
    // Who cannot be written to may be enrolling just now.
    refetchInterval: ({ state }) =>
      state.data?.some(({ reachable }) => !reachable) ? REACHABLE_MS : false,
    placeholderData: keepPreviousData,
  });
}

export function useRoles(enabled = true) {
  return useQuery({
    enabled,
    queryKey: keys.roles,
    queryFn: () => call("roles", {}),
    staleTime: SEARCH_FRESH_MS,
  });
}

/** Patients by name or number; a person's own patients while nothing is typed. */
export function usePatients(q: string) {
  return useQuery({
    queryKey: [...keys.search, "patients", q],
    queryFn: () => api.patients(q),
    enabled: q.length !== 1,
    staleTime: SEARCH_FRESH_MS,
    placeholderData: keepPreviousData,
  });
}

/** Whether somebody would notice a message; asked again as long as it is shown. */
export function useReach(person: string) {
  return useQuery({
    queryKey: [...keys.search, "reach", person],
    queryFn: () => api.reach(person),
    staleTime: SEARCH_FRESH_MS,
    refetchInterval: REACH_MS,
  });
}

/** Whether each of several people would notice a message; nothing is asked of nobody. It is one look for
 * all of them, and not asked again by the clock. */
export function useReachOf(people: readonly string[]) {
  return useQuery({
    // A group of one is another answer than that about this one person.
    queryKey: [...keys.search, "reach of", ...people],
    queryFn: () => api.reachOf(people),
    enabled: people.length > 0,
    staleTime: REACH_MS,
  });
}

/** When messages ring for the person. */
export function useQuietChoice() {
  return useQuery({ queryKey: keys.quiet, queryFn: api.quiet, staleTime: SEARCH_FRESH_MS });
}

/** What would not ring now. */
export async function quietNow(): Promise<Quietly> {
  const info = await queryClient.fetchQuery({
    queryKey: keys.quiet,
    queryFn: api.quiet,
    staleTime: SEARCH_FRESH_MS,
  });
  return info.now;
}

/** How the person uses STAT. */
export function useStatUse(wanted: boolean) {
  return useQuery({
    queryKey: [...keys.quiet, "stat"],
    queryFn: api.statUse,
    enabled: wanted,
    // Another one may have been sent a moment ago.
    staleTime: 0,
  });
}

/** How often phones ring, by unit. */
export function useInterruptions(days: number, zone: string) {
  return useQuery({
    queryKey: [...keys.interruptions, days, zone],
    queryFn: () => api.interruptions(days, zone),
    staleTime: REACH_MS,
    placeholderData: keepPreviousData,
  });
}

/** Whether this device rings while the app is closed. */
export function usePush() {
  return useQuery({ queryKey: keys.push, queryFn: api.push, staleTime: SEARCH_FRESH_MS });
}

/** Who cares for a patient, for a conversation with them. The hospital says when that changes. */
export function useCareTeam(patient: string | null) {
  return useQuery({
    queryKey: [...keys.careTeams, patient],
    queryFn: () => api.careTeam({ patient: patient ?? "" }),
    enabled: patient !== null,
    // Nothing tells that somebody on it has a device now.
    staleTime: CARE_FRESH_MS,
  });
}

/** The STAT messages that concern this person. The hospital says when one moves; while one waits it is
 * asked besides, for what no frame told. */
export function useStat() {
  return useQuery({
    queryKey: keys.stat,
    queryFn: api.stat,
    refetchInterval: ({ state }) =>
      state.data?.some((each) => each.state === "waiting") ? STAT_MS : false,
    // A notification may have brought the app forward, and the line may be dead.
    refetchOnWindowFocus: "always",
  });
}

/** STAT messages that have not left this device. */
export function useUnsent() {
  return useQuery({
    queryKey: keys.unsent,
    queryFn: () => call("unsent_stat", {}),
    // By the clock, too: it becomes late.
    refetchInterval: ({ state }) => (state.data?.length ? URGE_MS : false),
  });
}

/** The same, and they are sent again every few seconds, where others wait for the next sync. */
export function useUrging() {
  const unsent = useUnsent();
  const waits = unsent.data?.some(({ late, problem }) => !late && !problem) ?? false;
  useEffect(() => {
    if (!waits) {
      return;
    }
    const urge = () => void call("deliver", {}).catch(() => undefined);
    const timer = setInterval(urge, URGE_MS);
    return () => clearInterval(timer);
  }, [waits]);
  return unsent;
}

/** What the hospital says of it now. */
export async function pushNow(): Promise<PushInfo> {
  const info = await api.push();
  queryClient.setQueryData(keys.push, info);
  return info;
}

/** The person's own devices. */
export function useDevices() {
  return useQuery({
    queryKey: [...keys.devices, "own"],
    queryFn: api.ownDevices,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** Everyone's devices, for officers: what has come so far, while page after page is asked for. */
export function useFleet() {
  const fleet = useInfiniteQuery({
    queryKey: [...keys.devices, "all"],
    queryFn: ({ pageParam }) => api.fleetPage(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: behind,
    select: joined,
    staleTime: SEARCH_FRESH_MS,
  });
  const { hasNextPage, isFetching, isError, fetchNextPage } = fleet;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) {
      void fetchNextPage();
    }
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  return fleet;
}

/** Everything that is known of a device. */
export function useDevice(id: string) {
  return useQuery({
    queryKey: [...keys.devices, "one", id],
    queryFn: () => api.device(id),
    staleTime: SEARCH_FRESH_MS,
  });
}

/** What waits to be handed out, and what device managers say. */
export function useStock() {
  return useQuery({
    queryKey: [...keys.devices, "stock"],
    queryFn: api.fleet,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** The device programs, and how their devices stand. */
export function usePrograms() {
  return useQuery({
    queryKey: keys.programs,
    queryFn: api.programs,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** Programs side by side, with these assumptions in the place of the baseline's. */
export function useComparison(request: CompareRequest) {
  return useQuery({
    queryKey: [...keys.programs, "compare", request],
    queryFn: () => api.compare(request),
    placeholderData: keepPreviousData,
  });
}

export function usePendingDevices() {
  return useQuery({
    queryKey: [...keys.devices, "pending"],
    queryFn: () => call("pending_devices", {}),
    refetchInterval: 5_000,
  });
}

export function useSessions() {
  return useQuery({
    queryKey: keys.sessions,
    queryFn: () => call("sessions", {}),
    staleTime: SEARCH_FRESH_MS,
  });
}

/** A person's generators of one-time codes; one's own without a person. */
export function useFactors(user?: string) {
  return useQuery({
    queryKey: [...keys.factors, user ?? "own"],
    queryFn: () => api.factors(user),
    staleTime: SEARCH_FRESH_MS,
  });
}

/** The hospital's token cards. */
export function useTokens() {
  return useQuery({
    queryKey: keys.tokens,
    queryFn: api.tokens,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** Who has fewer factors than their roles need, for officers. */
export function useFactorsMissing() {
  return useQuery({
    queryKey: keys.factorsMissing,
    queryFn: api.factorsMissing,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** A person's smart cards; one's own without a person. */
export function useCards(user?: string) {
  return useQuery({
    queryKey: [...keys.cards, user ?? "own"],
    queryFn: () => api.cards(user),
    staleTime: SEARCH_FRESH_MS,
  });
}

/** How unusual one's own sign-ins were. */
export function useOwnSignIns() {
  return useQuery({
    queryKey: [...keys.risk, "own"],
    queryFn: api.ownSignIns,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** Everyone's unusual sign-ins, for security officers. The hospital tells when that changes. */
export function useRisk() {
  return useQuery({
    queryKey: keys.everyonesRisk,
    queryFn: api.risk,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** How many sessions wait to be cleared. An officer whose own session is unusual is asked for a proof by the page, and
 * not by a mark on the way to it. */
export function useRiskWaiting(enabled: boolean) {
  return useQuery({
    queryKey: [...keys.everyonesRisk, "waiting"],
    queryFn: api.riskWaiting,
    enabled,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** Whom the thresholds ask how often. */
export function useRiskReport() {
  return useQuery({
    queryKey: [...keys.risk, "report"],
    queryFn: api.riskReport,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** Recoveries, for officers; another officer may be asking for one just now. */
export function useRecoveries() {
  return useQuery({
    queryKey: keys.recoveries,
    queryFn: api.recoveries,
    staleTime: SEARCH_FRESH_MS,
    refetchInterval: RECOVERIES_MS,
  });
}

/** How the pager system and the bots do; a call that was just made is settled within seconds. */
export function useIntegrations() {
  return useQuery({
    queryKey: keys.integrations,
    queryFn: api.integrations,
    staleTime: SEARCH_FRESH_MS,
    refetchInterval: INTEGRATIONS_MS,
  });
}

/** What of feeds could not be applied. */
export function useDeadLetters() {
  return useQuery({
    queryKey: keys.deadLetters,
    queryFn: api.deadLetters,
    staleTime: SEARCH_FRESH_MS,
    refetchInterval: INTEGRATIONS_MS,
  });
}

/** Who is on call when, and one's swaps; the hospital says when that changes. */
export function useSchedules() {
  return useQuery({
    queryKey: keys.schedules,
    queryFn: () => api.schedules(Date.now()),
    staleTime: SEARCH_FRESH_MS,
    refetchInterval: SCHEDULES_MS,
  });
}

/** Code teams and broadcast lists, with who is in them now. */
export function useTeams() {
  return useQuery({ queryKey: keys.teams, queryFn: api.teams, staleTime: SEARCH_FRESH_MS });
}

/** The notes of a patient's chart, without their texts: those are asked for unkept. */
export function useNotes(patient: string) {
  return useInfiniteQuery({
    queryKey: [...keys.notes, patient],
    queryFn: ({ pageParam }) => api.notes({ patient, after: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next ?? null,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** A patient's chart, as far as the person may see it. Each look is an event of the log, so nothing is
 * asked by the clock; what was shown stays in a dead spot. */
export function useChart(patient: string) {
  return useQuery({
    queryKey: [...keys.chart, patient],
    queryFn: () => api.chart(patient),
    staleTime: SEARCH_FRESH_MS,
  });
}

/** Why the person may look at a chart that is closed to them, and what opening it takes. */
export function useExplanation(patient: string) {
  return useQuery({
    queryKey: [...keys.chart, patient, "explanation"],
    queryFn: () => api.explanation(patient),
    staleTime: SEARCH_FRESH_MS,
  });
}

/** Who a patient is, where the person may see that. */
export function usePatient(id: string) {
  return useQuery({
    queryKey: [...keys.patient, id],
    queryFn: () => api.patient(id),
    staleTime: SEARCH_FRESH_MS,
  });
}

/** Where one broke the glass oneself. */
export function useOwnGlass() {
  return useQuery({
    queryKey: [...keys.glass, "own"],
    queryFn: api.ownGlass,
    staleTime: SEARCH_FRESH_MS,
    refetchInterval: GLASS_MS,
  });
}

/** Who broke the glass, for privacy officers. */
export function useGlass(enabled: boolean) {
  return useQuery({
    queryKey: [...keys.glass, "all"],
    queryFn: api.glass,
    enabled,
    staleTime: SEARCH_FRESH_MS,
    refetchInterval: GLASS_MS,
  });
}

/** Looks at charts that a privacy officer should look at. The hospital tells when there are others. */
export function useLooks(show: LooksShown, canaries: boolean) {
  return useInfiniteQuery({
    queryKey: [...keys.looks, show, canaries],
    queryFn: ({ pageParam }) => api.looks({ show, canaries, after: pageParam }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
  });
}

/** How many wait. */
export function useLooksWaiting(enabled: boolean) {
  return useQuery({
    queryKey: [...keys.looks, "waiting"],
    queryFn: api.looksWaiting,
    enabled,
    staleTime: SEARCH_FRESH_MS,
  });
}

export function useCanaries() {
  return useQuery({ queryKey: keys.canaries, queryFn: api.canaries });
}

/** What is held, ordered and destroyed. The hospital tells when that changes: each look is an event of its
 * log, so nothing is asked by the clock. */
export function useRecords() {
  return useQuery({
    queryKey: keys.records,
    queryFn: api.records,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** The versions of the hospital's policies. */
export function usePolicies() {
  return useQuery({
    queryKey: [...keys.policies, "all"],
    queryFn: api.policies,
    staleTime: SEARCH_FRESH_MS,
  });
}

/** The texts of a version. */
export function usePolicy(version: number) {
  return useQuery({
    queryKey: [...keys.policies, "one", version],
    queryFn: () => api.policy(version),
    staleTime: SEARCH_FRESH_MS,
  });
}

/** What a version changes of another one. */
export function usePolicyCheck(version: PolicyTexts, against: number) {
  return useQuery({
    queryKey: [...keys.policies, "check", version.version.hash, against],
    queryFn: () => api.checkPolicies({ files: version.files, against }),
  });
}

/** What policies decide about. */
export function usePolicyActions() {
  return useQuery({ queryKey: [...keys.policies, "actions"], queryFn: api.policyActions });
}

/** Which answers a call makes old. */
const MAKES_OLD: Partial<Record<Method | keyof typeof api, readonly (readonly string[])[]>> = {
  confirm_device: [keys.devices],
  revoke_device: [keys.devices, keys.sessions, keys.programs],
  reportLost: [keys.devices, keys.sessions, keys.programs],
  setSerial: [keys.devices, keys.programs],
  bulk: [keys.devices, keys.programs],
  changeProgram: [keys.devices, keys.programs],
  register: [keys.devices],
  withdraw: [keys.devices],
  importManaged: [keys.devices, keys.programs],
  addFactor: [keys.factors],
  confirmFactor: [keys.factors],
  resyncFactor: [keys.factors],
  renameFactor: [keys.factors],
  removeFactor: [keys.factors, keys.tokens],
  importTokens: [keys.tokens],
  assignToken: [keys.factors, keys.tokens],
  addCard: [keys.cards],
  renameCard: [keys.cards],
  removeCard: [keys.cards],
  answerSignIn: [keys.risk, keys.sessions, keys.me],
  allowPosition: [keys.me, keys.devices],
  forbidPosition: [keys.me, keys.devices],
  subscribePush: [keys.push],
  unsubscribePush: [keys.push],
  takeStat: [keys.stat],
  declineStat: [keys.stat],
  withdrawStat: [keys.stat],
  setQuiet: [keys.me, keys.quiet, keys.stat],
  chooseQuiet: [keys.quiet],
  breakGlass: [keys.glass, keys.patient, keys.chart, keys.notes],
  endGlass: [keys.glass, keys.patient, keys.chart, keys.notes],
  reviewGlass: [keys.glass],
  reviewLook: [keys.looks],
  makeCanary: [keys.canaries],
  retireCanary: [keys.canaries, keys.looks],
  handInStatement: [keys.records],
  agreeToOrder: [keys.records],
  askRecovery: [keys.recoveries],
  approveRecovery: [keys.recoveries, keys.devices],
  withdrawRecovery: [keys.recoveries],
  registerBot: [keys.integrations],
  changeBot: [keys.integrations],
  disableBot: [keys.integrations],
  setPagerNumbers: [keys.integrations],
  testPager: [keys.integrations],
  replayLetter: [keys.deadLetters],
  dismissLetter: [keys.deadLetters],
  importSchedule: [keys.schedules, keys.roles],
  assignTurn: [keys.schedules, keys.roles],
  signTurns: [keys.schedules],
  importCareTeams: [keys.careTeams],
  putTeam: [keys.teams],
  removeTeam: [keys.teams],
  askSwap: [keys.schedules],
  answerSwap: [keys.schedules, keys.roles],
  proposePolicies: [keys.policies],
  approvePolicies: [keys.policies],
  withdrawPolicies: [keys.policies],
  end_session: [keys.sessions],
  end_all_sessions: [keys.sessions, keys.status],
  start: [keys.conversations],
  start_team: [keys.conversations, keys.careTeams],
  accept_members: [keys.conversations],
  add_people: [keys.conversations],
  remove_person: [keys.conversations],
  mark: [keys.conversations],
  mark_read: [keys.conversations],
  acknowledge: [keys.conversations, keys.stat],
};

/** A call that changes something. */
export function useCall<M extends Method>(method: M) {
  return useMutation<Result<M>, Failure, Params<M>>({
    mutationFn: (params) => call(method, params),
    onSuccess: () => makeOld(method),
  });
}

/** A request that changes something, or asks what a change would do. */
export function useApi<N extends keyof typeof api>(name: N) {
  type Request = (params: Parameters<(typeof api)[N]>[0]) => ReturnType<(typeof api)[N]>;
  return useMutation<Awaited<ReturnType<Request>>, Failure, Parameters<Request>[0]>({
    mutationFn: (params) => (api[name] as Request)(params) as Promise<Awaited<ReturnType<Request>>>,
    onSuccess: () => makeOld(name),
  });
}

/** The same for what is secret: neither the question nor the answer stays in the cache. */
export async function askUnkept<N extends keyof typeof api>(
  name: N,
  params: Parameters<(typeof api)[N]>[0],
): Promise<Awaited<ReturnType<(typeof api)[N]>>> {
  type Request = (given: typeof params) => ReturnType<(typeof api)[N]>;
  const answer = await (api[name] as Request)(params);
  await makeOld(name);
  return answer as Awaited<ReturnType<(typeof api)[N]>>;
}

async function makeOld(name: Method | keyof typeof api): Promise<void> {
  const old = MAKES_OLD[name] ?? [];
  await Promise.all(old.map((queryKey) => queryClient.invalidateQueries({ queryKey })));
}
