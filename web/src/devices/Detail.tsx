/** What is known of a device, part by part: for its owner and for officers alike. */
import { CircleAlert, CircleCheck, CircleHelp, Clock } from "lucide-react";
import type { ReactNode } from "react";
import type { AskedOfManager, DeviceDetail, Finding, Provenance } from "../core/wire";
import { t } from "../texts";
import { age, date, moment } from "../texts/time";
import styles from "./Detail.module.css";
import { factName, factValue, grouped } from "./facts";
import { Notice } from "./Notice";
import { isOut, programName, State } from "./State";

export function Part({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section className={styles.part} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

/** How it stands, with reasons and steps first. */
export function Verdict({ detail }: { detail: DeviceDetail }) {
  const { device, assessment } = detail;
  const now = Date.now();
  const out = isOut(device);
  const counting = out ? [] : assessment.findings.filter((each) => each.standing !== "compliant");
  const others = out ? [] : assessment.findings.filter((each) => each.standing === "compliant");
  return (
    <Part id="verdict" title={t.device.verdict}>
      <p className={styles.verdict}>
        <State device={device} />
        <span>{verdictWords(detail)}</span>
      </p>
      {out && detail.ended_at ? <p>{t.device.ended(moment(detail.ended_at, now))}</p> : null}
      {detail.ended_reason ? <p>{detail.ended_reason}</p> : null}
      {detail.wiped_at ? <p>{t.device.wipedAt(moment(detail.wiped_at, now))}</p> : null}
      <ul className={styles.findings}>
        {counting.map((finding) => (
          <FindingRow key={finding.rule} finding={finding} />
        ))}
      </ul>
      {others.length > 0 ? (
        <details className={styles.more}>
          <summary>{t.device.moreRules(others.length)}</summary>
          <ul className={styles.findings}>
            {others.map((finding) => (
              <FindingRow key={finding.rule} finding={finding} />
            ))}
          </ul>
        </details>
      ) : null}
    </Part>
  );
}

function verdictWords({ device, assessment }: DeviceDetail): string {
  const out = t.device.verdictOut[device.state];
  if (out) {
    return out;
  }
  switch (assessment.standing) {
    case "compliant":
      return assessment.findings.length > 0 ? t.device.verdictFine : t.device.noRules;
    case "grace":
      return assessment.deadline
        ? t.device.verdictGrace(date(assessment.deadline, Date.now()))
        : t.device.verdictGraceOpen;
    case "quarantined":
      return t.device.verdictQuarantined;
  }
}

const OUTCOMES = { met: CircleCheck, unmet: CircleAlert, unknown: CircleHelp } as const;

function FindingRow({ finding }: { finding: Finding }) {
  const now = Date.now();
  const Icon = OUTCOMES[finding.outcome];
  return (
    <li className={styles.finding} data-standing={finding.standing} data-outcome={finding.outcome}>
      <Icon aria-hidden />
      <div>
        <p>
          <span className="visually-hidden">{t.device[finding.outcome]}: </span>
          <strong>{finding.reason}</strong>
        </p>
        {finding.step ? <p>{finding.step}</p> : null}
        <p className={styles.small}>
          {finding.standing === "grace" && finding.deadline ? (
            <span>{t.device.deadline(date(finding.deadline, now))}</span>
          ) : null}
          {finding.standing !== "compliant" && finding.since ? (
            <span>{t.device.overSince(moment(finding.since, now))}</span>
          ) : null}
          {finding.provenance ? <Says provenance={finding.provenance} /> : null}
          {finding.observed_at ? <span>{age(finding.observed_at, now)}</span> : null}
        </p>
      </div>
    </li>
  );
}

/** Who says it. */
export function Says({ provenance }: { provenance: Provenance }) {
  return (
    <span className={styles.says} data-provenance={provenance}>
      {t.device.says[provenance]}
    </span>
  );
}

export function Facts({ detail, title }: { detail: DeviceDetail; title: string }) {
  const now = Date.now();
  return (
    <Part id="facts" title={title}>
      {detail.facts.length === 0 ? <p>{t.device.noFacts}</p> : null}
      {grouped(detail.facts).map(([group, facts]) => (
        <div key={group} className={styles.group}>
          <h3>{t.device.groups[group]}</h3>
          <ul>
            {facts.map((fact) => (
              <li key={`${fact.name} ${fact.provenance}`} className={styles.fact}>
                <span className={styles.name}>{factName(fact.name)}</span>
                <strong>{factValue(fact.name, fact.value)}</strong>
                <p className={styles.small}>
                  <Says provenance={fact.provenance} />
                  <span>
                    <Clock aria-hidden />
                    {age(fact.observed_at, now)}
                  </span>
                  <span>{fact.evidence}</span>
                </p>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </Part>
  );
}

/** What the hospital wrote down when it was enrolled, and its certificate. */
export function Record({ detail, owner }: { detail: DeviceDetail; owner: boolean }) {
  const { device, certificate } = detail;
  const now = Date.now();
  const lines: [string, string][] = [
    ...(owner
      ? [[t.device.owner, `${device.user.name}, ${device.user.role}`] as [string, string]]
      : []),
    [t.device.program, programName(device.program)],
    [t.device.client, t.security.platform[device.platform]],
    [t.device.passkey, t.security.passkey[device.passkey] ?? device.passkey],
    [t.device.added, moment(device.created_at, now)],
    [t.device.seen, device.last_seen_at ? moment(device.last_seen_at, now) : t.device.never],
    [t.device.serial, device.serial ?? t.device.noSerial],
    [
      t.device.certificate,
      certificate
        ? t.device.certificateUntil(certificate.serial, date(certificate.not_after, now))
        : t.device.noCertificate,
    ],
    ...(detail.notice_accepted_at
      ? [[t.device.noticeAccepted, moment(detail.notice_accepted_at, now)] as [string, string]]
      : []),
    ...(detail.position_consent_at
      ? [[t.device.positionSince, moment(detail.position_consent_at, now)] as [string, string]]
      : []),
  ];
  return (
    <Part id="record" title={t.device.record}>
      <dl className={styles.record}>
        {lines.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}

/** What its manager was asked for, and how that ended. */
export function Asked({ detail }: { detail: DeviceDetail }) {
  const now = Date.now();
  if (detail.asked.length === 0) {
    return null;
  }
  return (
    <Part id="asked" title={t.device.asked}>
      <ul>
        {detail.asked.map((asked) => (
          <li key={asked.action} className={styles.fact}>
            <span className={styles.name}>{t.device.askedFor[asked.action] ?? asked.action}</span>
            <strong>{endWords(asked)}</strong>
            <p className={styles.small}>{moment(asked.at, now)}</p>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function endWords({ outcome, taken_at }: AskedOfManager): string {
  if (outcome) {
    return t.device.askedEnd[outcome] ?? outcome;
  }
  return taken_at ? t.device.askedTaken : t.device.askedWaits;
}

export function Views({ detail }: { detail: DeviceDetail }) {
  const now = Date.now();
  return (
    <Part id="views" title={t.device.views}>
      <p>{detail.views.length > 0 ? t.device.viewsHint : t.device.viewsNone}</p>
      <p>{t.device.viewsList}</p>
      <ul>
        {detail.views.map((view) => (
          <li key={`${view.name} ${view.last_at}`} className={styles.fact}>
            <strong>{view.name}</strong>
            <span className={styles.name}>{view.role}</span>
            <p className={styles.small}>{t.device.viewed(view.times, moment(view.last_at, now))}</p>
          </li>
        ))}
      </ul>
    </Part>
  );
}

export function NoticePart({ detail }: { detail: DeviceDetail }) {
  return (
    <Part id="notice" title={t.enroll.noticeTitle}>
      {detail.notice_changed ? <p>{t.device.noticeChanged}</p> : null}
      <Notice notice={detail.notice} />
    </Part>
  );
}
