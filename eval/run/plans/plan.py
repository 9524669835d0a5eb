"""A plan: a table of models, suites and backends, read to the jobs that it comes to."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from msgspec import Struct
from msgspec.structs import replace

from ...errors import ConfigError
from ..options import options, requests_of
from ..request import Request

_LISTS = ("suites", "backends")
_OWN = (*_LISTS, "model", "base", "gpus", "cpus", "resources", "shards")
_NOT_HERE = ("suite", "backend", "resume", "restart", "shard", "output", "limit")


class Job(Struct, frozen=True, kw_only=True):
    """One model on one backend: what is loaded once and answers all its suites."""

    backend: str
    requests: tuple[Request, ...]
    """One for each adapter, or one for the model alone."""
    suites: tuple[str, ...]
    """As `--suite` takes them."""
    gpus: float
    cpus: float
    resources: Mapping[str, float] = {}
    """What else a node must have, by the names that the cluster gives it."""
    shards: int
    """Parts into which each suite is split where there are several workers."""

    @property
    def name(self) -> str:
        """Return what a list of jobs calls this one."""
        return f"{self.requests[0].model.id} ({self.backend})"


@click.command()
@click.argument("model")
@options
def _line(**given: Any) -> None:
    """Read the options of a run, as `cardboard eval` does."""


def jobs_of(path: Path) -> list[Job]:
    """Read the plan at *path*; raise ConfigError, naming file and key, where it is none."""
    try:
        plan = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(path)) from error
    defaults, models = plan.pop("defaults", {}), plan.pop("models", None)
    unknown = [key for key in plan if key not in _LISTS]
    if unknown:
        raise ConfigError(
            "is no key of a plan",
            file=path.name,
            key=unknown[0],
            remedy="A plan has suites, backends, [defaults] and [[models]].",
        )
    if not isinstance(models, list) or not models:
        raise ConfigError("a plan needs models", file=path.name, key="[[models]]")
    jobs: list[Job] = []
    for number, model in enumerate(models, start=1):
        if not isinstance(model, dict) or not isinstance(defaults, dict):
            raise ConfigError("is no table", file=path.name, key=f"models {number}")
        entry = _Entry(path.name, number, {**plan, **defaults, **model})
        jobs += [entry.job(backend) for backend in entry.texts("backends")]
    return jobs


class _Entry:
    """One model of a plan, with all that holds for it."""

    def __init__(self, file: str, number: int, settings: Mapping[str, Any]) -> None:
        self._file, self._number, self._settings = file, number, settings

    def job(self, backend: str) -> Job:
        """Return the job of this model on *backend*."""
        suites = self.texts("suites")
        given = self._given(backend, suites[0])
        requests = requests_of(given.pop("model"), given)
        if self._settings.get("base") is True and requests[0].options.adapter is not None:
            alone = replace(requests[0].options, adapter=None)
            requests = [replace(requests[0], options=alone), *requests]
        engine = requests[0].options
        on_gpu = {"vllm": engine.tensor_parallel * engine.pipeline_parallel, "transformers": 1}
        return Job(
            backend=backend,
            requests=tuple(requests),
            suites=suites,
            gpus=self._number_of("gpus", on_gpu.get(backend, 0)),
            cpus=self._number_of("cpus", 1),
            resources=self._resources(),
            shards=max(1, int(self._number_of("shards", 1))),
        )

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the names under *key*: a list, or one alone."""
        found = self._settings.get(key)
        names = [found] if isinstance(found, str) else found
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            raise self._wrong(f"needs {key}, such as {key} = [...]", key)
        return tuple(dict.fromkeys(names))

    def _number_of(self, key: str, default: float) -> float:
        value = self._settings.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self._wrong("is no number from 0", key)
        return float(value)

    def _resources(self) -> dict[str, float]:
        found = self._settings.get("resources", {})
        if not isinstance(found, dict):
            raise self._wrong("is no table of names and numbers", "resources")
        for value in found.values():
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise self._wrong("is no table of names and numbers", "resources")
        return {str(name): float(value) for name, value in found.items()}

    def _given(self, backend: str, suite: str) -> dict[str, Any]:
        """Return the values of all options of a run, as the command line would read them."""
        model = self._settings.get("model")
        if not isinstance(model, str) or not model:
            raise self._wrong("is no model's name", "model")
        words = ["--backend", backend, "--suite", suite]
        for key, value in self._settings.items():
            if key in _NOT_HERE:
                raise self._wrong("does not belong in a plan", key)
            if key not in _OWN:
                words += self._words(key, value)
        try:
            return dict(_line.make_context("eval", [*words, "--", model]).params)
        except click.ClickException as error:
            raise self._wrong(error.format_message(), "") from error

    def _words(self, key: str, value: Any) -> list[str]:
        """Return an option as the command line has it: `max-tokens = 9` is `--max-tokens 9`."""
        if isinstance(value, bool):
            if not value:
                raise self._wrong("is only ever true; leave it out", key)
            return [f"--{key}"]
        if isinstance(value, dict):
            pairs = (f"{name}={json.dumps(inner)}" for name, inner in value.items())
            return [word for pair in pairs for word in (f"--{key}", pair)]
        if isinstance(value, list):
            return [word for one in value for word in self._words(key, one)]
        if not isinstance(value, str | int | float):
            raise self._wrong("is no text, number or list", key)
        return [f"--{key}", str(value)]

    def _wrong(self, what: str, key: str) -> ConfigError:
        model = self._settings.get("model", f"number {self._number}")
        place = f"models: {model}: {key}" if key else f"models: {model}"
        return ConfigError(what, file=self._file, key=place)
