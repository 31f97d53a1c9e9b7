// Rule: makes shown nodes equal to fresh ones and leaves alone what is equal already, so that a selection, the
// focus, a click that is under way and the place of a scrolled table outlive each new word.

/**
 * @param {Node[]} shown children of the parent that stand side by side
 * @param {Node[]} fresh what is to stand there
 * @param {Node | null} next the child before which they end
 * @returns {Node[]} what stands there now
 */
export function grow(parent, shown, fresh, next = null) {
  const kept = fresh.map((node, at) => (at < shown.length ? become(shown[at], node) : parent.insertBefore(node, next)));
  for (const node of shown.slice(fresh.length)) node.remove();
  return kept;
}

function become(shown, fresh) {
  if (shown.isEqualNode(fresh)) return shown;
  if (shown instanceof Text && fresh instanceof Text) return becomeText(shown, fresh.data);
  if (!canBecome(shown, fresh)) {
    shown.replaceWith(fresh);
    return fresh;
  }
  takeAttributes(shown, fresh);
  grow(shown, [...shown.childNodes], [...fresh.childNodes]);
  return shown;
}

function becomeText(shown, text) {
  if (text.startsWith(shown.data)) shown.appendData(text.slice(shown.data.length));
  else shown.data = text;
  return shown;
}

// Maths is whole or another one: what gives its parts their measures is no attribute that may be set.
const canBecome = (shown, fresh) =>
  shown instanceof Element && shown.tagName === fresh.tagName && !shown.matches(".maths") && !fresh.matches(".maths");

// A list may become a loose one, a link get its address.
function takeAttributes(shown, fresh) {
  for (const name of shown.getAttributeNames()) if (!fresh.hasAttribute(name)) shown.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
}
