/** A new conversation: with people or a role, about a patient or not. */
import { ActionIcon, Button } from "@mantine/core";
import { BedDouble, ChevronLeft, Stethoscope, X } from "lucide-react";
import { useState } from "react";
import { toFailure } from "../core/failure";
import { useApi, useCall, useRoles, useCareTeam as useTeamOf } from "../core/queries";
import type { OnCallRole, PatientBanner, PersonBrief, Team } from "../core/wire";
import { PatientPicker } from "../patients/PatientPicker";
import { identity } from "../patients/words";
import { tell } from "../shell/notices";
import { go, swap } from "../shell/routes";
import { t } from "../texts";
import { clock } from "../texts/time";
import { GroupReach } from "./GroupReach";
import styles from "./People.module.css";
import { PeopleSearch } from "./PeopleSearch";
import { ReachLine } from "./ReachLine";
import { reached, TeamSheet, Teams } from "./Teams";

/** Of more people it is said in one line. */
const MOST_APART = 3;

export default function NewConversation() {
  const [people, setPeople] = useState<readonly PersonBrief[]>([]);
  const [role, setRole] = useState<OnCallRole | null>(null);
  const [patient, setPatient] = useState<PatientBanner | null>(null);
  const [picking, setPicking] = useState(false);
  const [team, setTeam] = useState<Team | null>(null);
  const start = useCall("start");
  const care = useCareTeam();

  const toggle = (person: PersonBrief) => {
    if (role) {
      tell("problem", t.people.oneRole);
      return;
    }
    setPeople(
      people.some(({ id }) => id === person.id)
        ? people.filter(({ id }) => id !== person.id)
        : [...people, person],
    );
  };

  const begin = () =>
    start.mutate(
      {
        users: people.map(({ id }) => id),
        ...(role ? { role: role.slug } : {}),
        ...(patient ? { patient_id: patient.id } : {}),
      },
      {
        onSuccess: ({ group }) => swap({ at: "conversation", group }),
      },
    );

  const nobody = people.length === 0 && !role;
  return (
    <div className={styles.screen}>
      <header className={styles.header}>
        <ActionIcon
          className={styles.back}
          aria-label={t.back}
          onClick={() => go({ at: "conversations" })}
        >
          <ChevronLeft aria-hidden />
        </ActionIcon>
        <h1>{t.people.title}</h1>
      </header>
      <div className={styles.body}>
        <PeopleSearch
          chosen={people}
          onToggle={toggle}
          above={(q) => (
            <>
              <Teams q={q} kind="code" onChoose={setTeam} />
              <Roles
                q={q}
                chosen={role}
                onChoose={(each) => {
                  setPeople([]);
                  setRole(each.slug === role?.slug ? null : each);
                }}
              />
              <Teams q={q} kind="list" onChoose={setTeam} />
            </>
          )}
        />
      </div>
      <footer className={styles.footer}>
        <div className={styles.chosen}>
          <span className={styles.to}>{t.people.chosen}</span>
          {nobody ? <span className={styles.nobody}>{t.people.chosenNone}</span> : null}
          {role ? (
            <Chip name={role.title} onRemove={() => setRole(null)} />
          ) : (
            people.map((person) => (
              <Chip key={person.id} name={person.name} onRemove={() => toggle(person)} />
            ))
          )}
        </div>
        <div className={styles.about}>
          <BedDouble aria-hidden />
          {patient ? (
            <>
              <span className={styles.patient}>
                <strong>{patient.name}</strong>
                <span>
                  {[identity(patient), patient.mrn ? t.patient.mrn(patient.mrn) : null]
                    .filter(Boolean)
                    .join(" · ")}
                </span>
              </span>
              <ActionIcon aria-label={t.patient.remove} onClick={() => setPatient(null)}>
                <X aria-hidden />
              </ActionIcon>
            </>
          ) : (
            <>
              <span className={styles.patient}>{t.people.about}</span>
              <Button variant="light" onClick={() => setPicking(true)}>
                {t.patient.choose}
              </Button>
            </>
          )}
        </div>
        {patient && nobody ? (
          <Button variant="light" loading={care.busy} onClick={() => void care.begin(patient.id)}>
            {t.people.careTeam}
          </Button>
        ) : null}
        {patient && nobody ? <CareReach patient={patient.id} /> : null}
        {care.problem ? (
          <p className={styles.refused} role="alert">
            {care.problem}
          </p>
        ) : null}
        {role?.holder ? (
          <ReachLine
            person={role.holder}
            onInstead={(better) => {
              setRole(null);
              setPeople([better]);
            }}
          />
        ) : null}
        {people.length > MOST_APART ? (
          <GroupReach people={people} />
        ) : (
          people.map((person) => (
            <ReachLine
              key={person.id}
              person={person}
              onInstead={(better) =>
                setPeople([
                  ...people.filter(({ id }) => id !== person.id && id !== better.id),
                  better,
                ])
              }
            />
          ))
        )}
        {start.error ? (
          <p className={styles.refused} role="alert">
            {start.error.message}
          </p>
        ) : null}
        <Button
          size="lg"
          h="3rem"
          fullWidth
          disabled={nobody}
          loading={start.isPending}
          onClick={begin}
        >
          {role ? t.people.startRole : t.people.start}
        </Button>
      </footer>
      <TeamSheet team={team} patient={patient?.id ?? null} onClose={() => setTeam(null)} />
      <PatientPicker
        opened={picking}
        onClose={() => setPicking(false)}
        onChoose={(chosen) => {
          setPatient(chosen);
          setPicking(false);
        }}
      />
    </div>
  );
}

