import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { begin } from "./fake_connection.mjs";
import { FakeStorage } from "./fake_storage.mjs";

beforeEach(() => FakeStorage.install());

test("an answer over the socket about a conversation that has gone adds nothing to what was said of it", () => {
  const { conversations, problems } = begin();
  conversations.open("s");
  conversations.remove("s");
  conversations.current = null;
  conversations.receive({ type: "error", error: { code: "conversation_not_found", message: "no conversation 's'" } });
  assert.deepEqual(problems, []);
});
