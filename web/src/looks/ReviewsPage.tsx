/** The frame of what privacy officers review: the title, and the way to the other parts. */
import type { ReactNode } from "react";
import { useGlass, useLooksWaiting } from "../core/queries";
import officer from "../officer/Officer.module.css";
import { address, type Route } from "../shell/routes";
import { t } from "../texts";

const PARTS = [
  { to: { at: "glass" }, text: t.looks.glass },
  { to: { at: "looks" }, text: t.looks.short },
  { to: { at: "canaries" }, text: t.looks.canaries.title },
] as const satisfies readonly { to: Route; text: string }[];

export function ReviewsPage({
  at,
  title,
  children,
}: {
  at: (typeof PARTS)[number]["to"]["at"];
  title: string;
  children: ReactNode;
}) {
  const glass = useGlass(true).data?.waiting ?? 0;
  const looks = useLooksWaiting(true).data ?? 0;
  const counts: Partial<Record<(typeof PARTS)[number]["to"]["at"], [number, string]>> = {
    glass: [glass, t.glass.toReview(glass)],
    looks: [looks, t.looks.waiting(looks)],
  };
  return (
    <div className={officer.screen}>
      <div className={officer.column}>
        <header className={officer.header}>
          <h1>{title}</h1>
          <nav className={officer.parts} aria-label={t.looks.parts}>
            {PARTS.map(({ to, text }) => {
              const [count, words] = counts[to.at] ?? [0, ""];
              return (
                <a key={to.at} href={address(to)} aria-current={to.at === at ? "page" : undefined}>
                  {text}
                  {count > 0 ? (
                    <>
                      <span className={officer.count} aria-hidden>
                        {count > 99 ? "99+" : count}
                      </span>
                      <span className="visually-hidden">, {words}</span>
                    </>
                  ) : null}
                </a>
              );
            })}
          </nav>
        </header>
        {children}
      </div>
    </div>
  );
}
