"""Steps scored per second, beside the plain scorer: `python -m tests.bench.scoring`."""

import random
import statistics
import time
from collections.abc import Callable, Sequence

from cardboard.eval.suites.kinds.replay import scoring
from cardboard.eval.suites.kinds.replay.scoring import RULES, Rules, StepScore, rescore

from ..eval.suites.kinds.replay.plain_scoring import plain_rescore

Rows = list[tuple[list[str], list[str]]]
Scorer = Callable[[Sequence[str], Sequence[str], Rules], StepScore]

STEPS, SAMPLE, MODELS, ROUNDS = 303, 30, 6, 9
CORRECTED = RULES["corrected303"]
SHELL = (
    "ls -la {p}",
    "cat {p}",
    "head -{n} {p}",
    "cd {p}",
    "mkdir -p {p}",
    "grep -rn '{w} {v}' {p}",
    "pip install {w}=={n}.{m} 2>&1 | tail -{m}",
    'echo "{w}: ${v}"',
    'python3 -c "import {w}; print({w}.{v}({n}))"',
    "find {p} -name '*.{w}' | head -{n}",
)
BODY = (
    "import {w}",
    "from {w} import {v}",
    "def {w}({v}):",
    "return {w}",
    "{w} = {v}({n})",
    "}}",
    "for {w} in {v}:",
    "if {w} == '{v}':",
    "print(f'{w} = {{{v}}}')",
    "# {w} the {v} {w}",
    '"{w}": {n},',
    "with open('{p}') as {w}:",
    "EOF",
)
HEADS = "abcdeklmnprst"
WORDS = [head + tail for head in HEADS for tail in ("ata", "onfig", "est", "odel", "og")]


def unit(rng: random.Random, forms: Sequence[str]) -> str:
    """Fill one of *forms*."""
    w, v = rng.choice(WORDS), rng.choice(WORDS)
    return rng.choice(forms).format(
        w=w, v=v, p=f"/app/{rng.choice(WORDS)}/{w}.py", n=rng.randrange(99), m=rng.randrange(9)
    )


def reference(rng: random.Random, size: int) -> list[str]:
    """Write a step of *size* lines: a few commands, the rest a heredoc."""
    shell = min(size, 1 + rng.randrange(6))
    commands = [unit(rng, SHELL) for _ in range(shell)]
    return commands + [unit(rng, BODY) for _ in range(size - shell)]


def answer(rng: random.Random, lines: list[str]) -> list[str]:
    """Answer as a fair model does: a third as asked, a third nearly so, a third otherwise."""
    said = [rng.choice(lines) for _ in range(max(1, round(len(lines) * rng.uniform(0.3, 1.1))))]
    ways: tuple[Callable[[str], str], ...] = (
        lambda line: line,
        lambda line: line.replace("/app/", "./") + " -v" * rng.randrange(2),
        lambda line: unit(rng, SHELL + BODY),
    )
    return [rng.choice(ways)(line) for line in said]


def suite(size: Callable[[random.Random], int]) -> list[list[str]]:
    """Return the references of a suite whose steps have *size* units."""
    rng = random.Random(STEPS)
    return [reference(rng, size(rng)) for _ in range(STEPS)]


def seconds(scorer: Scorer, rows: Rows) -> float:
    """Time *scorer* over *rows*, in seconds of processor: neighbours count for less."""
    start = time.process_time()
    for ref, pred in rows:
        scorer(ref, pred, CORRECTED)
    return time.process_time() - start


def fresh_seconds(rows: Rows) -> float:
    """Time the first model of a process, which finds nothing remembered."""
    scoring._references.forget()
    return seconds(rescore, rows)


def measure(name: str, references: list[list[str]]) -> None:
    """Print the speed on the first model of a suite, on those after it, and of the plain scorer."""
    rng = random.Random(name)
    models = [[(lines, answer(rng, lines)) for lines in references] for _ in range(MODELS)]
    first, later, again = [], [], []
    for _ in range(ROUNDS):
        first.append(fresh_seconds(models[0]))
        later += [seconds(rescore, rows) for rows in models[1:]]
        again.append(seconds(rescore, models[-1]))
    sample = models[0][:: STEPS // SAMPLE]
    slow = min(seconds(plain_rescore, sample) for _ in range(3)) / len(sample)
    same = all(rescore(*row, CORRECTED) == plain_rescore(*row, CORRECTED) for row in sample)
    sizes = [statistics.mean(len(row[side]) for row in models[0]) for side in (0, 1)]
    print(
        f"{name:<24} {sizes[0]:5.1f} x {sizes[1]:4.1f} units"
        f"  first model {STEPS / min(first):8,.0f}  later models {STEPS / min(later):8,.0f}"
        f"  answers met before {STEPS / min(again):8,.0f} steps/s"
        f"  plain {1 / slow:7,.1f} steps/s: later models {slow * STEPS / min(later):5,.0f} times,"
        f" answers met {slow * STEPS / min(again):5,.0f} times"
        f"  {'same bits' if same else 'DIFFERENT SCORES'}"
    )


def main() -> None:
    """Measure three kinds of suite and one hostile step."""
    measure("38 lines, each step", suite(lambda rng: 38))
    long_tail = suite(lambda rng: 1 + min(600, int(rng.lognormvariate(2.2, 1.7))))
    measure("38 lines, long tail", long_tail)
    measure("short steps", suite(lambda rng: 1 + rng.randrange(8)))
    hostile = ([f"a b c d{i}" for i in range(160)], [f"a b c e{i}" for i in range(5000)])
    print(f"{'hostile, 160 x 5,000':<24} {min(fresh_seconds([hostile]) for _ in range(3)):.3f} s")


if __name__ == "__main__":
    main()
