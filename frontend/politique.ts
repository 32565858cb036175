/** The draft of a policy: cells and settings change in place, Ctrl Z takes the last change back, what is being written stays. */

import "./fragments.ts";
import { on } from "./modules/keyboard.ts";

on("undo", () => document.querySelector<HTMLButtonElement>("[data-undo]")?.click());

const writing = () => document.querySelector<HTMLFormElement>("#proposer");
let written: FormData | undefined;

document.addEventListener("htmx:before:swap", () => {
  const form = writing();
  written = form ? new FormData(form) : undefined;
});

document.addEventListener("htmx:after:swap", () => {
  for (const field of writing()?.elements ?? []) {
    if (field instanceof HTMLInputElement && field.type === "radio") field.checked = written?.get(field.name) === field.value;
    else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)
      field.value = String(written?.get(field.name) ?? field.value);
  }
});
