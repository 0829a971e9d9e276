/** One's own generators of one-time codes: apps that one adds, cards that an officer handed out. */
import { Button } from "@mantine/core";
import { Plus } from "lucide-react";
import { useRef, useState } from "react";
import { useApi, useFactors } from "../core/queries";
import type { FactorInfo } from "../core/wire";
import security from "../devices/Security.module.css";
import { Ask } from "../shell/Ask";
import { tell } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { AddApp } from "./AddApp";
import styles from "./Codes.module.css";
import { Factor } from "./Factor";
import { FirstCode } from "./FirstCode";
import { Rename } from "./Rename";
import { Resync } from "./Resync";
import { missing, told } from "./words";

type Doing = "confirm" | "rename" | "resync" | "remove";

export function MyCodes() {
  const factors = useFactors();
  const remove = useApi("removeFactor");
  const heading = useRef<HTMLHeadingElement>(null);
  const [adding, setAdding] = useState(false);
  const [doing, setDoing] = useState<{ what: Doing; factor: FactorInfo } | null>(null);
  const list = factors.data;
  const more = list ? missing(list) : 0;
  const close = () => setDoing(null);
  const factor = doing?.factor;

  const removed = (gone: FactorInfo) => {
    tell("done", t.codes.removed(gone.name));
    // The button that was pressed is gone with its row.
    heading.current?.focus();
  };

  return (
    <section className={security.card} aria-labelledby="codes">
      <h2 id="codes" ref={heading} tabIndex={-1}>
        {t.codes.title}
      </h2>
      <p>{t.codes.intro}</p>
      {more > 0 ? <p className={styles.needed}>{t.codes.missing(more)}</p> : null}
      {factors.isPending ? <Waiting /> : null}
      {factors.error ? <p role="alert">{factors.error.message}</p> : null}
      {list?.factors.length === 0 ? <p>{t.codes.none}</p> : null}
      <ul className={security.rows}>
        {(list?.factors ?? []).map((each) => (
          <Factor key={each.factor_id} factor={each}>
            {each.confirmed_at ? null : (
              <Does
                text={t.codes.firstCode}
                of={each}
                onDo={() => setDoing({ what: "confirm", factor: each })}
              />
            )}
            <Does
              text={t.codes.resync}
              of={each}
              onDo={() => setDoing({ what: "resync", factor: each })}
            />
            <Does
              text={t.codes.rename}
              of={each}
              onDo={() => setDoing({ what: "rename", factor: each })}
            />
            <Does
              text={t.codes.remove}
              of={each}
              color="red"
              onDo={() => {
                remove.reset();
                setDoing({ what: "remove", factor: each });
              }}
            />
          </Factor>
        ))}
      </ul>
      <Button
        fullWidth
        variant="light"
        leftSection={<Plus aria-hidden />}
        onClick={() => setAdding(true)}
      >
        {t.codes.add}
      </Button>
      <AddApp opened={adding} onClose={() => setAdding(false)} />
      <FirstCode factor={doing?.what === "confirm" ? factor : undefined} onClose={close} />
      <Rename
        of={
          doing?.what === "rename"
            ? { id: doing.factor.factor_id, name: doing.factor.name }
            : undefined
        }
        by="renameFactor"
        onClose={close}
      />
      <Resync factor={doing?.what === "resync" ? factor : undefined} onClose={close} />
      <Ask
        opened={doing?.what === "remove"}
        title={t.codes.removeTitle(factor?.name ?? "")}
        text={factor?.serial ? t.codes.removeCardText : t.codes.removeAppText}
        action={t.codes.remove}
        busy={remove.isPending}
        onNo={close}
        onYes={() => {
          if (factor) {
            remove.mutate(
              { id: factor.factor_id },
              {
                onSuccess: () => {
                  close();
                  removed(factor);
                },
              },
            );
          }
        }}
      >
        <p role="alert" className={styles.refused}>
          {remove.error ? told(remove.error) : null}
        </p>
      </Ask>
    </section>
  );
}

function Does({
  text,
  of,
  color,
  onDo,
}: {
  text: string;
  of: FactorInfo;
  color?: "red";
  onDo(): void;
}) {
  return (
    <Button
      variant="subtle"
      px="sm"
      {...(color ? { color } : {})}
      aria-label={t.codes.of(text, of.name)}
      onClick={onDo}
    >
      {text}
    </Button>
  );
}
