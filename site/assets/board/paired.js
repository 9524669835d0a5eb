// Two models task by task, by the same sums as `cardboard compare`: board/paired.py, rankranges.py.

const MICROPOINTS = 1_000_000;
const UNIT = 10_000; // One printed unit of a score, 0.01 points, is a share of 1 / UNIT.
const EXACT = 2 ** 50;

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Round half to even, as the build does. */
const rounded = (value) => {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 !== 0 ? near - 1 : near;
};

/**
 * Return how model A differs from model B: `difference` and its standard error in points, tasks won,
 * lost and tied, and whether the board's own test tells the two apart.
 *
 * *steps* counts each task's steps; *a* and *b* hold each task's points, in millionths of a step's
 * F1; *critical* is the |t| that the board's test asks for, null where there are too few tasks.
 */
export const paired = (steps, a, b, critical) => {
  const count = sum(steps);
  const apart = a.map((points, task) => points - b[task]);
  const total = sum(apart);
  const residuals = apart.map((points, task) => points - total * (steps[task] / count));
  const error = Math.sqrt(sum(residuals.map((value) => value ** 2))) / (count * MICROPOINTS);
  return {
    difference: rounded(total / ((count * MICROPOINTS) / UNIT)) / 100,
    error: rounded(error * UNIT) / 100,
    won: apart.filter((points) => points > 0).length,
    lost: apart.filter((points) => points < 0).length,
    tied: apart.filter((points) => points === 0).length,
    apart: critical !== null && toldApart(steps, a, b, critical),
  };
};

const toldApart = (steps, a, b, critical) => {
  const count = sum(steps);
  const squares = sum(steps.map((size) => size ** 2));
  const tasks = Math.floor(count ** 2 / squares);
  const unit = 2 ** Math.max(0, Math.ceil(Math.log2((MICROPOINTS ** 2 * squares) / EXACT) / 2));
  const [totalA, totalB] = [sum(a), sum(b)];
  const whole = (points, total, task) => rounded((points - total * (steps[task] / count)) / unit);
  const noise = sum(a.map((points, task) => (whole(points, totalA, task) - whole(b[task], totalB, task)) ** 2));
  const least = ((count * MICROPOINTS) / UNIT) ** 2;
  const needed = ((unit * unit * tasks) / (tasks - 1)) * critical * critical;
  return (totalA - totalB) ** 2 > Math.max(noise * needed, least);
};
