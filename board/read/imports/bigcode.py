"""bigcode-evaluation-harness: `evaluation_results.json`, figures by task beside all arguments."""

from collections.abc import Iterator

from ....eval.metrics import Measured
from ....eval.records import Harness, Protocol
from ...workspace.figures import figure
from ..decoding.content import Content
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Missing,
    Part,
    count,
    is_number,
    mapping,
    number,
    plain_settings,
    result,
    text,
)

NAME = "bigcode"


def told(content: Content) -> bool:
    """Tell a file by the arguments that it holds under `config`."""
    config = mapping(content.document.get("config"))
    return {"model", "n_samples"} <= config.keys() and "results" not in content.document


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result a task; how many problems a task has, the file does not tell."""
    document = foreign.content.document
    config = mapping(document["config"])
    name = config.get("model")
    if not isinstance(name, str) or not name.strip():
        raise Missing("config.model")
    adapter = config.get("peft_model")
    temperature, top_p = number(config.get("temperature")), number(config.get("top_p"))
    trials = count(config.get("n_samples"))
    limited = is_number(config.get("limit"))
    unknown: list[str] = []
    for task, told_of in document.items():
        figures = mapping(told_of)
        if task == "config" or not figures:
            continue
        measured, metrics = {}, []
        for key, value in figures.items():
            found = float(value) if is_number(value) else None
            if found is None:
                unknown.append(f"{task}: {key}")
            metrics.append(figure(key, [found]))
            measured[metrics[-1].id] = Measured(value=found)
        yield Part(
            name=task,
            result=result(
                model=foreign_names.named(
                    name,
                    adapter=adapter if isinstance(adapter, str) else None,
                    revision=text(config.get("revision")),
                ),
                suite=task,
                version=None,
                harness=Harness(name=NAME),
                metrics=measured,
                n=None,
                status="partial" if limited else "complete",
                protocol=Protocol(
                    temperature=temperature
                    if temperature is not None and temperature >= 0
                    else None,
                    top_p=top_p if top_p is not None and 0 <= top_p <= 1 else None,
                    max_tokens=None,
                    max_model_len=count(config.get("max_length_generation")),
                    seed=count(config.get("seed")),
                    dtype=text(config.get("precision")),
                    trials=trials,
                    harness=Harness(name=NAME),
                    extra=plain_settings(
                        {"do_sample": config.get("do_sample"), "prompt": config.get("prompt")}
                    ),
                ),
            ),
            figures=tuple(metrics),
        )
    foreign.unknown(unknown)


FORMAT = Format(NAME, told, read)
