// Rule: one response as its reader sees it, folded from its events. The same events in any legal order of
// replay, merging and snapshot give the same text: nothing doubled, nothing lost.

import { t } from "../text.js";
import { refusalOf } from "./refusal.js";
import { usageOfResponse } from "./usage.js";

/** A response of which nothing has been heard yet. */
export function openResponse(responseId) {
  return {
    role: "assistant",
    key: responseId,
    responseId,
    itemId: null,
    text: "",
    called: [], // the functions that a program is to run
    reasoning: "", // what the model thought, which is no part of its answer
    cursor: -1, // the last sequence_number heard
    status: "in_progress",
    reason: null,
    error: null,
    model: null,
    facts: [], // what the assistant had of the user's memory, by id; known at the end
    isMemoryUnread: false, // whether the memory could not be read, likewise
    at: null, // when it began, in seconds since the epoch
    usage: null, // what it has used, once it has ended
  };
}

export const isRunning = (entry) =>
  entry.role === "assistant" && (entry.status === "in_progress" || entry.status === "queued");

/** @returns the state after the event; the same object where the event says nothing new */
export function foldEvent(state, event) {
  const fold = FOLDS[event.type];
  if (fold) return fold(state, event);
  return event.sequence_number > state.cursor ? { ...state, cursor: event.sequence_number } : state;
}

const FOLDS = {
  "response.created": begin,
  "response.queued": begin,
  "response.in_progress": begin,
  "response.output_item.added": restart,
  "response.content_part.added": open,
  "response.output_text.delta": append,
  "response.reasoning_summary_part.added": (state, event) => openReasoning(state, event),
  "response.reasoning_summary_text.delta": (state, event) => think(state, event),
  "response.output_text.done": (state, event) => ({
    ...state,
    text: event.text,
    cursor: Math.max(state.cursor, event.sequence_number),
  }),
  "response.completed": end,
  "response.incomplete": end,
  "response.failed": end,
  "verbatim:response.snapshot": replace,
};

function begin(state, event) {
  if (event.sequence_number <= state.cursor) return state;
  return { ...state, cursor: event.sequence_number, ...begunOf(event.response, state) };
}

function begunOf(response, state) {
  return { model: response?.model ?? state.model, at: response?.created_at ?? state.at };
}

// A replay from the beginning opens the item anew, and its merged deltas may straddle the cursor that we had:
// so the text begins anew as well.
function restart(state, event) {
  if (event.item?.type === "reasoning") return { ...state, reasoning: "", cursor: event.sequence_number };
  if (event.item?.type === "function_call") return { ...state, cursor: event.sequence_number };
  return { ...state, text: "", reasoning: "", itemId: event.item?.id ?? null, cursor: event.sequence_number };
}

// An answer that is gone on with begins with the text that was there.
function open(state, event) {
  if (event.sequence_number <= state.cursor) return state;
  return { ...state, text: event.part?.text ?? "", cursor: event.sequence_number };
}

function append(state, event) {
  if (event.sequence_number <= state.cursor) return state;
  return { ...state, text: state.text + event.delta, cursor: event.sequence_number };
}

// What was thought before stands in the part, where an answer is gone on with.
function openReasoning(state, event) {
  return { ...state, reasoning: event.part?.text ?? "", cursor: event.sequence_number };
}

function think(state, event) {
  if (event.sequence_number <= state.cursor) return state;
  return { ...state, reasoning: state.reasoning + event.delta, cursor: event.sequence_number };
}

function replace(state, event) {
  return { ...state, text: event.text, cursor: event.sequence_number, ...begunOf(event.response, state) };
}

function end(state, event) {
  const { response } = event;
  return {
    ...state,
    text: outputText(response) ?? state.text,
    reasoning: outputReasoning(response) ?? state.reasoning,
    called: (response.output ?? []).filter(({ type }) => type === "function_call").map(({ name }) => name),
    cursor: event.sequence_number,
    status: response.status,
    reason: response.incomplete_details?.reason ?? (response.status === "cancelled" ? "cancelled" : null),
    error: response.error ? refusalOf(response.error) : null,
    facts: response["verbatim:facts"] ?? [],
    isMemoryUnread: response["verbatim:memory_unread"] ?? false,
    usage: usageOfResponse(response),
    ...begunOf(response, state),
  };
}

function outputText(response) {
  const message = (response.output ?? []).find((item) => item.type === "message");
  return message ? textOf(message) : null;
}

function outputReasoning(response) {
  const item = (response.output ?? []).find(({ type }) => type === "reasoning");
  return item ? (item.summary ?? []).map((part) => part.text ?? "").join("") : null;
}

/** The text of an item of type `message`. */
export function textOf(item) {
  if (typeof item.content === "string") return item.content;
  return (item.content ?? []).map((part) => part.text ?? "").join("");
}

/** What to say beneath a message whose end was not a plain one; null where it was. */
export function noteOf(entry) {
  if (entry.role !== "assistant" || isRunning(entry)) return null;
  if (entry.reason === "cancelled" || entry.status === "cancelled")
    return { kind: "quiet", text: t("message.cancelled") };
  if (entry.reason === "interrupted") return { kind: "quiet", text: t("message.interrupted") };
  if (entry.reason === "max_output_tokens") return { kind: "quiet", text: t("message.cut") };
  if (entry.status === "failed" || entry.reason === "failed") {
    return { kind: "error", text: entry.error ?? t("message.failed") };
  }
  if (entry.called?.length) return { kind: "quiet", text: t("message.called", { names: entry.called.join(", ") }) };
  if (entry.status === "completed" && entry.text === "") return { kind: "quiet", text: t("message.empty") };
  return entry.status === "incomplete" ? { kind: "quiet", text: t("message.incomplete") } : null;
}
