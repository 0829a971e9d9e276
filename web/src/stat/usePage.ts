import type { MessageView } from "../core/methods";
import { useStat, useStatus } from "../core/queries";
import type { EscalationInfo } from "../core/wire";
import { byMessage, isOf, waitingFor } from "./timeline";

/** What became of a message as a STAT message, role by role where it called a code team, and whether this
 * person is asked to take it now. */
export function usePages(
  group: string,
  message: MessageView,
): { pages: EscalationInfo[]; asked: boolean } {
  const me = useStatus().data?.user?.id ?? "";
  const of = useStat().data?.filter((each) => each.group === group && isOf(each, message));
  const pages = byMessage(of ?? [])[0] ?? [];
  return { pages, asked: waitingFor(pages, me).length > 0 };
}
