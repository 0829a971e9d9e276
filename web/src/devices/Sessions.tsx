import { Button } from "@mantine/core";
import { MonitorSmartphone } from "lucide-react";
import { useCall, useSessions } from "../core/queries";
import { tellFailure } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Security.module.css";

export function Sessions() {
  const sessions = useSessions();
  const end = useCall("end_session");
  const now = Date.now();
  return (
    <section className={styles.card} aria-labelledby="sessions">
      <h2 id="sessions">{t.security.sessions}</h2>
      {sessions.isPending ? <Waiting /> : null}
      {sessions.error ? <p role="alert">{sessions.error.message}</p> : null}
      <ul className={styles.rows}>
        {(sessions.data ?? []).map((session) => (
          <li key={session.session_id} className={styles.row}>
            <MonitorSmartphone aria-hidden />
            <div className={styles.words}>
              <span>
                <strong>{session.device_name}</strong>
                {session.current ? (
                  <span className={styles.here}>{t.security.thisSession}</span>
                ) : null}
              </span>
              <span>
                {t.security.session(moment(session.created_at, now))},{" "}
                {t.security.sessionUntil(moment(session.expires_at, now))}
              </span>
            </div>
            {session.current ? null : (
              <Button
                variant="subtle"
                aria-label={t.security.endName(session.device_name)}
                loading={end.isPending && end.variables.id === session.session_id}
                onClick={() => end.mutate({ id: session.session_id }, { onError: tellFailure })}
              >
                {t.security.end}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
