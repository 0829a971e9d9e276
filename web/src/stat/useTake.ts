/** Taking a STAT message, with one tap wherever it is offered. */
import { call } from "../core/core";
import { useApi } from "../core/queries";
import type { EscalationInfo } from "../core/wire";
import { tell, tellFailure } from "../shell/notices";
import { tookIt } from "./timeline";

export interface Asked {
  page: EscalationInfo;
  /** Whether the conversation is on this device. */
  here: boolean;
  /** Whether it is the only one of its conversation that waits for this person. */
  alone: boolean;
}

export function useTake({ page, here, alone }: Asked): { take(): void; taking: boolean } {
  const { id, group, seq } = page;
  const { mutate, isPending } = useApi("takeStat");
  const taken = () => {
    tell("done", tookIt(page));
    if (here && alone) {
      // That the message says the same; what is acknowledged of a conversation is all up to a place.
      call("acknowledge", { group, up_to: seq }).catch(() => undefined);
    }
  };
  return {
    take: () => mutate({ id }, { onSuccess: taken, onError: tellFailure }),
    taking: isPending,
  };
}
