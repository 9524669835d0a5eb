"""Nothing that files hold breaks the board, and no claim outweighs its rows: see tests/fuzz.py."""

import pytest

from cardboard.tests import fuzz


@pytest.mark.parametrize("seed", range(3))
def test_four_thousand_changed_files_break_nothing_and_gain_nothing(seed: int) -> None:
    ranked = fuzz.run(4_000, seed)
    assert ranked > 100, "lies that change nothing are ranked: the question was asked"
