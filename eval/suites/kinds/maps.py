"""Maps that all have the same keys, held as records: they are read in less time."""

from collections.abc import Iterator, Sequence
from operator import attrgetter, itemgetter
from typing import Any, ClassVar, cast

from msgspec import Struct, defstruct


class Fixed(Struct, frozen=True, eq=False, gc=False):
    """A map whose keys were known before it was read; it is asked as any other map."""

    places: ClassVar[dict[str, str]] = {}
    """The attribute of each key."""

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self.places[key])

    def __contains__(self, key: object) -> bool:
        return key in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def get(self, key: str, default: Any = None) -> Any:
        """Return what stands under *key*."""
        return getattr(self, self.places[key]) if key in self.places else default

    def keys(self) -> Sequence[str]:
        """Return all keys, in their order."""
        return list(self.places)

    def items(self) -> Sequence[tuple[str, Any]]:
        """Return all keys with what stands under them."""
        return [(key, getattr(self, place)) for key, place in self.places.items()]

    def values(self) -> Sequence[Any]:
        """Return what stands under all keys."""
        return [getattr(self, place) for place in self.places.values()]


def fixed(keys: Sequence[str], kind: Any) -> type[Fixed]:
    """Return maps with exactly *keys*, which hold values of *kind*.

    Raises `ValueError` for a key that JSON writes with an escape: such maps stay as they are.
    """
    places = {key: f"at{number}" for number, key in enumerate(keys)}
    made = defstruct(
        "Fixed",
        [(place, kind) for place in places.values()],
        bases=(Fixed,),
        namespace={"places": places, "__annotations__": {"places": ClassVar[dict[str, str]]}},
        rename=dict(zip(places.values(), keys, strict=True)),
        forbid_unknown_fields=True,
        frozen=True,
        eq=False,
        gc=False,
    )
    return cast(type[Fixed], made)


def column(maps: Sequence[Any], key: str) -> list[Any]:
    """Return what each of *maps* has under *key*, `None` where it has nothing."""
    kind: type[Any] = type(maps[0]) if maps else dict
    try:
        if issubclass(kind, Fixed):
            place = kind.places.get(key)
            return [None] * len(maps) if place is None else list(map(attrgetter(place), maps))
        return list(map(itemgetter(key), maps))
    except (AttributeError, KeyError):
        return [told.get(key) for told in maps]
