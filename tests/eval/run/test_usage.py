"""What a run used: how fast prompts are read and answers written, and what it took."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from msgspec import UNSET

from cardboard.eval.engine import Account
from cardboard.eval.records import Quartiles, Step, StepTiming, Timing
from cardboard.eval.run.usage import Usage, with_speeds


def step(number: int, prompt: int | None = 100, output: int | None = 11, **times: Any) -> Step:
    return Step(
        task_id="t",
        step_idx=number,
        prompt_tokens=prompt,
        output_tokens=output,
        timing=StepTiming(**times) if times else UNSET,
    )


def test_a_rate_is_tokens_by_the_time_of_reading_or_writing_them() -> None:
    found = with_speeds(
        Timing(generate_seconds=9.0),
        [
            step(0, prompt_seconds=0.5, answer_seconds=1.0, first_token_seconds=0.5),
            step(1, prompt_seconds=0.5, answer_seconds=4.0, first_token_seconds=0.7),
            step(2),
        ],
    )
    assert found.generate_seconds == 9.0
    assert found.prompt_tokens_per_second == 200.0
    assert found.answer_tokens_per_second == 4.0  # 2 x 10 tokens after the first, in 5 seconds
    assert found.first_token_seconds == Quartiles(low=0.55, median=0.6, high=0.65)
    assert found.cached_tokens is UNSET


def test_what_was_computed_before_is_not_read_and_counts_in_no_speed() -> None:
    found = with_speeds(Timing(), [step(0, prompt_seconds=0.1, cached_tokens=90)])
    assert (found.prompt_tokens_per_second, found.cached_tokens) == (100.0, 90)


@pytest.mark.parametrize(
    "odd",
    [
        step(0),
        step(0, prompt=None, output=None, prompt_seconds=1.0, answer_seconds=1.0),
        step(0, output=1, answer_seconds=0.0, prompt_seconds=0.0),
        step(0, prompt=10, prompt_seconds=1.0, cached_tokens=50),
    ],
    ids=["nothing told", "no tokens told", "a single token", "more cached than there are"],
)
def test_what_cannot_be_told_is_unknown_and_never_zero(odd: Step) -> None:
    found = with_speeds(Timing(), [odd])
    assert (found.prompt_tokens_per_second, found.answer_tokens_per_second) == (None, None)


def backend(name: str, **more: Any) -> Any:
    return SimpleNamespace(account=Account(backend=name, versions={}), **more)


def test_the_memory_is_that_of_who_computes() -> None:
    with Usage(backend("transformers")) as usage:
        held = bytearray(1 << 20)
    peak = usage.machine.peak_memory_bytes
    assert peak is not None
    assert peak > len(held)
    for other in ("openai", "scripted"):
        with Usage(backend(other)) as usage:
            pass
        assert usage.machine.peak_memory_bytes is None


def test_a_server_that_was_started_for_the_run_tells_its_own_memory() -> None:
    class Started:
        takes, template, encoder = "messages", None, None
        account = Account(backend="llama", versions={})
        told: int | None = 12345

        def answers(self, prompts: Any, sampling: Any) -> Any:
            raise AssertionError

        def close(self) -> None:
            raise AssertionError

        def peak_memory(self) -> int | None:
            return self.told

    started: Any = Started()
    for told in (12345, None):
        started.told = told
        with Usage(started) as usage:
            pass
        assert usage.machine.peak_memory_bytes == told


class Tracker:
    """What codecarbon gives: kilowatt-hours, and parts of which some are only estimated."""

    def __init__(self, **settings: Any) -> None:
        assert settings["save_to_file"] is False
        self.final_emissions_data: Any = None
        self._hardware = [
            type("CPU", (), {"_mode": "intel_rapl"})(),
            type("RAM", (), {})(),
            type("GPU", (), {})(),
        ]

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End."""
        self.final_emissions_data = SimpleNamespace(energy_consumed=0.001)


@pytest.fixture
def codecarbon(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("codecarbon")
    module.__version__, module.OfflineEmissionsTracker = "3.3", Tracker
    monkeypatch.setitem(sys.modules, "codecarbon", module)


@pytest.mark.usefixtures("codecarbon")
def test_energy_says_who_told_it_and_what_of_it_is_an_estimate() -> None:
    with Usage(backend("transformers")) as usage:
        pass
    found = usage.timed(Timing(), whole=True)
    assert found.energy_joules == 3600.0
    assert found.energy_source == "codecarbon 3.3: CPU measured, RAM estimated, GPU measured"
    assert usage.timed(Timing(), whole=False) == Timing()


@pytest.mark.usefixtures("codecarbon")
def test_the_energy_of_a_server_elsewhere_is_unknown() -> None:
    with Usage(backend("openai")) as usage:
        pass
    assert usage.timed(Timing(), whole=True) == Timing()


def test_without_codecarbon_energy_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "codecarbon", None)
    with Usage(backend("transformers")) as usage:
        pass
    assert usage.timed(Timing(), whole=True).energy_joules is None
