import assert from "node:assert/strict";
import { test } from "node:test";

import { BACKOFF_MS, Draft, readAnswer } from "../../build/frontend/logic/autosave.js";

/** A server and a clock that a test moves by hand. */
function workplace(texte = "", revision = 1) {
  let now = 0;
  let ids = 0;
  let timers = [];
  const sent = [];
  const waiting = [];
  const states = [];
  const draft = new Draft(texte, revision, {
    send: (payload) => {
      sent.push(payload);
      return new Promise((answer) => waiting.push(answer));
    },
    now: () => now,
    later: (ms, act) => {
      const timer = { at: now + ms, act };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    newId: () => `operation-${(ids += 1)}`,
    changed: (state) => states.push(state.name),
  });
  return {
    draft,
    sent,
    states,
    pass(ms) {
      now += ms;
      const due = timers.filter((timer) => timer.at <= now);
      timers = timers.filter((timer) => timer.at > now);
      for (const timer of due) timer.act();
    },
    async answer(reply) {
      waiting.shift()(reply);
      await new Promise((done) => setImmediate(done));
    },
  };
}

const saved = (revision) => ({ kind: "saved", revision, savedAt: "2026-11-23T09:42:07Z" });

test("a note is saved two seconds after the last key", async () => {
  const { draft, sent, pass, answer } = workplace();
  draft.type("Gêne");
  pass(1_500);
  draft.type("Gêne auditive");
  pass(1_999);
  assert.equal(sent.length, 0);
  pass(1);
  assert.deepEqual(sent, [{ texte: "Gêne auditive", revision: 1, operationId: "operation-1" }]);
  await answer(saved(2));
  assert.equal(draft.state.name, "saved");
  assert.equal(draft.unsaved, false);
});

test("somebody who never pauses is saved within five seconds", () => {
  const { draft, sent, pass } = workplace();
  for (let second = 0; second < 5; second += 1) {
    draft.type("x".repeat(second + 1));
    pass(1_000);
  }
  assert.equal(sent.length, 1);
});

test("what is typed while a save travels leaves with the next revision", async () => {
  const { draft, sent, pass, answer } = workplace();
  draft.type("un");
  pass(2_000);
  draft.type("un deux");
  await answer(saved(2));
  assert.equal(draft.unsaved, true);
  pass(2_000);
  assert.deepEqual(sent[1], { texte: "un deux", revision: 2, operationId: "operation-2" });
});

test("only one save travels at a time", () => {
  const { draft, sent, pass } = workplace();
  draft.type("un");
  pass(2_000);
  draft.type("un deux");
  pass(60_000);
  assert.equal(sent.length, 1);
});

test("a lost save is sent again as it was, under the same operation, before anything newer", async () => {
  const { draft, sent, pass, answer } = workplace();
  draft.type("un");
  pass(2_000);
  await answer({ kind: "lost" });
  draft.type("un deux");
  pass(BACKOFF_MS[0]);
  assert.deepEqual(sent[1], sent[0]);
  await answer(saved(2));
  pass(2_000);
  assert.equal(sent[2].texte, "un deux");
  assert.equal(sent[2].revision, 2);
});

test("tries are spaced out up to thirty seconds, and resume at once when the network is back", async () => {
  const { draft, sent, pass, answer } = workplace();
  draft.type("un");
  pass(2_000);
  for (const delay of [...BACKOFF_MS, 30_000]) {
    await answer({ kind: "lost" });
    const before = sent.length;
    pass(delay - 1);
    assert.equal(sent.length, before);
    pass(1);
    assert.equal(sent.length, before + 1);
  }
  await answer({ kind: "lost" });
  const before = sent.length;
  draft.resume();
  assert.equal(sent.length, before + 1);
});

test("a conflict stops saving and shows both texts until somebody chooses", async () => {
  const { draft, sent, pass, answer } = workplace("avant", 3);
  draft.type("ma valeur");
  pass(2_000);
  const theirs = { kind: "conflict", revision: 5, texte: "sa valeur", savedAt: "2026-11-23T09:41:00Z", auteur: "M. Le Roux" };
  await answer(theirs);
  assert.equal(draft.state.name, "conflict");
  assert.equal(draft.state.theirs.texte, "sa valeur");
  pass(60_000);
  assert.equal(sent.length, 1);
  draft.keepMine();
  assert.deepEqual(sent[1], { texte: "ma valeur", revision: 5, operationId: "operation-2" });
  await answer(saved(6));
  assert.equal(draft.unsaved, false);
});

test("keeping the other text gives it back and leaves nothing to save", async () => {
  const { draft, pass, answer } = workplace("avant", 3);
  draft.type("ma valeur");
  pass(2_000);
  await answer({ kind: "conflict", revision: 5, texte: "sa valeur", savedAt: "2026-11-23T09:41:00Z", auteur: "vous" });
  assert.equal(draft.keepTheirs(), "sa valeur");
  assert.equal(draft.unsaved, false);
  draft.type("sa valeur, complétée");
  pass(2_000);
  assert.equal(draft.state.name, "saving");
});

test("two windows that wrote the same text are not a conflict", async () => {
  const { draft, pass, answer } = workplace();
  draft.type("pareil");
  pass(2_000);
  await answer({ kind: "conflict", revision: 4, texte: "pareil", savedAt: "2026-11-23T09:41:00Z", auteur: "vous" });
  assert.equal(draft.state.name, "saved");
});

test("a text refused stays on the page and leaves again, as a new operation, once it is changed", async () => {
  const { draft, sent, pass, answer } = workplace();
  draft.type("trop long");
  pass(2_000);
  await answer({ kind: "refused", message: "Ce texte dépasse 100 000 signes." });
  assert.deepEqual(draft.state, { name: "refused", message: "Ce texte dépasse 100 000 signes." });
  assert.equal(draft.unsaved, true);
  pass(60_000);
  assert.equal(sent.length, 1);
  draft.type("court");
  pass(2_000);
  assert.equal(sent[1].operationId, "operation-2");
});

test("an ended session keeps the save until the person is back", async () => {
  const { draft, sent, pass, answer } = workplace();
  draft.type("un");
  pass(2_000);
  await answer({ kind: "ended" });
  draft.type("un deux");
  pass(60_000);
  assert.equal(sent.length, 1);
  draft.resume();
  assert.deepEqual(sent[1], sent[0]);
});

test("a text put back as it was has nothing to save", () => {
  const { draft, sent, pass } = workplace("avant");
  draft.type("avant !");
  draft.type("avant");
  pass(60_000);
  assert.equal(draft.unsaved, false);
  assert.equal(sent.length, 0);
});

test("closing waits for the last save, whatever was typed meanwhile", async () => {
  const { draft, pass, answer } = workplace();
  draft.type("un");
  pass(2_000);
  draft.type("un deux");
  const flushed = draft.flush();
  await answer(saved(2));
  await answer(saved(3));
  assert.equal(await flushed, true);
});

test("closing is told when the text could not be saved", async () => {
  const { draft, answer } = workplace();
  draft.type("un");
  const flushed = draft.flush();
  await answer({ kind: "lost" });
  assert.equal(await flushed, false);
});

test("answers of the server are read by their status", () => {
  assert.deepEqual(readAnswer(200, { revision: 2, saved_at: "2026-11-23T09:42:07Z" }), saved(2));
  assert.equal(readAnswer(409, { revision: 2, texte: "x", saved_at: "", auteur: "vous" }).kind, "conflict");
  assert.equal(readAnswer(401, null).kind, "ended");
  assert.deepEqual(readAnswer(422, { message: "Non." }), { kind: "refused", message: "Non." });
  assert.equal(readAnswer(413, null).kind, "refused");
  for (const status of [429, 500, 502, 503]) assert.equal(readAnswer(status, null).kind, "lost");
});

test("a page of somebody else's proxy is never taken for a save", () => {
  assert.equal(readAnswer(200, null).kind, "lost");
  assert.equal(readAnswer(200, { hello: "wifi" }).kind, "lost");
});
