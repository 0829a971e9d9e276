/** Keeps what this browser is subscribed with and what the hospital knows of it the same. */
import { useEffect } from "react";
import { api } from "../core/api";
import { mending, ringable, subscribe, subscribed, unsubscribe } from "../core/push";
import { pushNow } from "../core/queries";

/** Looks when the store opens, and when the service worker got another subscription. */
export function useMending(): void {
  useEffect(() => {
    // Where the hospital is out of reach, it is looked at when the store opens the next time.
    const look = () => void mend().catch(() => undefined);
    const onMessage = ({ data }: MessageEvent) => {
      if (data === "subscription") {
        look();
      }
    };
    look();
    const container = navigator.serviceWorker;
    container?.addEventListener("message", onMessage);
    return () => container?.removeEventListener("message", onMessage);
  }, []);
}

async function mend(): Promise<void> {
  if (ringable() !== "yes") {
    return;
  }
  const { state, public_key } = await pushNow();
  const local = await subscribed(public_key);
  switch (mending(state, local, Notification.permission)) {
    case "nothing":
      return;
    case "hand_in":
      if (local) {
        await api.subscribePush(local.subscription);
      }
      break;
    case "renew": {
      await unsubscribe();
      const made = await subscribe(public_key);
      if (made) {
        await api.subscribePush(made);
      }
      break;
    }
    case "stop":
      await api.unsubscribePush();
      break;
  }
  await pushNow();
}
