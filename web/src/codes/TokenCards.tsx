/** The hospital's token cards: files of them, who has which, handing out and taking back. */
import { Button, TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { useApi, useTokens } from "../core/queries";
import type { TokenInfo } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { Ask } from "../shell/Ask";
import { tell, tellFailure } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import styles from "./Codes.module.css";
import { HandOut } from "./HandOut";
import { ImportCards } from "./ImportCards";
import { type Filter, fitting, inHands } from "./tokens";

/** More are listed when asked for. */
const PAGE = 20;

export function TokenCards() {
  const tokens = useTokens();
  return (
    <section className={officer.card} aria-labelledby="token-cards">
      <h2 id="token-cards">{t.cards.title}</h2>
      <p>{t.cards.intro}</p>
      <ImportCards />
      {tokens.isPending ? <Waiting /> : null}
      {tokens.error ? <p role="alert">{tokens.error.message}</p> : null}
      {tokens.data?.length === 0 ? <p>{t.cards.none}</p> : null}
      {tokens.data && tokens.data.length > 0 ? <List tokens={tokens.data} /> : null}
    </section>
  );
}

const STATES = [null, false, true] as const;

function List({ tokens }: { tokens: readonly TokenInfo[] }) {
  const [filter, setFilter] = useState<Filter>({ text: "", held: null });
  const [listed, setListed] = useState(PAGE);
  const [handing, setHanding] = useState<TokenInfo | null>(null);
  const [taking, setTaking] = useState<TokenInfo | null>(null);
  const assign = useApi("assignToken");
  const looked = useDeferredValue(filter);
  const fit = fitting(tokens, looked.text);
  const shown = inHands(fit, looked.held);
  const page = shown.slice(0, listed);
  const change = (next: Partial<Filter>) => {
    setFilter({ ...filter, ...next });
    setListed(PAGE);
  };
  const takeBack = ({ serial }: TokenInfo) =>
    assign.mutate(
      { serial },
      {
        onSuccess: () => tell("done", t.cards.taken(serial)),
        onError: tellFailure,
        onSettled: () => setTaking(null),
      },
    );
  return (
    <>
      <TextInput
        type="search"
        aria-label={t.cards.search}
        placeholder={t.cards.search}
        leftSection={<Search aria-hidden />}
        value={filter.text}
        onChange={(event) => change({ text: event.currentTarget.value })}
      />
      <fieldset className={styles.states}>
        <legend className="visually-hidden">{t.cards.states}</legend>
        {STATES.map((held) => (
          <button
            key={String(held)}
            type="button"
            aria-pressed={filter.held === held}
            onClick={() => change({ held })}
          >
            {held === null ? t.cards.all : held ? t.cards.held : t.cards.free}
            <strong>{inHands(fit, held).length}</strong>
          </button>
        ))}
      </fieldset>
      {shown.length === 0 ? <p role="status">{t.cards.nothing}</p> : null}
      <ul aria-label={t.cards.title}>
        {page.map((token) => (
          <Token key={token.serial} token={token} onHand={setHanding} onTake={setTaking} />
        ))}
      </ul>
      {shown.length > page.length ? (
        <Button variant="light" onClick={() => setListed(listed + PAGE)}>
          {t.fleet.more(Math.min(PAGE, shown.length - page.length))}
        </Button>
      ) : null}
      <HandOut token={handing} onClose={() => setHanding(null)} />
      <Ask
        opened={taking !== null}
        title={t.cards.takeTitle(taking?.serial ?? "", taking?.user?.name ?? "")}
        text={t.cards.takeText}
        action={t.cards.takeBack}
        busy={assign.isPending}
        onNo={() => setTaking(null)}
        onYes={() => {
          if (taking) {
            takeBack(taking);
          }
        }}
      />
    </>
  );
}

function Token({
  token,
  onHand,
  onTake,
}: {
  token: TokenInfo;
  onHand(token: TokenInfo): void;
  onTake(token: TokenInfo): void;
}) {
  const { serial, maker, model, kind, user } = token;
  return (
    <li className={styles.token}>
      <div className={styles.words}>
        <strong>{serial}</strong>
        <span>{[maker, model, t.cards.kind[kind]].filter(Boolean).join(" · ")}</span>
        <span>{user ? t.cards.has(user.name, user.department) : t.cards.nobody}</span>
      </div>
      {user ? (
        <Button
          variant="subtle"
          color="red"
          aria-label={t.cards.takeFrom(serial, user.name)}
          onClick={() => onTake(token)}
        >
          {t.cards.takeBack}
        </Button>
      ) : (
        <Button variant="light" aria-label={t.cards.handOf(serial)} onClick={() => onHand(token)}>
          {t.cards.hand}
        </Button>
      )}
    </li>
  );
}