/** Whether they would notice, before they are written to. */
function CareReach({ patient }: { patient: string }) {
  const team = useTeamOf(patient).data;
  const people = team?.people.filter(({ id }) => !team.unreachable.includes(id));
  return people ? <GroupReach people={people} /> : null;
}

/** Writing to everybody who cares for a patient, whoever that is at this moment. */
function useCareTeam() {
  const resolve = useApi("careTeam");
  const start = useCall("start_team");
  const [problem, setProblem] = useState<string | null>(null);
  const begin = async (patient: string) => {
    setProblem(null);
    try {
      const team = await resolve.mutateAsync({ patient });
      const { group } = await start.mutateAsync({
        kind: "team",
        users: reached(team),
        patient_id: patient,
      });
      swap({ at: "conversation", group });
    } catch (error) {
      setProblem(toFailure(error).message);
    }
  };
  return { begin, problem, busy: resolve.isPending || start.isPending };
}

function Chip({ name, onRemove }: { name: string; onRemove(): void }) {
  return (
    <button
      type="button"
      className={styles.chip}
      aria-label={t.people.remove(name)}
      onClick={onRemove}
    >
      {name}
      <X aria-hidden />
    </button>
  );
}

function Roles({
  q,
  chosen,
  onChoose,
}: {
  q: string;
  chosen: OnCallRole | null;
  onChoose(role: OnCallRole): void;
}) {
  const roles = useRoles();
  const found = (roles.data ?? []).filter((role) =>
    `${role.title} ${role.department} ${role.holder?.name ?? ""}`
      .toLowerCase()
      .includes(q.toLowerCase()),
  );
  if (found.length === 0) {
    return null;
  }
  return (
    <>
      <h2 className={styles.section}>{t.people.roles}</h2>
      <ul>
        {found.map((role) => (
          <li key={role.slug}>
            <button
              type="button"
              className={styles.person}
              aria-pressed={chosen?.slug === role.slug}
              disabled={!role.holder}
              onClick={() => onChoose(role)}
            >
              <span className={styles.role} aria-hidden>
                <Stethoscope />
              </span>
              <span className={styles.words}>
                <strong>{role.title}</strong>
                <span>
                  {role.holder
                    ? [
                        t.people.holder(role.holder.name),
                        role.until ? t.people.until(clock(role.until)) : null,
                      ]
                        .filter(Boolean)
                        .join(", ")
                    : t.people.gap}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
