// Rule: a long conversation is known in stretches. Where items are missing a gap stands among the entries; it says
// which items it lies between, and is filled a page at a time from either side. What follows the last gap is the end
// of the conversation, which is always known. Stretches do not grow without bounds: what the reader has left far behind
// becomes a gap again, so that a page costs as much at the ten-thousandth message as at the hundredth.

import { answered, entriesOf } from "./stored.js";

/** So many messages of a stretch are kept, counted from where the reader is. */
const MOST_KEPT = 300;
const END_KEPT = 60;

export const isGap = (entry) => entry.role === "gap";

/**
 * @param {string} before the first item behind the gap
 * @param {string | null} after the last item ahead of it; null where nothing is known ahead
 */
export const gapBetween = (after, before) => ({ role: "gap", key: `gap ${after} ${before}`, after, before });

/**
 * @param {object[]} entries
 * @param {string} key of the gap
 * @param {{items: object[], hasMore: boolean, isNewer: boolean}} page items that lie right before the end of the gap, or
 *   (`isNewer`) right behind its beginning; oldest first
 * @returns {object[]} the entries with the page in the gap; the same ones where there is no such gap any more
 */
export function filled(entries, key, { items, hasMore, isNewer }, most = MOST_KEPT) {
  const at = entries.findIndex((entry) => entry.key === key);
  if (at < 0) return entries;
  const gap = entries[at];
  const fresh = unknown(items, new Set(entries.map((entry) => entry.itemId)), isNewer);
  const isMet = fresh.length < items.length; // the page reaches what is known on the other side
  const isClosed = !hasMore || isMet || fresh.length === 0;
  const parent = isNewer ? gap.after : isMet ? items[items.length - fresh.length - 1].id : hasMore ? undefined : null;
  const stretch = entriesOf(fresh, parent);
  const [first, last] = [fresh[0]?.id, fresh.at(-1)?.id];
  const rest = isClosed ? [] : [isNewer ? gapBetween(last, gap.before) : gapBetween(gap.after, first)];
  const behind = entries.slice(at + 1);
  const isJoined = isClosed || !isNewer;
  if (isJoined && behind[0]?.itemId === gap.before) behind[0] = { ...behind[0], after: last ?? gap.after };
  const ahead = entries.slice(0, at);
  if (isNewer) return answered([...cutAhead([...ahead, ...stretch], most), ...rest, ...behind]);
  return answered([...ahead, ...rest, ...cutBehind([...stretch, ...behind], most)]);
}

// The reader goes on towards the end: of the stretch that ends here its beginning is let go.
function cutAhead(entries, most) {
  const gap = entries.findLastIndex(isGap);
  const kept = entries.slice(Math.max(gap + 1, entries.length - most));
  if (gap + 1 + kept.length === entries.length) return entries;
  const earlier = entries.slice(0, Math.max(gap, 0));
  return [...earlier, gapBetween(entries[gap]?.after ?? null, kept[0].itemId), ...kept];
}

// The reader goes back: of the stretch that begins here its end is let go, but never the end of the conversation.
function cutBehind(entries, most) {
  const next = entries.findIndex(isGap);
  const length = next < 0 ? entries.length - END_KEPT : next;
  if (length <= most || entries[most].after === undefined) return entries;
  const before = next < 0 ? entries[length].itemId : entries[next].before;
  if (!before) return entries;
  return [
    ...entries.slice(0, most),
    gapBetween(entries[most].after, before),
    ...entries.slice(next < 0 ? length : next + 1),
  ];
}

/**
 * The entries with a stretch somewhere before the end. Other stretches are let go.
 * @param {{items: object[], hasOlder: boolean, hasNewer: boolean}} found
 */
export function withStretch(entries, { items, hasOlder, hasNewer }) {
  if (items.length === 0) return entries;
  const end = entries.slice(entries.findLastIndex(isGap) + 1);
  const known = new Set(end.map((entry) => entry.itemId));
  const overlap = items.findIndex((item) => known.has(item.id));
  const fresh = overlap < 0 ? items : items.slice(0, overlap);
  if (fresh.length === 0) return entries;
  const older = hasOlder ? [gapBetween(null, fresh[0].id)] : [];
  const stretch = entriesOf(fresh, hasOlder ? undefined : null);
  const isJoined = overlap >= 0 || !hasNewer;
  const begin = end.find((entry) => entry.itemId);
  const between = isJoined || !begin ? [] : [gapBetween(fresh.at(-1).id, firstItemOf(entries) ?? begin.itemId)];
  const joined =
    isJoined && begin ? end.map((entry) => (entry === begin ? { ...entry, after: fresh.at(-1).id } : entry)) : end;
  return answered([...older, ...stretch, ...between, ...joined]);
}

// The page that the end came with may begin with items that are not shown: the gap before it says where.
const firstItemOf = (entries) => entries.findLast(isGap)?.before ?? null;

// What two pages have in common ends the gap between them; what is further off is of another path.
function unknown(items, known, isNewer) {
  if (isNewer) {
    const at = items.findIndex((item) => known.has(item.id));
    return at < 0 ? items : items.slice(0, at);
  }
  return items.slice(items.findLastIndex((item) => known.has(item.id)) + 1);
}

/**
 * What stays ahead of the newest items: all that is known ahead of the first of them that is known, a gap where nothing is.
 * @param {object[]} entries
 * @param {object[]} items the newest ones, oldest first; there are more before them
 * @returns {object[]}
 */
export function ahead(entries, items) {
  const places = new Map(entries.map((entry, at) => [entry.itemId, at]));
  const known = items.findIndex((item) => places.has(item.id));
  const [first] = items;
  if (known < 0) return [gapBetween(null, first.id)];
  const before = entries.slice(0, places.get(items[known].id)).filter((entry) => !entry.pending);
  const isShownAhead = entriesOf(items.slice(0, known)).length > 0;
  const last = before.at(-1);
  if (last && isGap(last)) return [...before.slice(0, -1), gapBetween(last.after, first.id)];
  return isShownAhead ? [gapBetween(null, first.id)] : before;
}
