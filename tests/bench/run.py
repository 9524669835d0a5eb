"""Run the measurements of this folder, each in a process of its own, and print their tables."""

import ast
import platform
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def subjects() -> dict[str, str]:
    """Return the first line of every module here that has a `main`, by the module's name."""
    found = {}
    for path in sorted(HERE.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if "main" in names and path != Path(__file__):
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def machine() -> str:
    """Return what the figures depend on: processor, cores and Python."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = models[0] if models else platform.machine()
    return f"{processor}, {len(models) or '?'} cores, Python {platform.python_version()}"


def run() -> int:
    """Measure the subjects named on the command line, or all; return how many of them failed."""
    known = subjects()
    chosen = sys.argv[1:] or list(known)
    if unknown := [name for name in chosen if name not in known]:
        print(f"No such subject: {', '.join(unknown)}. Known: {', '.join(known)}.", file=sys.stderr)
        return 2
    print(machine(), flush=True)
    failed = 0
    for name in chosen:
        print(f"\n== {name}: {known[name]}", flush=True)
        began = time.perf_counter()
        command = [sys.executable, "-m", f"tests.bench.{name}"]
        failed += subprocess.run(command, cwd=ROOT, check=False).returncode != 0
        print(f"({time.perf_counter() - began:.1f} s in all)", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(run())
