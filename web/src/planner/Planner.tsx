/** Programs side by side: what they cost, what people carry, and which risks remain. */
import { Button } from "@mantine/core";
import { Download, Printer } from "lucide-react";
import { useState } from "react";
import type { ChangedAssumptions } from "../core/api";
import { useComparison } from "../core/queries";
import type { Comparison } from "../core/wire";
import { programName } from "../devices/State";
import { toCsv } from "../fleet/csv";
import { FleetPage } from "../fleet/FleetPage";
import { downloadCsv } from "../fleet/files";
import { Empty } from "../shell/Empty";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Assumptions } from "./Assumptions";
import { Chart } from "./Chart";
import styles from "./Planner.module.css";
import { comparisonRows } from "./rows";
import { Items, Side } from "./Side";

const PROGRAMS = ["byod", "issued", "shared", "workstation"] as const;

export default function Planner() {
  const [changed, setChanged] = useState<ChangedAssumptions>({});
  const [programs, setPrograms] = useState<readonly string[]>(["byod", "issued"]);
  const comparison = useComparison({ assumptions: changed, programs });
  return (
    <FleetPage at="planner" title={t.planner.title}>
      <fieldset className={styles.choose}>
        <legend>{t.planner.programs}</legend>
        {PROGRAMS.map((slug) => (
          <label key={slug}>
            <input
              type="checkbox"
              checked={programs.includes(slug)}
              // Nothing beside nothing is no comparison.
              disabled={programs.length === 1 && programs.includes(slug)}
              onChange={(event) =>
                setPrograms(
                  PROGRAMS.filter((each) =>
                    each === slug ? event.currentTarget.checked : programs.includes(each),
                  ),
                )
              }
            />
            {programName(slug)}
          </label>
        ))}
      </fieldset>
      {comparison.isPending ? <Waiting /> : null}
      {comparison.error ? <Empty title={t.failure.title} text={comparison.error.message} /> : null}
      {comparison.data ? (
        <>
          <Compared comparison={comparison.data} />
          <Assumptions
            assumptions={comparison.data.assumptions}
            changed={changed}
            onChange={setChanged}
          />
        </>
      ) : comparison.error && Object.keys(changed).length > 0 ? (
        <Button onClick={() => setChanged({})}>{t.planner.reset}</Button>
      ) : null}
    </FleetPage>
  );
}

function Compared({ comparison }: { comparison: Comparison }) {
  const warned = comparison.programs.filter(({ warnings }) => warnings.length > 0);
  return (
    <>
      <div className={styles.above}>
        <p>{t.planner.intro(comparison.years)}</p>
        <Button
          variant="default"
          leftSection={<Download aria-hidden />}
          onClick={() => downloadCsv("programs.csv", toCsv(comparisonRows(comparison)))}
        >
          {t.planner.export}
        </Button>
        <Button
          variant="default"
          leftSection={<Printer aria-hidden />}
          onClick={() => window.print()}
        >
          {t.planner.print}
        </Button>
      </div>
      <Chart comparison={comparison} />
      <Side comparison={comparison} />
      <Items comparison={comparison} />
      {warned.length > 0 ? (
        <section className={styles.card} aria-labelledby="warnings">
          <h2 id="warnings">{t.planner.warnings}</h2>
          <ul className={styles.notes}>
            {warned.flatMap(({ slug, title, warnings }) =>
              warnings.map(({ rule, text }) => (
                <li key={`${slug} ${rule}`}>
                  <strong>{title}:</strong> {text}
                </li>
              )),
            )}
          </ul>
        </section>
      ) : null}
      <section className={styles.card} aria-labelledby="notes">
        <h2 id="notes">{t.planner.notes}</h2>
        <ul className={styles.notes}>
          {comparison.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      </section>
    </>
  );
}
