/** What the page's modules ask a browser for as they are loaded; to be imported before them. */

globalThis.matchMedia ??= () => ({ matches: false, addEventListener: () => {} });
