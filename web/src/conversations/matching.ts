/** Searching the list on this device: nothing of it is sent anywhere. */
import type { ConversationView } from "../core/methods";

/** Those in which every word is found, in the order given; accents and case do not matter. */
export function matching(
  conversations: readonly ConversationView[],
  search: string,
): readonly ConversationView[] {
  const words = fold(search).split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    return conversations;
  }
  return conversations.filter((conversation) => {
    const text = fold(searchable(conversation));
    return words.every((word) => text.includes(word));
  });
}

function searchable({ title, role_title, members, patient, last }: ConversationView): string {
  return [
    title,
    role_title,
    ...members.flatMap(({ user }) => [user.name, user.role, user.department]),
    patient?.name,
    patient?.mrn,
    patient?.location,
    last?.text,
  ]
    .filter(Boolean)
    .join("\n");
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
