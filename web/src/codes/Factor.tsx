/** A generator of one-time codes in a list: what it is, and how far it is in use. */
import { CreditCard, Smartphone } from "lucide-react";
import type { ReactNode } from "react";
import type { FactorInfo } from "../core/wire";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Codes.module.css";

export function Factor({ factor, children }: { factor: FactorInfo; children: ReactNode }) {
  const now = Date.now();
  const { serial, last_used_at: used } = factor;
  return (
    <li className={styles.factor}>
      {serial ? <CreditCard aria-hidden /> : <Smartphone aria-hidden />}
      <div className={styles.words}>
        <strong>{factor.name}</strong>
        <span>{serial ? t.codes.card(serial) : t.codes.app}</span>
        {factor.confirmed_at ? (
          <span>{used ? t.codes.used(moment(used, now)) : t.codes.unused}</span>
        ) : (
          <span className={styles.waits}>{t.codes.waits}</span>
        )}
      </div>
      <div className={styles.does}>{children}</div>
    </li>
  );
}
