// Rule: the page is kept for times without a network where the browser can, once it is there and has nothing to wait
// for. A browser that cannot, or may not, misses nothing else.

export function keepForLater(container = navigator.serviceWorker) {
  if (!container) return;
  const register = () => container.register("/worker.js").catch(() => {});
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
