/** The frame of an open store: navigation, a list, and what was chosen from it. */
import {
  Archive,
  FileSearch,
  KeyRound,
  MessageSquare,
  MonitorSmartphone,
  PhoneCall,
  Scale,
  ShieldCheck,
  UserRound,
} from "lucide-react";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { Conversation } from "../conversation/Conversation";
import { forgetAll } from "../conversation/memory";
import { useCareNews } from "../conversation/useCareNews";
import { Conversations } from "../conversations/Conversations";
import {
  useConversations,
  useGlass,
  useLooksWaiting,
  useMe,
  useRiskWaiting,
  useSchedules,
  useStatus,
} from "../core/queries";
import { useOnCallNews } from "../oncall/useOnCallNews";
import { toAnswer } from "../oncall/words";
import { QuietLine } from "../ringing/Quiet";
import { RingLine } from "../ringing/RingLine";
import { useChime } from "../ringing/useChime";
import { useMending } from "../ringing/useMending";
import { StatCards } from "../stat/StatCards";
import { t } from "../texts";
import { Announcer } from "./Announcer";
import { ConnectionLine } from "./ConnectionLine";
import { ErrorBoundary } from "./ErrorBoundary";
import { GraceLine } from "./GraceLine";
import styles from "./Layout.module.css";
import { Mark } from "./Mark";
import { dismissAll } from "./notices";
import { address, type Route, useRoute } from "./routes";
import { UnusualLine } from "./UnusualLine";
import { useFocus } from "./useFocus";
import { useIdleLock } from "./useIdleLock";
import { useUnreadCount } from "./useUnreadCount";
import { Waiting } from "./Waiting";

const Chart = lazy(() => import("../chart/OfConversation"));
const Notes = lazy(() => import("../notes/Notes"));
const Note = lazy(() => import("../notes/Note"));
const NewConversation = lazy(() => import("../people/NewConversation"));
const Patients = lazy(() => import("../glass/Patients"));
const Patient = lazy(() => import("../chart/OfPatient"));
const PatientNotes = lazy(() => import("../glass/PatientNotes"));
const PatientNote = lazy(() => import("../glass/PatientNote"));
const Reviews = lazy(() => import("../glass/Reviews"));
const Looks = lazy(() => import("../looks/Looks"));
const Look = lazy(() => import("../looks/Look"));
const Canaries = lazy(() => import("../looks/Canaries"));
const Review = lazy(() => import("../glass/Review"));
const Records = lazy(() => import("../records/Records"));
const OnCall = lazy(() => import("../oncall/OnCall"));
const Stat = lazy(() => import("../stat/Stat"));
const Security = lazy(() => import("../devices/Security"));
const MyDevice = lazy(() => import("../devices/MyDevice"));
const Officer = lazy(() => import("../officer/Officer"));
const Risk = lazy(() => import("../risk/Risk"));
const Interruptions = lazy(() => import("../interruptions/Interruptions"));
const Fleet = lazy(() => import("../fleet/Fleet"));
const FleetDevice = lazy(() => import("../fleet/FleetDevice"));
const Programs = lazy(() => import("../programs/Programs"));
const Program = lazy(() => import("../programs/Program"));
const Planner = lazy(() => import("../planner/Planner"));
const Policies = lazy(() => import("../policies/Policies"));
const Policy = lazy(() => import("../policies/Policy"));
const PolicyDraft = lazy(() => import("../policies/Draft"));

/** The roles that look after people: invitations, devices to confirm, token cards. */
const OFFICERS = ["enrolling_officer", "security_officer"];
/** The roles that see everyone's devices and the programs. */
const FLEET = [...OFFICERS, "auditor", "operator"];
/** The roles that read the hospital's policies. */
const POLICIES = ["security_officer", "auditor", "privacy_officer"];
/** The roles that find patients and see what is theirs to see of a chart. */
const CLINICAL = [
  "nurse",
  "charge_nurse",
  "nurse_practitioner",
  "physician",
  "physician_assistant",
  "pharmacist",
  "therapist",
  "technician",
  "dietitian",
  "social_worker",
  "case_manager",
  "unit_clerk",
  "transporter",
];
/** The role that reviews who broke the glass. */
const REVIEWS = "privacy_officer";
/** The role that clears sessions which nothing else clears. */
const CLEARS = "security_officer";
/** The pages beside the list of conversations. */
const MESSAGES: readonly Route["at"][] = [
  "conversations",
  "conversation",
  "chart",
  "notes",
  "note",
  "new",
];
/** The pages of a patient outside of any conversation. */
const PATIENTS: readonly Route["at"][] = ["patients", "patient", "patient-notes", "patient-note"];

