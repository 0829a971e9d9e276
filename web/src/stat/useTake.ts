/** Taking a STAT message, with one tap wherever it is offered. */
import { call } from "../core/core";
import { toFailure } from "../core/failure";
import { useApi } from "../core/queries";
import { tell, tellFailure } from "../shell/notices";
import { type Ask, tookIt } from "./timeline";

export interface Asked {
  ask: Ask;
  /** Whether the conversation is on this device. */
  here: boolean;
  /** Whether nothing else of its message waits for this person. */
  alone: boolean;
}

export function useTake({ ask, here, alone }: Asked): { take(): void; taking: boolean } {
  const { mutateAsync, isPending } = useApi("takeStat");
  const take = async () => {
    const taken = await Promise.allSettled(ask.pages.map(({ id }) => mutateAsync({ id })));
    // One that somebody else took in the same second takes nothing from the others.
    const refused = taken.find((each) => each.status === "rejected");
    if (refused) {
      tellFailure(toFailure(refused.reason));
      return;
    }
    tell("done", tookIt(ask));
    if (here && alone) {
      // That the message says the same here at once. What came up a chain is answered by itself.
      const { group, seq } = ask.page;
      call("acknowledge", { group, up_to: seq }).catch(() => undefined);
    }
  };
  return { take: () => void take(), taking: isPending };
}
