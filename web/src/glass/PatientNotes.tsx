/** The notes of a patient's chart outside of any conversation. */
import { toFailure } from "../core/failure";
import { usePatient } from "../core/queries";
import { List } from "../notes/Notes";
import { Banner } from "../patients/Banner";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Closed } from "./Closed";
import { Frame } from "./Frame";
import { OpenedLine } from "./OpenedLine";

export default function PatientNotes({ patient: id }: { patient: string }) {
  const patient = usePatient(id);
  const failure = patient.error ? toFailure(patient.error) : null;
  return (
    <Frame
      title={t.notes.title}
      back={{ to: { at: "patient", patient: id }, text: t.chart.back }}
      above={
        patient.data && !failure ? (
          <>
            <Banner patient={patient.data} />
            <OpenedLine patient={id} />
          </>
        ) : null
      }
    >
      {patient.isPending ? <Waiting /> : null}
      {failure ? (
        <Closed patient={id} failure={failure} onAgain={() => void patient.refetch()} />
      ) : null}
      {patient.data && !failure ? (
        <List patient={id} to={(note) => ({ at: "patient-note", patient: id, note })} />
      ) : null}
    </Frame>
  );
}