export function Layout() {
  const route = useRoute();
  const me = useMe();
  useFocus(address(route));
  const status = useStatus();
  useIdleLock(status.data?.lock_ms);
  useMending();
  useChime();
  useCareNews(route.at === "conversation" ? route.group : null);
  const roles = me.data?.roles ?? [];
  // What was told before the store opened, such as that its session ended, is over. The frame goes
  // when it is locked, and what it remembered goes with it.
  useEffect(() => {
    dismissAll();
    return forgetAll;
  }, []);
  const inMessages = MESSAGES.includes(route.at);
  return (
    <div className={styles.whole}>
      <StatCards />
      <div className={styles.frame} data-at={route.at}>
        <button
          type="button"
          className={styles.skip}
          onClick={() => document.getElementById("content")?.focus()}
        >
          {t.nav.skip}
        </button>
        <Navigation route={route} roles={roles} />
        <div className={styles.screens}>
          <ConnectionLine />
          <GraceLine />
          <UnusualLine />
          <RingLine />
          <QuietLine />
          <main
            id="content"
            tabIndex={-1}
            className={styles.panes}
            data-split={inMessages || undefined}
          >
            {inMessages ? (
              <div className={styles.list} data-pane="list">
                <Conversations current={"group" in route ? route.group : null} />
              </div>
            ) : null}
            <div className={styles.content} data-pane="chosen">
              <ErrorBoundary key={address(route)}>
                <Suspense fallback={<Coming />}>{screen(route)}</Suspense>
              </ErrorBoundary>
            </div>
          </main>
        </div>
        <Announcer current={route.at === "conversation" ? route.group : null} />
      </div>
    </div>
  );
}

/** In the place of a screen whose part of the app is on its way; the focus waits for it (`useFocus`). */
function Coming() {
  return (
    <div className={styles.coming} data-coming>
      <Waiting />
    </div>
  );
}

function screen(route: Route): ReactNode {
  switch (route.at) {
    case "conversations":
      return <Nothing />;
    case "conversation":
      return <Conversation key={route.group} group={route.group} place={route.message ?? null} />;
    case "chart":
      return <Chart key={route.group} group={route.group} />;
    case "notes":
      return <Notes key={route.group} group={route.group} />;
    case "note":
      return <Note key={route.note} group={route.group} note={route.note} />;
    case "new":
      return <NewConversation />;
    case "patients":
      return <Patients />;
    case "patient":
      return <Patient key={route.patient} patient={route.patient} />;
    case "patient-notes":
      return <PatientNotes key={route.patient} patient={route.patient} />;
    case "patient-note":
      return <PatientNote key={route.note} patient={route.patient} note={route.note} />;
    case "glass":
      return <Reviews />;
    case "glass-one":
      return <Review key={route.id} id={route.id} />;
    case "looks":
      return <Looks />;
    case "look":
      return <Look key={route.id} id={route.id} />;
    case "canaries":
      return <Canaries />;
    case "records":
      return <Records />;
    case "on-call":
      return <OnCall />;
    case "stat":
      return <Stat />;
    case "security":
      return <Security />;
    case "device":
      return <MyDevice key={route.id} id={route.id} />;
    case "officer":
      return <Officer />;
    case "risk":
      return <Risk />;
    case "interruptions":
      return <Interruptions />;
    case "fleet":
      return <Fleet />;
    case "fleet-device":
      return <FleetDevice key={route.id} id={route.id} />;
    case "programs":
      return <Programs />;
    case "program":
      return <Program key={route.slug} slug={route.slug} />;
    case "planner":
      return <Planner />;
    case "policies":
      return <Policies />;
    case "policy":
      return <Policy key={route.version} version={route.version} />;
    case "policy-draft":
      return <PolicyDraft key={route.version} version={route.version} />;
  }
}

