// The numbers and addresses of a citizen who is being edited: each with its channels; one more, or one less.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ChannelChecks } from "../elements/channel-checks";
import { Button } from "../elements/button";
import { Field } from "../elements/field";
import { makeKey } from "../elements/key";
import { listAllowed, MOST_POINTS, type Place, type PointDraft, readdress } from "./profile";

interface Properties {
  points: readonly PointDraft[];
  change: (points: readonly PointDraft[]) => void;
  tell: (place: Place) => string | undefined;
}

export function PointFields({ points, change, tell }: Properties): ReactNode {
  const { t } = useTranslation("citizens");
  const add = () => change([...points, readdress({ key: makeKey(), id: null, address: "", channels: [] }, "")]);
  const put = (changed: PointDraft) => change(points.map((point) => (point.key === changed.key ? changed : point)));
  return (
    <fieldset className="point-fields">
      <legend>{t("points")}</legend>
      <p className="hint">{t("pointsHint")}</p>
      {points.map((point, index) => (
        <div key={point.key} className="point-field" role="group" aria-label={t("point", { number: index + 1 })}>
          <Field label={t("address")} problem={tell(`points.${index}.address`)}>
            {(attributes) => (
              <input
                {...attributes}
                autoComplete="off"
                maxLength={320}
                value={point.address}
                onChange={(event) => put(readdress(point, event.target.value))}
              />
            )}
          </Field>
          <ChannelChecks
            legend={t("channels")}
            chosen={point.channels}
            allowed={listAllowed(point.address)}
            problem={tell(`points.${index}.channels`)}
            choose={(channels) => put({ ...point, channels })}
          />
          <Button
            aria-label={t("removePoint", { number: index + 1 })}
            onPress={() => change(points.filter((each) => each.key !== point.key))}
          >
            {t("remove")}
          </Button>
        </div>
      ))}
      {points.length < MOST_POINTS && <Button onPress={add}>{t("addPoint")}</Button>}
    </fieldset>
  );
}
