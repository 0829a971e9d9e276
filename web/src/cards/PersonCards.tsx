/** Another person's smart cards, for officers. */
import { Button } from "@mantine/core";
import { useRef, useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi, useCards } from "../core/queries";
import type { CardInfo, PersonBrief } from "../core/wire";
import { Ask } from "../shell/Ask";
import { tell } from "../shell/notices";
import { t } from "../texts";
import { SmartCard } from "./SmartCard";

export function PersonCards({ person }: { person: PersonBrief }) {
  const cards = useCards(person.id);
  const remove = useApi("removeCard");
  const list = useRef<HTMLUListElement>(null);
  const [removing, setRemoving] = useState<CardInfo | null>(null);
  if (cards.error) {
    return <p role="alert">{cards.error.message}</p>;
  }
  if (!cards.data?.url) {
    return null;
  }
  const close = () => {
    remove.reset();
    setRemoving(null);
  };
  const run = ({ id, name }: CardInfo) =>
    remove.mutate(
      { id },
      {
        onSuccess: () => {
          close();
          tell("done", t.smartCards.removed(name));
          list.current?.focus();
        },
      },
    );
  return (
    <>
      {cards.data.cards.length === 0 ? <p>{t.smartCards.hasNone(person.name)}</p> : null}
      <ul ref={list} tabIndex={-1} aria-label={t.smartCards.of(person.name)}>
        {cards.data.cards.map((card) => (
          <SmartCard key={card.id} card={card}>
            <Button
              variant="subtle"
              px="sm"
              color="red"
              aria-label={t.codes.of(t.codes.remove, card.name)}
              onClick={() => setRemoving(card)}
            >
              {t.codes.remove}
            </Button>
          </SmartCard>
        ))}
      </ul>
      <Ask
        opened={removing !== null}
        title={t.smartCards.removeTitle(removing?.name ?? "")}
        text={t.smartCards.removeOf(person.name)}
        action={t.codes.remove}
        busy={remove.isPending}
        onNo={close}
        onYes={() => {
          if (removing) {
            run(removing);
          }
        }}
      >
        <Refused lines={remove.error ? [told(remove.error)] : []} />
      </Ask>
    </>
  );
}
