/** The patients of this person's conversations: what one knows without asking the hospital. */
import { useMemo } from "react";
import { useConversations } from "../core/queries";
import type { PatientBanner } from "../core/wire";

export function useOthers(): readonly PatientBanner[] {
  const { data } = useConversations();
  return useMemo(() => {
    const all = (data ?? []).flatMap(({ patient }) => (patient ? [patient] : []));
    return [...new Map(all.map((patient) => [patient.id, patient])).values()];
  }, [data]);
}
