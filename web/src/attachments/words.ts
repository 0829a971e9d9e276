/** A message's words for where there is no room for more: what it says, or what it carries. */
import type { AttachmentView } from "../core/methods";
import { t } from "../texts";

interface Carrying {
  text: string;
  attachment?: AttachmentView["kind"] | { kind: AttachmentView["kind"] } | null | undefined;
  reference?: string | boolean | null | undefined;
}

export function inWords({ text, attachment, reference }: Carrying): string {
  const kind = typeof attachment === "string" ? attachment : attachment?.kind;
  const label = kind ? t.attachments[kind] : reference ? t.references.label : null;
  if (!label) {
    return text;
  }
  return text === "" ? label : `${label}: ${text}`;
}
