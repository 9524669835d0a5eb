// Which words of two lines differ: enough to see the one option that was forgotten.

const MOST_WORDS = 300;

const wordsOf = (text) => text.match(/\s+|[\p{L}\p{N}_.-]+|[^\s\p{L}\p{N}_.-]/gu) ?? [];

/** Return the lengths of the longest common subsequences of all ends of *one* and *other*. */
const lengths = (one, other) => {
  const table = [...Array(one.length + 1)].map(() => new Uint16Array(other.length + 1));
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      table[i][j] =
        one[i] === other[j]
          ? table[i + 1][j + 1] + 1
          : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  return table;
};

/** Return both texts in pieces, each with whether the other text lacks it. */
export const apart = (one, other) => {
  const [left, right] = [wordsOf(one), wordsOf(other)];
  if (left.length > MOST_WORDS || right.length > MOST_WORDS) return [[[one, true]], [[other, true]]];
  const table = lengths(left, right);
  const found = [[], []];
  const add = (side, word, own) => {
    const last = found[side].at(-1);
    if (last && last[1] === own) last[0] += word;
    else found[side].push([word, own]);
  };
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      add(0, left[i], false);
      add(1, right[j], false);
      i += 1;
      j += 1;
    } else if (j >= right.length || (i < left.length && table[i + 1][j] >= table[i][j + 1])) {
      add(0, left[i], true);
      i += 1;
    } else {
      add(1, right[j], true);
      j += 1;
    }
  }
  return found;
};
