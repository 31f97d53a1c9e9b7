import assert from "node:assert/strict";
import { test } from "node:test";
import { groupByTime, SessionList } from "../../../static/model/sessions.js";
import { givenName, nameFrom, pathOf, sessionIn, titleFrom, titleOf } from "../../../static/model/title.js";

const session = (id, activity) => ({ id, created_at: 1, "verbatim:last_activity": activity, metadata: {} });

test("the newest activity comes first, whatever the order of the news", () => {
  const list = new SessionList();
  list.renew([session("a", 10), session("b", 30)]);
  list.upsert(session("c", 20));
  list.upsert(session("a", 40));
  assert.deepEqual(
    list.newestFirst.map((one) => one.id),
    ["a", "b", "c"],
  );
  list.remove("b");
  assert.equal(list.get("b"), null);
});

test("activities of the same second stand as the server lists them, and news come first", () => {
  const list = new SessionList();
  list.renew([session("b", 10), session("c", 10), session("a", 10)]);
  const ids = () => list.newestFirst.map((one) => one.id).join("");
  assert.equal(ids(), "bca");
  list.upsert({ ...session("a", 10), metadata: { title: "renamed" } });
  assert.equal(ids(), "bca");
  list.upsert(session("d", 10));
  assert.equal(ids(), "dbca");
});

test("a list that was asked for earlier takes back no later news", () => {
  const list = new SessionList();
  list.renew([session("a", 10), session("b", 9), session("c", 8)]);
  const asked = list.now;
  list.upsert({ ...session("a", 20), metadata: { title: "later" } });
  list.upsert(session("d", 30));
  list.remove("b");
  list.renew([session("a", 10), session("b", 9)], false, asked);
  assert.deepEqual(
    list.newestFirst.map((one) => one.id),
    ["d", "a"],
  );
  assert.equal(list.get("a").metadata.title, "later");
});

test("sessions are grouped by the local day", () => {
  const now = new Date(2026, 4, 20, 0, 30);
  const ago = (hours) => now.getTime() / 1000 - hours * 3600;
  const sessions = [
    session("now", ago(0)),
    session("late", ago(1)),
    session("week", ago(80)),
    session("old", ago(900)),
  ];
  assert.deepEqual(
    groupByTime(sessions, now).map((group) => [group.name, group.sessions.map((one) => one.id)]),
    [
      ["Today", ["now"]],
      ["Yesterday", ["late"]],
      ["Last 7 days", ["week"]],
      ["Earlier", ["old"]],
    ],
  );
});

test("a title is made of the first words and never of half a character", () => {
  assert.equal(titleFrom("  Hello\n there  "), "Hello there");
  assert.equal(titleFrom("word ".repeat(30)), `${"word ".repeat(9).trim()}…`);
  assert.ok(titleFrom("😀".repeat(60)).isWellFormed?.() ?? true);
  assert.equal(titleOf({ metadata: {} }), "Untitled");
});

test("a title has the words of Markdown and none of its marks", () => {
  const titles = {
    "# Plan\n\nfirst": "Plan first",
    "```python\nprint(1)\n```\nWhat is this?": "print(1) What is this?",
    "**Why** is `x` *so* ~~slow~~ fast?": "Why is x so slow fast?",
    "> - [ ] see [the page](https://example.org/a)": "see the page",
    "What is 2 * 3 * 4, and __init__, and snake_case_name?": "What is 2 * 3 * 4, and __init__, and…",
    "a*b*c and C# and #1": "a*b*c and C# and #1",
    "```": "```",
    "1. one": "1. one",
  };
  for (const [text, title] of Object.entries(titles)) assert.equal(titleFrom(text), title);
});

test("each session has its address", () => {
  assert.equal(pathOf("a-b"), "/chat/a-b");
  assert.equal(sessionIn("/chat/a-b"), "a-b");
  assert.equal(pathOf(null), "/");
  assert.equal(sessionIn("/"), null);
  assert.equal(sessionIn("/chat/%ff"), null);
});

const ids = (list) => list.newestFirst.map((one) => one.id).join("");

test("a page that follows is put at the end, and brings back nothing that news have changed or taken away", () => {
  const list = new SessionList();
  list.renew([session("a", 30), session("b", 20)], true);
  assert.deepEqual([list.lastId, list.hasMore], ["b", true]);
  const asked = list.now;
  list.upsert(session("d", 40));
  list.remove("e");
  list.extend([session("c", 20), session("d", 10), session("e", 5)], false, asked);
  assert.equal(ids(list), "dabc");
  assert.equal(list.hasMore, false);
});

test("a session beyond the list is known without being listed, until its page comes or something is said in it", () => {
  const list = new SessionList();
  list.learn(session("y", 3));
  list.renew([session("a", 30), session("b", 20)], true);
  list.upsert({ ...session("z", 2), metadata: { title: "renamed" } });
  assert.deepEqual([ids(list), list.lastId], ["ab", "b"]);
  assert.equal(titleOf(list.get("z")), "renamed");
  assert.equal(list.get("y").id, "y");
  list.upsert(session("z", 40));
  list.extend([session("y", 3)], false);
  assert.equal(ids(list), "zaby");
});

