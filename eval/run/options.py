"""The options of `cardboard eval`, and the requests that their values come to."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..backends.registry import BACKENDS
from ..errors import Finite, UsageError
from ..prompts.templates import FALLBACKS

if TYPE_CHECKING:
    from ..engine import Setting
    from ..prompts.texts import Choices
    from .request import Request

F = TypeVar("F", bound=Callable[..., object])


def _rule(name: str, words: str) -> Any:
    return click.option(f"--{name}", "rules", flag_value=name, multiple=True, help=words)


def _count(name: str, default: int, words: str) -> Any:
    return click.option(
        name, type=click.IntRange(1), default=default, show_default=True, help=words
    )


ISOLATIONS = ("auto", "bubblewrap", "plain")

_GROUPS: dict[str, tuple[Any, ...]] = {
    "what": (
        click.option(
            "--suite",
            help="A packaged suite, a file, or hf://datasets/ORG/NAME@REVISION/FILE.",
        ),
        click.option("--backend", type=click.Choice(BACKENDS), help="What answers."),
        click.option("--revision", help="Of the model on the Hub."),
        click.option(
            "--adapter",
            "adapters",
            multiple=True,
            help="LoRA adapter, or folder of checkpoints; repeatable.",
        ),
        click.option("--name", help="The model's id as published; by default MODEL."),
        click.option("--label", help="What you call this run."),
        _count("--trials", 1, "Answers to each step; sampled ones differ."),
        click.option(
            "--dialogue",
            metavar="NAME",
            help="How a suite that is played is asked, such as terminus-json or shell.",
        ),
        click.option(
            "--tools",
            type=click.Choice(("native", "prompted")),
            help="Offer tools through the chat template, as by default, or in the system text.",
        ),
        click.option(
            "--isolation",
            type=click.Choice(ISOLATIONS),
            default="auto",
            show_default=True,
            help="What closes the room that a model types in; plain is no wall, and never ranked.",
        ),
        click.option(
            "--allow-missing",
            is_flag=True,
            help="Leave episodes unscored for which this machine lacks programs.",
        ),
    ),
    "decoding": (
        click.option("--temperature", type=Finite(0), default=0.0, help="0 is greedy."),
        click.option("--top-p", type=Finite(0, 1, min_open=True), default=1.0, help="1 is all."),
        click.option("--top-k", type=click.IntRange(1), help="By default all."),
        click.option(
            "--max-tokens",
            type=click.IntRange(1),
            default=1024,
            show_default=True,
            help="Of an answer.",
        ),
        click.option("--seed", type=int, default=0, help="Of sampling, and of noisy-oracle."),
        click.option("--stop", multiple=True, help="Text that ends an answer; repeatable."),
        click.option("--noise", type=Finite(0, 1), help="Share that noisy-oracle spoils."),
    ),
    "prompts": (
        click.option(
            "--chat-template",
            type=click.Path(exists=True, dir_okay=False),
            help="In place of the model's own.",
        ),
        click.option(
            "--template-kwarg",
            "kwargs",
            multiple=True,
            metavar="NAME=VALUE",
            help="For the chat template; repeatable.",
        ),
        click.option("--thinking/--no-thinking", default=None, help="As enable_thinking."),
        _rule("fold-system", "Put the system turn into the first user turn."),
        _rule("merge-turns", "Join neighbouring turns of one role."),
        _rule("strip-thoughts", "Take thoughts out of earlier answers."),
        click.option(
            "--allow-fallback",
            type=click.Choice(FALLBACKS),
            help="For prompts that the model's own template cannot render.",
        ),
        click.option("--allow-raw", is_flag=True, help="Send flat text; never ranked."),
        click.option(
            "--overflow",
            type=click.Choice(("refuse", "skip")),
            default="refuse",
            help="What to do where prompts do not fit the window; none is ever cut.",
        ),
    ),
    "engine": (
        click.option("--window", type=click.IntRange(1), help="Tokens of prompt and answer."),
        click.option("--dtype", help="bfloat16, float32 ...; by default the model's own."),
        _count("--batch-size", 8, "Prompts at a time, in transformers."),
        _count("--concurrency", 8, "Calls at a time, to a server."),
        click.option(
            "--timeout",
            type=Finite(0, min_open=True),
            default=1800.0,
            show_default=True,
            metavar="SECONDS",
            help="For a step, all its calls and the waits between them included.",
        ),
        click.option(
            "--stream",
            is_flag=True,
            help="Have a server send answers piece by piece, to see the first token's time.",
        ),
        _count("--tensor-parallel", 1, "GPUs that share each layer, in vLLM."),
        _count("--pipeline-parallel", 1, "GPUs that share out the layers, in vLLM."),
        click.option("--base-url", help="Of an OpenAI-compatible server."),
        click.option(
            "--api-key-variable",
            default="OPENAI_API_KEY",
            show_default=True,
            help="Environment variable that holds the server's key.",
        ),
        click.option(
            "--set",
            "extra",
            multiple=True,
            metavar="NAME=VALUE",
            help="A setting by the engine's own name; repeatable.",
        ),
    ),
    "run": (
        click.option("--resume", "mode", flag_value="resume", help="Ask only what is missing."),
        click.option("--restart", "mode", flag_value="restart", help="Begin anew."),
        click.option(
            "--output",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder of the result; by default results/SUITE of the workspace.",
        ),
        click.option("--limit", type=click.IntRange(1), help="Ask so many steps; a try."),
        click.option(
            "--lock",
            is_flag=True,
            help="List the installed packages beside the result, as pip reads them.",
        ),
        click.option("--shard", metavar="I/N", help="Ask the I-th of N parts, from 1."),
    ),
}


def options(command: F) -> F:
    """Give *command* every option of a run."""
    for group in reversed(_GROUPS.values()):
        for option in reversed(group):
            command = option(command)
    return command


def requests_of(model: str, given: Mapping[str, Any]) -> "list[Request]":
    """Return one request for each adapter that was *given*, or one for the model alone.

    *given* holds the values of the command's options by their names.
    """
    from msgspec.structs import replace

    from ..backends.adapters import spread
    from ..backends.weights import weights_sha256
    from ..engine import Options, Sampling
    from ..prompts.prompts import settled
    from .request import Request

    if given["noise"] is not None and not _is_noisy(model, given):
        raise UsageError("only the rule noisy-oracle has noise", key="--noise")
    kwargs = settings(given["kwargs"], "--template-kwarg")
    if given["thinking"] is not None:
        kwargs["enable_thinking"] = given["thinking"]
    name, adapters = given["name"] or _rule_name(model, given), spread(given["adapters"])
    choices = settled(_choices(given, kwargs), name or model, None)
    options = Options(
        model=model,
        revision=given["revision"],
        adapters=adapters,
        base_url=given["base_url"],
        api_key_variable=given["api_key_variable"],
        dtype=given["dtype"],
        max_model_len=given["window"],
        batch_size=given["batch_size"],
        concurrency=given["concurrency"],
        timeout=given["timeout"],
        stream=given["stream"],
        tensor_parallel=given["tensor_parallel"],
        pipeline_parallel=given["pipeline_parallel"],
        template_kwargs=choices.kwargs,
        extra=settings(given["extra"], "--set") | _rule_settings(model, given),
    )
    sampling = Sampling(
        temperature=given["temperature"],
        top_p=given["top_p"],
        top_k=given["top_k"],
        max_tokens=given["max_tokens"],
        seed=given["seed"],
        stop=given["stop"],
    )
    request = Request(
        backend=given["backend"],
        options=options,
        name=name,
        label=given["label"],
        sampling=sampling,
        choices=choices,
        shard=_shard(given["shard"]),
        trials=given["trials"],
        dialogue=given["dialogue"],
        tools=given["tools"],
        isolation=given["isolation"],
        allow_missing=given["allow_missing"],
        limit=given["limit"],
    )
    if request.backend != "openai":
        with suppress(OSError):  # which is told of each request, as it is made
            weights = weights_sha256(model, partial(click.echo, err=True))
            request = replace(request, weights=weights)
    return [replace(request, options=replace(options, adapter=one)) for one in adapters or (None,)]


def settings(words: tuple[str, ...], option: str) -> "dict[str, Setting]":
    """Return the values of `NAME=VALUE` words; one that is JSON is what JSON says, else a text.

    Raises UsageError, naming *option*, for a word of another form.
    """
    found: dict[str, Setting] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not name or not equals:
            raise UsageError(f"{word} is not NAME=VALUE", key=option)
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        found[name] = value if isinstance(value, str | int | float | None) else text
    return found


def _choices(given: Mapping[str, Any], kwargs: "dict[str, Setting]") -> "Choices":
    from ..prompts.texts import Choices

    return Choices(
        rules=tuple(dict.fromkeys(given["rules"])),
        kwargs=kwargs,
        template=_template(given["chat_template"]),
        fallback=given["allow_fallback"],
        raw=given["allow_raw"],
        overflow=given["overflow"],
    )


def _template(path: str | None) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8") if path else None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", file=path, key="--chat-template") from error


def _is_noisy(model: str, given: Mapping[str, Any]) -> bool:
    return bool(given["backend"] == "scripted" and model == "noisy-oracle")


def _noise(given: Mapping[str, Any]) -> float:
    return 0.3 if given["noise"] is None else float(given["noise"])


def _rule_name(model: str, given: Mapping[str, Any]) -> str | None:
    """Return the name of a rule that comes in several strengths, each a model of its own."""
    return f"{model}-{_noise(given):g}" if _is_noisy(model, given) else None


def _rule_settings(model: str, given: Mapping[str, Any]) -> "dict[str, Setting]":
    return {"noise": _noise(given), "seed": given["seed"]} if _is_noisy(model, given) else {}


def _shard(text: str | None) -> tuple[int, int] | None:
    """Return index from 0 and count of `I/N`, which counts from 1."""
    if text is None:
        return None
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise UsageError(f"{text} is not I/N with I from 1 to N", key="--shard")
    return int(index) - 1, int(count)
