/** Whether a message that was written just now has its place at the hospital. */
import { call, listen } from "../core/core";

/** How long it is waited for: then a STAT message has a card that says that it has not left. */
const PATIENCE_MS = 10_000;
/** It is among the newest. */
const NEAR = 30;

/** Settles with true once it has, with false where it does not get one within some seconds. */
export function whenPlaced(group: string, id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (placed: boolean) => {
      stop();
      clearTimeout(timer);
      resolve(placed);
    };
    const look = () =>
      void call("messages", { group, limit: NEAR })
        .then((messages) => {
          if (messages.some((each) => each.id === id && each.seq !== null)) {
            end(true);
          }
        })
        .catch(() => undefined);
    const stop = listen((event) => {
      if (event.t === "messages" && event.group === group) {
        look();
      }
    });
    const timer = setTimeout(() => end(false), PATIENCE_MS);
    look();
  });
}
