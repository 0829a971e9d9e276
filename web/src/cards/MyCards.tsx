/** One's own smart cards, where the hospital takes them. */
import { Button } from "@mantine/core";
import { Plus } from "lucide-react";
import { useRef, useState } from "react";
import { Refused } from "../codes/Refused";
import { Rename } from "../codes/Rename";
import { told } from "../codes/words";
import { useApi, useCards } from "../core/queries";
import type { CardInfo } from "../core/wire";
import security from "../devices/Security.module.css";
import { Ask } from "../shell/Ask";
import { tell } from "../shell/notices";
import { t } from "../texts";
import { AddCard } from "./AddCard";
import { SmartCard } from "./SmartCard";

export function MyCards() {
  const cards = useCards();
  const remove = useApi("removeCard");
  const heading = useRef<HTMLHeadingElement>(null);
  const [adding, setAdding] = useState(false);
  const [doing, setDoing] = useState<{ what: "rename" | "remove"; card: CardInfo } | null>(null);
  const close = () => setDoing(null);
  const list = cards.data;
  // Nothing is said of cards where the hospital takes none.
  if (!list?.url) {
    return null;
  }
  const removeIt = ({ id, name }: CardInfo) =>
    remove.mutate(
      { id },
      {
        onSuccess: () => {
          close();
          tell("done", t.smartCards.removed(name));
          // The button that was pressed is gone with its row.
          heading.current?.focus();
        },
      },
    );
  return (
    <section className={security.card} aria-labelledby="smart-cards">
      <h2 id="smart-cards" ref={heading} tabIndex={-1}>
        {t.smartCards.title}
      </h2>
      <p>{t.smartCards.intro}</p>
      {list.cards.length === 0 ? <p>{t.smartCards.none}</p> : null}
      <ul className={security.rows} aria-label={t.smartCards.list}>
        {list.cards.map((card) => (
          <SmartCard key={card.id} card={card}>
            <Button
              variant="subtle"
              px="sm"
              aria-label={t.codes.of(t.codes.rename, card.name)}
              onClick={() => setDoing({ what: "rename", card })}
            >
              {t.codes.rename}
            </Button>
            <Button
              variant="subtle"
              px="sm"
              color="red"
              aria-label={t.codes.of(t.codes.remove, card.name)}
              onClick={() => {
                remove.reset();
                setDoing({ what: "remove", card });
              }}
            >
              {t.codes.remove}
            </Button>
          </SmartCard>
        ))}
      </ul>
      <Button
        fullWidth
        variant="light"
        leftSection={<Plus aria-hidden />}
        onClick={() => setAdding(true)}
      >
        {t.smartCards.add}
      </Button>
      <AddCard opened={adding} onClose={() => setAdding(false)} />
      <Rename
        of={doing?.what === "rename" ? doing.card : undefined}
        by="renameCard"
        onClose={close}
      />
      <Ask
        opened={doing?.what === "remove"}
        title={t.smartCards.removeTitle(doing?.card.name ?? "")}
        text={t.smartCards.removeText}
        action={t.codes.remove}
        busy={remove.isPending}
        onNo={close}
        onYes={() => {
          if (doing) {
            removeIt(doing.card);
          }
        }}
      >
        <Refused lines={remove.error ? [told(remove.error)] : []} />
      </Ask>
    </section>
  );
}
