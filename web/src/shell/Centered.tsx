/** A page of one thought: a mark, a title, a sentence, an action. */
import type { ReactNode } from "react";
import styles from "./Centered.module.css";
import { Mark } from "./Mark";

export function Centered({
  title,
  text,
  children,
}: {
  title: string;
  text?: string | undefined;
  children?: ReactNode;
}) {
  return (
    <main className={styles.page}>
      <div className={styles.column}>
        <Mark />
        <h1>{title}</h1>
        {text ? <p>{text}</p> : null}
        {children}
      </div>
    </main>
  );
}