/** Beside the list, on wide screens, until something is chosen. */
function Nothing() {
  return (
    <div className={styles.nothing}>
      <Mark />
      <h2>{t.conversations.pick}</h2>
      <p>{t.conversations.pickHint}</p>
    </div>
  );
}

function Navigation({ route, roles }: { route: Route; roles: readonly string[] }) {
  const conversations = useConversations();
  const unread = conversations.data?.reduce((sum, each) => sum + each.unread, 0) ?? 0;
  useUnreadCount(unread);
  const schedules = useSchedules();
  const me = useMe();
  useOnCallNews(schedules.data, me.data?.user.id);
  const reviews = roles.includes(REVIEWS);
  const glass = useGlass(reviews);
  const looks = useLooksWaiting(reviews);
  const risk = useRiskWaiting(roles.includes(CLEARS));
  const asked = toAnswer(schedules.data?.swaps ?? [], me.data?.user.id).length;
  return (
    <nav className={styles.navigation} aria-label={t.nav.label}>
      <Item
        to={{ at: "conversations" }}
        current={MESSAGES.includes(route.at)}
        icon={<MessageSquare aria-hidden />}
        text={t.nav.conversations}
        count={unread}
      />
      <Item
        to={{ at: "on-call" }}
        current={["on-call", "stat"].includes(route.at)}
        icon={<PhoneCall aria-hidden />}
        text={t.nav.onCall}
        count={asked}
        counted={t.onCall.toAnswer}
      />
      {CLINICAL.some((role) => roles.includes(role)) ? (
        <Item
          to={{ at: "patients" }}
          current={PATIENTS.includes(route.at)}
          icon={<UserRound aria-hidden />}
          text={t.nav.patients}
        />
      ) : null}
      {reviews ? (
        <Item
          to={{ at: "glass" }}
          current={["glass", "glass-one", "looks", "look", "canaries"].includes(route.at)}
          icon={<FileSearch aria-hidden />}
          text={t.nav.reviews}
          count={(glass.data?.waiting ?? 0) + (looks.data ?? 0)}
          counted={t.glass.toReview}
        />
      ) : null}
      {reviews ? (
        <Item
          to={{ at: "records" }}
          current={route.at === "records"}
          icon={<Archive aria-hidden />}
          text={t.nav.records}
        />
      ) : null}
      <Item
        to={{ at: "security" }}
        current={["security", "device", "interruptions"].includes(route.at)}
        icon={<ShieldCheck aria-hidden />}
        text={t.nav.security}
      />
      {OFFICERS.some((role) => roles.includes(role)) ? (
        <Item
          to={{ at: "officer" }}
          current={["officer", "risk"].includes(route.at)}
          icon={<KeyRound aria-hidden />}
          text={t.nav.officer}
          count={risk.data ?? 0}
          counted={t.risk.waiting}
        />
      ) : null}
      {FLEET.some((role) => roles.includes(role)) ? (
        <Item
          to={{ at: "fleet" }}
          current={["fleet", "fleet-device", "programs", "program", "planner"].includes(route.at)}
          icon={<MonitorSmartphone aria-hidden />}
          text={t.nav.fleet}
        />
      ) : null}
      {POLICIES.some((role) => roles.includes(role)) ? (
        <Item
          to={{ at: "policies" }}
          current={["policies", "policy", "policy-draft"].includes(route.at)}
          icon={<Scale aria-hidden />}
          text={t.nav.policies}
        />
      ) : null}
    </nav>
  );
}

function Item({
  to,
  current,
  icon,
  text,
  count = 0,
  counted = t.conversations.unread,
}: {
  to: Route;
  current: boolean;
  icon: ReactNode;
  text: string;
  count?: number;
  /** What the count is of, in words. */
  counted?: (count: number) => string;
}) {
  return (
    <a className={styles.item} href={address(to)} aria-current={current ? "page" : undefined}>
      <span className={styles.icon}>
        {icon}
        {count > 0 ? (
          <span className={styles.count} aria-hidden>
            {count > 99 ? "99+" : count}
          </span>
        ) : null}
      </span>
      <span>{text}</span>
      {count > 0 ? <span className="visually-hidden">, {counted(count)}</span> : null}
    </a>
  );
}
