// Channels to tick.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Check } from "./check";
import type { Channel } from "../generated/operations";

export const CHANNELS: readonly Channel[] = ["CALL", "SMS", "EMAIL"];

interface Properties {
  legend: string;
  chosen: readonly Channel[];
  allowed: readonly Channel[];
  problem?: string | undefined;
  choose: (channels: Channel[]) => void;
}

export function ChannelChecks({ legend, chosen, allowed, problem, choose }: Properties): ReactNode {
  const { t } = useTranslation("common");
  return (
    <fieldset className="checks" data-invalid={problem ? true : undefined}>
      <legend>{legend}</legend>
      {CHANNELS.map((channel) => (
        <Check
          key={channel}
          label={t(`channel.${channel}`)}
          checked={chosen.includes(channel)}
          disabled={!allowed.includes(channel)}
          change={(checked) => choose(CHANNELS.filter((each) => (each === channel ? checked : chosen.includes(each))))}
        />
      ))}
      {problem && (
        <div className="wrong" role="alert">
          {problem}
        </div>
      )}
    </fieldset>
  );
}
