/** The same as the card, in a line: whoever writes first still sees it, and takes it with one tap. */
import { Button } from "@mantine/core";
import { ChevronDown, Siren } from "lucide-react";
import { t } from "../texts";
import styles from "./Stat.module.css";
import { left, needs } from "./timeline";
import { useNow } from "./useNow";
import { type Asked, useTake } from "./useTake";

export function AskedBar({ onOpen, ...asked }: Asked & { onOpen(): void }) {
  const { id, sender } = asked.ask.page;
  const { take, taking } = useTake(asked);
  return (
    <section className={styles.bar} aria-labelledby={`stat-${id}`}>
      <button
        type="button"
        className={styles.unfold}
        aria-label={t.stat.unfold(sender.name)}
        aria-expanded={false}
        onClick={onOpen}
      >
        <Siren aria-hidden />
        <ChevronDown aria-hidden />
      </button>
      <div className={styles.short}>
        <div role="alert">
          <h2 id={`stat-${id}`}>
            <strong>STAT</strong> {needs(asked.ask)}
          </h2>
        </div>
        <Left {...asked} />
      </div>
      <Button color="red" loading={taking} onClick={take}>
        {t.stat.take}
      </Button>
    </section>
  );
}

function Left({ ask }: Asked) {
  return <p className={styles.left}>{left(ask.page, useNow())}</p>;
}
