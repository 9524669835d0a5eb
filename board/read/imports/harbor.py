"""Harbor: jobs with their trials; a trial that ended in an error has no score, and is no zero."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from glob import escape
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ....eval.metrics import Measured, Metric
from ....eval.records import Harness, Protocol, Step
from ....eval.suites.shapes.agents import atif, is_atif
from ....eval.suites.shapes.calls import printed
from ....eval.suites.shapes.conversation import Unreadable
from ...workspace.figures import figure, metric_id
from ..decoding.content import Content
from ..decoding.json_object import Document, Undecodable, decode_value
from ..shapes import foreign_names
from ..shapes.foreign import (
    Foreign,
    Format,
    Part,
    count,
    folders,
    is_number,
    mapping,
    need,
    number,
    plain_settings,
    result,
    text,
)
from ..shapes.source import Source

NAME = "harbor"
_SAID_BY = {"system": "system", "user": "user", "assistant": "agent", "tool": "environment"}
MOST_TRIALS = 50_000
MOST_BYTES = 64 * 2**20
_ENDED = "__"


def told(content: Content) -> bool:
    """Tell a job by its statistics, a trial by its task and verifier."""
    document = content.document
    return _is_job(document) or _is_trial(document)


def _is_job(document: Document) -> bool:
    return "n_total_trials" in document and isinstance(document.get("stats"), dict)


def _is_trial(document: Document) -> bool:
    return {"task_name", "trial_name", "agent_info"} <= document.keys()


def beside(path: Path) -> Sequence[Path]:
    """Return the trials of a job, or of a trial without a job those beside it, and transcripts."""
    job = path.parent / "config.json"
    trials = sorted(path.parent.glob("*/result.json"))
    if not trials and not (path.parent.parent / path.name).is_file():
        siblings = sorted(path.parent.parent.glob(f"*/{escape(path.name)}"))
        trials = siblings[1:] if siblings[:1] == [path] else []
    found = [job] if job.is_file() else []
    for trial in trials[:MOST_TRIALS]:
        found += [trial, trial.parent / "config.json", trial.parent / "agent" / "trajectory.json"]
    return [one for one in [*found, path.parent / "agent" / "trajectory.json"] if one.is_file()]


def read(foreign: Foreign) -> Iterator[Part]:
    """Yield one result for each agent, model and dataset."""
    document = foreign.content.document
    trials = list(_trials(foreign))
    if _is_trial(document):
        yield from _of_trials(foreign, [document, *trials], {})
        return
    need(document, stats=dict)
    evals = mapping(mapping(document["stats"]).get("evals"))
    if trials:
        yield from _of_trials(foreign, trials, evals)
        return
    for key, stats in evals.items():
        agent, model, dataset = _names(key)
        yield _part(
            foreign, agent, None, model, dataset, _by_reward(mapping(stats)), mapping(stats)
        )


def _trials(foreign: Foreign) -> Iterator[Document]:
    for where, path in foreign.beside.items():
        if path.name != "result.json":
            continue
        try:
            if path.stat().st_size > MOST_BYTES:
                raise Undecodable("too-large", limit=MOST_BYTES)
            value, _ = decode_value(path.read_bytes())
        except (OSError, Undecodable):
            foreign.note("beside-unusable", where, reason="unreadable")
            continue
        if isinstance(value, dict) and _is_trial(value):
            yield value | {"__folder__": path.parent}


def _of_trials(foreign: Foreign, trials: Sequence[Document], evals: Document) -> Iterator[Part]:
    groups: dict[tuple[str, str | None, str, str], list[Document]] = defaultdict(list)
    for trial in trials:
        agent = mapping(trial.get("agent_info"))
        model = mapping(agent.get("model_info"))
        name, provider = text(model.get("name")), text(model.get("provider"))
        full = f"{provider}/{name}" if provider and name and "/" not in name else name
        key = (
            text(agent.get("name")) or "agent",
            text(agent.get("version")),
            full or "unknown",
            text(trial.get("source")) or "tasks",
        )
        groups[key].append(trial)
    for (name_of, version, asked, dataset), members in groups.items():
        yield _part(
            foreign,
            name_of,
            version,
            asked,
            dataset,
            _steps(foreign, members),
            _stated(evals, name_of, asked.rpartition("/")[2], dataset),
        )


def _stated(evals: Document, agent: str, *within: str) -> dict[str, Any]:
    """Return what a job states of an evaluation; its key holds the names, however it is parted."""
    for key, stats in evals.items():
        if _names(key)[0] == agent and all(one in key for one in within):
            return mapping(stats)
    return {}


def _steps(foreign: Foreign, trials: Sequence[Document]) -> list[Step]:
    seen: dict[str, int] = {}
    steps = []
    for trial in sorted(trials, key=lambda one: str(one.get("trial_name"))):
        task = text(trial.get("task_name")) or "task"
        number_of = seen[task] = seen.get(task, -1) + 1
        rewards = mapping(mapping(trial.get("verifier_result")).get("rewards"))
        scores: dict[str, float | None] = {
            metric_id(name): float(value) for name, value in rewards.items() if is_number(value)
        }
        error = text(mapping(trial.get("exception_info")).get("exception_type"))
        used = mapping(trial.get("agent_result"))
        steps.append(
            Step(
                task_id=task,
                step_idx=0,
                trial=number_of,
                scored=bool(scores),
                error=None if scores else error or "no reward",
                scores=scores,
                answer=_transcript(trial) if foreign.texts else None,
                prompt_tokens=count(used.get("n_input_tokens")),
                output_tokens=count(used.get("n_output_tokens")),
            )
        )
    return steps


def _transcript(trial: Document) -> str | None:
    """Return what agent and environment said and called, of an ATIF transcript."""
    folder = trial.get("__folder__")
    path = folder / "agent" / "trajectory.json" if isinstance(folder, Path) else None
    try:
        if path is None or path.stat().st_size > MOST_BYTES:
            return None
        value, _ = decode_value(path.read_bytes())
    except (OSError, Undecodable):
        return None
    document = mapping(value)
    try:
        turns = atif(document).turns if is_atif(document) else ()
    except Unreadable:
        return None
    told_ = [
        "\n".join(filter(None, [f"{_SAID_BY[turn.role]}: {turn.text}", printed(turn.tool_calls)]))
        for turn in turns
    ]
    return "\n".join(told_)[:20_000] or None


def _by_reward(stats: dict[str, Any]) -> list[Step]:
    """Return the trials that the statistics name: with their reward, or with their error."""
    by_trial: dict[str, dict[str, float | None]] = defaultdict(dict)
    for reward, values in mapping(stats.get("reward_stats")).items():
        for value, names in mapping(values).items():
            worth = number(value)
            for name in names if isinstance(names, list) else []:
                if worth is not None and isinstance(name, str):
                    by_trial[name][metric_id(reward)] = worth
    errors = {
        name: error
        for error, names in mapping(stats.get("exception_stats")).items()
        for name in (names if isinstance(names, list) else [])
        if isinstance(name, str)
    }
    seen: dict[str, int] = {}
    steps = []
    for name in sorted({*by_trial, *errors}):
        task = name.rpartition(_ENDED)[0] or name
        trial = seen[task] = seen.get(task, -1) + 1
        scores = dict(by_trial.get(name, {}))
        error = None if scores else text(errors.get(name))
        steps.append(
            Step(
                task_id=task,
                step_idx=0,
                trial=trial,
                scored=bool(scores),
                error=error,
                scores=scores,
            )
        )
    return steps


def _part(
    foreign: Foreign,
    agent: str,
    version: str | None,
    model: str,
    dataset: str,
    steps: list[Step],
    stats: dict[str, Any],
) -> Part:
    document = foreign.content.document
    measured: dict[str, Measured] = {}
    metrics: list[Metric] = []
    scored = [step for step in steps if step.scored]
    # A mean over trials with a reward, tasks weighing the same; beside it Harbor's own.
    for name in sorted({name for step in scored for name in step.scores}):
        tasks: dict[str, list[float]] = defaultdict(list)
        for step in scored:
            if (value := step.scores.get(name)) is not None:
                tasks[step.task_id].append(value)
        means = [sum(values) / len(values) for values in tasks.values()]
        found = round(sum(means) / len(means), 6)
        binary = all(step.scores.get(name) in (0.0, 1.0, None) for step in scored)
        metrics.append(figure(name, [found], better=True, per_step=True, binary=binary))
        measured[metrics[-1].id] = Measured(
            value=found, n=sum(map(len, tasks.values())), tasks=len(tasks)
        )
    rewarded, errors = count(stats.get("n_trials")), count(stats.get("n_errors"))
    stated = stats.get("metrics")
    for one in stated if isinstance(stated, list) else []:
        for name, value in mapping(one).items():
            if is_number(value):
                full = f"{name}_errors_as_zero" if name == "mean" else name
                shown = figure(full, [float(value)], better=True)
                titles = {"en": "mean, errors as zero", "ko": "평균(오류는 0)"}
                metrics.append(replace(shown, title=titles) if name == "mean" else shown)
                measured[metrics[-1].id] = Measured(
                    value=float(value), n=(rewarded or 0) + (errors or 0) or None
                )
    for k, value in mapping(stats.get("pass_at_k")).items():
        if is_number(value):
            metrics.append(figure(f"pass@{k}", [float(value)], better=True))
            measured[metrics[-1].id] = Measured(value=float(value))
    attempts = {step.task_id: 0 for step in steps}
    for step in steps:
        attempts[step.task_id] += 1
    said = mapping(document.get("stats"))
    waiting = sum(
        count(said.get(f"n_{what}_trials")) or 0 for what in ("running", "pending", "cancelled")
    )
    times = Source({"start": document.get("started_at"), "end": document.get("finished_at")})
    named = foreign_names.named(model)
    return Part(
        name=f"{agent} {model} {dataset}",
        result=result(
            # Another agent with the same model is another entry.
            model=replace(named, id=f"{named.id} ({agent})"),
            suite=dataset,
            version=None,
            harness=Harness(name=NAME),
            metrics=measured,
            n=len({step.task_id for step in scored}) if steps else None,
            failed=len(steps) - len(scored) or errors or None,
            tasks=len(attempts) or None,
            status="partial" if waiting or document.get("finished_at") is None else "complete",
            evidence="rows" if steps else "summary",
            protocol=Protocol(
                trials=max(attempts.values(), default=0) or None,
                harness=Harness(name=NAME),
                extra=plain_settings({"agent": agent, "agent_version": version}),
            ),
            started_at=times.time("start"),
            finished_at=times.time("end"),
        ),
        figures=tuple(metrics),
        steps=steps,
    )


def _names(key: str) -> tuple[str, str, str]:
    """Return agent, model and dataset in the key of an evaluation, as far as it can be parted."""
    parts = key.split(_ENDED)
    if len(parts) < 3:
        return parts[0], "unknown", parts[-1]
    return parts[0], "/".join(parts[1:-1]), parts[-1]


FORMAT = Format(NAME, told, read, beside=beside, parents=folders(1))
