/** The frame of the pages about policies: the title, and the way back to the list. */
import { ActionIcon } from "@mantine/core";
import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";
import { go, type Route } from "../shell/routes";
import { t } from "../texts";
import styles from "./Policies.module.css";

/** The role that changes policies. */
export const CHANGES = "security_officer";

export function Frame({
  title,
  back,
  children,
}: {
  title: string;
  back?: { to: Route; text: string };
  children: ReactNode;
}) {
  return (
    <div className={styles.screen}>
      <div className={styles.column}>
        <header className={styles.header}>
          {back ? (
            <ActionIcon aria-label={back.text} onClick={() => go(back.to)}>
              <ChevronLeft aria-hidden />
            </ActionIcon>
          ) : null}
          <h1>{title}</h1>
        </header>
        {children}
      </div>
    </div>
  );
}

export const TO_LIST = { to: { at: "policies" }, text: t.policies.back } as const;
