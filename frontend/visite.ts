/** The open visit: notes that save as they are typed, keys, and an end that waits for the last save. */

import { Notes } from "./modules/notes.ts";
import { on } from "./modules/keyboard.ts";
import { toast } from "./modules/toast.ts";

const notes = new Notes();

function rubrique(id: string | undefined): HTMLTextAreaElement | null {
  return document.querySelector<HTMLTextAreaElement>(`#${CSS.escape(id ?? "")}`);
}

function focused(): HTMLTextAreaElement | null {
  const active = document.activeElement;
  return active instanceof HTMLTextAreaElement && active.matches("[data-rubrique]") ? active : null;
}

function fill(area: HTMLTextAreaElement | null, texte: string, done: string): void {
  if (!area || area.readOnly) return;
  const before = area.value;
  if (before.includes(texte)) return toast("Ce texte figure déjà dans la rubrique.");
  const write = (value: string): void => {
    area.value = value;
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  };
  write(before.trim() === "" ? texte : `${before.trimEnd()}\n${texte}`);
  toast(done, () => write(before));
}

/** Added to a text that says something, it would contradict it. */
function nothingToReport(area: HTMLTextAreaElement | null): void {
  if (area && area.value.trim() !== "") {
    toast("Cette rubrique a déjà un texte\u202f: rien n’y est ajouté.");
    return;
  }
  fill(area, "Rien à signaler.", "« Rien à signaler » noté.");
}

function takePrevious(area: HTMLTextAreaElement | null): void {
  const text = area?.closest(".field-before")?.querySelector("[data-precedent]")?.textContent?.trim();
  if (text) fill(area, text, "Texte précédent repris.");
}

document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-ras], [data-reprendre]");
  if (button?.dataset.ras) nothingToReport(rubrique(button.dataset.ras));
  if (button?.dataset.reprendre) takePrevious(rubrique(button.dataset.reprendre));
});

on("nothing-to-report", () => nothingToReport(focused()));
on("take-previous", () => takePrevious(focused()));
on("close-visit", () => document.querySelector<HTMLElement>("[data-terminer]")?.click());
on("step", (step) => {
  const areas = document.querySelectorAll<HTMLTextAreaElement>("[data-rubrique]");
  areas[step - 1]?.focus();
});

/** The question of the end waits for the last save; a text that cannot be saved is shown instead of it. */
document.querySelector<HTMLElement>("[data-terminer]")?.addEventListener("click", (event) => {
  if (!notes.unsaved) return;
  const button = event.currentTarget as HTMLElement;
  event.preventDefault();
  event.stopPropagation();
  void notes.flush().then((kept) => {
    if (kept) button.click();
    else toast(notes.showUnsaved());
  });
});

document.querySelectorAll<HTMLFormElement>("form[data-after-notes]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if ((event.submitter as HTMLButtonElement | null)?.formMethod === "dialog") return;
    if (!notes.unsaved) return notes.release();
    event.preventDefault();
    void notes.flush().then((kept) => {
      if (kept) {
        notes.release();
        form.submit();
      } else {
        form.closest("dialog")?.close();
        toast(notes.showUnsaved());
      }
    });
  });
});
