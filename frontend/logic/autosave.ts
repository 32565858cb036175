/**
 * One note being typed, and what the server holds of it. No DOM, no network, no clock of its own.
 *
 * Saved two seconds after a pause and at least every five seconds. A payload whose answer never came is sent again
 * as it was, under the same operation id, before anything newer: the server may have kept it.
 */

export const PAUSE_MS = 2_000;
export const CEILING_MS = 5_000;
export const BACKOFF_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const;

export interface Payload {
  readonly texte: string;
  readonly revision: number;
  readonly operationId: string;
}

export interface Theirs {
  readonly revision: number;
  readonly texte: string;
  readonly savedAt: string;
  readonly auteur: string;
}

export type Answer =
  | { readonly kind: "saved"; readonly revision: number; readonly savedAt: string }
  | ({ readonly kind: "conflict" } & Theirs)
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "ended" }
  | { readonly kind: "lost" };

export type State =
  | { readonly name: "untouched" | "waiting" | "saving" | "ended" | "lost" }
  | { readonly name: "saved"; readonly at: string }
  | { readonly name: "refused"; readonly message: string }
  | { readonly name: "conflict"; readonly theirs: Theirs };

export interface Ports {
  send(payload: Payload): Promise<Answer>;
  now(): number;
  /** Runs `act` later; returns what cancels it. */
  later(ms: number, act: () => void): () => void;
  newId(): string;
  changed(state: State): void;
}

export class Draft {
  #texte: string;
  #kept: string;
  #revision: number;
  #state: State = { name: "untouched" };
  #pending: Payload | null = null;
  #sending: Promise<void> | null = null;
  #firstUnsavedAt: number | null = null;
  #lastTypedAt = 0;
  #failures = 0;
  #cancel: (() => void) | null = null;
  readonly #ports: Ports;

  constructor(texte: string, revision: number, ports: Ports) {
    this.#texte = this.#kept = texte;
    this.#revision = revision;
    this.#ports = ports;
  }

  get state(): State {
    return this.#state;
  }

  get texte(): string {
    return this.#texte;
  }

  get unsaved(): boolean {
    return this.#pending !== null || this.#texte !== this.#kept;
  }

  /** The text is now this; it will be saved in its time. */
  type(texte: string): void {
    this.#texte = texte;
    this.#lastTypedAt = this.#ports.now();
    if (this.unsaved) this.#firstUnsavedAt ??= this.#lastTypedAt;
    const held = this.#sending !== null || ["lost", "ended", "conflict"].includes(this.#state.name);
    if (held) return;
    if (!this.unsaved) {
      this.#rest();
      return;
    }
    this.#plan();
  }

  /** Sends now what is not saved; true when the server holds the text as it is. */
  async flush(): Promise<boolean> {
    while (this.unsaved && this.#state.name !== "conflict") {
      await (this.#sending ?? this.#send());
      if (["lost", "ended", "refused"].includes(this.#state.name)) break;
    }
    return !this.unsaved;
  }

  /** The network or the session is back: do not wait for the next try. */
  resume(): void {
    if (this.#sending === null && (this.#state.name === "lost" || this.#state.name === "ended")) {
      this.#failures = 0;
      void this.#send();
    }
  }

  keepMine(): void {
    if (this.#state.name !== "conflict") return;
    this.#revision = this.#state.theirs.revision;
    this.#kept = this.#state.theirs.texte;
    void this.#send();
  }

  /** Takes the text of the other window and returns it. */
  keepTheirs(): string {
    if (this.#state.name !== "conflict") return this.#texte;
    const { texte, revision, savedAt } = this.#state.theirs;
    this.#texte = texte;
    this.#hold(texte, revision, savedAt);
    return texte;
  }

  #plan(): void {
    const now = this.#ports.now();
    const due = Math.min(this.#lastTypedAt + PAUSE_MS, (this.#firstUnsavedAt ?? now) + CEILING_MS);
    this.#wait(Math.max(0, due - now));
    this.#become({ name: "waiting" });
  }

  #wait(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#ports.later(ms, () => void this.#send());
  }

  #send(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    this.#pending ??= { texte: this.#texte, revision: this.#revision, operationId: this.#ports.newId() };
    const payload = this.#pending;
    if (payload.texte === this.#texte) this.#firstUnsavedAt = null;
    this.#become({ name: "saving" });
    this.#sending = this.#ports.send(payload).then((answer) => {
      this.#sending = null;
      this.#read(answer, payload);
    });
    return this.#sending;
  }

  #read(answer: Answer, payload: Payload): void {
    switch (answer.kind) {
      case "saved":
        this.#hold(payload.texte, answer.revision, answer.savedAt);
        break;
      case "conflict":
        this.#pending = null;
        this.#failures = 0;
        if (answer.texte === this.#texte) this.#hold(answer.texte, answer.revision, answer.savedAt);
        else this.#become({ name: "conflict", theirs: answer });
        break;
      case "refused":
        this.#pending = null;
        this.#become({ name: "refused", message: answer.message });
        if (this.#texte !== payload.texte) this.#plan();
        break;
      case "ended":
        this.#become({ name: "ended" });
        break;
      case "lost":
        this.#wait(BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 30_000);
        this.#failures += 1;
        this.#become({ name: "lost" });
    }
  }

  #hold(texte: string, revision: number, savedAt: string): void {
    this.#pending = null;
    this.#failures = 0;
    this.#kept = texte;
    this.#revision = revision;
    this.#savedAt = savedAt;
    if (this.unsaved) this.#plan();
    else this.#rest();
  }

  #savedAt: string | null = null;

  #rest(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#firstUnsavedAt = null;
    this.#become(this.#savedAt === null ? { name: "untouched" } : { name: "saved", at: this.#savedAt });
  }

  #become(state: State): void {
    this.#state = state;
    this.#ports.changed(state);
  }
}

/** What an HTTP answer says, in words of the draft. `body` is null when it was not JSON. */
export function readAnswer(status: number, body: Record<string, unknown> | null): Answer {
  const text = (name: string): string => (typeof body?.[name] === "string" ? body[name] : "");
  const revision = typeof body?.revision === "number" ? body.revision : Number.NaN;
  if (status === 401) return { kind: "ended" };
  if (status === 200 && Number.isInteger(revision)) return { kind: "saved", revision, savedAt: text("saved_at") };
  if (status === 409 && Number.isInteger(revision)) {
    return { kind: "conflict", revision, texte: text("texte"), savedAt: text("saved_at"), auteur: text("auteur") };
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    const message = text("message") || "L’enregistrement est refusé. Copiez votre texte, puis rechargez la page.";
    return { kind: "refused", message };
  }
  return { kind: "lost" };
}
