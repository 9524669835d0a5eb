"""`.eval_results/cardboard.yaml`: ranked results as the Hub's benchmarks read them."""

from ...board.show.reproduction import is_local
from ...eval.records import is_hub_id
from ..readme.yaml import Value, emit
from .card import Card
from .sheets import Sheet

PATH = ".eval_results/cardboard.yaml"
_HEAD = "# Written by cardboard; edits are overwritten.\n"


def eval_results(card: Card, board: str) -> str | None:
    """Return the file for *card*, `None` where no ranked result belongs to a Hub benchmark.

    A result is listed where its suite names a Hub dataset. *board* is the title of the source. The
    format knows no unit, so every entry states its scale in `notes`.
    """
    entries = [entry for sheet in card.sheets if (entry := _entry(sheet, card, board))]
    # The emitter writes mappings; an entry is one item of a list.
    return _HEAD + "".join(_item(entry) for entry in entries) if entries else None


def _entry(sheet: Sheet, card: Card, board: str) -> dict[str, Value] | None:
    entry, suite = sheet.entry, sheet.suite
    if suite is None or suite.dataset is None or sheet.standing is None or entry.score is None:
        return None
    if not is_hub_id(suite.dataset):
        return None
    found: dict[str, Value] = {
        "dataset": {"id": suite.dataset, "task_id": suite.dataset_task or suite.slug},
        "value": entry.score,
    }
    if entry.result.finished_at:
        found["date"] = entry.result.finished_at[:10]
    if card.site_url and not is_local(card.site_url):
        found["source"] = {"url": card.site_url, "name": board or "Leaderboard"}
    found["notes"] = (
        f"100 x mean command F1 over {suite.steps} steps: 0 to 100, higher is better; "
        f"{suite.full_name}"
    )
    return found


def _item(entry: dict[str, Value]) -> str:
    first, *others = emit(entry).splitlines(keepends=True)
    return "".join([f"- {first}", *(f"  {line}" for line in others)])
