// Runs before the first paint, so that a page in the other theme does not flash up. A classic script for that reason.
(function () {
  try {
    var theme = localStorage.getItem("explorer.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (error) {
    // Storage may be forbidden; then the system's theme holds.
    void error;
  }
})();
