import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, choiceOf, groupsOf, matching, modelFor, takes } from "../../../static/model/choices.js";

const model = (id, owned_by = "verbatim") => ({ id, owned_by });
const OFFER = {
  models: [model("tiny", "home"), model("scribe"), model("Big", "vendor"), model("own", "home")],
  silent: [],
};
const shape = (groups) => groups.map(({ server, models }) => [server, models.map(({ id }) => id)]);

test("the first choice that is on offer answers, else the first on offer", () => {
  assert.equal(modelFor(OFFER, ["Big", "own"]), "Big");
  assert.equal(modelFor(OFFER, [undefined, null, "gone", "own"]), "own");
  assert.equal(modelFor(OFFER, ["gone"]), "tiny");
});

test("until the offer is known the first choice stands; where there is none to make, the server makes it", () => {
  assert.equal(modelFor({ models: null, silent: [] }, [undefined, "own"]), "own");
  assert.equal(modelFor({ models: null, silent: [] }, []), null);
  assert.equal(modelFor({ models: [model("scribe")], silent: [] }, ["gone"]), null);
});

test("models stand with their server, in the order of the offer; silent servers are named", () => {
  const groups = groupsOf({ ...OFFER, silent: ["vendor", "down"] });
  assert.deepEqual(shape(groups), [
    ["home", ["tiny", "own"]],
    [null, ["scribe"]],
    ["vendor", ["Big"]],
    ["down", []],
  ]);
  assert.deepEqual(
    groups.map(({ isSilent }) => isSilent),
    [false, false, true, true],
  );
  assert.deepEqual(groupsOf({ models: null, silent: [] }), []);
});

test("a model is found by words of its name and of its server, in any case and order", () => {
  const groups = groupsOf(OFFER);
  assert.deepEqual(shape(matching(groups, "  BIG ")), [["vendor", ["Big"]]]);
  assert.deepEqual(shape(matching(groups, "home t")), [["home", ["tiny"]]]);
  assert.deepEqual(shape(matching(groups, "none such")), []);
  assert.equal(matching(groups, " "), groups);
});

test("a model that does not say what it takes takes all", () => {
  assert.equal(takes({ "verbatim:parameters": ["temperature"] }, "temperature"), true);
  assert.equal(takes({ "verbatim:parameters": [] }, "temperature"), false);
  assert.equal(takes({}, "temperature"), true);
  assert.equal(takes(undefined, "temperature"), true);
});

test("a field says a value, nothing, or what cannot be chosen", () => {
  const of = (name, text) => choiceOf(name, text)?.value;
  assert.equal(of("instructions", " Be brief. "), "Be brief.");
  assert.equal(of("instructions", "x".repeat(4001)), undefined);
  assert.equal(of("temperature", "0,5"), 0.5);
  assert.equal(of("temperature", "0"), 0);
  for (const odd of ["2.1", "-1", "warm", "NaN", "Infinity"]) assert.equal(of("temperature", odd), undefined, odd);
  assert.equal(of("max_output_tokens", "500"), 500);
  for (const odd of ["0", "1.5", "many", "1e99"]) assert.equal(of("max_output_tokens", odd), undefined, odd);
  for (const name of ["instructions", "temperature", "max_output_tokens", "model"]) assert.equal(of(name, "  "), null);
});

test("a change changes what it names, and null leaves open", () => {
  assert.deepEqual(changed({ instructions: "a", temperature: 0 }, { instructions: null, model: "b" }), {
    temperature: 0,
    model: "b",
  });
});
