/** Locks the app after a time without input, as the device's program asks for. */
import { useEffect } from "react";
import { call } from "../core/core";
import { statusChanged } from "../core/queries";

const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;
const LOOK_MS = 1_000;

export function useIdleLock(afterMs: number | null | undefined): void {
  useEffect(() => {
    if (!afterMs) {
      return undefined;
    }
    let last = Date.now();
    let locking = false;
    const touched = () => {
      // What wakes a device that was left for too long is no use of the app.
      if (Date.now() - last < afterMs) {
        last = Date.now();
      } else {
        look();
      }
    };
    const look = () => {
      if (locking || Date.now() - last < afterMs) {
        return;
      }
      locking = true;
      void call("lock", {})
        .then(statusChanged)
        .catch(() => {
          // The worker is gone, and the open store with it.
        });
    };
    // Timers of a page in the background are late; coming back looks at once.
    const timer = setInterval(look, LOOK_MS);
    document.addEventListener("visibilitychange", look);
    for (const input of INPUTS) {
      window.addEventListener(input, touched, { capture: true, passive: true });
    }
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
      for (const input of INPUTS) {
        window.removeEventListener(input, touched, { capture: true });
      }
    };
  }, [afterMs]);
}
