// Rule: what draws maths is fetched when the first maths is there to be drawn, and not before. Where it
// cannot be drawn its source is shown.

import { readMaths, readMathsBlock } from "../model/maths.js";

const LONGEST_MATHS = 5_000;
const MOST_KEPT = 500;

let draw = null; // set once it is fetched
let isFetching = false;
const waiting = []; // elements that hold a source
const drawn = new Map(); // source as written → its element; the latest last

/** @param {HTMLElement} code holds maths as it was written; it is replaced as soon as that can be drawn */
export function drawMaths(code) {
  if (draw) return replace(code);
  waiting.push(code);
  if (!isFetching) fetch();
}

async function fetch() {
  isFetching = true;
  try {
    ({ draw } = await import("./maths_drawing.js"));
    for (const code of waiting.splice(0)) replace(code);
  } catch {
    isFetching = false; // the next maths asks again
    for (const code of waiting.splice(0)) code.classList.add("undrawn");
  }
}

function replace(code) {
  const written = code.textContent;
  const element = drawn.get(written) ?? elementOf(written);
  drawn.delete(written);
  drawn.set(written, element);
  if (drawn.size > MOST_KEPT) drawn.delete(drawn.keys().next().value);
  if (element) code.replaceWith(element.cloneNode(true));
  else code.classList.add("undrawn");
}

function elementOf(written) {
  const maths = readMathsBlock(written) ?? readMaths(written);
  return maths && written.length <= LONGEST_MATHS ? draw(maths.source, maths.isDisplay) : null;
}
