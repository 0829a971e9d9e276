/** Who is invited to enrol a device and has not finished; an invitation can be taken back. */
import { Button } from "@mantine/core";
import { useApi, useStock } from "../core/queries";
import { programName } from "../devices/State";
import { tell, tellFailure } from "../shell/notices";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Fleet.module.css";

export function Invitations({ withdraws }: { withdraws: boolean }) {
  const stock = useStock();
  const withdraw = useApi("withdraw");
  const invited = stock.data?.invited ?? [];
  const now = Date.now();
  if (invited.length === 0) {
    return null;
  }
  return (
    <details className={styles.invited}>
      <summary>{t.fleet.invited(invited.length)}</summary>
      <ul>
        {invited.map(({ invite_id, user, program, serial, expires_at, begun_at }) => (
          <li key={invite_id}>
            <strong>{user.name}</strong>
            <span>
              {[
                programName(program),
                serial,
                t.fleet.invitedUntil(moment(expires_at, now)),
                begun_at ? t.fleet.begun(moment(begun_at, now)) : null,
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
            {withdraws ? (
              <Button
                variant="subtle"
                aria-label={t.fleet.withdrawOf(user.name)}
                loading={withdraw.isPending && withdraw.variables.id === invite_id}
                onClick={() =>
                  withdraw.mutate(
                    { id: invite_id },
                    {
                      onSuccess: () => tell("done", t.fleet.withdrawn(user.name)),
                      onError: tellFailure,
                    },
                  )
                }
              >
                {t.fleet.withdraw}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </details>
  );
}
