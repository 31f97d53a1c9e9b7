import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenConversations } from "../../../static/model/open_conversations.js";
import { Transcript } from "../../../static/model/transcript.js";

test("each session has one conversation, until it is removed", () => {
  const open = new OpenConversations();
  const transcript = open.ensure("s");
  assert.equal(open.ensure("s"), transcript);
  assert.deepEqual([...open], [transcript]);
  open.remove("s");
  assert.deepEqual([open.get("s"), open.has(transcript)], [undefined, false]);
  open.put(new Transcript("s"));
  assert.equal(open.has(transcript), false, "another one has its session now");
});

test("a response's conversation is named by it, by its id, or else has it", () => {
  const open = new OpenConversations();
  const [one, two] = ["s", "t"].map((sessionId) => open.ensure(sessionId));
  assert.equal(open.ofResponse("resp_t_0000000000000001", null), two);
  assert.equal(open.ofResponse("resp_t_0000000000000001", { conversation: { id: "s" } }), one);
  two.apply("other", { type: "response.created", sequence_number: 0 });
  assert.equal(open.ofResponse("other", null), two);
  assert.equal(open.ofResponse("unknown", null), undefined);
});

test("what waits is found in its conversation", () => {
  const open = new OpenConversations();
  open.ensure("s");
  open.ensure("t").addPending("m", "hi", null);
  assert.equal(open.waitingFor("m"), open.get("t"));
  assert.equal(open.waitingFor("n"), undefined);
});
