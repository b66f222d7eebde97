// A new category, for administrators.
import { type ReactNode, type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSurroundings } from "../connection/context";
import { type Problem, readProblem } from "../connection/problem";
import { Button } from "../elements/button";
import { Check } from "../elements/check";
import { Dialog } from "../elements/dialog";
import { Field } from "../elements/field";
import { Trouble } from "../elements/trouble";
import { type Channel, CreateCategoryDocument, type ThemeFragment } from "../generated/operations";
import { ChannelChecks, CHANNELS } from "../elements/channel-checks";

interface Properties {
  close: () => void;
  made: (category: ThemeFragment) => void;
}

export function CategoryDialog({ close, made }: Properties): ReactNode {
  const { t } = useTranslation(["editor", "common"]);
  const { connection } = useSurroundings();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [confirmationRequired, setConfirmationRequired] = useState(false);
  const [voicemailCounts, setVoicemailCounts] = useState(true);
  const [channels, setChannels] = useState<Channel[]>([...CHANNELS]);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const lacking = { name: !name.trim(), channels: channels.length === 0 };
  const save = async (event: SyntheticEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setTried(true);
    if (lacking.name || lacking.channels) return;
    const input = {
      name: name.trim(),
      description: description.trim() || null,
      confirmationRequired,
      voicemailCounts,
      channels,
    };
    const answer = await connection.client.mutation(CreateCategoryDocument, { input }).toPromise();
    if (answer.data && !answer.error) {
      made(answer.data.createCategory);
      close();
    } else setProblem(readProblem(answer.error));
  };
  return (
    <Dialog title={t("categoryDialog.title")} open close={close}>
      <form onSubmit={(event) => void save(event)} noValidate className="dialog-form">
        <Field
          label={t("categoryDialog.name")}
          problem={tried && lacking.name ? t("categoryDialog.missingName") : undefined}
        >
          {(attributes) => (
            <input {...attributes} maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <Field label={t("categoryDialog.description")}>
          {(attributes) => (
            <textarea
              {...attributes}
              rows={2}
              maxLength={2_000}
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          )}
        </Field>
        <Check
          label={t("categoryDialog.confirmationRequired")}
          checked={confirmationRequired}
          change={setConfirmationRequired}
        />
        <Check label={t("categoryDialog.voicemailCounts")} checked={voicemailCounts} change={setVoicemailCounts} />
        <ChannelChecks
          legend={t("categoryDialog.channels")}
          chosen={channels}
          allowed={CHANNELS}
          problem={tried && lacking.channels ? t("missing.channels") : undefined}
          choose={setChannels}
        />
        {problem && <Trouble problem={problem} />}
        <div className="dialog-foot">
          <Button onPress={close}>{t("common:cancel")}</Button>
          <Button type="submit" kind="strong">
            {t("categoryDialog.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
