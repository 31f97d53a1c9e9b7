// Rule: what the server's items say, as entries of a transcript. Items that are no message of the user or the assistant
// are not shown, yet an entry knows the item before it, whatever that is: an edited message takes its place behind it.

import { imagesOf } from "./message_images.js";
import { refusalOf } from "./refusal.js";
import { textOf } from "./response.js";
import { usageOfItem } from "./usage.js";

/**
 * @param {object[]} items oldest first, as they follow each other in the conversation
 * @param {string | null} [before] the item before the first; null: it is the very first, undefined: that is not known
 */
export function entriesOf(items, before) {
  return items
    .map((item, at) => [item, at === 0 ? before : items[at - 1].id])
    .filter(([item]) => isShown(item))
    .map(([item, after]) => entryOf(item, after));
}

/** @param {string | null} [after] the item before this one */
export function entryOf(item, after) {
  const responseId = item["verbatim:response_id"] ?? null;
  const common = {
    role: item.role,
    key: item.id,
    itemId: item.id,
    text: textOf(item),
    responseId,
    after,
    at: item["verbatim:created_at"] ?? null,
    alternatives: item["verbatim:alternatives"] ?? [],
  };
  if (item.role === "user") return { ...common, images: imagesOf(item) };
  return {
    ...common,
    cursor: -1,
    reasoning: item["verbatim:reasoning"] ?? "",
    called: (item["verbatim:tool_calls"] ?? []).map(({ name }) => name),
    status: item.status,
    reason: item["verbatim:reason"] ?? null,
    error: item["verbatim:error"] ? refusalOf(item["verbatim:error"]) : null,
    model: item["verbatim:model"] ?? null,
    facts: item["verbatim:facts"] ?? [],
    isMemoryUnread: item["verbatim:memory_unread"] ?? false,
    usage: usageOfItem(item),
  };
}

/** A message of the user names the response that has answered it last; the one that is shown may be an earlier one. */
export function answered(entries) {
  return entries.map((entry, at) => {
    const next = entries[at + 1];
    const isAnswered = entry.role === "user" && next?.role === "assistant" && next.responseId;
    return isAnswered && next.responseId !== entry.responseId ? { ...entry, responseId: next.responseId } : entry;
  });
}

export function isSame(a, b) {
  if (a.role !== b.role) return false;
  if (a.itemId && a.itemId === b.itemId) return true;
  return Boolean(a.responseId) && a.responseId === b.responseId;
}

const isShown = (item) => item.type === "message" && (item.role === "user" || item.role === "assistant");
