import type { MessageView } from "../core/methods";
import { useStat, useStatus } from "../core/queries";
import type { EscalationInfo } from "../core/wire";
import { isOf, waitingFor } from "./timeline";

/** What became of a message as a STAT message, and whether this person is asked to take it now. */
export function usePage(
  group: string,
  message: MessageView,
): { page: EscalationInfo | undefined; asked: boolean } {
  const me = useStatus().data?.user?.id ?? "";
  const page = useStat().data?.find((each) => each.group === group && isOf(each, message));
  return { page, asked: page !== undefined && waitingFor([page], me).length > 0 };
}
