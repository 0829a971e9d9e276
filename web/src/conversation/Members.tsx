/** Who reads along: people, whether their devices are verified, adding and removing. */
import { ActionIcon, Button, Modal } from "@mantine/core";
import { Archive, ShieldAlert, ShieldCheck, UserMinus, UserPlus } from "lucide-react";
import { useState } from "react";
import type { ConversationView, MemberView } from "../core/methods";
import { useCall, useCareTeam, useStatus } from "../core/queries";
import type { PersonBrief } from "../core/wire";
import { PeopleSearch } from "../people/PeopleSearch";
import { Ask } from "../shell/Ask";
import { Avatar } from "../shell/Avatar";
import { BotTag } from "../shell/BotTag";
import { tellFailure } from "../shell/notices";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import { apart } from "./careTeam";
import styles from "./Members.module.css";

export function Members({
  opened,
  onClose,
  conversation,
  fixed,
}: {
  opened: boolean;
  onClose(): void;
  conversation: ConversationView;
  /** Two people stay two people. */
  fixed: boolean;
}) {
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<MemberView | null>(null);
  const status = useStatus();
  const narrow = useNarrow();
  const remove = useCall("remove_person");
  const me = status.data?.user?.id;
  const { kind, patient } = conversation;
  const team = useCareTeam(kind === "team" && patient ? patient.id : null).data;
  const left = team ? apart(team, conversation) : [];
  const close = () => {
    setAdding(false);
    onClose();
  };

  return (
    <>
      <Modal
        opened={opened && removing === null}
        onClose={close}
        title={adding ? t.members.add : t.members.title}
        fullScreen={narrow}
        closeButtonProps={{ "aria-label": t.close }}
      >
        {adding ? (
          <Add conversation={conversation} onDone={() => setAdding(false)} />
        ) : (
          <>
            <p className={styles.hint}>{t.members.encrypted}</p>
            <ul className={styles.people}>
              {conversation.members.map((member) => (
                <li key={member.user.id} className={styles.person}>
                  <Avatar id={member.user.id} name={member.user.name} />
                  <div className={styles.words}>
                    <strong>
                      {member.user.name}
                      {member.user.id === me ? ` (${t.members.you})` : null}
                      {member.bot ? <BotTag /> : null}
                    </strong>
                    <span>
                      {member.bot
                        ? t.members.botHint
                        : `${member.user.role}, ${member.user.department}`}
                    </span>
                    {left.includes(member) ? <span>{t.members.notOnCareTeam}</span> : null}
                    <Trust member={member} />
                  </div>
                  {fixed || member.user.id === me ? null : (
                    <ActionIcon
                      color="red"
                      aria-label={t.members.removeName(member.user.name)}
                      onClick={() => setRemoving(member)}
                    >
                      <UserMinus aria-hidden />
                    </ActionIcon>
                  )}
                </li>
              ))}
              {conversation.keepers.map((keeper) => (
                <li key={keeper.user.id} className={styles.person}>
                  <span className={styles.keeper}>
                    <Archive aria-hidden />
                  </span>
                  <div className={styles.words}>
                    <strong>{t.members.keeper}</strong>
                    <span>{t.members.keeperText}</span>
                    <Trust member={keeper} />
                  </div>
                </li>
              ))}
            </ul>
            {fixed ? null : (
              <Button
                fullWidth
                variant="light"
                leftSection={<UserPlus aria-hidden />}
                onClick={() => setAdding(true)}
              >
                {t.members.add}
              </Button>
            )}
          </>
        )}
      </Modal>
      <Ask
        opened={removing !== null}
        title={t.members.removeTitle(removing?.user.name ?? "")}
        text={t.members.removeText}
        action={t.members.remove}
        busy={remove.isPending}
        onNo={() => setRemoving(null)}
        onYes={() => {
          if (removing) {
            remove.mutate(
              { group: conversation.id, user: removing.user.id },
              { onError: tellFailure, onSettled: () => setRemoving(null) },
            );
          }
        }}
      />
    </>
  );
}

function Trust({ member: { verified, devices } }: { member: MemberView }) {
  return (
    <span className={styles.trust} data-verified={verified}>
      {verified ? <ShieldCheck aria-hidden /> : <ShieldAlert aria-hidden />}
      {verified ? t.members.verified : t.members.unverified} · {t.members.devices(devices)}
    </span>
  );
}

function Add({ conversation, onDone }: { conversation: ConversationView; onDone(): void }) {
  const [chosen, setChosen] = useState<readonly PersonBrief[]>([]);
  const add = useCall("add_people");
  const there = new Set(conversation.members.map(({ user }) => user.id));
  return (
    <div className={styles.add}>
      <PeopleSearch
        chosen={chosen}
        hidden={there}
        onToggle={(person) =>
          setChosen(
            chosen.some(({ id }) => id === person.id)
              ? chosen.filter(({ id }) => id !== person.id)
              : [...chosen, person],
          )
        }
      />
      <p className={styles.hint}>{t.members.addHint}</p>
      <Button
        fullWidth
        disabled={chosen.length === 0}
        loading={add.isPending}
        onClick={() =>
          add.mutate(
            { group: conversation.id, users: chosen.map(({ id }) => id) },
            { onSuccess: onDone, onError: tellFailure },
          )
        }
      >
        {t.members.addAction(chosen.length)}
      </Button>
    </div>
  );
}
