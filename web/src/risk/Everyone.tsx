/** Everyone's unusual sign-ins: found by their answer or their person, and answered. */
import { Button, TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useDeferredValue, useRef, useState } from "react";
import codes from "../codes/Codes.module.css";
import type { RiskySignIn } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { t } from "../texts";
import { SignIns } from "./SignIns";
import { fitting, isOpen } from "./words";

/** More are listed when asked for. */
const PAGE = 20;
const STATES = ["open", "answered", "all"] as const;
type State = (typeof STATES)[number];

export function Everyone({ signIns }: { signIns: readonly RiskySignIn[] }) {
  const [state, setState] = useState<State>("open");
  const [text, setText] = useState("");
  const [listed, setListed] = useState(PAGE);
  const heading = useRef<HTMLHeadingElement>(null);
  const fit = fitting(signIns, useDeferredValue(text));
  const shown = within(fit, state);
  const page = shown.slice(0, listed);
  return (
    <section className={officer.card} aria-labelledby="everyones">
      <h2 id="everyones" ref={heading} tabIndex={-1}>
        {t.risk.list}
      </h2>
      <p>{t.risk.listHint}</p>
      <TextInput
        type="search"
        aria-label={t.risk.search}
        placeholder={t.risk.search}
        leftSection={<Search aria-hidden />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setListed(PAGE);
        }}
      />
      <fieldset className={codes.states}>
        <legend className="visually-hidden">{t.risk.states}</legend>
        {STATES.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={state === each}
            onClick={() => {
              setState(each);
              setListed(PAGE);
            }}
          >
            {t.risk.state[each]}
            <strong>{within(fit, each).length}</strong>
          </button>
        ))}
      </fieldset>
      {shown.length === 0 ? (
        <p role="status">{signIns.length === 0 ? t.risk.none : t.risk.nothing}</p>
      ) : (
        <SignIns
          signIns={page}
          of="everyone"
          label={t.risk.list}
          onAnswered={() => heading.current?.focus()}
        />
      )}
      {shown.length > page.length ? (
        <Button variant="light" onClick={() => setListed(listed + PAGE)}>
          {t.fleet.more(Math.min(PAGE, shown.length - page.length))}
        </Button>
      ) : null}
    </section>
  );
}

function within(signIns: readonly RiskySignIn[], state: State): RiskySignIn[] {
  return signIns.filter((each) => state === "all" || isOpen(each) === (state === "open"));
}
