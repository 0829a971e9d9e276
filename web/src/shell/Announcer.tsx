/** Reads new messages out to people who do not see them come. */
import { useEffect, useRef, useState } from "react";
import { inWords } from "../attachments/words";
import { useConversations } from "../core/queries";
import { t } from "../texts";

export function Announcer({ current }: { current: string | null }) {
  const conversations = useConversations();
  const seen = useRef<Map<string, number> | null>(null);
  const [text, setText] = useState("");

  useEffect(() => {
    if (!conversations.data) {
      return;
    }
    const before = seen.current;
    seen.current = new Map(conversations.data.map((each) => [each.id, each.last?.sent_at ?? 0]));
    if (!before) {
      return;
    }
    const fresh = conversations.data.find(
      ({ id, last, muted, priority_unread }) =>
        last &&
        !last.mine &&
        !last.recalled &&
        !last.expired &&
        !(muted && (priority_unread ?? "routine") === "routine") &&
        last.sent_at > (before.get(id) ?? 0),
    );
    if (fresh?.last) {
      const { from, burns } = fresh.last;
      // It is read where it is shown to nobody else, and once.
      const words = burns ? t.conversations.burns : inWords(fresh.last);
      const stat = fresh.priority_unread === "stat" && fresh.id !== current;
      setText(
        stat ? t.conversation.incomingStat(from, words) : t.conversation.incoming(from, words),
      );
    } else if (conversations.data.some(({ last }) => last?.recalled)) {
      // What was read out a moment ago may be what is recalled.
      setText("");
    }
  }, [conversations.data, current]);

  return (
    <div className="visually-hidden" aria-live="polite" data-testid="announcer">
      {text}
    </div>
  );
}
