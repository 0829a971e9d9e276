import { useEffect } from "react";
import { t } from "../texts";

interface Badges {
  setAppBadge?(count: number): Promise<void>;
}

/** Shows how much is unread in the tab's title and on the installed app's icon: a number only. */
export function useUnreadCount(unread: number): void {
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${t.app}` : t.app;
    (navigator as Badges).setAppBadge?.(unread).catch(() => {
      // Not every system has icons with numbers.
    });
    return () => {
      document.title = t.app;
    };
  }, [unread]);
}
