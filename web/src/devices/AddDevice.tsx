/** One more device of one's own: an invitation to scan. Confirmed on this device afterwards, or by an
 * officer where its program says so. Beside a device that the hospital hands out it is a phone of
 * one's own. */
import { Button } from "@mantine/core";
import { Plus } from "lucide-react";
import { useCall, useDevices, usePrograms, useStatus } from "../core/queries";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import { Invitation } from "./Invitation";

export function AddDevice() {
  const status = useStatus();
  const devices = useDevices();
  const programs = usePrograms();
  const invite = useCall("invite");
  const user = status.data?.user;
  const at = devices.data?.find(({ current }) => current)?.program;
  const open = programs.data?.programs
    .filter(({ terms }) => terms.enrolment.path === "self_service")
    .map(({ terms }) => terms);
  const terms = open?.find(({ slug }) => slug === at) ?? open?.find(({ slug }) => slug === OWN);
  if (!user || !at || !terms) {
    return null;
  }
  if (invite.data) {
    return (
      <>
        <p>
          {terms.enrolment.approval === "officer" ? t.security.addHintOfficer : t.security.addHint}
        </p>
        <Invitation invite={invite.data} name={user.name} />
        <Button fullWidth variant="light" onClick={invite.reset}>
          {t.security.addDone}
        </Button>
      </>
    );
  }
  return (
    <Button
      fullWidth
      variant="light"
      leftSection={<Plus aria-hidden />}
      loading={invite.isPending}
      onClick={() =>
        invite.mutate({ user_id: user.id, program: terms.slug }, { onError: tellFailure })
      }
    >
      {terms.slug === at ? t.security.addDevice : t.security.addOwnPhone}
    </Button>
  );
}

/** The program of people's own phones. */
const OWN = "byod";
