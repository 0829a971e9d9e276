/**
 * The invitation's link: `#/enroll?c=CODE&ca=…&log=…&gen=…`. All of it stands in the fragment, so
 * that it reaches no server; it is taken out of the address bar before anything else runs.
 */
import type { Pins } from "../core/methods";

export interface Invitation {
  code: string;
  pins?: Pins;
}

/** What a link's fragment carries; null for any other fragment. */
export function readInvitation(hash: string): Invitation | null {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  if (path !== "/enroll") {
    return null;
  }
  const values = new URLSearchParams(query);
  const code = values.get("c");
  if (!code) {
    return null;
  }
  const [ca, log, gen] = [values.get("ca"), values.get("log"), values.get("gen")];
  return ca && log ? { code, pins: { ca, log, ...(gen ? { gen } : {}) } } : { code };
}

/** Takes the invitation out of the address bar and the history. */
export function takeInvitation(): Invitation | null {
  const found = readInvitation(location.hash);
  if (found) {
    history.replaceState(null, "", `${location.pathname}#/`);
  }
  return found;
}

/** A code as it was typed: case, dashes and spaces do not matter. */
export function tidyCode(typed: string): string {
  return typed.replace(/[\s-]/g, "").toUpperCase();
}
