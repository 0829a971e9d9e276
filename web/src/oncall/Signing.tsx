/** Signing turns: the record keeper lets people into a role's conversations by a scheduler's signature
 * and by nothing else. */
import { Button } from "@mantine/core";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi } from "../core/queries";
import type { ScheduledRole } from "../core/wire";
import { tell } from "../shell/notices";
import { t } from "../texts";
import own from "./OnCall.module.css";
import { unsigned } from "./words";

export function Signing({ roles, now }: { roles: readonly ScheduledRole[]; now: number }) {
  const sign = useApi("signTurns");
  const open = unsigned(roles, now);
  if (open.length === 0) {
    return null;
  }
  const signAll = async () => {
    for (const { slug } of open) {
      try {
        await sign.mutateAsync({ role: slug });
      } catch {
        // It stands below, and the others are tried again with it.
        return;
      }
    }
    tell("done", t.onCall.signed);
  };
  return (
    <section className={own.found} aria-labelledby="unsigned-turns">
      <strong id="unsigned-turns">{t.onCall.unsigned}</strong>
      <span>{t.onCall.unsignedHint}</span>
      <ul>
        {open.map(({ slug, title }) => (
          <li key={slug}>{title}</li>
        ))}
      </ul>
      <Refused lines={sign.error ? [told(sign.error)] : []} />
      <Button loading={sign.isPending} onClick={() => void signAll()}>
        {t.onCall.sign}
      </Button>
    </section>
  );
}
