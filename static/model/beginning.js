// Rule: what a chat begins with that the server does not know yet: its metadata and, beside that, what is chosen for it
// (`settings`; null: that it is left open) and where it stands in the list (`shelf`, as the server names it). What is
// changed about such a chat is what it begins with.

import { changed } from "./choices.js";
import { givenName } from "./title.js";

/** @param {{title?: string, settings?: object, shelf?: object}} change */
export function amended(begins, { title, settings, shelf }) {
  return {
    ...(title === undefined ? begins : givenName(begins, title)),
    ...(settings && { settings: { ...begins.settings, ...settings } }),
    ...(shelf && { shelf: { ...begins.shelf, ...shelf } }),
  };
}

/** What the server is told when it makes the session. */
export function beginningOf({ settings = {}, shelf: _, ...metadata }) {
  const chosen = changed({}, settings);
  return { metadata, ...(Object.keys(chosen).length > 0 && { "verbatim:settings": chosen }) };
}

/** The session that it will be, in the server's own form. */
export function unmadeSession(id, begins, createdAt) {
  return { id, created_at: createdAt, ...beginningOf(begins), ...begins.shelf };
}

/** Whether a session is none of the server's yet. */
export const isUnmade = (session) => session.object === undefined;

/**
 * What a session that the server has made has to be changed in, to be what it begins with: what could not be said when it
 * was made, and what was changed while it was.
 * @returns {{fields: object | null, settings: object | null} | null} null: nothing
 */
export function lacking({ settings = {}, shelf = {}, ...metadata }, session) {
  const moved = differing(shelf, (name) => session[name] ?? false);
  const named = isNamedSo(metadata, session) ? {} : { metadata: givenName(session.metadata ?? {}, metadata.title) };
  const fields = { ...moved, ...named };
  const chosen = differing(settings, (name) => session["verbatim:settings"]?.[name] ?? null);
  const [changes, choices] = [fields, chosen].map((some) => (Object.keys(some).length > 0 ? some : null));
  return changes || choices ? { fields: changes, settings: choices } : null;
}

const differing = (wanted, has) =>
  Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== has(name)));

// Where nobody has given it a name, the server may have found a better one.
function isNamedSo({ title, title_source: source }, { metadata = {} }) {
  return (
    title === undefined || source !== undefined || (metadata.title === title && metadata.title_source === undefined)
  );
}
