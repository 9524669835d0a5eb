"""Publishing stays light: what it needs from Python, and what it must never load."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGINES = ("torch", "transformers", "vllm", "peft")
# Slow to import, and of no use to somebody who asks for help.
SLOW = ("pandas", "numpy", "scipy", "huggingface_hub", "mkdocs")

PROBE = """
    import json, sys
    from cardboard.cli import main
    code = 0
    try:
        main(sys.argv[1:])
    except SystemExit as end:
        code = end.code
    print()
    print(json.dumps({"code": code, "loaded": sorted({m.partition(".")[0] for m in sys.modules})}))
"""


@pytest.fixture
def engines(tmp_path: Path) -> Path:
    """Return a folder with an empty package for each engine: whoever imports one succeeds."""
    folder = tmp_path / "engines"
    for name in ENGINES:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").touch()
    return folder


def loaded(*arguments: str, path: Path) -> set[str]:
    """Run `cardboard` with *arguments* and return the top-level names of what it imported."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROBE), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["code"] in (0, None), done.stdout + done.stderr
    return set(told["loaded"])


def test_publishing_loads_no_engine(tmp_path: Path, engines: Path) -> None:
    workspace = tmp_path / "workspace"
    loaded("init", str(workspace), path=engines)
    for sample in sorted((ROOT / "results").rglob("*.json"))[:2]:
        (workspace / "results" / sample.name).write_bytes(sample.read_bytes())
    found = loaded("-C", str(workspace), "publish", path=engines)
    assert "jinja2" in found, "the cards were rendered"
    assert not found & set(ENGINES)


def test_help_comes_without_delay(engines: Path) -> None:
    found = loaded("--help", path=engines)
    assert "click" in found
    assert not found & {*ENGINES, *SLOW}


def test_the_probe_sees_an_engine_that_is_imported(engines: Path) -> None:
    """The two tests above rest on this."""
    done = subprocess.run(
        [sys.executable, "-c", "import torch, sys; print('torch' in sys.modules)"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(engines)},
        check=True,
    )
    assert done.stdout.strip() == "True"
