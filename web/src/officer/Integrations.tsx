/** What stands beside people: the hospital's pagers, bots, and feeds of other systems. */
import { useIntegrations } from "../core/queries";
import { Waiting } from "../shell/Waiting";
import { Bots } from "./Bots";
import { Critical } from "./Critical";
import { Feeds } from "./Feeds";
import { Pagers } from "./Pagers";

export function Integrations() {
  const integrations = useIntegrations();
  if (integrations.isPending) {
    return <Waiting />;
  }
  if (integrations.error) {
    return <p role="alert">{integrations.error.message}</p>;
  }
  return (
    <>
      <Critical critical={integrations.data.critical} />
      <Pagers pager={integrations.data.pager} />
      <Bots bots={integrations.data.bots} />
      <Feeds />
    </>
  );
}
