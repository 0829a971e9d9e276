/** A patient's chart outside of any conversation; where it is closed, how it opens. */
import { OpenedLine } from "../glass/OpenedLine";
import { t } from "../texts";
import { Chart } from "./Chart";

export default function OfPatient({ patient }: { patient: string }) {
  return (
    <Chart
      patient={patient}
      known={null}
      back={{ to: { at: "patients" }, text: t.glass.back }}
      notes={{ at: "patient-notes", patient }}
      above={<OpenedLine patient={patient} />}
    />
  );
}
