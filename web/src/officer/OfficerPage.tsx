/** The frame of the officers' pages: the title, and the way to the other parts. */
import type { ReactNode } from "react";
import { useMe, useRiskWaiting } from "../core/queries";
import { address, type Route } from "../shell/routes";
import { t } from "../texts";
import styles from "./Officer.module.css";

const PARTS = [
  {
    to: { at: "officer" },
    text: t.officer.people,
    roles: ["enrolling_officer", "security_officer"],
  },
  { to: { at: "risk" }, text: t.officer.signIns, roles: ["security_officer"] },
] as const satisfies readonly { to: Route; text: string; roles: readonly string[] }[];

export function OfficerPage({
  at,
  title,
  children,
}: {
  at: (typeof PARTS)[number]["to"]["at"];
  title: string;
  children: ReactNode;
}) {
  const me = useMe();
  const waiting = useRiskWaiting(me.data?.roles.includes("security_officer") ?? false).data ?? 0;
  const open = PARTS.filter(({ roles }) => roles.some((role) => me.data?.roles.includes(role)));
  return (
    <div className={styles.screen}>
      <div className={styles.column}>
        <header className={styles.header}>
          <h1>{title}</h1>
          {open.length > 1 ? (
            <nav className={styles.parts} aria-label={t.officer.parts}>
              {open.map(({ to, text }) => (
                <a key={to.at} href={address(to)} aria-current={to.at === at ? "page" : undefined}>
                  {text}
                  {to.at === "risk" && waiting > 0 ? (
                    <>
                      <span className={styles.count} aria-hidden>
                        {waiting > 99 ? "99+" : waiting}
                      </span>
                      <span className="visually-hidden">, {t.risk.waiting(waiting)}</span>
                    </>
                  ) : null}
                </a>
              ))}
            </nav>
          ) : null}
        </header>
        {children}
      </div>
    </div>
  );
}
