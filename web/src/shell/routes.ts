/**
 * Addresses within the app. They live in the fragment, which no server sees.
 */
import { useSyncExternalStore } from "react";

export type Route =
  | { at: "conversations" }
  | { at: "conversation"; group: string }
  | { at: "new" }
  | { at: "security" }
  | { at: "officer" };

export function parse(hash: string): Route {
  const [first = "", second = ""] = hash.replace(/^#\/?/, "").split("?")[0]?.split("/") ?? [];
  switch (first) {
    case "c":
      return second ? { at: "conversation", group: second } : { at: "conversations" };
    case "new":
    case "security":
    case "officer":
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
