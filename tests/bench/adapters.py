"""Sixty adapters over one resident base, three of them bad: seconds for each, beside a reload."""

import contextlib
import io
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from cardboard.eval.engine import Sampling
from cardboard.eval.run.loaded import Loaded
from cardboard.eval.run.outcomes import Outcome
from cardboard.eval.run.request import Request
from cardboard.eval.run.run import evaluate

from ..replays import a_request, a_suite
from ..tiny import a_model, an_adapter, cut, some_adapters

ADAPTERS, BAD, RELOADS = 60, (7, 31, 58), 3
SIZES: dict[str, Any] = {"hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 6}
"""About 10 million parameters: with a larger base, a reload costs more and an adapter the same."""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the progress bars and warnings of the libraries out of the table."""
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def asked(base: Path, adapters: Sequence[Path]) -> list[Request]:
    """Return a request for one short step through each of *adapters*."""
    return [
        a_request(
            model=str(base),
            backend="transformers",
            sampling=Sampling(max_tokens=4),
            options={"adapter": str(one)},
        )
        for one in adapters
    ]


def resident(base: Path, adapters: Sequence[Path], folder: Path) -> tuple[list[float], int]:
    """Return the processor's seconds for each adapter of one run, and how often the base loaded."""
    loaded, stamps = Loaded(), [time.process_time()]
    outcomes: list[Outcome] = []

    def told(outcome: Outcome) -> None:
        stamps.append(time.process_time())
        outcomes.append(outcome)

    evaluate(asked(base, adapters), a_suite(1, 1), folder, backend=loaded, tell=told)
    loads = loaded.loads
    loaded.close()
    spent = [after - before for before, after in pairwise(stamps)]
    good = [s for s, one in zip(spent, outcomes, strict=True) if one.status == "complete"]
    assert len(good) == len(adapters) - len(BAD)
    return good[1:], loads  # the first one waited for the base


def reloaded(base: Path, adapters: Sequence[Path], folder: Path) -> list[float]:
    """Return the processor's seconds for each adapter where the base is loaded for it."""
    spent = []
    for request in asked(base, adapters):
        began = time.process_time()
        evaluate([request], a_suite(1, 1), folder)
        spent.append(time.process_time() - began)
    return spent


def main() -> None:
    """Print both, and their ratio."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is a text file
    root = Path(tempfile.mkdtemp())
    try:
        with quiet():
            base = a_model(root / "base", **SIZES)
            first = an_adapter(root / "first", base, seed=1)
            made = some_adapters(root / "run", first, ADAPTERS)
            for number in BAD:
                cut(made[number])
            own, loads = resident(base, made, root / "one")
            again = reloaded(base, made[:RELOADS], root / "many")
    finally:
        shutil.rmtree(root)
    mine, theirs = sorted(own)[len(own) // 2], sorted(again)[len(again) // 2]
    print(f"{ADAPTERS} adapters in one run: {len(own) + 1} results, {len(BAD)} named, {loads} load")
    print(f"an adapter over the resident base  {mine:8.3f} s of processor time (median)")
    print(f"an adapter with a load of its own  {theirs:8.3f} s of processor time (median)")
    print(f"ratio                              {theirs / mine:8.1f}")


if __name__ == "__main__":
    main()
