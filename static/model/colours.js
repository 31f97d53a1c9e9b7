// Rule: reads what the highlighter says, which is spans with a class, text and a few entities, and nothing else. So
// the page makes its elements itself and no HTML of it is ever parsed.

const TOKEN = /<span class="([\w\- .]*)">|<\/span>|[^<]+/g;
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };

const plain = (text) => text.replace(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => ENTITIES[entity]);

/**
 * @typedef {{name: string, parts: (Coloured | string)[], html: string}} Coloured `html` tells equal ones apart fast
 * @returns {(Coloured | string)[]}
 */
export function readColours(html) {
  const top = { parts: [] };
  const open = [{ part: top, at: 0 }];
  for (const { 0: token, 1: name, index } of html.matchAll(TOKEN)) {
    if (name !== undefined) {
      const part = { name, parts: [], html: "" };
      open.at(-1).part.parts.push(part);
      open.push({ part, at: index });
    } else if (token === "</span>") {
      const { part, at } = open.pop();
      part.html = html.slice(at, index);
    } else open.at(-1).part.parts.push(plain(token));
  }
  return top.parts;
}
