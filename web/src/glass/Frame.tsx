/** The frame of the pages about charts outside of conversations: the way back, and the title. */
import { ActionIcon } from "@mantine/core";
import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";
import notes from "../notes/Notes.module.css";
import { go, type Route } from "../shell/routes";

export function Frame({
  title,
  under,
  back,
  above,
  children,
}: {
  title: string;
  /** A line under the title. */
  under?: ReactNode;
  back: { to: Route; text: string };
  /** What stays while the rest scrolls. */
  above?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className={notes.screen}>
      <header className={notes.header}>
        <ActionIcon aria-label={back.text} onClick={() => go(back.to)}>
          <ChevronLeft aria-hidden />
        </ActionIcon>
        <div className={notes.titles}>
          <h1>{title}</h1>
          {under}
        </div>
      </header>
      {above}
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it (WCAG 2.1.1)
        tabIndex={0}
        className={notes.body}
        aria-label={title}
      >
        {children}
      </section>
    </div>
  );
}
