// What the board's page says of itself, and its rows: asked for before the other parts are loaded.

/** What the page says: its columns, words and addresses. */
export const config = JSON.parse(document.getElementById("cb-board").textContent);

/** The file of rows once it is here, or nothing where there is none. */
export const file = fetch(config.rows).then((answer) => (answer.ok ? answer.json() : null));
