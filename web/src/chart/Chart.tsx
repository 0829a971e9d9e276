/** A patient's chart, asked for at once: who it is stays above, the essentials come first. */
import { Button } from "@mantine/core";
import { CloudOff } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { toFailure } from "../core/failure";
import { useChart } from "../core/queries";
import type { PatientBanner, PatientChart } from "../core/wire";
import { Closed } from "../glass/Closed";
import { Frame } from "../glass/Frame";
import { Banner } from "../patients/Banner";
import type { Route } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Because } from "./Because";
import styles from "./Chart.module.css";
import { Encounters, Plans, Procedures } from "./Lists";
import { Medications } from "./Medications";
import { More } from "./More";
import { Parts } from "./Parts";
import { Reports } from "./Reports";
import { Section } from "./Section";
import { Source } from "./Source";
import { Summary } from "./Summary";
import { TrendDialog } from "./TrendDialog";
import { TrendList } from "./TrendList";
import { pressingFirst, type Trend, trends } from "./trends";
import { at, hidden, isAway } from "./words";

export function Chart({
  patient: id,
  known,
  back,
  notes,
  above,
}: {
  patient: string;
  /** Who it is, where that is known before the chart is here. */
  known: PatientBanner | null;
  back: { to: Route; text: string };
  /** Where its notes are. */
  notes: Route;
  above?: ReactNode;
}) {
  const chart = useChart(id);
  const failure = chart.error ? toFailure(chart.error) : null;
  // In a dead spot what was shown stays; what was refused is not shown any longer.
  const refused = failure !== null && !isAway(failure);
  const shown = refused ? undefined : chart.data;
  const banner = shown?.banner ?? (refused ? null : known);
  return (
    <Frame
      title={t.chart.title}
      under={shown?.because ? <Because reason={shown.because} /> : null}
      back={back}
      above={
        <>
          {banner ? (
            <Banner patient={banner} photo allergiesHidden={shown ? missing(shown) : 0} />
          ) : null}
          {above}
        </>
      }
    >
      {chart.isPending ? <Waiting /> : null}
      {failure && !shown ? (
        <Closed patient={id} failure={failure} onAgain={() => void chart.refetch()} />
      ) : null}
      {failure && shown ? (
        <div className={styles.stale} role="status">
          <CloudOff aria-hidden />
          <p>{t.chart.stale(at(chart.dataUpdatedAt, Date.now()))}</p>
          <Button
            size="xs"
            variant="default"
            loading={chart.isFetching}
            onClick={() => void chart.refetch()}
          >
            {t.chart.reload}
          </Button>
        </div>
      ) : null}
      {shown?.source && !failure ? (
        <Source
          source={shown.source}
          isFetching={chart.isFetching}
          onAgain={() => void chart.refetch()}
        />
      ) : null}
      {shown ? <Shown patient={id} chart={shown} notes={notes} /> : null}
    </Frame>
  );
}

function missing({ withheld }: PatientChart): number {
  return hidden(withheld, ["AllergyIntolerance"]);
}

function Shown({ patient, chart, notes }: { patient: string; chart: PatientChart; notes: Route }) {
  const [opened, setOpened] = useState<Trend | null>(null);
  const labs = useMemo(() => pressingFirst(trends(chart.labs)), [chart.labs]);
  const vitals = useMemo(() => trends(chart.vitals), [chart.vitals]);
  const now = Date.now();
  const kept = (kinds: readonly string[]) => hidden(chart.withheld, kinds);
  return (
    <div className={styles.chart}>
      <Summary chart={chart} trends={[...labs, ...vitals]} now={now} onOpen={setOpened} />
      <More patient={patient} withheld={chart.withheld} inPart={chart.in_part} />
      {chart.in_part ? null : (
        <Parts
          notes={notes}
          counts={{
            labs: labs.length,
            vitals: vitals.length,
            medications: chart.medications.length,
            reports: chart.reports.length,
            procedures: chart.procedures.length,
            plans: chart.plans.length,
            encounters: chart.encounters.length,
          }}
        />
      )}
      {chart.cut ? <p className={styles.cut}>{t.chart.cut}</p> : null}
      {chart.in_part ? null : (
        <>
          <Section part="labs" count={labs.length} hidden={kept(["Observation"])}>
            <TrendList trends={labs} now={now} label={t.chart.labs} onOpen={setOpened} />
          </Section>
          <Section part="vitals" count={vitals.length} hidden={kept(["Observation"])}>
            <TrendList trends={vitals} now={now} label={t.chart.vitals} onOpen={setOpened} />
          </Section>
          <Section
            part="medications"
            count={chart.medications.length}
            hidden={kept(["MedicationRequest"])}
          >
            <Medications medications={chart.medications} now={now} />
          </Section>
          <Section part="reports" count={chart.reports.length} hidden={kept(["DiagnosticReport"])}>
            <Reports reports={chart.reports} now={now} />
          </Section>
          <Section part="procedures" count={chart.procedures.length} hidden={kept(["Procedure"])}>
            <Procedures procedures={chart.procedures} now={now} />
          </Section>
          <Section part="plans" count={chart.plans.length} hidden={kept(["CarePlan"])}>
            <Plans plans={chart.plans} />
          </Section>
        </>
      )}
      {chart.in_part && chart.encounters.length === 0 ? null : (
        <Section part="encounters" count={chart.encounters.length} hidden={kept(["Encounter"])}>
          <Encounters encounters={chart.encounters} now={now} />
        </Section>
      )}
      <TrendDialog trend={opened} now={now} onClose={() => setOpened(null)} />
    </div>
  );
}
