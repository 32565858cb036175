/** Type-ahead of the search field: a list written by the server, moved through with the arrows. */

import { ask } from "./idle.ts";
import { on } from "./keyboard.ts";

const SHORTEST = 2;
const PAUSE_MS = 200;

class TypeAhead {
  readonly #input: HTMLInputElement;
  readonly #list: HTMLElement;
  readonly #url: string;
  #asked: AbortController | null = null;
  #timer: number | undefined;
  #at = -1;

  constructor(input: HTMLInputElement, list: HTMLElement) {
    this.#input = input;
    this.#list = list;
    this.#url = input.dataset.suggestions ?? "";
    input.addEventListener("input", () => this.#plan());
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => window.setTimeout(() => this.#close(), 150));
    list.addEventListener("pointerdown", (event) => {
      const option = (event.target as Element).closest<HTMLElement>("[role=option]");
      if (option) this.#go(option);
    });
  }

  #plan(): void {
    window.clearTimeout(this.#timer);
    this.#asked?.abort();
    if (this.#input.value.trim().length < SHORTEST) this.#close();
    else this.#timer = window.setTimeout(() => void this.#ask(), PAUSE_MS);
  }

  async #ask(): Promise<void> {
    this.#asked = new AbortController();
    const body = new URLSearchParams({ q: this.#input.value.trim() });
    try {
      const response = await ask(this.#url, {
        method: "POST",
        body,
        signal: this.#asked.signal,
        headers: { Accept: "text/html" },
      });
      if (!response.ok) return this.#close();
      this.#list.innerHTML = await response.text();
      this.#open();
    } catch {
      this.#close();
    }
  }

  get #options(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>("[role=option]")];
  }

  #open(): void {
    this.#at = -1;
    this.#list.hidden = this.#list.childElementCount === 0;
    this.#input.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.#input.removeAttribute("aria-activedescendant");
  }

  #close(): void {
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
  }

  #key(event: KeyboardEvent): void {
    const options = this.#options;
    if (event.key === "Escape") {
      if (this.#list.hidden) this.#input.value = "";
      this.#close();
    }
    if (this.#list.hidden || options.length === 0) return;
    if (event.key === "ArrowDown") this.#select(options, this.#at + 1);
    else if (event.key === "ArrowUp") this.#select(options, this.#at - 1);
    else if (event.key === "Enter" && this.#at >= 0) this.#go(options[this.#at]);
    else return;
    event.preventDefault();
  }

  #select(options: HTMLElement[], at: number): void {
    this.#at = (at + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.#at)));
    const chosen = options[this.#at];
    if (!chosen) return;
    this.#input.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  #go(option: HTMLElement | undefined): void {
    const url = option?.dataset.url;
    if (url) location.assign(url);
    else if (option && option.ariaDisabled !== "true") this.#input.form?.requestSubmit();
  }
}

export function startSearch(): void {
  const input = document.querySelector<HTMLInputElement>("#q");
  if (!input) return;
  on("search", () => {
    input.focus();
    input.select();
  });
  const list = document.querySelector<HTMLElement>("#q-liste");
  if (list && input.dataset.suggestions) new TypeAhead(input, list);
}
