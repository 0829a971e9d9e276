/** Who is on a patient's care team and not in its conversation, without a screen. */
import type { ConversationView } from "../core/methods";
import type { CareTeam, PersonBrief } from "../core/wire";

/** Whom a member can let in now: those with a device in use. */
export function missing(
  { people, unreachable }: CareTeam,
  { members }: Pick<ConversationView, "members">,
): PersonBrief[] {
  const inside = new Set(members.map(({ user }) => user.id));
  return people.filter(({ id }) => !inside.has(id) && !unreachable.includes(id));
}
