/** A program's terms in words; for security officers, the way to change them. */
import { ActionIcon, Button } from "@mantine/core";
import { ChevronLeft, Pencil } from "lucide-react";
import { useState } from "react";
import { useMe, usePrograms } from "../core/queries";
import type { ProgramInfo, Rule } from "../core/wire";
import { FleetPage } from "../fleet/FleetPage";
import { Empty } from "../shell/Empty";
import { go } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Editor } from "./Editor";
import { Stand, versionWords } from "./Programs";
import styles from "./Programs.module.css";
import { Provision } from "./Provision";
import { Warnings } from "./Warnings";
import {
  checkWords,
  consequenceWords,
  enrolmentWords,
  limitWords,
  platformWords,
  sourceWords,
} from "./words";

/** The role that changes programs. */
const CHANGES = "security_officer";

export default function Program({ slug }: { slug: string }) {
  const programs = usePrograms();
  const me = useMe();
  const [editing, setEditing] = useState(false);
  const info = programs.data?.programs.find(({ terms }) => terms.slug === slug);
  return (
    <FleetPage at="programs" title={info?.terms.title ?? t.programs.title}>
      {programs.isPending ? <Waiting /> : null}
      {programs.error ? <Empty title={t.failure.title} text={programs.error.message} /> : null}
      {programs.data && !info ? <Empty title={t.programs.notFound} /> : null}
      {info ? (
        <>
          <div className={styles.bar}>
            <ActionIcon
              aria-label={t.programs.back}
              onClick={() => (editing ? setEditing(false) : go({ at: "programs" }))}
            >
              <ChevronLeft aria-hidden />
            </ActionIcon>
            <p>{versionWords(info)}</p>
            {!editing && me.data?.roles.includes(CHANGES) ? (
              <Button
                variant="light"
                leftSection={<Pencil aria-hidden />}
                onClick={() => setEditing(true)}
              >
                {t.programs.edit}
              </Button>
            ) : null}
          </div>
          {editing ? (
            <Editor info={info} onDone={() => setEditing(false)} />
          ) : (
            <Terms info={info} />
          )}
        </>
      ) : null}
    </FleetPage>
  );
}

function Terms({ info }: { info: ProgramInfo }) {
  const { terms } = info;
  return (
    <>
      <section className={styles.card} aria-labelledby="terms">
        <h2 id="terms">{t.programs.terms}</h2>
        <p>{terms.summary}</p>
        <Stand count={info.devices} />
        <Warnings texts={info.warnings} />
        <dl className={styles.terms}>
          <dt>{t.programs.whose}</dt>
          <dd>{t.programs.ownership[terms.ownership]}.</dd>
          <dt>{t.programs.enrolment}</dt>
          <dd>{enrolmentWords(terms).join(" ")}</dd>
          <dt>{t.programs.limits}</dt>
          <dd>{limitWords(terms).join(" ")}</dd>
        </dl>
      </section>
      <section className={styles.card} aria-labelledby="rules">
        <h2 id="rules">{t.programs.rules}</h2>
        {terms.rules.length === 0 ? <p>{t.programs.noRules}</p> : null}
        <ol className={styles.rules}>
          {terms.rules.map((rule) => (
            <RuleWords key={rule.id} rule={rule} />
          ))}
        </ol>
      </section>
      <Provision terms={terms} />
    </>
  );
}

function RuleWords({ rule }: { rule: Rule }) {
  const where = platformWords(rule);
  const source = sourceWords(rule);
  return (
    <li>
      <strong>
        {checkWords(rule.check)}
        {where ? `, ${where}` : ""}.
      </strong>
      {source ? <p>{source}</p> : null}
      <p>{consequenceWords(rule)}</p>
    </li>
  );
}
