/** Says that the session looks unusual, and lets the person confirm at once that it is them. */
import { Button } from "@mantine/core";
import { UserRoundSearch } from "lucide-react";
import { useState } from "react";
import { proveFor } from "../core/core";
import { provable } from "../core/proof";
import { useMe } from "../core/queries";
import type { Asks } from "../core/wire";
import { t } from "../texts";
import { tellFailure } from "./notices";
import styles from "./UnusualLine.module.css";

export function UnusualLine() {
  const me = useMe();
  const asks = me.data?.asks;
  return asks ? <Line asks={asks} /> : null;
}

function Line({ asks }: { asks: Asks }) {
  const [busy, setBusy] = useState(false);
  const can = provable(asks);
  const confirm = async () => {
    if (busy) {
      return;
    }
    setBusy(true);
    try {
      await proveFor(asks);
      // What is known of the session is asked for anew, and the line may go.
      document.getElementById("content")?.focus();
    } catch (thrown) {
      tellFailure(thrown);
    }
    setBusy(false);
  };
  return (
    <section className={styles.line} aria-label={t.unusual.label}>
      <UserRoundSearch aria-hidden />
      {/* Where nothing can be proven, the last of the advice says whom to call. */}
      <p>{can ? asks.advice[0] : asks.advice.join(" ")}</p>
      {can ? (
        // Not disabled meanwhile: the focus comes back to it.
        <Button variant="default" aria-busy={busy} onClick={() => void confirm()}>
          {t.unusual.action}
        </Button>
      ) : null}
    </section>
  );
}
