// Rule: the page is as high as what is seen of it. Where a keyboard on the screen lies over the page instead of making it
// smaller (iOS), the message field stands above it all the same. Who zooms in with two fingers changes nothing.

const LEAST_KEYBOARD_PX = 100; // less is a bar of the browser, which the style sheet knows of
const NAME = "--seen-height";

/** @param {{viewport?: VisualViewport, page?: Window, style?: CSSStyleDeclaration}} options tests pass their own */
export function fitAboveKeyboard({
  viewport = window.visualViewport,
  page = window,
  style = document.documentElement.style,
} = {}) {
  if (!viewport) return;
  const fit = () => {
    const isCovered = viewport.scale === 1 && page.innerHeight - viewport.height > LEAST_KEYBOARD_PX;
    if (!isCovered) return style.removeProperty(NAME);
    style.setProperty(NAME, `${Math.round(viewport.height)}px`);
    page.scrollTo(0, 0); // the browser has moved the page, so that the field be seen
  };
  viewport.addEventListener("resize", fit);
}
