"""`cardboard train`: an adapter trained on conversations exactly as they will be asked."""

import os
import sys
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import Finite, UsageError, plural
from ..suites.conversations import RULES

if TYPE_CHECKING:
    from ..audit.sources.sources import Source
    from ..training.contract import Contract, Example, Terms
    from ..training.plan import Base, Settings

F = TypeVar("F", bound=Callable[..., object])

EXAMPLES = """Examples:

\b
cardboard train ./my-model --data talks.jsonl --inspect 3
cardboard train Qwen/Qwen3-0.6B --data talks.jsonl -o runs/first --epochs 2
cardboard train google/gemma-2-2b-it --data talks.jsonl -o runs/second --rule fold-system
"""


def rule_options(command: F) -> F:
    """Give *command* the rules by which conversations are changed before they are rendered."""
    served = click.option(
        "--served-rule",
        "served_rules",
        type=click.Choice(("none", *RULES)),
        multiple=True,
        help="What whoever asks the model does instead; none for nothing.",
    )
    trained = click.option(
        "--rule",
        "rules",
        type=click.Choice(RULES),
        multiple=True,
        help="Change the conversations so, for training and for serving; repeatable.",
    )
    return trained(served(command))


@click.command(epilog=EXAMPLES)
@click.argument("model")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Conversations, in any shape that cardboard reads.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="The adapter's folder."
)
@click.option(
    "--inspect",
    is_flag=False,
    flag_value=3,
    type=click.IntRange(1),
    metavar="N",
    help="Print N conversations with what is learnt in colour, and train nothing.",
)
@click.option("--revision", help="Of the model on the Hub.")
@click.option("--name", help="The model's id as published; by default MODEL.")
@click.option(
    "--chat-template",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="To train and serve with, in place of the model's own.",
)
@click.option("--served", metavar="SOURCE", help="What will answer; by default the model.")
@rule_options
@click.option("--each-answer", is_flag=True, help="Train each answer by itself.")
@click.option("--limit", type=click.IntRange(1), help="Read so many conversations.")
@click.option("--epochs", type=Finite(0, min_open=True), default=1.0, show_default=True)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of the adapter's first weights and of the order of the data.",
)
@click.option("--rank", type=click.IntRange(1), default=16, show_default=True)
@click.option("--alpha", type=click.IntRange(1), help="By default twice the rank.")
@click.option("--dropout", type=Finite(0, 1, max_open=True), default=0.0, show_default=True)
@click.option(
    "--target",
    "targets",
    multiple=True,
    help="A layer's name; repeatable. By default all that are linear but the last.",
)
@click.option("--learning-rate", type=Finite(0, min_open=True), default=2e-4, show_default=True)
@click.option(
    "--schedule",
    type=click.Choice(("linear", "cosine", "constant")),
    default="linear",
    show_default=True,
    help="How the learning rate falls.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    help="Conversations at a time.",
)
@click.option(
    "--accumulate", type=click.IntRange(1), default=1, show_default=True, help="Batches an update."
)
@click.option(
    "--max-length",
    type=click.IntRange(1),
    help="Leave out what has more tokens; by default what the model can read.",
)
@click.option(
    "--save-steps",
    type=click.IntRange(1),
    help="Updates between checkpoints; by default one checkpoint an epoch.",
)
@click.option("--log-steps", type=click.IntRange(1), default=10, show_default=True)
@click.option("--dtype", help="bfloat16, float32 ...; by default the model's own.")
@click.option("--four-bit", is_flag=True, help="QLoRA; needs a CUDA GPU and bitsandbytes.")
@click.option(
    "--gradient-checkpointing",
    "checkpointing",
    is_flag=True,
    help="Need less memory and more time.",
)
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.")
@click.option("--lang", default="en", show_default=True, help="Language of the findings.")
def train(model: str, **given: Any) -> None:
    """Train a LoRA adapter over MODEL on conversations, rendered as they will be asked.

    MODEL is a Hub id or a folder. Answers and their end tokens are learnt, nothing else. The
    conversations are checked first as by cardboard audit --render-contract: where something is
    wrong, it is told, and nothing is trained; the exit code is then 1.

    The adapter's folder holds the chat template that it was trained with and training.json, from
    which results, cards and boards know how. Its states after each epoch are checkpoint-N, for
    cardboard eval MODEL --adapter. The last line on standard output is the path of the folder.
    """
    from ..audit.sources.resolve import open_source
    from ..backends.adapters import published_name
    from ..training.contract import terms_of
    from ..training.plan import Base, with_template

    source = open_source(model, revision=given["revision"])
    if source.kind not in ("folder", "hub"):
        raise UsageError(
            f"is no model to train an adapter over, but of the kind {source.kind}",
            file=model,
            remedy="Give a Hub id or the folder of a model in safetensors.",
        )
    served = None if given["served"] is None else open_source(given["served"])
    if given["chat_template"] is not None:
        text = given["chat_template"].read_text(encoding="utf-8")
        source = with_template(source, text, given["chat_template"].name)
    terms = terms_of(given["rules"], given["served_rules"], each=given["each_answer"], derived=True)
    base = Base(
        model=model,
        name=given["name"] or published_name(model),
        revision=given["revision"] or source.revision,
        source=source,
    )
    if given["inspect"] is not None:
        _inspect(base, served, terms, given)
    else:
        _train(base, served, terms, given)


