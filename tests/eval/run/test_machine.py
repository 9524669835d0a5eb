"""The machine of a result: what may change how fast a model answers, and nothing that names it."""

import getpass
import os
import platform
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from cardboard.eval.records import encode
from cardboard.eval.run import machine as machines
from cardboard.eval.run.machine import machine


def test_this_machine_is_known() -> None:
    found = machine()
    assert found.processor
    assert found.operating_system
    assert found.cores == os.cpu_count()
    assert (found.memory_bytes or 0) > 100_000_000
    assert found.peak_memory_bytes is None


def test_neither_its_name_nor_a_path_is_told() -> None:
    told = encode(machine()).decode()
    named = {platform.node(), str(Path.home()), str(Path.cwd())} | {f'"{getpass.getuser()}"'}
    assert not [name for name in named if name in told]


def test_the_processor_is_named_as_the_system_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nmodel name\t: Fast(R) 9000: the second\nmodel name\t: other\n")
    monkeypatch.setattr(machines, "_PROCESSORS", path)
    assert machine().processor == "Fast(R) 9000: the second"
    monkeypatch.setattr(machines, "_PROCESSORS", tmp_path / "absent")
    assert machine().processor == platform.processor() or platform.machine()


@pytest.mark.parametrize(("used", "told"), [(True, "NVIDIA H200"), (False, None)])
def test_an_accelerator_is_one_that_this_process_uses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, used: bool, told: str | None
) -> None:
    """To ask torch for its name where it is not used would take memory on it."""
    (tmp_path / "version").write_text("580.95.05\n")
    monkeypatch.setattr(machines, "_DRIVERS", {"nvidia": tmp_path / "version"})
    cuda = SimpleNamespace(
        is_initialized=lambda: used,
        get_device_name=lambda: "NVIDIA H200",
        device_count=lambda: 2,
    )
    version = SimpleNamespace(cuda="13.0", hip=None)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda, version=version))
    found = machine()
    assert found.accelerator == told
    assert (found.accelerators or None, found.driver or None) == (
        (2, "nvidia 580.95.05, cuda 13.0") if used else (None, None)
    )
    monkeypatch.delitem(sys.modules, "torch")
    assert machine().accelerator is None
