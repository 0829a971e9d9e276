/**
 * Addresses within the app. They live in the fragment, which no server sees.
 */
import { useSyncExternalStore } from "react";

export type Route =
  | { at: "conversations" }
  | { at: "conversation"; group: string }
  | { at: "new" }
  | { at: "security" }
  /** One of one's own devices. */
  | { at: "device"; id: string }
  | { at: "officer" }
  /** Everyone's unusual sign-ins, for security officers. */
  | { at: "risk" }
  | { at: "fleet" }
  /** A device of anyone, for officers. */
  | { at: "fleet-device"; id: string }
  | { at: "programs" }
  | { at: "program"; slug: string }
  | { at: "planner" };

export function parse(hash: string): Route {
  const [first = "", second = ""] = hash.replace(/^#\/?/, "").split("?")[0]?.split("/") ?? [];
  switch (first) {
    case "c":
      return second ? { at: "conversation", group: second } : { at: "conversations" };
    case "device":
      return second ? { at: "device", id: second } : { at: "security" };
    case "fleet":
      return second ? { at: "fleet-device", id: second } : { at: "fleet" };
    case "programs":
      return second ? { at: "program", slug: second } : { at: "programs" };
    case "new":
    case "security":
    case "officer":
    case "risk":
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
      return `#/c/${route.group}`;
    case "device":
      return `#/device/${route.id}`;
    case "fleet-device":
      return `#/fleet/${route.id}`;
    case "program":
      return `#/programs/${route.slug}`;
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
