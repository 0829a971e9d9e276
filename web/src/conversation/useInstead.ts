/** Writing to somebody else who would notice: what was typed comes along. */
import type { Draft } from "../core/methods";
import { useCall, useConversations } from "../core/queries";
import type { PersonBrief } from "../core/wire";
import { tellFailure } from "../shell/notices";
import { go } from "../shell/routes";
import { drafts, keepDraft } from "./memory";

const NOTHING: Draft = { text: "", priority: "routine" };

/** `onGone` empties the field that the words leave. */
export function useInstead(
  group: string,
  patient: string | null,
  onGone: () => void,
): (person: PersonBrief, draft: Draft) => void {
  const start = useCall("start");
  const conversations = useConversations();
  return ({ id }, { text, priority }) =>
    start.mutate(
      { users: [id], ...(patient ? { patient_id: patient } : {}) },
      {
        onSuccess: ({ group: other }) => {
          const kept = conversations.data?.find((each) => each.id === other)?.draft;
          const begun = (drafts.get(other) ?? kept)?.text ?? "";
          const words = [begun, text].filter((each) => each.trim() !== "").join("\n");
          keepDraft(other, { text: words, priority });
          keepDraft(group, NOTHING);
          onGone();
          go({ at: "conversation", group: other });
        },
        onError: tellFailure,
      },
    );
}
