"""`cardboard compare-files`: how far files of one model are from the largest, token by token."""

from collections.abc import Callable
from pathlib import Path

import click

from .. import records
from ..errors import UsageError


@click.command(epilog="Example: cardboard compare-files m-F16.gguf m-Q8_0.gguf m-Q4_K_M.gguf")
@click.argument("reference", metavar="REFERENCE")
@click.argument("others", nargs=-1, required=True, metavar="OTHER...")
@click.option(
    "--probabilities",
    type=click.IntRange(2, 10_000),
    default=100,
    show_default=True,
    help="Tokens to see at each position; the more, the closer the bound.",
)
@click.option("--limit", type=click.IntRange(2), help="Read so many tokens of each passage.")
@click.option("--threads", type=click.IntRange(1), help="Of a server that is started.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the figures; results/ of the workspace by default.",
)
@click.pass_context
def compare_files(
    context: click.Context,
    reference: str,
    others: tuple[str, ...],
    probabilities: int,
    limit: int | None,
    threads: int | None,
    output: Path | None,
) -> None:
    """Say how far each OTHER's token probabilities are from those of REFERENCE.

    Each is a GGUF file, here or on the Hub, or the address of a running server of llama.cpp. Both
    read the same text of ours in English and Korean, and of each the most probable next tokens are
    seen: the Kullback-Leibler divergence is a lower bound, the share of positions with the same
    most probable token is exact. Of each OTHER a small file goes into results/, for the page of
    the model's files.
    """
    from ..backends.gguf.distance import compared, read
    from ..run.progress import Shown

    root: Path = context.find_root().params["workspace"]
    folder = output or root / "results"
    if output is None and not (root / "board.toml").is_file():
        raise UsageError(
            "there is no workspace here for the figures",
            file=str(root),
            remedy="Name a folder with --output, or a workspace with -C.",
        )
    with Shown() as watch:
        tell = _teller(watch.say)
        first = read(
            reference, probabilities=probabilities, limit=limit, threads=threads, tell=tell
        )
        for other in others:
            found = read(
                other,
                probabilities=probabilities,
                limit=limit,
                threads=threads,
                passages_of=first.passages,
                tell=tell,
            )
            figures = compared(first, found, probabilities=probabilities, limit=limit)
            path = folder / _file_name(figures.file.name or "server", first.file.name or "server")
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_name(f".{path.name}.aside")
            aside.write_bytes(records.encode(figures))
            aside.replace(path)
            distance = figures.distance
            assert distance is not None
            click.echo(
                f"{figures.file.name}: divergence at least {distance.divergence.value:.4f} nats "
                f"(± {distance.divergence.error or 0:.4f}), the same most probable token at "
                f"{100 * distance.same_top.value:.1f} % of {distance.positions} positions -> {path}"
            )


def _teller(say: Callable[[str], None]) -> Callable[[str, int, int], None]:
    """Tell of every tenth of the positions."""

    def tell(name: str, done: int, of: int) -> None:
        if done * 10 // of != (done - 1) * 10 // of:
            say(f"{name}: {done} of {of} positions")

    return tell


def _file_name(name: str, reference: str) -> str:
    stem = "-against-".join(one.removesuffix(".gguf") for one in (name, reference))
    return f"{''.join(c if c.isalnum() or c in '._-' else '-' for c in stem)}.distance.json"
