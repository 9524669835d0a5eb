"""`cardboard try`: a page on which a person asks a model, or two blindly, and judges answers."""

import re
import secrets
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...eval.errors import Finite
from ...eval.run.options import settings

if TYPE_CHECKING:
    from ...eval.run.request import Request

BACKENDS = ("llama", "openai", "transformers")
PORT = 8008


@click.command("try", epilog="Example: cardboard try model-Q4_K_M.gguf")
@click.argument("models", metavar="MODEL [OTHER]", nargs=-1, required=True)
@click.option("--against", metavar="OTHER", help="The other model of a blind comparison.")
@click.option("--backend", type=click.Choice(BACKENDS), help="By default as MODEL looks.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port of the page; 0 picks one.",
)
@click.option(
    "--lan",
    is_flag=True,
    help="Let other machines of the network in, each by an address that works once.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the logs; by default home/ of the workspace.",
)
@click.option(
    "--order-seed",
    type=int,
    help="Decides which model stands where in a blind comparison; by default drawn, and recorded.",
)
@click.option("--window", type=click.IntRange(1), help="Tokens of prompt and answer.")
@click.option("--thinking/--no-thinking", default=None, help="As enable_thinking.")
@click.option(
    "--timeout",
    type=Finite(0, min_open=True),
    default=1800.0,
    show_default=True,
    metavar="SECONDS",
    help="For an answer.",
)
@click.option(
    "--api-key-variable",
    default="OPENAI_API_KEY",
    show_default=True,
    help="Environment variable that holds the server's key.",
)
@click.option(
    "--set",
    "extra",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting by the engine's own name; repeatable.",
)
def try_(
    models: tuple[str, ...],
    against: str | None,
    port: int,
    lan: bool,
    output: Path | None,
    order_seed: int | None,
    **given: Any,
) -> None:
    """Talk to MODEL on a page of this machine, judge its answers, and keep it all.

    MODEL is a GGUF file, the address of an OpenAI-compatible server, or a folder or Hub id for
    transformers. An address names one of several models behind a #: http://127.0.0.1:8080#NAME.
    With OTHER, both answer each question, and which is which stays hidden until the end.

    The logs are a text to read and a .jsonl, of which `cardboard add` makes results: what was
    accepted, of what was judged. Ctrl-C ends it.
    """
    from ...board.workspace.overrides import read_overrides
    from ..tryout.log import Log
    from ..tryout.models import TriedModel
    from ..tryout.server import serving
    from ..tryout.tryout import Tryout

    context = click.get_current_context()
    named = (*models, *([against] if against else []))
    if len(named) > 2:
        raise click.UsageError("Two models at most are compared.")
    root: Path = context.find_root().params.get("workspace") or Path()
    own = read_overrides(root, {}).words
    requests = [_request(one, given) for one in named]
    with ExitStack() as stack:
        tried = []
        for request in requests:
            click.echo(f"Loading {request.model.id} ({request.backend})", err=True)
            tried.append(TriedModel(request))
            stack.callback(tried[-1].close)
        seed = secrets.randbelow(1 << 31) if order_seed is None else order_seed
        log = Log(output or root / "home", [one.name for one in tried], datetime.now())
        tryout = Tryout(tried, log, seed=seed, own=own)
        url = stack.enter_context(
            serving(
                tryout,
                port,
                lan=lan,
                tell=lambda address: click.echo(f"For another device, once: {address}"),
            )
        )
        stack.callback(tryout.close)
        click.echo(f"Open {url}{' (it works once)' if lan else ''}; Ctrl-C ends it")
        click.echo(f"Logs: {log.text} and {log.lines.name}")
        _wait()
    click.echo(f"\nStopped. Make results of what you judged with: cardboard add {log.lines}")


def _wait() -> None:
    """Return at Ctrl-C, or when somebody ends us otherwise."""
    import signal
    import threading

    ended = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: ended.set()) for number in numbers]
    try:
        while not ended.wait(1):
            pass
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _request(model: str, given: dict[str, Any]) -> "Request":
    """Return what opens *model*, as its form and the options say."""
    from ...eval.backends.weights import weights_sha256
    from ...eval.engine import Options
    from ...eval.prompts.prompts import settled
    from ...eval.prompts.texts import Choices
    from ...eval.run.request import Request
    from .accept_command import served_model

    base_url, name, backend = None, model, given["backend"]
    variable = given["api_key_variable"]
    if re.match(r"https?://", model, re.IGNORECASE):
        base_url, _, chosen = model.partition("#")
        remedy = f"Name one of them behind a #: {base_url}#NAME."
        name = chosen or served_model(base_url, variable, key=base_url, remedy=remedy)
        backend = backend or "openai"
    elif backend is None:
        backend = "llama" if model.endswith(".gguf") else "transformers"
    if backend == "openai" and base_url is None:
        raise click.UsageError("Missing address: MODEL is http://... for --backend openai.")
    kwargs = {} if given["thinking"] is None else {"enable_thinking": given["thinking"]}
    choices = settled(Choices(kwargs=kwargs), name, None)
    return Request(
        backend=backend,
        options=Options(
            model=name,
            base_url=base_url,
            api_key_variable=variable,
            max_model_len=given["window"],
            batch_size=1,
            concurrency=1,
            timeout=given["timeout"],
            template_kwargs=choices.kwargs,
            stream=True,
            extra=settings(given["extra"], "--set"),
        ),
        choices=choices,
        weights=None if backend == "openai" else weights_sha256(name),
    )
