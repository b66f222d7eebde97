// A box to tick, with its label.
import type { ReactNode } from "react";

interface Properties {
  label: ReactNode;
  checked: boolean;
  disabled?: boolean;
  change: (checked: boolean) => void;
}

export function Check({ label, checked, disabled = false, change }: Properties): ReactNode {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => change(event.target.checked)} />
      <span>{label}</span>
    </label>
  );
}
