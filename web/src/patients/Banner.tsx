/** Who the conversation is about: enough to be sure of the patient, and what may do harm. */
import {
  ChevronRight,
  HeartPulse,
  MapPin,
  NotebookText,
  ShieldAlert,
  UserRound,
  UsersRound,
} from "lucide-react";
import type { PatientBanner } from "../core/wire";
import { address, type Route } from "../shell/routes";
import { t } from "../texts";
import { likenesses } from "./alike";
import styles from "./Banner.module.css";
import { useOthers } from "./useOthers";
import { allergyText, identity } from "./words";

export function Banner({
  patient,
  chart,
  notes,
  photo = false,
  allergiesHidden = 0,
}: {
  patient: PatientBanner;
  /** Where the chart is; absent above the chart itself. */
  chart?: Route;
  /** Where the notes of the chart are; absent above the notes themselves. */
  notes?: Route;
  /** With the place of a photo. */
  photo?: boolean;
  /** How many allergies are recorded and not shown: that there is none would be a lie. */
  allergiesHidden?: number;
}) {
  const allergies = allergyText(patient.allergies);
  const like = likenesses(patient, useOthers());
  return (
    <section
      className={styles.banner}
      aria-label={t.patient.label}
      data-notes={notes ? true : undefined}
      data-photo={photo || undefined}
    >
      {photo ? (
        <span className={styles.photo} role="img" aria-label={t.chart.noPhoto}>
          <UserRound aria-hidden />
        </span>
      ) : null}
      <p className={styles.who}>
        {chart ? (
          <a
            className={styles.chart}
            href={address(chart)}
            aria-label={`${patient.name}, ${t.chart.of}`}
          >
            <strong>{patient.name}</strong>
            <ChevronRight aria-hidden />
          </a>
        ) : (
          <strong>{patient.name}</strong>
        )}
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
          <span>
            {t.patient.allergy(allergies)}
            {allergiesHidden > 0 ? `. ${t.chart.allergiesPartly}` : null}
          </span>
        </p>
      ) : allergiesHidden > 0 ? (
        <p className={styles.allergies}>
          <ShieldAlert aria-hidden />
          <span>{t.chart.allergiesHidden}</span>
        </p>
      ) : (
        <p className={styles.none}>{t.patient.noAllergies}</p>
      )}
      {like.length > 0 ? (
        <p className={styles.alike}>
          <UsersRound aria-hidden />
          <span>{t.patient.alike(like.map(({ name }) => name).join("; "))}</span>
        </p>
      ) : null}
      {notes ? (
        <a className={styles.notes} href={address(notes)}>
          <NotebookText aria-hidden />
          {t.notes.title}
        </a>
      ) : null}
    </section>
  );
}
