/** The frame of the pages about everyone's devices: the title, and the way to the other parts. */
import type { ReactNode } from "react";
import { address, type Route } from "../shell/routes";
import { t } from "../texts";
import styles from "./Fleet.module.css";

const PARTS = [
  { to: { at: "fleet" }, text: t.fleet.devices },
  { to: { at: "programs" }, text: t.fleet.programs },
  { to: { at: "planner" }, text: t.fleet.planner },
] as const satisfies readonly { to: Route; text: string }[];

export function FleetPage({
  at,
  title,
  children,
}: {
  at: "fleet" | "programs" | "planner";
  title: string;
  children: ReactNode;
}) {
  return (
    <div className={styles.screen}>
      <div className={styles.column}>
        <header className={styles.header}>
          <h1>{title}</h1>
          <nav className={styles.parts} aria-label={t.fleet.tabs}>
            {PARTS.map(({ to, text }) => (
              <a key={to.at} href={address(to)} aria-current={to.at === at ? "page" : undefined}>
                {text}
              </a>
            ))}
          </nav>
        </header>
        {children}
      </div>
    </div>
  );
}
