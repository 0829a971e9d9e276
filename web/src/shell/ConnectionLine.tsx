/** Says when the line to the hospital is down, and lets the person sign in again after a dead spot. */
import { Button } from "@mantine/core";
import { CloudOff, KeyRound, LoaderCircle } from "lucide-react";
import { useConnection, useStatus } from "../core/queries";
import { useUnlock } from "../lock/useUnlock";
import { t } from "../texts";
import styles from "./ConnectionLine.module.css";

export function ConnectionLine() {
  const connection = useConnection();
  const status = useStatus();
  const unlock = useUnlock();
  if (connection === "refused" && status.data?.online === false) {
    return (
      <div className={styles.line} data-state="signed-out" role="status">
        <KeyRound aria-hidden />
        <span>{t.connection.signedOut}</span>
        <Button h="var(--touch)" loading={unlock.busy} onClick={unlock.online}>
          {t.connection.signIn}
        </Button>
      </div>
    );
  }
  return (
    <div role="status" aria-live="polite">
      {connection === "online" ? null : (
        <div className={styles.line} data-state={connection}>
          {connection === "offline" ? <CloudOff aria-hidden /> : <LoaderCircle aria-hidden />}
          <span>{connection === "offline" ? t.connection.offline : t.connection.connecting}</span>
        </div>
      )}
    </div>
  );
}
