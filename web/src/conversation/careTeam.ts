/** Who is on a patient's care team and not in its conversation, and the other way round, without a screen. */
import type { ConversationView, MemberView } from "../core/methods";
import type { CareTeam, PersonBrief } from "../core/wire";

/** Whom a member can let in now: those with a device in use. */
export function missing(
  { people, unreachable }: CareTeam,
  { members }: Pick<ConversationView, "members">,
): PersonBrief[] {
  const inside = new Set(members.map(({ user }) => user.id));
  return people.filter(({ id }) => !inside.has(id) && !unreachable.includes(id));
}

/** Who is in the conversation and not, or no longer, on the team. Whether somebody was let in all the same is
 * for its members to know; programs are on no team. */
export function apart(
  { people }: Pick<CareTeam, "people">,
  { members }: Pick<ConversationView, "members">,
): MemberView[] {
  const onTeam = new Set(people.map(({ id }) => id));
  return members.filter(({ user, bot }) => !bot && !onTeam.has(user.id));
}
