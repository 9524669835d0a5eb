"""The commands that compare models: compare, and gate for continuous integration."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..show.tables import Format, format_option
from .load import boards_of, workspace_of

if TYPE_CHECKING:
    from ..model import Board


@click.command(epilog="Example: cardboard compare org/model-2epoch org/model-1epoch")
@click.argument("models", nargs=-1, metavar="[A B]")
@click.option("--base", is_flag=True, help="Each fine-tune against its base and earlier epoch.")
@click.option("--metric", help="By this metric of their suites, not the one they are ranked by.")
@format_option
@click.pass_context
def compare(
    context: click.Context, models: tuple[str, ...], base: bool, metric: str | None, form: Format
) -> None:
    """Say whether A differs from B, and how sure that is; in each part of the suite too.

    MODEL@ko and MODEL@en are a model in two languages, on the tasks that stand in both.
    """
    from ..compare import comparison
    from ..show import tables
    from ..show.comparison_tables import Parts, document, effects_tables, fields, pair_tables

    if base == bool(models) or (models and len(models) != 2):
        raise click.UsageError("Name two models, or give --base without any.")
    workspace = workspace_of(context)
    boards = boards_of(workspace)
    parts: list[Parts] = []
    if base:
        found = list(comparison.family_tree(boards, metric))
    elif any("@" in name for name in models) and not _named(boards.boards, models):
        from ..compare.languages import compare_languages

        found = compare_languages(workspace, boards.boards, models[0], models[1], metric)
    else:
        from ..compare.effects import effects_of

        found = []
        both = comparison.both(boards, *models)
        for board, first, second, measure in comparison.by_metric(both, metric):
            (one,) = comparison.compare(board, [(first, second)], metric=measure)
            found.append(one)
            parts.append((one, effects_of(workspace, board, first, second, measure)))
    shown = pair_tables(found) + effects_tables(parts)
    if form == "json":
        click.echo(tables.dump(document(found, parts)))
    elif form == "csv":
        click.echo(tables.to_csv([fields(found, parts)]), nl=False)
    elif form == "md":
        click.echo("\n".join(tables.to_markdown(*table) for table in shown), nl=False)
    elif not shown:
        click.echo("Nothing to compare: models.toml names no base or epoch that is ranked here.")
    else:
        for title, rows in shown:
            tables.print_table(title, rows)


def _named(boards: "Sequence[Board]", models: tuple[str, ...]) -> bool:
    """Tell whether each of *models* is a name as it stands, whatever signs are in it."""
    from ..compare.comparison import names

    known = {name for board in boards for entry in board.ranked for name in names(entry)}
    return all(model.lower() in known for model in models)


@click.command(epilog="Example: cardboard gate --model org/new --against org/base --margin 3")
@click.option("--model", required=True, help="The model that must hold its ground.")
@click.option("--against", required=True, help="The model that it is held against.")
@click.option(
    "--margin",
    type=float,
    help="How much worse it may be, or below 0 how much better it must be.  [default: 3 points]",
)
@click.option("--suite", help="Only on this suite; on every shared one by default.")
@click.option("--metric", help="By this metric of the suite, not the one it is ranked by.")
@click.option(
    "--open",
    "undecided",
    type=click.Choice(["stop", "pass", "fail"]),
    default="stop",
    show_default=True,
    help="What to do where these tasks show neither: exit with 3, 0 or 1.",
)
@click.pass_context
def gate(
    context: click.Context,
    model: str,
    against: str,
    margin: float | None,
    suite: str | None,
    metric: str | None,
    undecided: str,
) -> None:
    """Say whether MODEL is at most MARGIN worse than AGAINST, as far as the tasks can show it.

    Exit 0: passed on every suite. 1: failed on one. 3: not shown on one, and failed on none. The
    margin is in the points that the metric is printed in, and worse is whatever the metric says.
    """
    from ..compare import comparison
    from ..compare.gate import hold
    from ..show.comparison_tables import told

    if margin is not None and not math.isfinite(margin):
        raise click.UsageError("--margin must be a number of points.")
    workspace = workspace_of(context)
    pairs = [
        (board, a, b)
        for board, a, b in comparison.both(boards_of(workspace), model, against)
        if suite in (None, board.suite.name, board.suite.slug)
    ]
    if not pairs:
        raise click.UsageError(f"No board of the suite {suite!r} ranks both models.")
    answers = set()
    for held in hold(workspace, pairs, metric, margin):
        answers.add(held.answer)
        click.echo(told(held))
    if "failed" in answers:
        context.exit(1)
    if "open" in answers:
        context.exit({"stop": 3, "pass": 0, "fail": 1}[undecided])
