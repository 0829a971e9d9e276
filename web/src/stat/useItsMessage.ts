/** The message that a page is about, as this device has it. */
import { useMessages } from "../core/queries";
import type { EscalationInfo } from "../core/wire";
import { isOf } from "./timeline";

export function useItsMessage({ group, seq }: Pick<EscalationInfo, "group" | "seq">) {
  const { data, isPending } = useMessages(group, NEAR);
  return { message: data?.find((each) => isOf({ seq }, each)), isPending };
}

/** It is among the newest. */
const NEAR = 60;
