import assert from "node:assert/strict";
import { test } from "node:test";
import { namedSo, Shelves } from "../../../static/model/shelves.js";

const session = (id, activity, title = id, flags = {}) => ({
  id,
  "verbatim:last_activity": activity,
  metadata: { title },
  ...flags,
});
const ARCHIVED = { "verbatim:archived": true };
const ids = (shelves) => shelves.sessions.map(({ id }) => id).join("");

function begin(options) {
  const shelves = new Shelves(options);
  shelves.shown.list.renew([session("a", 30, "Green tea"), session("b", 20, "Coffee"), session("c", 10, "Iced TEA")]);
  return shelves;
}

test("a session stands on one shelf, and goes from one to the other", () => {
  const shelves = begin();
  shelves.upsert(session("b", 20, "Coffee", ARCHIVED));
  assert.equal(ids(shelves), "ac");
  shelves.showArchive(true);
  assert.equal(ids(shelves), "b");
  assert.deepEqual(shelves.shown.query, { archived: true });
  shelves.upsert(session("b", 20, "Coffee"));
  assert.equal(ids(shelves), "");
  shelves.showArchive(false);
  assert.equal(ids(shelves), "abc");
  shelves.remove("a");
  assert.equal(ids(shelves), "bc");
  assert.equal(shelves.get("a"), null);
});

test("what is found by its name follows the news like every list", () => {
  const shelves = begin();
  shelves.find(" tea ");
  assert.deepEqual([ids(shelves), shelves.shown.query], ["ac", { named: "tea" }]);
  shelves.upsert(session("b", 20, "Tea after all"));
  shelves.upsert(session("a", 30, "Water"));
  assert.equal(ids(shelves), "bc");
  shelves.upsert(session("c", 10, "Iced tea", ARCHIVED));
  assert.equal(ids(shelves), "b");
  shelves.showArchive(true);
  assert.equal(ids(shelves), "c");
  shelves.find("");
  assert.deepEqual(shelves.shown.query, { archived: true });
});

test("what is about to be deleted is known, and not shown", () => {
  const hidden = new Set(["b"]);
  const shelves = begin({ isHidden: (id) => hidden.has(id) });
  assert.equal(ids(shelves), "ac");
  assert.equal(shelves.get("b").id, "b");
  hidden.clear();
  assert.equal(ids(shelves), "abc");
});

test("only the lists that somebody has looked at are kept true", () => {
  const shelves = begin();
  const asked = () => shelves.lists.map(({ query }) => query);
  assert.deepEqual(asked(), [{}]);
  shelves.find("tea");
  assert.deepEqual(asked(), [{}, { named: "tea" }]);
  shelves.find("");
  shelves.showArchive(true);
  shelves.shown.list.renew([]);
  shelves.showArchive(false);
  assert.deepEqual(asked(), [{}, { archived: true }]);
});

test("words stand in a name in any order, case and accent, as parts of its words too", () => {
  const called = (title) => ({ metadata: { title } });
  assert.ok(namedSo("tea gre")(called("Green TEA")));
  assert.ok(namedSo("cafe")(called("Café au lait")));
  assert.ok(namedSo("京都")(called("東京都の秋")));
  assert.ok(!namedSo("tea milk")(called("Green tea")));
  assert.ok(!namedSo("tea")({ metadata: {} }));
});
