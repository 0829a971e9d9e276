import { useSyncExternalStore } from "react";

const NARROW = watched("(max-width: 40rem)");
const WIDE = watched("(min-width: 56rem)");

/** Whether dialogs take the whole screen. */
export function useNarrow(): boolean {
  return useSyncExternalStore(NARROW.subscribe, NARROW.matches);
}

/** Whether there is room for tables. */
export function useWide(): boolean {
  return useSyncExternalStore(WIDE.subscribe, WIDE.matches);
}

function watched(query: string) {
  const list = window.matchMedia(query);
  return {
    subscribe: (changed: () => void) => {
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    matches: () => list.matches,
  };
}
