"""Files in the shapes that other programs write, and what each of them becomes."""

import pytest

from cardboard.tests.imports import DATA, told

FAMILIES = sorted(path.name for path in DATA.iterdir())


@pytest.mark.parametrize("family", FAMILIES)
def test_what_files_of_other_programs_become(family, golden):
    golden(f"imports/{family}.txt", told(DATA / family))
