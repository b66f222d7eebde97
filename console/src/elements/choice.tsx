// One of a few: buttons in a row of which one is down. Arrow keys move between them.
import type { ReactNode } from "react";
import { ToggleButton, ToggleButtonGroup } from "react-aria-components";

interface Properties<Value extends string> {
  label: string;
  value: Value;
  options: readonly { value: Value; text: ReactNode; label?: string }[];
  choose: (value: Value) => void;
}

export function Choice<Value extends string>({ label, value, options, choose }: Properties<Value>): ReactNode {
  return (
    <ToggleButtonGroup
      aria-label={label}
      className="choice"
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        const [chosen] = keys;
        const option = options.find((each) => each.value === chosen);
        if (option) choose(option.value);
      }}
    >
      {options.map((option) => (
        <ToggleButton key={option.value} id={option.value} {...(option.label && { "aria-label": option.label })}>
          {option.text}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
