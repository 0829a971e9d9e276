import { useSyncExternalStore } from "react";

const query = window.matchMedia("(max-width: 40rem)");

/** Whether dialogs take the whole screen. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      query.addEventListener("change", changed);
      return () => query.removeEventListener("change", changed);
    },
    () => query.matches,
  );
}
