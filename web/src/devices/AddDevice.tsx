/** One more device of one's own: an invitation to scan, confirmed on this device afterwards. */
import { Button } from "@mantine/core";
import { Plus } from "lucide-react";
import { useCall, useDevices, useStatus } from "../core/queries";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import { Invitation } from "./Invitation";

export function AddDevice() {
  const status = useStatus();
  const devices = useDevices();
  const invite = useCall("invite");
  const user = status.data?.user;
  const program = devices.data?.find(({ current }) => current)?.program;
  if (!user || !program) {
    return null;
  }
  if (invite.data) {
    return (
      <>
        <p>{t.security.addHint}</p>
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
      onClick={() => invite.mutate({ user_id: user.id, program }, { onError: tellFailure })}
    >
      {t.security.addDevice}
    </Button>
  );
}
