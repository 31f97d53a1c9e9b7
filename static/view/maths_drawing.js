// Rule: TeX to MathML, which browsers draw themselves: no style attribute is ever parsed, and a screen reader reads it.
// Nothing in it may lead anywhere or be named; what is not plain MathML is not drawn.

import temml from "temml";
import font from "temml/dist/Temml.woff2";
import sheet from "temml/dist/Temml-Local.css" with { type: "text" };

const MATHML = "http://www.w3.org/1998/Math/MathML";
const FORBIDDEN = /^(?:on.*|(?:xlink:)?href|src|id|name|action.*|target)$/i;
const LIMITS = { trust: false, maxExpand: 500, maxSize: [20, 20], throwOnError: true };

const styles = new CSSStyleSheet();
styles.replaceSync(sheet.replaceAll("Temml.woff2", font));
document.adoptedStyleSheets.push(styles);

/** @returns {HTMLElement | null} null where it is no maths that is understood */
export function draw(source, isDisplay) {
  const frame = document.createElement("span");
  frame.className = isDisplay ? "maths display" : "maths";
  frame.dir = "ltr";
  try {
    temml.render(source, frame, { ...LIMITS, displayMode: isDisplay, macros: {} });
  } catch {
    return null; // a mistake in the source
  }
  const elements = [...frame.querySelectorAll("*")];
  return elements.length > 0 && elements.every(isPlain) ? frame : null;
}

const isPlain = (element) =>
  element.namespaceURI === MATHML && element.getAttributeNames().every((name) => !FORBIDDEN.test(name));
