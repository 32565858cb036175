import assert from "node:assert/strict";
import { test } from "node:test";

import { inWords, nextIn, read } from "../../build/frontend/logic/attente.js";

test("the time left is said as the server says it, and never below nothing", () => {
  assert.deepEqual([112.9, 60, 9, -3].map(inWords), [
    "1\u00a0min\u00a052\u00a0s",
    "1\u00a0min\u00a000\u00a0s",
    "9\u00a0s",
    "0\u00a0s",
  ]);
});

test("the server is asked no sooner than it says, but once more when the time is over", () => {
  assert.equal(nextIn(5, 100), 5);
  assert.equal(nextIn(10, 3), 4);
  assert.equal(nextIn(0, 100), 1);
  assert.equal(nextIn(5, -20), 1);
});

test("an answer is a way on, or a wait, or nothing", () => {
  assert.deepEqual(read({ url: "/connexion/choix" }), { kind: "over", url: "/connexion/choix" });
  assert.deepEqual(read({ suite_s: 5, reste_s: 60, panne: null }), {
    kind: "waiting",
    nextS: 5,
    leftS: 60,
    outage: null,
  });
  for (const other of [null, "x", {}, { suite_s: "5" }]) assert.equal(read(other), null);
});

test("no other site is gone to, whatever is answered", () => {
  for (const url of ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:1"]) {
    assert.equal(read({ url }), null);
  }
});
