// Two models task by task, by the same sums as `cardboard compare`: board/statistics.

const MICROPOINTS = 1_000_000;
const UNIT = 10_000; // Differences are whole numbers of 1 / UNIT of a step's full score.
const SKEW_ERRORS = 4;

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Round half to even, as the build does. */
const rounded = (value) => {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 !== 0 ? near - 1 : near;
};

/** Return the least power of two that is no less than *wanted*, and 1 at least. */
const power = (wanted) => 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(wanted, 1))));

/** Return what follows from the *steps* of each task alone. */
const tasksOf = (steps) => {
  const count = sum(steps);
  const squares = sum(steps.map((size) => size ** 2));
  const kish = count ** 2 / squares;
  const unit = 2 ** Math.max(0, Math.ceil(Math.log2((MICROPOINTS ** 2 * squares) / 2 ** 50) / 2));
  return { steps, count, squares, unit, small: kish > 1 ? kish / (kish - 1) : 1 };
};

/** Return what each task has beyond its share of all *points*, in whole units. */
const residuals = ({ steps, count }, points, unit) => {
  const total = sum(points);
  return points.map((one, task) => rounded((one - total * (steps[task] / count)) / unit));
};

/** Return the standard error of a mean, clustered by task. */
const standardError = (tasks, points) => {
  const whole = residuals(tasks, points, tasks.unit);
  return Math.sqrt(sum(whole.map((one) => one * one)) * tasks.small) * (tasks.unit / (tasks.count * MICROPOINTS));
};

/** Return a model's variance over that of tasks which succeed or fail as a whole. */
const clustering = (tasks, points) => {
  const mean = sum(points) / (tasks.count * MICROPOINTS);
  const error = standardError(tasks, points) * tasks.count;
  const half = (0.5 * tasks.squares) / tasks.steps.length;
  const whole = mean * (1 - mean) * tasks.squares;
  return Math.min((error * error + half) / (whole + half), 1);
};

/**
 * Return how model A differs from model B: `difference` and its standard error as they are printed,
 * tasks won, lost and tied, and whether the board's own test tells the two apart.
 *
 * *steps* counts each task's steps; *a* and *b* hold each task's sum of scores, brought to 0 to 1 a
 * step so that more is better, in millionths; *reach* is how many standard errors the 95 % interval
 * of a difference has on each side, null where there is none; *test* is what the board's test asks of a pair, null
 * where there are too few tasks; *points* is what a step's full score is printed as, below 0 where
 * less is better.
 */
export const paired = (steps, a, b, test, points, reach = null) => {
  const tasks = tasksOf(steps);
  const apart = a.map((one, task) => one - b[task]);
  const mean = rounded(sum(apart) / ((tasks.count * MICROPOINTS) / UNIT));
  const error = standardError(tasks, apart);
  const half = reach === null ? null : rounded(reach * error * UNIT);
  const ends = half === null ? [null, null] : [mean - half, mean + half].map((end) => (end * points) / UNIT);
  const [low, high] = points < 0 ? ends.reverse() : ends;
  return {
    difference: (mean * points) / UNIT,
    low,
    high,
    error: (rounded(error * UNIT) * Math.abs(points)) / UNIT,
    won: apart.filter((one) => one > 0).length,
    lost: apart.filter((one) => one < 0).length,
    tied: apart.filter((one) => one === 0).length,
    apart: test !== null && toldApart(tasks, a, b, test),
  };
};

const toldApart = (tasks, a, b, { critical, lead }) => {
  const { steps, count, squares, small } = tasks;
  const unit = power((count * MICROPOINTS) / 2 ** 26);
  const [one, other] = [a, b].map((points) => points.map((value) => rounded(value / unit)));
  const size = Math.abs(sum(one) - sum(other));
  const square = sum(one.map((value, task) => (value - other[task]) ** 2));
  if (square === 0 || size < (count * (MICROPOINTS / UNIT)) / unit) return false;
  const ahead = size / (((squares / count) * MICROPOINTS) / unit);
  if (ahead / Math.max(clustering(tasks, a), clustering(tasks, b)) < lead) return false;
  const value = (size * size) / square;
  const factor = skewness(tasks, one, other, unit);
  const number = steps.length;
  const bent = (((number - 1) * value) / Math.max(number - value, 1e-9)) * factor * factor;
  return (factor < 1 ? (number * bent) / (number - 1 + bent) : value) > critical;
};

/** Return what t is multiplied by for skewness against the claim, beyond what chance makes. */
const skewness = (tasks, one, other, unit) => {
  const cubes = sum(tasks.steps.map((size) => ((size * MICROPOINTS) / unit) ** 3));
  const fine = power(((8 * cubes) / 2 ** 52) ** (1 / 3));
  const [left, right] = [one, other].map((points) => residuals(tasks, points, fine));
  const whole = left.map((value, task) => value - right[task]);
  const second = sum(whole.map((value) => value * value));
  const total = sum(one) - sum(other);
  if (second === 0) return 1;
  const t = Math.abs(total) / Math.sqrt(second * (fine * fine * tasks.small));
  const third = sum(whole.map((value) => value ** 3));
  const found = (Math.sign(total) * third) / (second * Math.sqrt(second));
  const skew = Math.min(found + (SKEW_ERRORS * Math.sqrt(6)) / tasks.steps.length, 0);
  const bent = t + (skew * t * t) / 3 + (skew * skew * t * t * t) / 27 + skew / 6;
  return Math.min(Math.max(bent / t, 0), 1);
};
