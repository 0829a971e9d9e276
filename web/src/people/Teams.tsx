/** Code teams and broadcast lists among those whom one can write to. */
import { Button, Modal, Textarea } from "@mantine/core";
import { Megaphone, Siren } from "lucide-react";
import { type FormEvent, useState } from "react";
import codes from "../codes/Codes.module.css";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { toFailure } from "../core/failure";
import { useApi, useCall, useTeams } from "../core/queries";
import type { PersonBrief, Team, TeamCall, TeamKind } from "../core/wire";
import dialog from "../shell/Dialog.module.css";
import { tell } from "../shell/notices";
import { swap } from "../shell/routes";
import { useLast } from "../shell/useLast";
import { whenPlaced } from "../stat/placed";
import { t } from "../texts";
import { GroupReach } from "./GroupReach";
import styles from "./People.module.css";

/** As the hospital takes it. */
const LONGEST = 2000;

export function Teams({
  q,
  kind,
  onChoose,
}: {
  q: string;
  kind: TeamKind;
  onChoose(team: Team): void;
}) {
  const teams = useTeams();
  const found = (teams.data ?? []).filter(
    (team) =>
      team.kind === kind && team.may_call && team.title.toLowerCase().includes(q.toLowerCase()),
  );
  if (found.length === 0) {
    return null;
  }
  return (
    <>
      <h2 className={styles.section}>{kind === "code" ? t.people.teams : t.people.lists}</h2>
      <ul>
        {found.map((team) => (
          <li key={team.id}>
            <button
              type="button"
              className={styles.person}
              aria-haspopup="dialog"
              onClick={() => onChoose(team)}
            >
              <span className={styles.role} aria-hidden>
                {kind === "code" ? <Siren /> : <Megaphone />}
              </span>
              <span className={styles.words}>
                <strong>{team.title}</strong>
                <span>{t.people.teamOf(team.people.length, team.roles.length)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What is written to a team, and the one tap that sends it to everybody who is in it then. */
export function TeamSheet({
  team,
  patient,
  onClose,
}: {
  team: Team | null;
  patient: string | null;
  onClose(): void;
}) {
  const shown = useLast(team);
  const [text, setText] = useState("");
  const [lines, setLines] = useState<readonly string[]>([]);
  const [busy, setBusy] = useState(false);
  const resolve = useApi("callTeam");
  const start = useCall("start_team");
  const send = useCall("send");
  const close = () => {
    setLines([]);
    onClose();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!team || busy || text.trim() === "") {
      return;
    }
    setBusy(true);
    setLines([]);
    try {
      const now = await resolve.mutateAsync({ id: team.id });
      const users = reached(now);
      if (users.length === 0) {
        setLines([t.people.nobodyThere, ...missing(now)]);
        return;
      }
      const { group } = await start.mutateAsync({
        kind: team.kind === "code" ? "code" : "broadcast",
        users,
        team: team.id,
        ...(patient ? { patient_id: patient } : {}),
      });
      const priority = team.kind === "code" ? "stat" : "routine";
      const { id } = await send.mutateAsync({ group, text: text.trim(), priority });
      const done =
        team.kind === "code" ? t.people.called(team.title) : t.people.sentList(team.title);
      // What has not left yet is no page of anybody: of that a card tells, and nothing is said here.
      void whenPlaced(group, id).then((placed) => placed && tell("done", done));
      for (const line of missing(now, team.kind)) {
        tell("problem", line);
      }
      setText("");
      onClose();
      swap({ at: "conversation", group });
    } catch (error) {
      setLines([told(toFailure(error))]);
    } finally {
      setBusy(false);
    }
  };
  const code = shown?.kind === "code";
  return (
    <Modal
      opened={team !== null}
      onClose={close}
      title={code ? t.people.callTitle(shown.title) : t.people.listTitle(shown?.title ?? "")}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <form className={codes.form} onSubmit={(event) => void submit(event)}>
        <p>{code ? t.people.callText : t.people.listText}</p>
        <Textarea
          label={code ? t.people.callMessage : t.people.listMessage}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={LONGEST}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-autofocus
        />
        {shown ? <GroupReach people={inTeam(shown)} priority={code ? "stat" : "routine"} /> : null}
        <Refused lines={lines} />
        <div className={dialog.actions}>
          <Button variant="default" onClick={close}>
            {t.cancel}
          </Button>
          <Button
            type="submit"
            {...(code ? { color: "red" } : {})}
            loading={busy}
            disabled={text.trim() === ""}
          >
            {code ? t.people.call : t.people.sendList}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Who is in it now, as far as this phone knows. */
function inTeam({ people, roles }: Team): PersonBrief[] {
  const holders = roles.flatMap(({ holder }) => holder ?? []);
  return [...new Map([...people, ...holders].map((each) => [each.id, each])).values()];
}

/** Those who are there and whom a message reaches. */
export function reached({ people, unreachable }: Pick<TeamCall, "people" | "unreachable">) {
  return people.map(({ id }) => id).filter((id) => !unreachable.includes(id));
}

/** Whom it does not reach, in sentences. */
function missing({ people, unreachable, unheld }: TeamCall, called?: TeamKind): string[] {
  const names = people.filter(({ id }) => unreachable.includes(id)).map(({ name }) => name);
  // A code team's role that nobody holds is asked for along its chain.
  const words = called === "code" ? t.people.unheldCalled : t.people.unheld;
  return [
    ...(names.length > 0 ? [t.people.leftOut(names.join(", "))] : []),
    ...(unheld.length > 0 ? [words(unheld.join(", "))] : []),
  ];
}
