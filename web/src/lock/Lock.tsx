/** The store is shut; one button opens it. */
import { Button } from "@mantine/core";
import { Fingerprint, Lock as LockIcon, WifiOff } from "lucide-react";
import type { Failure } from "../core/failure";
import type { Status } from "../core/methods";
import { hasDrafts } from "../policies/drafts";
import { Mark } from "../shell/Mark";
import { useOnline } from "../shell/useOnline";
import { useUpdate } from "../shell/useUpdate";
import { t } from "../texts";
import styles from "./Lock.module.css";
import { Quarantine } from "./Quarantine";
import { useUnlock } from "./useUnlock";

/** The hospital's reason for refusing a device that does not meet its rules. */
const QUARANTINED = "device_quarantined";

export function Lock({ status }: { status: Status }) {
  const unlock = useUnlock();
  const online = useOnline();
  const quarantined = isQuarantined(unlock.failure);
  useUpdate(unlock.busy || hasDrafts());
  return (
    <main className={styles.page} data-long={quarantined || undefined}>
      <div className={styles.top}>
        <Mark />
        <h1>{status.hospital ?? t.app}</h1>
        {status.user ? <p>{status.user.name}</p> : null}
      </div>
      {quarantined ? (
        <div className={styles.bottom}>
          <Quarantine onMended={unlock.clear} />
        </div>
      ) : (
        <div className={styles.bottom}>
          {unlock.failure ? (
            <p className={styles.failure} role="alert">
              {unlock.failure.message}
            </p>
          ) : null}
          {online ? null : (
            <p className={styles.offline}>
              <WifiOff aria-hidden />
              {status.online_required ? t.lock.onlineRequired : t.lock.offline}
            </p>
          )}
          <Button
            size="xl"
            h="4rem"
            fullWidth
            leftSection={<Fingerprint aria-hidden />}
            loading={unlock.busy}
            onClick={() => unlock.any(status)}
          >
            {t.lock.unlock}
          </Button>
          <p className={styles.hint} aria-live="polite">
            {unlock.busy ? t.lock.busy : t.lock.hint}
          </p>
          <p className={styles.sealed}>
            <LockIcon aria-hidden />
            {t.lock.sealed}
          </p>
        </div>
      )}
    </main>
  );
}

function isQuarantined(failure: Failure | null): boolean {
  return failure?.problem?.reason === QUARANTINED;
}
