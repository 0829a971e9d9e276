/** The hospital sees no content, so whoever recalls a STAT message has to say that nobody need come. */
import { useEffect } from "react";
import { useApi } from "../core/queries";

/** `askedAt` is when the hospital was asked last how the message stands: it still waits. */
export function useWithdrawal(id: string, recalled: boolean, askedAt: number): void {
  const { mutate } = useApi("withdrawStat");
  useEffect(() => {
    // Somebody may have taken it in the same moment. What did not get through is tried again with the next
    // answer that it waits.
    if (recalled && askedAt > 0) {
      mutate({ id });
    }
  }, [id, recalled, askedAt, mutate]);
}
