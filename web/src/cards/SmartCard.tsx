/** A smart card in a list: who issued it, until when it is valid, when it was last used. */
import { IdCard } from "lucide-react";
import type { ReactNode } from "react";
import styles from "../codes/Codes.module.css";
import type { CardInfo } from "../core/wire";
import { t } from "../texts";
import { date, moment } from "../texts/time";
import { issuerName } from "./words";

export function SmartCard({ card, children }: { card: CardInfo; children: ReactNode }) {
  const now = Date.now();
  const { not_after: until, last_used_at: used } = card;
  return (
    <li className={styles.factor}>
      <IdCard aria-hidden />
      <div className={styles.words}>
        <strong>{card.name}</strong>
        <span>{t.smartCards.issuer(issuerName(card.issuer))}</span>
        {until < now ? (
          <span className={styles.waits}>{t.smartCards.over(date(until, now))}</span>
        ) : (
          <span>{t.smartCards.until(date(until, now))}</span>
        )}
        <span>{used ? t.smartCards.used(moment(used, now)) : t.smartCards.unused}</span>
      </div>
      <div className={styles.does}>{children}</div>
    </li>
  );
}
