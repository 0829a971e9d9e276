/** An invitation in the hand: a picture to scan, a code to type, and how long both work. */
import { useEffect, useState } from "react";
import type { Invite } from "../core/wire";
import { t } from "../texts";
import styles from "./Invitation.module.css";
import { QrCode } from "./QrCode";

const SECOND_MS = 1_000;

export function Invitation({ invite, name }: { invite: Invite; name: string }) {
  const left = useTimeLeft(invite.expires_at);
  return (
    <div className={styles.ready}>
      <h3>{t.invitation.ready(name)}</h3>
      {left > 0 ? (
        <>
          <QrCode text={invite.link} label={t.invitation.qr(name)} />
          <p>{t.invitation.typed}</p>
          <output className={styles.code} aria-label={t.invitation.typedLabel}>
            {invite.typed_code}
          </output>
          <p role="status">{t.invitation.expires(Math.ceil(left / 60_000))}</p>
          <p className={styles.never}>{t.invitation.never}</p>
        </>
      ) : (
        <p role="alert">{t.invitation.expired}</p>
      )}
    </div>
  );
}

function useTimeLeft(until: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND_MS);
    return () => clearInterval(timer);
  }, []);
  return until - now;
}
