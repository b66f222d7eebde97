// Where the focus goes when a form is refused.

/** Moves the focus to what is wrong first, after it has been marked. */
export function focusFirstProblem(form: HTMLFormElement): void {
  setTimeout(() => form.querySelector<HTMLElement>("[aria-invalid=true], [data-invalid] input")?.focus());
}
