/** A note of a chart that was opened outside of a conversation. */
import { usePatient } from "../core/queries";
import { Opened } from "../notes/Note";
import { Banner } from "../patients/Banner";
import { t } from "../texts";
import { Frame } from "./Frame";

export default function PatientNote({ patient: id, note }: { patient: string; note: string }) {
  const patient = usePatient(id);
  return (
    <Frame
      title={t.notes.one}
      back={{ to: { at: "patient-notes", patient: id }, text: t.notes.toList }}
      above={patient.data ? <Banner patient={patient.data} /> : null}
    >
      <Opened patient={id} note={note} />
    </Frame>
  );
}
