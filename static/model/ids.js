// Rule: ids that nobody else makes. `crypto.randomUUID` is there only where the page came over HTTPS or from this
// machine; a page that came over plain HTTP from another one needs ids as well.

/** @returns {string} 32 hexadecimal digits, of which all are random */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
