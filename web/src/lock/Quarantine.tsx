/** Why this device is shut out, and what its owner does about it. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { RefreshCw, ShieldAlert } from "lucide-react";
import { useEffect } from "react";
import { report } from "../core/claims";
import { toFailure } from "../core/failure";
import type { Finding } from "../core/wire";
import { tell } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { clock, moment } from "../texts/time";
import styles from "./Quarantine.module.css";

export function Quarantine({ onMended }: { onMended(): void }) {
  const checked = useQuery({ queryKey: ["quarantine"], queryFn: report, gcTime: 0 });
  const standing = checked.data?.standing;
  useEffect(() => {
    if (standing && standing !== "quarantined") {
      tell("done", t.quarantine.mended);
      onMended();
    }
  }, [standing, onMended]);
  const counts = (checked.data?.findings ?? []).filter((each) => each.standing !== "compliant");
  return (
    <section className={styles.quarantine} aria-labelledby="quarantine">
      <ShieldAlert aria-hidden />
      <h2 id="quarantine">{t.quarantine.title}</h2>
      <p>{t.quarantine.text}</p>
      {checked.isPending ? <Waiting /> : null}
      {checked.error ? <p role="alert">{toFailure(checked.error).message}</p> : null}
      {checked.data && counts.length === 0 ? <p>{t.quarantine.unknown}</p> : null}
      <ul>
        {counts.map((finding) => (
          <Wrong key={finding.rule} finding={finding} />
        ))}
      </ul>
      <Button
        size="lg"
        h="3.25rem"
        fullWidth
        leftSection={<RefreshCw aria-hidden />}
        loading={checked.isFetching}
        onClick={() => void checked.refetch()}
      >
        {t.quarantine.again}
      </Button>
      <p className={styles.checked} role="status">
        {standing === "quarantined" && !checked.isFetching
          ? t.quarantine.still(clock(checked.dataUpdatedAt))
          : null}
      </p>
      <p className={styles.checked}>{t.quarantine.late}</p>
    </section>
  );
}

function Wrong({ finding }: { finding: Finding }) {
  const now = Date.now();
  const shut = finding.standing === "quarantined";
  return (
    <li data-standing={finding.standing}>
      <strong>{finding.reason}</strong>
      <span>{finding.step ?? t.quarantine.noStep}</span>
      {shut && finding.since ? (
        <small>{t.quarantine.since(moment(finding.since, now))}</small>
      ) : null}
      {!shut && finding.deadline ? (
        <small>{t.quarantine.by(moment(finding.deadline, now))}</small>
      ) : null}
    </li>
  );
}
