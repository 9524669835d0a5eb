"""Which results are of one model: names folded, and the parts of identities compared."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from ...eval.identity import (
    HASHES,
    TELLING,
    Identity,
    fold,
    identity_of,
    is_hash,
    outweighed,
)
from ...eval.records import Model
from ..model import Reading
from ..words.findings import SEVERITY_OF, Finding, Value
from ..workspace.settings import Workspace
from .labels import labels, values_of
from .profiles import Directory, Named, spelled


class Placed(Struct, frozen=True, kw_only=True):
    """What one result is a result of."""

    named: Named
    """With what tells it from other models of its name, where there are such."""
    plain: str
    """The name alone."""
    findings: tuple[Finding, ...] = ()


def told(code: str, reading: Reading, workspace: Workspace, **values: Value) -> tuple[Finding, ...]:
    """Return the finding *code* with the severity of the policy; none where that is off."""
    verdict = workspace.verdict(code)
    if verdict == "off":
        return ()
    severity = SEVERITY_OF[verdict]
    file, sha256 = reading.file, reading.sha256
    return (Finding(code=code, severity=severity, file=file, sha256=sha256, values=values),)


def models_of(readings: Iterable[Reading], workspace: Workspace) -> dict[str, Placed]:
    """Return what each of *readings*, which hold results, is a result of, by its identity.

    Results of one name are of one model unless parts of their identities differ that both know. One
    that lacks such a part is of the only model that it fits; where it fits several, it is apart.
    """
    directory = Directory(workspace)
    groups: dict[str, list[_Member]] = defaultdict(list)
    for reading in readings:
        member = _member(reading, directory)
        groups[fold(member.named.name)].append(member)
    found: dict[str, Placed] = {}
    for members in groups.values():
        found |= _grouped(members, directory, workspace)
    return found


class _Member(NamedTuple):
    """One result of a name."""

    reading: Reading
    model: Model
    named: Named
    identity: Identity


def _member(reading: Reading, directory: Directory) -> _Member:
    assert reading.result is not None
    model, protocol = reading.result.model, reading.result.protocol
    identity = identity_of(model, protocol.thinking, protocol.extra)
    return _Member(reading, model, directory.name(model), identity)


def _grouped(
    members: Sequence[_Member], directory: Directory, workspace: Workspace
) -> dict[str, Placed]:
    """Return the places of all results of one name."""
    named = _shown(members)
    identities = [one.identity for one in members]
    models = [_Class(members=tuple(range(len(members))))]
    if not named.profile.merge:
        models = _classes(identities)
    names = [named.name]
    if len(models) > 1:
        told_by = [values_of([identities[number] for number in one.members]) for one in models]
        names = labels(told_by, named.name)
    found = {}
    for one, label in zip(models, names, strict=True):
        known = directory.told(label) if label != named.name else None
        mine = known or (named if label == named.name else replace(named, name=label, own=False))
        for number in one.members:
            member = members[number]
            findings = _spelling(member, named, workspace)
            if one.unclear:
                findings += told("identity-unclear", member.reading, workspace)
            elif lacking := one.lacking(member.identity):
                findings += told(
                    "identity-joined", member.reading, workspace, missing=", ".join(lacking)
                )
            found[member.reading.identity] = Placed(named=mine, plain=named.name, findings=findings)
    return found


def _shown(members: Sequence[_Member]) -> Named:
    """Return the name as most results spell it, or as models.toml does."""
    if len(members) == 1:
        return members[0].named
    counts = Counter(one.named.name for one in members)
    name = min(counts, key=lambda one: (-counts[one], one))
    return next(one.named for one in members if one.named.name == name)


def _spelling(member: _Member, named: Named, workspace: Workspace) -> tuple[Finding, ...]:
    written = spelled(member.model)
    if written == named.name or fold(written) != fold(named.name):
        return ()  # a name of its own, which models.toml gives to this model
    return told("name-variant", member.reading, workspace, written=written, name=named.name)


class _Class(Struct, frozen=True, kw_only=True):
    """Results of one model, by their numbers."""

    members: tuple[int, ...]
    known: frozenset[str] = frozenset()
    """The parts that some member knows."""
    unclear: bool = False
    """Whether it lacks what would tell which of several models it is."""

    def lacking(self, identity: Identity) -> list[str]:
        """Return the parts of the model that *identity* leaves open."""
        if not self.known:
            return []
        adapted = identity.adapter is not None
        parts = self.known - outweighed(self.known & _known(identity), adapted)
        return [name for name in TELLING if name in parts - _known(identity)]


_Shape = tuple[frozenset[str], bool]
"""The parts that an identity knows, and whether there is an adapter."""
_Node = tuple[_Shape, tuple[object, ...]]
"""Identities of one shape that do not differ."""


def _known(identity: Identity) -> frozenset[str]:
    return frozenset(name for name in TELLING if getattr(identity, name) is not None)


def _classes(identities: Sequence[Identity]) -> list[_Class]:
    """Return the models that *identities* are of, in an order that does not depend on theirs."""
    if len(set(identities)) == 1:
        return [_Class(members=tuple(range(len(identities))))]
    whole = _filled_in(_lengthened(identities))
    distinct = list(dict.fromkeys(whole))
    shape_of = {one: (_known(one), one.adapter is not None) for one in distinct}
    node_of = {one: (shape_of[one], _key(one, _common(*[shape_of[one]] * 2))) for one in distinct}
    if len(set(node_of.values())) == 1:
        return [_Class(members=tuple(range(len(whole))))]
    near = _near(distinct, shape_of, node_of)
    home: dict[_Node, _Node] = {}
    for node, others in near.items():
        clear = [other for other in others if near[other] is not None] if others else []
        home[node] = min((node, *clear), key=_order) if others is not None else node
    members: dict[_Node, list[int]] = defaultdict(list)
    for number, one in enumerate(whole):
        members[home[node_of[one]]].append(number)
    return [
        _Class(
            members=tuple(members[node]),
            known=frozenset().union(*(shape_of[whole[n]][0] for n in members[node])),
            unclear=near[node] is None,
        )
        for node in sorted(members, key=_order)
    ]


def _near(
    distinct: Sequence[Identity],
    shape_of: Mapping[Identity, _Shape],
    node_of: Mapping[Identity, _Node],
) -> dict[_Node, list[_Node] | None]:
    """Return for each node the others that nothing sets apart from it.

    `None` where these differ among themselves: it fits several models. Shapes are few, so that many
    identities cost no pairs.
    """
    shapes = sorted(set(shape_of.values()), key=_shape_order)
    index: dict[tuple[_Shape, _Shape], dict[tuple[object, ...], set[_Node]]] = {}
    for one in distinct:
        for shape in shapes:
            key = _key(one, _common(shape, shape_of[one]))
            table = index.setdefault((shape, shape_of[one]), defaultdict(set))
            table[key].add(node_of[one])
    fits: dict[_Node, set[_Node]] = defaultdict(set)
    for one in distinct:
        for shape in shapes:
            table = index.get((shape_of[one], shape), {})
            fits[node_of[one]] |= table.get(_key(one, _common(shape_of[one], shape)), set())
    found: dict[_Node, list[_Node] | None] = {}
    for node, matches in fits.items():
        others = sorted(matches - {node}, key=_order)
        shaped = Counter(other[0] for other in others)
        split = max(shaped.values(), default=0) > 1 or any(
            b not in fits[a] for a, b in combinations(others, 2)
        )
        found[node] = None if split else others
    return found


def _common(one: _Shape, other: _Shape) -> tuple[str, ...]:
    """Return the parts by which identities of two shapes are compared."""
    both = one[0] & other[0]
    return tuple(sorted(both - outweighed(both, one[1] or other[1])))


def _key(identity: Identity, names: Iterable[str]) -> tuple[object, ...]:
    return tuple(getattr(identity, name) for name in names)


def _shape_order(shape: _Shape) -> tuple[int, list[str], bool]:
    return -len(shape[0]), sorted(shape[0]), shape[1]


def _order(node: _Node) -> tuple[object, ...]:
    return (*_shape_order(node[0]), tuple(map(str, node[1])))


def _lengthened(identities: Sequence[Identity]) -> list[Identity]:
    """Return *identities* with each shortened hash written out as far as another one tells it."""
    found = list(identities)
    for part in HASHES:
        values = sorted({value for one in found if is_hash(value := getattr(one, part))})
        ends = [*values[1:], ""]
        whole = [one for one, after in zip(values, ends, strict=False) if after[: len(one)] != one]
        longer = {}
        for value in set(values) - set(whole):
            first, *more = whole[bisect_left(whole, value) :][:2]
            if not any(one.startswith(value) for one in more):
                longer[value] = first
        if longer:
            found = [
                replace(one, **{part: longer[value]})
                if (value := getattr(one, part)) in longer
                else one
                for one in found
            ]
    return found


_DECIDED_BY = (("revision", "weights_sha256"), ("adapter_revision", "adapter_sha256"))


def _filled_in(identities: Sequence[Identity]) -> list[Identity]:
    """Return *identities* with the hash that another one tells for the same revision."""
    found = list(identities)
    for place, content in _DECIDED_BY:
        seen: dict[str, set[str]] = defaultdict(set)
        for one in found:
            if getattr(one, place) is not None and getattr(one, content) is not None:
                seen[getattr(one, place)].add(getattr(one, content))
        only = {revision: min(hashes) for revision, hashes in seen.items() if len(hashes) == 1}
        found = [
            replace(one, **{content: only[getattr(one, place)]})
            if getattr(one, content) is None and getattr(one, place) in only
            else one
            for one in found
        ]
    return found
