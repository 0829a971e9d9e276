/** The frame of a chart's notes: the way back, and above all whose chart it is. */
import { ActionIcon } from "@mantine/core";
import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";
import { useConversations } from "../core/queries";
import type { PatientBanner } from "../core/wire";
import { Banner } from "../patients/Banner";
import { Empty } from "../shell/Empty";
import { go, type Route } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import styles from "./Notes.module.css";

export function Page({
  group,
  title,
  back,
  children,
}: {
  group: string;
  title: string;
  back: { to: Route; text: string };
  children(patient: PatientBanner): ReactNode;
}) {
  const conversations = useConversations();
  const patient = conversations.data?.find(({ id }) => id === group)?.patient;
  return (
    <div className={styles.screen}>
      <header className={styles.header}>
        <ActionIcon aria-label={back.text} onClick={() => go(back.to)}>
          <ChevronLeft aria-hidden />
        </ActionIcon>
        <h1>{title}</h1>
      </header>
      {patient ? <Banner patient={patient} /> : null}
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it (WCAG 2.1.1)
        tabIndex={0}
        className={styles.body}
        aria-label={title}
      >
        {conversations.isPending ? <Waiting /> : null}
        {conversations.data && !patient ? (
          <Empty title={t.notes.noPatient} text={t.conversation.notFoundHint} />
        ) : null}
        {patient ? children(patient) : null}
      </section>
    </div>
  );
}
