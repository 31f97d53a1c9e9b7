// Rule: one fact as an entry of the list: what it says, where that was told, what it said before, and what can be done.

import { pathOf } from "../model/title.js";
import { locale, parts, t } from "../text.js";
import { h, iconButton } from "./dom.js";

/**
 * @param {{titleOf: (id: string) => string, onOpen, onEdit, onForget}} acts
 * @param {boolean} isMarked whether the answer that is asked about had it
 */
export function factRow(fact, acts, isMarked) {
  const edit = iconButton("pen", t("memory.edit", { text: fact.text }), () => startEditing(fact, line, acts.onEdit));
  const forget = iconButton("bin", t("memory.forget", { text: fact.text }), () => acts.onForget(fact));
  edit.dataset.focus = `edit ${fact.id}`; // the list is made anew after each change
  const line = h("div", { class: "says" }, h("span", { class: "fact" }, fact.text), edit, forget);
  const had = isMarked ? h("p", {}, h("mark", {}, t("memory.had"))) : null;
  return h("li", { class: isMarked ? "marked" : "" }, line, had, origin(fact, acts), before(fact, acts));
}

/** Each session that a fact was told in, and how often it was told in all. */
function origin(fact, acts) {
  const told = parts("memory.told", { count: fact.confirmations, day: day(fact.confirmed_at) });
  return h("p", { class: "origin" }, ...told, ...sourcesOf(fact, acts));
}

const sourcesOf = ({ sources }, acts) => sources.flatMap((source) => [", ", sourceOf(source, acts)]);

function sourceOf(source, { titleOf, onOpen }) {
  if (source.conversation === null) return t("memory.by");
  const open = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    onOpen(source.conversation, source.message ?? undefined);
  };
  return h("a", { href: pathOf(source.conversation), click: open }, titleOf(source.conversation));
}

function before(fact, acts) {
  if (fact.history.length === 0) return null;
  const said = fact.history.toReversed().map((former) => {
    const until = parts("memory.until", { text: h("q", {}, former.text), day: day(former.replaced_at) });
    return h("p", {}, ...until, ...sourcesOf(former, acts));
  });
  return h("details", {}, h("summary", {}, t("memory.before")), ...said);
}

function day(seconds) {
  const date = new Date((seconds ?? 0) * 1000);
  return h("time", { datetime: date.toISOString() }, date.toLocaleDateString(locale));
}

/** Puts a field in the place of the words; Enter and leaving it keep what is written, Escape does not. */
function startEditing(fact, line, onEdit) {
  const input = h("input", { type: "text", "aria-label": t("memory.label"), maxlength: "4096" });
  const shown = [...line.childNodes];
  let isDone = false;
  input.value = fact.text;
  const finish = (isKept, isLeft = false) => {
    if (isDone) return;
    isDone = true;
    const text = input.value.trim();
    line.replaceChildren(...shown);
    if (!isLeft) line.querySelector("button").focus();
    if (isKept && text !== "" && text !== fact.text) onEdit(fact, text);
  };
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" && (event.key !== "Enter" || event.isComposing)) return;
    event.preventDefault(); // Escape would close the dialog
    finish(event.key === "Enter");
  });
  input.addEventListener("blur", () => finish(true, true));
  line.replaceChildren(input);
  input.focus();
  input.select();
}
