"""Which pages depend on which entries: a digest of all that the page of a model is made from."""

import hashlib
from collections.abc import Sequence

import msgspec

from ...board.model import Board
from ...board.statistics.measurement import Resolution
from .source import Placed, Source
from .step_files import MOST_LISTED


def model_digests(source: Source) -> dict[str, bytes]:
    """Return by its slug what the page of each model is made from, but for what makes all pages.

    These are its entries; all entries of the small boards that they stand on, for a page says what
    their number, medians, ranks, neighbours and tests are; of large ones what lasts; its steps and
    how the field does on each; and what other pages and files it leads to. A page that shows what
    else was read from the files of results has no digest, and is always made.
    """
    boards = {
        place.slug: _digest(
            _alike(board)
            if source.measured[place.slug].lasting
            else [_all_of(board), _field(number, source)]
        )
        for number, (place, board) in enumerate(
            zip(source.places, source.boards.boards, strict=True)
        )
    }
    found = {}
    for slug, placed in source.pages.items():
        there = {one.place.slug for one in placed if one.place is not None}
        if any(boards[one] is None for one in there) or _reads_files(placed, source):
            continue
        made_of = _digest(
            [
                [source.lasting(one) or (one.entry, one.place) for one in placed],
                [boards[one] for one in sorted(there)],
                _steps(placed, source),
                _led_to(slug, placed, source),
            ]
        )
        if made_of is not None:
            found[slug] = made_of
    return found


def _all_of(board: Board) -> list[object]:
    """Return what all figures of a board follow from."""
    return [board.suite, board.class_, board.entries, board.policy, board.worth]


def _alike(board: Board) -> list[object]:
    """Return what all pages of the models on a large board have in common."""
    return [board.suite, board.class_]


def _field(number: int, source: Source) -> list[object]:
    """Return how the entries of a board do on each step, as far as files hold that.

    The names of these files are hashes of what they hold.
    """
    files = source.background.step_files
    found = files.fields.get(number)
    listed = sum(one.steps for one in files.explored.values()) <= MOST_LISTED
    return [found.path, found.prompts, found.tasks, listed] if found is not None else [listed]


def _steps(placed: Sequence[Placed], source: Source) -> list[object]:
    """Return the files with the steps of *placed*."""
    explored = source.background.step_files.explored
    found = [explored.get(one.entry.result_id) for one in placed]
    return [one and (one.path, one.steps, one.prompts) for one in found]


def _reads_files(placed: Sequence[Placed], source: Source) -> bool:
    """Tell whether the page of *placed* shows episodes, or tasks that several suites share."""
    there = source.background
    return any(there.episodes(one.entry) or there.joined(one.entry) for one in placed)


def _led_to(slug: str, placed: Sequence[Placed], source: Source) -> list[object]:
    """Return the other pages and the files that the page of *placed* links."""
    entries = [one.entry for one in placed]
    files = [one.sha256 for one in entries]
    files += [one.sha256 for entry in entries for one in entry.attempts]
    return [
        source.models[placed[0].entry.model],
        [source.models.get(one.profile.base_model or "") for one in entries],
        source.family_pages.get(slug),
        [source.data.copies.paths.get(one) for one in files],
    ]


def _digest(value: object) -> bytes | None:
    """Return a digest of plain values; `None` where there can be none."""
    try:
        return hashlib.sha256(_ENCODER.encode(value)).digest()
    except (OverflowError, UnicodeEncodeError):  # beyond 64 bits, or half of a surrogate pair
        return None


def _plain(value: object) -> object:
    """Return what stands for a value that is no plain one."""
    if isinstance(value, Resolution):
        return None  # It follows from the facts of the entries of its board.
    raise NotImplementedError(type(value).__name__)  # a build must not pass over what it depends on


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_plain)
