// Rule: names for sessions, and where each one lives.

const LONGEST_TITLE = 48;

/** The first words of a message, as the name of the session that it begins. */
export function titleFrom(text) {
  const line = text.replace(/\s+/g, " ").trim();
  if (line.length <= LONGEST_TITLE) return line;
  const cut = line.slice(0, LONGEST_TITLE);
  const lastSpace = cut.lastIndexOf(" ");
  // A lone half of a surrogate pair would not be valid on the wire.
  const words = lastSpace > LONGEST_TITLE / 2 ? cut.slice(0, lastSpace) : cut.replace(/[\ud800-\udbff]$/, "");
  return `${words}…`;
}

/** What a session is called in the list. */
export const titleOf = (session) => session?.metadata?.title || "Untitled";

export const pathOf = (sessionId) => (sessionId ? `/chat/${encodeURIComponent(sessionId)}` : "/");

/** @returns {string | null} the session that an address names; null means a new chat, as where it names none */
export function sessionIn(path) {
  const id = /^\/chat\/([^/]+)\/?$/.exec(path)?.[1];
  try {
    return id ? decodeURIComponent(id) : null;
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