test("a first page that joins what is listed leaves the rest of the list where it is", () => {
  const list = new SessionList();
  list.renew([session("a", 30), session("b", 20)], true);
  list.extend([session("c", 10), session("d", 5)], true);
  list.renew([session("d", 50), session("b", 20)], true);
  assert.equal(ids(list), "dbc"); // "a" was deleted, "d" has gone up
  assert.equal(list.lastId, "c");
});

test("where a first page may leave a gap, the list begins anew with it", () => {
  const list = new SessionList();
  list.renew([session("a", 30), session("b", 20)], true);
  list.extend([session("c", 10)], false);
  list.renew([session("e", 60), session("d", 50)], true);
  assert.deepEqual([ids(list), list.lastId, list.hasMore], ["ed", "d", true]);
  assert.equal(list.get("b").id, "b"); // known all the same: it may be the one that is shown
  list.renew([session("e", 60)], false);
  assert.deepEqual([ids(list), list.hasMore], ["e", false]);
  assert.equal(list.get("b"), null);
});

test("a name that a person gives says nothing of where it comes from, and so stays", () => {
  assert.deepEqual(nameFrom("hi there"), { title: "hi there", title_source: "words" });
  assert.equal(nameFrom("hi there", ["dot.gif"]).title, "hi there");
  assert.deepEqual(givenName({ ...nameFrom("hi"), pinned: "1" }, "Mine"), { title: "Mine", pinned: "1" });
});

const pinned = (one) => ({ ...one, "verbatim:pinned": true });
const archived = (one) => ({ ...one, "verbatim:archived": true });

test("the pinned come first, and have a group of their own", () => {
  const list = new SessionList();
  list.renew([session("a", 30), session("b", 20), session("c", 10)]);
  list.upsert(pinned(session("c", 10)));
  assert.equal(ids(list), "cab");
  list.upsert(pinned(session("b", 20)));
  assert.equal(ids(list), "bca");
  const groups = groupByTime(list.newestFirst, new Date(50_000));
  assert.deepEqual(groups[0].name, "Pinned");
  assert.deepEqual(
    groups.map((group) => group.sessions.map((one) => one.id).join("")),
    ["bc", "a"],
  );
  list.upsert(session("b", 20));
  assert.equal(ids(list), "cab");
});

test("a session that loses its pin may have its place further down than the list goes", () => {
  const list = new SessionList();
  list.renew([pinned(session("p", 1)), session("a", 30), session("b", 20)], true);
  list.upsert(session("p", 1));
  assert.deepEqual([ids(list), list.lastId], ["ab", "b"]); // else the next page would begin behind it
  assert.equal(list.get("p").id, "p");
  list.extend([session("c", 10), session("p", 1)], false);
  assert.equal(ids(list), "abcp");
});

test("a session that loses its pin never ends the list: the next page would begin behind it", () => {
  const list = new SessionList();
  list.renew([session("b", 10), session("c", 10)], false);
  list.extend([session("a", 10)], true);
  list.upsert(pinned(session("a", 10)));
  list.upsert(session("a", 10));
  assert.deepEqual([ids(list), list.lastId], ["abc", "c"]);
});

test("a session that does not belong into a list is known, but not listed", () => {
  const list = new SessionList((one) => !one["verbatim:archived"]);
  list.renew([session("a", 30), session("b", 20)], false);
  list.upsert(archived(session("a", 30)));
  assert.equal(ids(list), "b");
  assert.ok(list.get("a")["verbatim:archived"]);
  list.renew([session("b", 20)], false);
  assert.ok(list.get("a")); // the server's list says nothing of it
  list.upsert(session("a", 30));
  assert.equal(ids(list), "ab");
});

test("a first page leaves out nobody of the same second whom the server lists in another order", () => {
  const list = new SessionList();
  list.renew([session("a", 30), session("d", 10)], true);
  list.extend([session("c", 10)], false);
  list.upsert(session("b", 10)); // comes first among its like here, last there
  list.renew([session("a", 30), session("d", 10)], true);
  assert.deepEqual([...ids(list)].sort().join(""), "abcd");
});

test("what was heard before the list was loaded does not stand for the list", () => {
  const list = new SessionList();
  for (const one of ["b", "c"]) list.upsert(session(one, 20));
  list.renew([session("a", 30), session("b", 20)], true);
  assert.deepEqual([ids(list), list.hasMore], ["ab", true]);
});

test("a list is not loaded until the server has said what is in it", () => {
  const list = new SessionList();
  list.upsert(session("a", 1));
  assert.equal(list.isLoaded, false);
  list.renew([]);
  assert.equal(list.isLoaded, true);
});

test("a chat that begins with images alone is named after them", () => {
  const titleWith = (...names) => nameFrom("  ", names).title;
  assert.equal(titleWith("dot.gif"), "dot.gif");
  assert.equal(titleWith("holiday ".repeat(20)), `${"holiday ".repeat(6).trim()}…`);
  for (const nameless of ["", "image.png", "Image.JPG"]) assert.equal(titleWith(nameless), "Image");
  assert.equal(titleWith("a.png", "b.png", ""), "3 images");
  assert.equal(titleWith(), "");
});
