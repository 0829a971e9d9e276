/** The way from an entry on the chart into the conversation about its patient. */
import { createContext, useContext } from "react";
import type { Kind, View } from "./reference";

export interface Sendable {
  kind: Kind;
  id: string;
  view: View;
  /** What the sender sees of it; it stays here. */
  name: string;
}

/** Null where the chart is not beside a conversation. */
export const Sending = createContext<((what: Sendable) => void) | null>(null);

export function useSending(): ((what: Sendable) => void) | null {
  return useContext(Sending);
}
