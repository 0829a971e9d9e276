/**
 * Addresses within the app. They live in the fragment, which no server sees.
 */
import { useSyncExternalStore } from "react";

export type Route =
  | { at: "conversations" }
  /** With `message`, at that place of it. */
  | { at: "conversation"; group: string; message?: number }
  /** The chart of the patient whom a conversation is about. */
  | { at: "chart"; group: string }
  /** The chart's notes of the patient whom a conversation is about. */
  | { at: "notes"; group: string }
  | { at: "note"; group: string; note: string }
  | { at: "new" }
  /** Finding a patient, and the charts that one broke the glass for. */
  | { at: "patients" }
  /** A patient's chart, outside of any conversation. */
  | { at: "patient"; patient: string }
  | { at: "patient-notes"; patient: string }
  | { at: "patient-note"; patient: string; note: string }
  /** Who broke the glass, for privacy officers. */
  | { at: "glass" }
  | { at: "glass-one"; id: string }
  /** Looks at charts that are like snooping, and canaries, for privacy officers. */
  | { at: "looks" }
  | { at: "look"; id: string }
  | { at: "canaries" }
  /** Holds, exports and what retention ended, for officers and custodians. */
  | { at: "records" }
  /** Who is on call, one's own turns and swaps. */
  | { at: "on-call" }
  /** The STAT messages that concern this person. */
  | { at: "stat" }
  | { at: "security" }
  /** One of one's own devices. */
  | { at: "device"; id: string }
  | { at: "officer" }
  /** Everyone's unusual sign-ins, for security officers. */
  | { at: "risk" }
  /** How often phones ring, for whoever runs a ward. */
  | { at: "interruptions" }
  | { at: "fleet" }
  /** A device of anyone, for officers. */
  | { at: "fleet-device"; id: string }
  | { at: "programs" }
  | { at: "program"; slug: string }
  | { at: "planner" }
  | { at: "policies" }
  /** One version of the hospital's policies. */
  | { at: "policy"; version: number }
  /** A draft that begins with a version's texts. */
  | { at: "policy-draft"; version: number };

export function parse(hash: string): Route {
  const [first = "", second = "", third = "", fourth = ""] =
    hash.replace(/^#\/?/, "").split("?")[0]?.split("/") ?? [];
  switch (first) {
    case "c":
      if (second && third === "notes") {
        return fourth
          ? { at: "note", group: second, note: fourth }
          : { at: "notes", group: second };
      }
      if (second && third === "chart") {
        return { at: "chart", group: second };
      }
      if (second && third === "m" && /^\d{1,15}$/.test(fourth)) {
        return { at: "conversation", group: second, message: Number(fourth) };
      }
      return second ? { at: "conversation", group: second } : { at: "conversations" };
    case "patients":
      if (!second) {
        return { at: "patients" };
      }
      if (third !== "notes") {
        return { at: "patient", patient: second };
      }
      return fourth
        ? { at: "patient-note", patient: second, note: fourth }
        : { at: "patient-notes", patient: second };
    case "glass":
      return second ? { at: "glass-one", id: second } : { at: "glass" };
    case "looks":
      return second ? { at: "look", id: second } : { at: "looks" };
    case "device":
      return second ? { at: "device", id: second } : { at: "security" };
    case "fleet":
      return second ? { at: "fleet-device", id: second } : { at: "fleet" };
    case "programs":
      return second ? { at: "program", slug: second } : { at: "programs" };
    case "policies":
      if (!/^\d{1,9}$/.test(second)) {
        return { at: "policies" };
      }
      return { at: third === "draft" ? "policy-draft" : "policy", version: Number(second) };
    case "new":
    case "on-call":
    case "stat":
    case "security":
    case "officer":
    case "records":
    case "canaries":
    case "risk":
    case "interruptions":
    case "planner":
      return { at: first };
    default:
      return { at: "conversations" };
  }
}

export function address(route: Route): string {
  switch (route.at) {
    case "conversations":
      return "#/";
    case "conversation":
      return route.message === undefined
        ? `#/c/${route.group}`
        : `#/c/${route.group}/m/${route.message}`;
    case "chart":
      return `#/c/${route.group}/chart`;
    case "notes":
      return `#/c/${route.group}/notes`;
    case "note":
      return `#/c/${route.group}/notes/${route.note}`;
    case "patient":
      return `#/patients/${route.patient}`;
    case "patient-notes":
      return `#/patients/${route.patient}/notes`;
    case "patient-note":
      return `#/patients/${route.patient}/notes/${route.note}`;
    case "glass-one":
      return `#/glass/${route.id}`;
    case "look":
      return `#/looks/${route.id}`;
    case "device":
      return `#/device/${route.id}`;
    case "fleet-device":
      return `#/fleet/${route.id}`;
    case "program":
      return `#/programs/${route.slug}`;
    case "policy":
      return `#/policies/${route.version}`;
    case "policy-draft":
      return `#/policies/${route.version}/draft`;
    default:
      return `#/${route.at}`;
  }
}

export function go(route: Route): void {
  location.hash = address(route);
}

/** Goes there without leaving the present page in the history. */
export function swap(route: Route): void {
  location.replace(address(route));
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return parse(hash);
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}
