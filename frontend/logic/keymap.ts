/** The keyboard map: the one list that the listener obeys and the « ? » dialog shows. No DOM. */

export type Page = "partout" | "journee" | "dossier" | "visite" | "politique";

export type Command =
  | "search"
  | "help"
  | "discreet"
  | "next"
  | "previous"
  | "open"
  | "arrived"
  | "nothing-to-report"
  | "take-previous"
  | "close-visit"
  | "undo"
  | `step-${number}`;

export interface Binding {
  /** Keys as they are written on the screen, one per `kbd`. */
  readonly shown: readonly string[];
  readonly label: string;
  readonly page: Page;
  /** A single character: can be switched off (WCAG 2.1.4), never heard while typing. */
  readonly letter: boolean;
  readonly command: Command;
  /** What the page has only when whoever reads it may do this, as a selector; without it, the key is not in the list. */
  readonly needs?: string;
}

export const BINDINGS: readonly Binding[] = [
  { shown: ["Ctrl", "K"], label: "chercher un salarié", page: "partout", letter: false, command: "search", needs: "#q" },
  { shown: ["F2"], label: "mode discret", page: "partout", letter: false, command: "discreet", needs: "[data-discreet-toggle], [data-sensitive]" },
  { shown: ["?"], label: "cette liste", page: "partout", letter: true, command: "help" },
  { shown: ["J"], label: "rendez-vous suivant", page: "journee", letter: true, command: "next", needs: "[data-rendez-vous]" },
  { shown: ["K"], label: "rendez-vous précédent", page: "journee", letter: true, command: "previous", needs: "[data-rendez-vous]" },
  { shown: ["Entrée"], label: "ouvrir le dossier", page: "journee", letter: false, command: "open", needs: "[data-ouvrir]" },
  { shown: ["A"], label: "marquer arrivé", page: "journee", letter: true, command: "arrived", needs: "[data-arrivee]" },
  { shown: ["Alt", "1"], label: "première rubrique, et ainsi de suite", page: "visite", letter: false, command: "step-1" },
  { shown: ["F4"], label: "reprendre le texte précédent", page: "visite", letter: false, command: "take-previous" },
  { shown: ["F6"], label: "rien à signaler", page: "visite", letter: false, command: "nothing-to-report" },
  { shown: ["Ctrl", "Z"], label: "annuler le dernier changement", page: "politique", letter: false, command: "undo", needs: "[data-undo]" },
  { shown: ["F9"], label: "terminer la visite", page: "visite", letter: false, command: "close-visit" },
];

export interface Stroke {
  readonly key: string;
  /** Physical key: Alt + 1 gives « & » on a French keyboard. */
  readonly code: string;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly alt: boolean;
}

export interface Setting {
  readonly page: Page;
  readonly letters: boolean;
  /** The focus is in a field. */
  readonly typing: boolean;
  /** The focus is on something that Enter already acts on. */
  readonly onControl: boolean;
}

const NAMED: Readonly<Record<string, Command>> = {
  F2: "discreet",
  F4: "take-previous",
  F6: "nothing-to-report",
  F9: "close-visit",
  Enter: "open",
  "?": "help",
  J: "next",
  K: "previous",
  A: "arrived",
};

/** In a field, Ctrl Z is the field's own. */
function withCtrl(key: string, setting: Setting): Command | null {
  if (key === "K") return "search";
  return key === "Z" && setting.page === "politique" && !setting.typing ? "undo" : null;
}

/** What a key stroke asks for on this page, or null when it is not ours. */
export function commandFor(stroke: Stroke, setting: Setting): Command | null {
  const key = stroke.key.length === 1 ? stroke.key.toUpperCase() : stroke.key;
  if ((stroke.ctrl || stroke.meta) && !stroke.alt) return withCtrl(key, setting);
  if (stroke.ctrl || stroke.meta) return null;
  if (stroke.alt) return stepFor(stroke, setting);
  const command = NAMED[key];
  const binding = BINDINGS.find((one) => one.command === command);
  if (command === undefined || binding === undefined) return null;
  if (binding.page !== "partout" && binding.page !== setting.page) return null;
  if (binding.letter && (setting.typing || !setting.letters)) return null;
  if (command === "open" && (setting.typing || setting.onControl)) return null;
  return command;
}

function stepFor(stroke: Stroke, setting: Setting): Command | null {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(stroke.code)?.[1];
  return digit !== undefined && setting.page === "visite" ? `step-${Number(digit)}` : null;
}

/** The lines of the map for a page: those of everywhere first, then its own; only what `has` finds something to act on. */
export function bindingsOf(page: Page, has: (selector: string) => boolean = () => true): readonly Binding[] {
  return BINDINGS.filter(
    (one) => (one.page === "partout" || one.page === page) && (one.needs === undefined || has(one.needs)),
  );
}
