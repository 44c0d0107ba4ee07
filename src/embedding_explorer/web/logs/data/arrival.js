// @ts-check
/** Waiting for the first run log: a training that has just begun has none yet. */

const LOOK = 1500; // ms between two looks

/** Whether a page of the server has anything to show. @param {string} markup @returns {boolean} */
export function showsLogs(markup) {
  return markup.includes('data-whole="yes"') || markup.includes('<li><a href="/logs/');
}

/** Look again and again, while the page is seen, until there are logs. @returns {Promise<void>} */
export async function arrival() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK));
    if (!document.hidden && showsLogs(await pageNow())) return;
  }
}

/** The page as the server has it now; empty while the server is not there. @returns {Promise<string>} */
async function pageNow() {
  try {
    return await (await fetch(location.href)).text();
  } catch (error) {
    if (error instanceof TypeError) return ""; // what fetch throws for a network that fails
    throw error;
  }
}
