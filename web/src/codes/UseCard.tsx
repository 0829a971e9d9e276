/** A smart card instead of a code: one button, the rest is the browser's. */
import { Button } from "@mantine/core";
import { IdCard } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { refusedWords } from "../cards/present";
import { toFailure } from "../core/failure";
import { t } from "../texts";
import styles from "./Codes.module.css";
import { Refused } from "./Refused";

export function UseCard({
  onPresent,
  focused,
}: {
  /** Fails where the card is not taken. */
  onPresent(): Promise<void>;
  /** Whether there is nothing else to do. */
  focused: boolean;
}) {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<readonly string[]>([]);
  const button = useRef<HTMLButtonElement>(null);
  // The dialog gives its first focus to what is there by then; the cards may be known later.
  useEffect(() => {
    if (focused) {
      button.current?.focus();
    }
  }, [focused]);
  const use = async () => {
    if (busy) {
      return;
    }
    setBusy(true);
    setRefused([]);
    try {
      await onPresent();
    } catch (thrown) {
      setRefused(refusedWords(toFailure(thrown)));
      button.current?.focus();
    }
    setBusy(false);
  };
  return (
    <div className={styles.useCard}>
      <Refused lines={refused} />
      <p role="status">{busy ? t.smartCards.reading : null}</p>
      {/* Not disabled meanwhile: the focus comes back to it. */}
      <Button
        ref={button}
        fullWidth
        variant={focused ? "filled" : "light"}
        leftSection={<IdCard aria-hidden />}
        aria-busy={busy}
        data-autofocus={focused || undefined}
        onClick={() => void use()}
      >
        {t.smartCards.use}
      </Button>
    </div>
  );
}
