/** The draft of a policy: cells and settings change in place, arrows go from cell to cell, Ctrl Z takes the last change back, and
 * what is being written stays. */

import "./fragments.ts";
import { on } from "./modules/keyboard.ts";

on("undo", () => document.querySelector<HTMLButtonElement>("[data-undo]")?.click());

const writing = () => document.querySelector<HTMLFormElement>("#proposer");
const table = () => document.querySelector(".matrix")?.parentElement;
let written: FormData | undefined;
let seen = { top: 0, left: 0 };

document.addEventListener("htmx:before:swap", () => {
  const form = writing();
  seen = { top: scrollY, left: table()?.scrollLeft ?? 0 };
  written = form ? new FormData(form) : undefined;
});

document.addEventListener("htmx:after:swap", () => {
  // The browser holds on to what stands below the part that is replaced, and would follow it down.
  scrollTo({ top: seen.top, behavior: "instant" });
  const matrix = table();
  if (matrix) matrix.scrollLeft = seen.left;
  for (const field of writing()?.elements ?? []) {
    if (field instanceof HTMLInputElement && field.type === "radio") field.checked = written?.get(field.name) === field.value;
    else if (field instanceof HTMLTextAreaElement || (field instanceof HTMLInputElement && field.type === "text"))
      field.value = String(written?.get(field.name) ?? field.value);
  }
});

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

document.addEventListener("keydown", (event) => {
  const arrow = ARROWS[event.key];
  const cell = (event.target as Element).closest<HTMLElement>(".matrix button.cell")?.closest("td");
  if (arrow === undefined || !cell || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  nextButton(cell, arrow)?.focus();
});

/** The next cell that may change, past those that the law closes. */
function nextButton(from: HTMLTableCellElement, [down, right]: readonly [number, number]): HTMLElement | null {
  const rows = from.closest("tbody")?.rows;
  let row = (from.parentElement as HTMLTableRowElement).sectionRowIndex + down;
  let column = from.cellIndex + right;
  for (;;) {
    const cell = rows?.[row]?.cells[column];
    if (!cell) return null;
    const button = cell.querySelector<HTMLElement>("button.cell");
    if (button) return button;
    row += down;
    column += right;
  }
}
