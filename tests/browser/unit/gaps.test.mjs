// A long conversation is known in stretches, whatever order its pages come in.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, isGap, withStretch } from "../../../static/model/gaps.js";
import { Transcript } from "../../../static/model/transcript.js";

const COUNT = 40;
const PAGE = 6;
// Each fourth item is one that is not shown.
const ITEMS = Array.from({ length: COUNT }, (_, at) => ({
  id: `i${at}`,
  type: at % 4 === 3 ? "function_call_output" : "message",
  role: at % 4 === 0 ? "user" : "assistant",
  status: "completed",
  content: [{ text: `t${at}` }],
}));
const shown = ITEMS.filter(({ type }) => type === "message").map(({ id }) => id);
const ids = (entries) => entries.map((entry) => (isGap(entry) ? "gap" : entry.itemId));

function beside(id, isNewer) {
  const at = ITEMS.findIndex((item) => item.id === id);
  const items = isNewer ? ITEMS.slice(at + 1, at + 1 + PAGE) : ITEMS.slice(Math.max(at - PAGE, 0), at);
  return { items, hasMore: isNewer ? at + 1 + PAGE < COUNT : at > PAGE, isNewer };
}

function opened() {
  const transcript = new Transcript("s");
  transcript.load(ITEMS.slice(-PAGE), null, true);
  return transcript;
}

function around(transcript, id) {
  const older = beside(id, false);
  const newer = beside(older.items.at(-1)?.id, true);
  transcript.addStretch({
    items: [...older.items, ...newer.items],
    hasOlder: older.hasMore,
    hasNewer: newer.hasMore,
  });
}

function fillAll(transcript, isNewerAt) {
  for (let turn = 0; turn < COUNT; turn += 1) {
    const gap = transcript.entries.findLast(isGap);
    if (!gap) return;
    const isNewer = gap.after !== null && isNewerAt(turn);
    transcript.fill(gap.key, beside(isNewer ? gap.after : gap.before, isNewer));
  }
}

// The item before each, as an edit needs it.
const parents = (entries) => entries.map(({ after }) => after);
const PARENTS = ITEMS.map((_, at) => (at === 0 ? null : ITEMS[at - 1].id)).filter(
  (_, at) => ITEMS[at].type === "message",
);

test("page by page everything comes, once and in order, and each entry knows the item before it", () => {
  const transcript = opened();
  assert.equal(ids(transcript.entries)[0], "gap");
  fillAll(transcript, () => false);
  assert.deepEqual(ids(transcript.entries), shown);
  assert.deepEqual(parents(transcript.entries), PARENTS);
});

test("from a stretch in the middle everything comes too, from whichever side the reader comes", () => {
  for (const isNewerAt of [() => true, () => false, (turn) => turn % 2 === 0]) {
    for (let at = 0; at < COUNT; at += 1) {
      const transcript = opened();
      around(transcript, ITEMS[at].id);
      if (ITEMS[at].type === "message") assert.ok(ids(transcript.entries).includes(ITEMS[at].id), `i${at}`);
      fillAll(transcript, isNewerAt);
      assert.deepEqual(ids(transcript.entries), shown, `i${at}`);
      assert.deepEqual(parents(transcript.entries), PARENTS, `i${at}`);
    }
  }
});

test("what the reader has left far behind becomes a gap again, and comes again when it is wanted", () => {
  let { entries } = opened();
  const fill = (isNewer) => {
    const gap = isNewer ? entries.find((entry) => isGap(entry) && entry.after !== null) : entries.find(isGap);
    entries = filled(entries, gap.key, beside(isNewer ? gap.after : gap.before, isNewer), 8);
  };
  // What is not the end of the conversation, which is kept whatever its length.
  const loose = () => entries.findLastIndex(isGap) + 1;
  const stretch = { items: ITEMS.slice(16, 22), hasOlder: true, hasNewer: true };
  entries = withStretch(entries, stretch);
  fill(false);
  fill(false);
  assert.ok(loose() <= 8 + 2, "read backwards");
  assert.ok(ids(entries).includes("i8") && !ids(entries).includes("i21"));
  fill(true);
  fill(true);
  assert.ok(loose() <= 8 + 2, "read onwards");
  assert.ok(ids(entries).includes("i20") && !ids(entries).includes("i8"));
  assert.equal(ids(entries).filter((id) => id === "gap").length, 2);
  for (let turn = 0; turn < COUNT && entries.some(isGap); turn += 1) {
    const gap = entries.findLast(isGap);
    entries = filled(entries, gap.key, beside(gap.before, false));
  }
  assert.deepEqual(ids(entries), shown);
});

test("the end stays when another stretch is looked at, and what is being said stays with it", () => {
  const transcript = opened();
  transcript.addPending("c", "on its way", null);
  around(transcript, "i2");
  around(transcript, "i16");
  assert.deepEqual(ids(transcript.entries).slice(0, 1), ["gap"]);
  assert.equal(transcript.entries.filter(isGap).length, 2);
  assert.equal(transcript.entries.at(-1).text, "on its way");
  assert.ok(ids(transcript.entries).includes("i38"));
});

test("items that are read anew keep what was read before them", () => {
  const transcript = opened();
  around(transcript, "i10");
  const before = ids(transcript.entries);
  transcript.load(ITEMS.slice(-PAGE), null, true);
  assert.deepEqual(ids(transcript.entries), before);
  transcript.load(ITEMS.slice(-PAGE - 3), null, true);
  fillAll(transcript, () => false);
  assert.deepEqual(ids(transcript.entries), shown);
});

test("the end of another path lets go of what may not be on it", () => {
  const transcript = opened();
  const other = [{ ...ITEMS[1], id: "x" }];
  transcript.load(other, null, true);
  assert.deepEqual(ids(transcript.entries), ["gap", "x"]);
});

test("a page that comes late, or of a gap that is gone, changes nothing", () => {
  const transcript = opened();
  const { entries } = transcript;
  assert.equal(filled(entries, "gap of another path", beside("i9", false)), entries);
  assert.equal(withStretch(entries, { items: [], hasOlder: false, hasNewer: false }), entries);
});

test("an edited message takes the place of what stands behind its own, until it is taken back or accepted", () => {
  const transcript = new Transcript("s");
  transcript.load(ITEMS.slice(0, 3));
  transcript.addPending("c", "other", null, null);
  assert.deepEqual(
    transcript.entries.map(({ text }) => text),
    ["other"],
  );
  transcript.withdraw("c");
  transcript.load(ITEMS.slice(0, 3));
  transcript.addPending("d", "behind the first", null, "i0");
  assert.deepEqual(
    transcript.entries.map(({ text }) => text),
    ["t0", "behind the first"],
  );
});
