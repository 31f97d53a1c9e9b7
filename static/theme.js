// Rule: the chosen theme, before anything is painted. It is a script of its own, since the page's modules run later
// and a script within the document is not allowed; view/theme.js is what chooses.

{
  let theme = null;
  try {
    theme = localStorage.getItem("verbatim.theme");
  } catch {
    // No storage: as the system has it.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
