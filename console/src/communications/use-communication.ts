// The communication that the screen around this one reads.
import { useOutletContext } from "react-router";
import type { CommunicationOutlet } from "./communication-screen";

export function useCommunication(): CommunicationOutlet {
  return useOutletContext<CommunicationOutlet>();
}
