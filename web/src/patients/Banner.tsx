/** Who the conversation is about: enough to be sure of the patient, and what may do harm. */
import { HeartPulse, MapPin, NotebookText, ShieldAlert } from "lucide-react";
import type { PatientBanner } from "../core/wire";
import { address, type Route } from "../shell/routes";
import { t } from "../texts";
import styles from "./Banner.module.css";
import { allergyText, identity } from "./words";

export function Banner({
  patient,
  notes,
}: {
  patient: PatientBanner;
  /** Where the notes of the chart are; absent above the notes themselves. */
  notes?: Route;
}) {
  const allergies = allergyText(patient.allergies);
  return (
    <section
      className={styles.banner}
      aria-label={t.patient.label}
      data-notes={notes ? true : undefined}
    >
      <p className={styles.who}>
        <strong>{patient.name}</strong>
        <span>{identity(patient)}</span>
      </p>
      <p className={styles.facts}>
        {patient.mrn ? <span className={styles.mrn}>{t.patient.mrn(patient.mrn)}</span> : null}
        {patient.location ? (
          <span className={styles.fact}>
            <MapPin aria-hidden />
            {patient.location}
          </span>
        ) : null}
        {patient.code_status ? (
          <span className={styles.fact}>
            <HeartPulse aria-hidden />
            <span className="visually-hidden">{t.patient.codeStatus}</span>
            {patient.code_status}
          </span>
        ) : null}
      </p>
      {allergies ? (
        <p className={styles.allergies}>
          <ShieldAlert aria-hidden />
          <span>{t.patient.allergy(allergies)}</span>
        </p>
      ) : (
        <p className={styles.none}>{t.patient.noAllergies}</p>
      )}
      {notes ? (
        <a className={styles.notes} href={address(notes)}>
          <NotebookText aria-hidden />
          {t.notes.title}
        </a>
      ) : null}
    </section>
  );
}
