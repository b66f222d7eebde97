// A label, a control, what is to be known about it and what is wrong with it, tied together for assistive technology.
import { type ReactNode, useId } from "react";

export interface ControlAttributes {
  id: string;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: true | undefined;
}

interface Properties {
  label: ReactNode;
  hint?: ReactNode;
  problem?: string | undefined;
  children: (attributes: ControlAttributes) => ReactNode;
}

export function Field({ label, hint, problem, children }: Properties): ReactNode {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", problem ? `${id}-problem` : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": problem ? true : undefined })}
      {hint && (
        <div id={`${id}-hint`} className="hint">
          {hint}
        </div>
      )}
      {problem && (
        <div id={`${id}-problem`} className="wrong" role="alert">
          {problem}
        </div>
      )}
    </div>
  );
}