def _inspect(base: "Base", served: "Source | None", terms: "Terms", given: dict[str, Any]) -> None:
    """Print some conversations as they would be trained, and what is wrong with them."""
    from ..training.contract import Example, contract

    taken: list[Example] = []
    found = contract(
        given["data"],
        served or base.source,
        trained=base.source,
        terms=terms,
        limit=given["inspect"],
        take=taken.append,
    )
    for one in taken:
        count = f"{len(one.ids)} tokens, {len(one.mask)} learnt"
        click.secho(f"— line {one.line}: {count}", bold=True)
        click.echo(_coloured(one))
    if _told(found, given):
        sys.exit(1)


def _coloured(example: "Example") -> str:
    """Return the text with what is learnt in green, or in brackets where there are no colours."""
    learnt = bytearray(len(example.text))
    for place in example.mask:
        start, end = example.spans[place]
        learnt[start:end] = b"\1" * (end - start)
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    said = []
    for taught, group in groupby(zip(learnt, example.text, strict=True), key=lambda pair: pair[0]):
        text = "".join(_harmless(letter) for _, letter in group)
        if colours:
            said.append(click.style(text, fg="green") if taught else click.style(text, dim=True))
        else:
            said.append(f"⟦{text}⟧" if taught else text)
    return "".join(said)


def _harmless(letter: str) -> str:
    """Return *letter* as it can do nothing to a terminal."""
    return (
        letter
        if letter == "\n" or letter.isprintable()
        else letter.encode("unicode_escape").decode()
    )


def _told(found: "Contract", given: dict[str, Any]) -> bool:
    """Print what was found in words, on standard error; return whether something is wrong."""
    show = click.get_current_context().meta.get("cardboard.contract")
    if callable(show):
        show(found, given["lang"])
    if found.broken:
        click.echo("Nothing is trained: what is trained would not be what is asked.", err=True)
    return found.broken


def _train(base: "Base", served: "Source | None", terms: "Terms", given: dict[str, Any]) -> None:
    """Prepare and train, unless the contract fails."""
    from msgspec.structs import replace

    from ..backends.weights import weights_sha256
    from ..training.lora import Tokenizer, train
    from ..training.plan import prepare

    folder: Path | None = given["output"]
    if folder is None:
        raise click.UsageError("Missing -o FOLDER for the adapter, or --inspect.")
    _check_folder(folder, resume=given["resume"])
    tokenizer = Tokenizer(base.model, base.revision)
    found, plan = prepare(
        given["data"],
        base,
        served=served or base.source,
        terms=terms,
        settings=_settings(given, tokenizer.window),
        agrees=tokenizer.agrees,
        limit=given["limit"],
    )
    if _told(found, given) or plan is None:
        sys.exit(1)
    digest = weights_sha256(base.model, partial(click.echo, err=True))
    plan = replace(plan, base=replace(base, sha256=digest))
    click.echo(
        f"{plural(len(plan.batches), 'conversation')}, {plan.trained_tokens} of {plan.tokens} "
        "tokens learnt",
        err=True,
    )
    for reason, count in plan.left_out.items():
        if count:
            click.echo(f"left out: {count} ({reason})", err=True)
    train(plan, folder, resume=given["resume"], tell=partial(click.echo, err=True))
    click.echo(str(folder))


def _settings(given: dict[str, Any], window: int | None) -> "Settings":
    from ..training.plan import Settings

    names = ("epochs", "seed", "rank", "dropout", "targets", "learning_rate", "schedule")
    more = ("batch_size", "accumulate", "save_steps", "log_steps", "dtype", "four_bit")
    longest = given["max_length"] or window
    if longest is None:
        raise UsageError(
            "the model does not tell how much it can read",
            key="--max-length",
            remedy="Say how many tokens a conversation may have.",
        )
    return Settings(
        **{name: given[name] for name in (*names, *more, "checkpointing")},
        alpha=given["alpha"] or 2 * given["rank"],
        max_length=longest,
    )


def _check_folder(folder: Path, *, resume: bool) -> None:
    """Raise a usage error where a training would be overwritten, or where there is none."""
    there = any(folder.glob("checkpoint-*"))
    if resume and not there:
        raise UsageError("holds no checkpoint to go on from", file=str(folder), key="--resume")
    if not resume and folder.is_dir() and any(folder.iterdir()):
        raise UsageError(
            "is not empty",
            file=str(folder),
            remedy="Name another folder, or go on with --resume.",
        )
