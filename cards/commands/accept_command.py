"""`cardboard accept`: a model asked everyday questions, and a sheet that says how it did."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...board.commands.load import workspace_of
from ...eval.errors import Finite
from ...eval.run.options import options

if TYPE_CHECKING:
    from ...eval.run.run import Mode

SUITE = "home-mini"
NOT_ACCEPTED, INCOMPLETE = 1, 3


@click.command()
@click.argument("model")
@click.option("--at-least", "least", type=Finite(0, 100), help="The score that is asked for.")
@options
def accept(model: str, least: float | None, **given: Any) -> None:
    """Ask MODEL everyday questions and write a sheet to print: how well, how fast, does it fit.

    MODEL is a GGUF file, the address of an OpenAI-compatible server (http://...), or what
    `cardboard eval` takes with a --backend. The suite is home-mini unless --suite says otherwise.
    The result file goes where `eval` puts it, the sheets to build/acceptance/, one a language.
    Limits of the machine stand in board.toml under [fits]; they are no part of the score.

    The exit code is 0 if the result is complete, reaches --at-least and breaks no limit, 1 if it
    does not, and 3 if it is not complete. A result that is there already is not measured again.

    \b
    Examples:
        cardboard accept model-Q4_K_M.gguf
        cardboard accept http://127.0.0.1:8080 --at-least 60
    """
    from ...board.read.reader import read_file, read_whole
    from ...board.words.catalogue import languages as known
    from ...board.workspace.settings import Fits
    from ...eval.run.options import requests_of
    from ...eval.run.progress import Shown
    from ...eval.run.run import evaluate
    from ...eval.suites.source import load_version
    from ..acceptance.sheet import sheet_of, write

    context = click.get_current_context()
    root: Path = context.find_root().params.get("workspace") or Path()
    fits, languages = Fits(), known()
    own: Mapping[str, str] = {}
    if (root / "board.toml").exists():
        settings = workspace_of(context).settings
        fits, languages = settings.fits, settings.board.languages
        own = settings.overrides.words
    given["suite"] = given["suite"] or SUITE
    name = _settle(model, given)
    suite = load_version(given["suite"], root / "suites")
    # A person at home waits for the first word, so it is timed wherever an engine sends it.
    given["stream"] = given["stream"] or given["backend"] in ("openai", "llama")
    (request,) = requests_of(name, given)[:1]
    folder = given["output"] or root / "results" / suite.name
    with Shown() as watch:
        mode: Mode = given["mode"] or "resume"
        (outcome,) = evaluate([request], suite, folder, mode=mode, watch=watch)
    if not outcome.path.exists():
        click.echo(
            f"{outcome.error or 'nothing could be asked'} {outcome.remedy}".strip(), err=True
        )
        sys.exit(INCOMPLETE)
    _, result = read_whole(outcome.path)
    assert result is not None
    sheet = sheet_of(read_file(outcome.path), result, suite, fits=fits, least=least)
    click.echo(str(outcome.path))
    place = root / "build" / "acceptance"
    for path in write(sheet, languages, place, outcome.path.stem, own):
        click.echo(str(path))
    if not sheet.complete:
        click.echo(
            f"{outcome.status}: {outcome.error or 'not every question was answered'}", err=True
        )
        sys.exit(INCOMPLETE)
    if not sheet.accepted:
        sys.exit(NOT_ACCEPTED)


def _settle(model: str, given: dict[str, Any]) -> str:
    """Fill in what follows from the form of *model*; return what the backend calls it."""
    if re.match(r"https?://", model, re.IGNORECASE):
        given["backend"] = given["backend"] or "openai"
        given["base_url"] = given["base_url"] or model
        name = given["name"] or served_model(model, given["api_key_variable"])
        given["name"] = None
        return name
    if given["backend"] is None and (model.endswith(".gguf") or Path(model).suffix == ".gguf"):
        given["backend"] = "llama"
    if given["backend"] is None:
        raise click.UsageError("Missing --backend: MODEL is neither a GGUF file nor an address.")
    return model


def served_model(
    address: str,
    variable: str,
    *,
    key: str = "--name",
    remedy: str = "Say which one is meant: --name.",
) -> str:
    """Return the name of the model that the server at *address* has, if it has just one.

    Raises UsageError, naming *key* and *remedy*, where it has none or several.
    """
    import msgspec

    from ...eval.audit.sources.server_client import ServerClient
    from ...eval.errors import UsageError

    class Served(msgspec.Struct):
        id: str

    class Listed(msgspec.Struct):
        data: list[Served]

    client = ServerClient(address, variable)
    try:
        told = client.tell(f"{client.api}models")
        names = [one.id for one in msgspec.json.decode(told or b"{}", type=Listed).data]
    except msgspec.DecodeError:
        names = []
    finally:
        client.close()
    if len(names) != 1:
        many = ", ".join(names[:5]) or "none"
        raise UsageError(
            f"the server names {len(names)} models ({many})",
            key=key,
            remedy=remedy,
        )
    return names[0]
