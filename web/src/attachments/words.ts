/** A message's words for where there is no room for more: what it says, or what it carries. */
import type { AttachmentView } from "../core/methods";
import { t } from "../texts";

export function inWords(text: string, kind: AttachmentView["kind"] | null | undefined): string {
  if (!kind) {
    return text;
  }
  const label = t.attachments[kind];
  return text === "" ? label : `${label}: ${text}`;
}
