// Two models task by task, by the same sums as `cardboard compare`: board/statistics/paired.py.

const MICROPOINTS = 1_000_000;
const UNIT = 10_000; // Differences are whole numbers of 1 / UNIT of a step's full score.
const EXACT = 2 ** 50;

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Round half to even, as the build does. */
const rounded = (value) => {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 !== 0 ? near - 1 : near;
};

/**
 * Return how model A differs from model B: `difference` and its standard error as they are printed,
 * tasks won, lost and tied, and whether the board's own test tells the two apart.
 *
 * *steps* counts each task's steps; *a* and *b* hold each task's sum of scores, brought to 0 to 1 a
 * step so that more is better, in millionths; *critical* is the |t| that the board's test asks for,
 * null where there are too few tasks; *points* is what a step's full score is printed as, below 0
 * where less is better.
 */
export const paired = (steps, a, b, critical, points) => {
  const count = sum(steps);
  const apart = a.map((one, task) => one - b[task]);
  const total = sum(apart);
  const squares = sum(steps.map((size) => size ** 2));
  const unit = 2 ** Math.max(0, Math.ceil(Math.log2((MICROPOINTS ** 2 * squares) / EXACT) / 2));
  const whole = apart.map((one, task) => rounded((one - total * (steps[task] / count)) / unit));
  const tasks = count ** 2 / squares;
  const small = tasks > 1 ? tasks / (tasks - 1) : 1;
  const error = Math.sqrt(sum(whole.map((one) => one ** 2)) * small) * (unit / (count * MICROPOINTS));
  return {
    difference: (rounded(total / ((count * MICROPOINTS) / UNIT)) * points) / UNIT,
    error: (rounded(error * UNIT) * Math.abs(points)) / UNIT,
    won: apart.filter((one) => one > 0).length,
    lost: apart.filter((one) => one < 0).length,
    tied: apart.filter((one) => one === 0).length,
    apart: critical !== null && toldApart(steps, a, b, critical),
  };
};

const toldApart = (steps, a, b, critical) => {
  const count = sum(steps);
  const squares = sum(steps.map((size) => size ** 2));
  const tasks = Math.floor(count ** 2 / squares);
  const unit = 2 ** Math.max(0, Math.ceil(Math.log2((MICROPOINTS ** 2 * squares) / EXACT) / 2));
  const [totalA, totalB] = [sum(a), sum(b)];
  const whole = (one, total, task) => rounded((one - total * (steps[task] / count)) / unit);
  const noise = sum(a.map((one, task) => (whole(one, totalA, task) - whole(b[task], totalB, task)) ** 2));
  const least = ((count * MICROPOINTS) / UNIT) ** 2;
  const needed = ((unit * unit * tasks) / (tasks - 1)) * critical * critical;
  return (totalA - totalB) ** 2 > Math.max(noise * needed, least);
};
