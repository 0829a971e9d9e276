/** Into which conversations a message can go on. */
import type { ConversationView } from "../core/methods";

/** All others whose title or patient has each word, the newest first. */
export function targets(
  conversations: readonly ConversationView[],
  group: string,
  typed: string,
): ConversationView[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return conversations
    .filter(({ id }) => id !== group)
    .filter(({ title, patient }) => {
      const text = `${title} ${patient?.name ?? ""}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => b.at - a.at);
}
