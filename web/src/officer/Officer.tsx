/** The officers' page: inviting a person and confirming devices; recoveries, token cards, people's
 * codes, pagers and bots, teams. */

import { MissingCodes } from "../codes/MissingCodes";
import { PersonCodes } from "../codes/PersonCodes";
import { TokenCards } from "../codes/TokenCards";
import { useMe } from "../core/queries";
import { PendingDevices } from "../devices/PendingDevices";
import { t } from "../texts";
import { CareTeams } from "./CareTeams";
import { Integrations } from "./Integrations";
import { InvitePerson } from "./InvitePerson";
import { OfficerPage } from "./OfficerPage";
import { Recoveries } from "./Recoveries";
import { Teams } from "./Teams";

/** The role that invites people and confirms their devices. */
const ENROLS = "enrolling_officer";
/** The role that defines code teams and lists. */
const DEFINES = "security_officer";
/** The roles that look after token cards and recoveries. */
const LOOKS_AFTER = [ENROLS, "security_officer"];

/** The roles that look after pagers and bots, and bring care teams in. */
const RUNS = ["security_officer", "operator"];

export default function Officer() {
  const me = useMe();
  const roles = me.data?.roles ?? [];
  const enrols = roles.includes(ENROLS);
  return (
    <OfficerPage at="officer" title={enrols || !me.data ? t.officer.title : t.officer.security}>
      {enrols ? (
        <>
          <PendingDevices />
          <InvitePerson />
        </>
      ) : null}
      {LOOKS_AFTER.some((role) => roles.includes(role)) ? (
        <>
          <Recoveries />
          <TokenCards />
          <MissingCodes />
          <PersonCodes />
        </>
      ) : null}
      {RUNS.some((role) => roles.includes(role)) ? (
        <>
          <Integrations />
          <CareTeams />
        </>
      ) : null}
      {roles.includes(DEFINES) ? <Teams /> : null}
    </OfficerPage>
  );
}
