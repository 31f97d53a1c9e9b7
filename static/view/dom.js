// Rule: makes elements. Text becomes text nodes, so nothing that passes here is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name
 * @param {Record<string, string | boolean | null | ((event: Event) => void)>} attributes functions become listeners;
 *   null and false are left out
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** One of the drawings in index.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A button that shows a drawing and is known by its name. */
export function iconButton(name, label, onClick) {
  return h(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, click: onClick },
    icon(name),
  );
}

/** Makes these the children of the parent, in this order; those that are in their place are not touched. */
export function place(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

/** Gives the focus to an element that is usually none to stop at. */
export function takeFocus(element) {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

export const byId = (id) => document.getElementById(id);
