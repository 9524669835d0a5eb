// Files of steps: packed, asked for once, and only when somebody looks.

const kept = new Map();

/** Return what the file at *path* holds. */
export const load = (path) => {
  if (!kept.has(path)) kept.set(path, read(path));
  return kept.get(path);
};

const read = async (path) => {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${answer.status} ${path}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  // Some servers have told the browser to unpack it already.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return JSON.parse(new TextDecoder().decode(bytes));
  const opened = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(opened).json();
};
