/** Finding a patient, and what came of the charts that one broke the glass for. */
import { useOwnGlass } from "../core/queries";
import type { Glass } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { PatientSearch } from "../patients/PatientPicker";
import { address, go } from "../shell/routes";
import { t } from "../texts";
import { clock, moment } from "../texts/time";
import styles from "./Glass.module.css";
import { patientText, purposeText } from "./words";

export default function Patients() {
  const own = useOwnGlass();
  const grants = own.data?.grants ?? [];
  return (
    <div className={officer.screen}>
      <div className={officer.column}>
        <header className={officer.header}>
          <h1>{t.glass.patients}</h1>
        </header>
        <section className={officer.card} aria-label={t.glass.patients}>
          <p>{t.glass.patientsHint}</p>
          <PatientSearch onChoose={({ id }) => go({ at: "patient", patient: id })} />
        </section>
        {own.error ? <p role="alert">{own.error.message}</p> : null}
        {grants.length > 0 ? (
          <section className={officer.card} aria-labelledby="own-glass">
            <h2 id="own-glass">{t.glass.own}</h2>
            <ul className={styles.grants} aria-labelledby="own-glass">
              {grants.map((each) => (
                <Own key={each.id} glass={each} now={Date.now()} />
              ))}
            </ul>
          </section>
        ) : null}
      </div>
    </div>
  );
}

function Own({ glass, now }: { glass: Glass; now: number }) {
  return (
    <li className={styles.grant}>
      <a href={address({ at: "patient", patient: glass.patient_id })}>{patientText(glass)}</a>
      <span>
        {purposeText(glass)} · {t.glass.when(moment(glass.at, now), clock(glass.until))}
      </span>
      {glass.reason ? <blockquote>{glass.reason}</blockquote> : null}
      <strong data-outcome={glass.outcome}>{t.glass.outcome[glass.outcome]}</strong>
      {glass.note ? (
        <>
          <span>{t.glass.said(glass.reviewed_by?.name ?? t.conversation.unknownSender)}</span>
          <blockquote>{glass.note}</blockquote>
        </>
      ) : null}
    </li>
  );
}
