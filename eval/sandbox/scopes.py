"""What a template reads from outside: names that it gives itself, at that place, are none."""

from collections.abc import Iterable, Sequence

from jinja2 import nodes

_OF_MACROS = {"caller", "varargs", "kwargs"}


def read_from_outside(tree: nodes.Template, given: Iterable[str] = ()) -> set[str]:
    """Return the names that *tree* reads and does not set before it reads them.

    A name that is set in one branch alone counts as set behind it. Names in *given* are those of
    the environment, such as `namespace`.
    """
    reader = _Reader(set(given))
    reader.read(tree.body)
    reader.read_macros()
    return reader.outside


class _Reader:
    """A walk in the order of execution, with the names that are set where it is."""

    def __init__(self, given: set[str]) -> None:
        self.outside: set[str] = set()
        self._scopes: list[set[str]] = [given, set()]
        self._later: list[tuple[nodes.Macro, list[set[str]]]] = []

    def read(self, parts: Iterable[nodes.Node | None]) -> None:
        """Read *parts* in order."""
        for part in parts:
            if part is not None:
                self._one(part)

    def read_macros(self) -> None:
        """Read the bodies of macros, which run when all that stands outside them may be set."""
        while self._later:
            macro, scopes = self._later.pop()
            self._scopes = [*scopes, {*_names(macro.args), *_OF_MACROS}]
            self.read(macro.body)

    def _one(self, node: nodes.Node) -> None:
        match node:
            case nodes.Name(ctx="load"):
                self._load(node.name)
            case nodes.Name():
                self._scopes[-1].add(node.name)
            case nodes.NSRef():
                self._load(node.name)
            case nodes.Assign():
                self.read([node.node, node.target])
            case nodes.AssignBlock():
                self.read([node.filter])
                self._inside(node.body)
                self.read([node.target])
            case nodes.For():
                self._for(node)
            case nodes.Macro():
                self.read(node.defaults)
                self._scopes[-1].add(node.name)
                self._later.append((node, list(self._scopes)))
            case _:
                self._other(node)

    def _other(self, node: nodes.Node) -> None:
        match node:
            case nodes.CallBlock():
                self.read([node.call, *node.defaults])
                self._inside(node.body, _names(node.args))
            case nodes.With():
                self.read(node.values)
                self._inside(node.body, _names(node.targets))
            case nodes.FilterBlock():
                self.read([node.filter])
                self._inside(node.body)
            case nodes.Scope() | nodes.ScopedEvalContextModifier() | nodes.Block():
                self._inside(node.iter_child_nodes())
            case nodes.Import():
                self.read([node.template])
                self._scopes[-1].add(node.target)
            case nodes.FromImport():
                self.read([node.template])
                taken = (one if isinstance(one, str) else one[1] for one in node.names)
                self._scopes[-1].update(taken)
            case _:
                self.read(node.iter_child_nodes())

    def _for(self, node: nodes.For) -> None:
        self.read([node.iter])
        targets = _names([node.target])
        self._inside([node.test], targets)
        self._inside(node.body, {*targets, "loop"})
        self._inside(node.else_)

    def _inside(self, parts: Iterable[nodes.Node | None], names: Iterable[str] = ()) -> None:
        """Read *parts* where *names* are set as well; what they set is not seen behind them."""
        self._scopes.append(set(names))
        self.read(parts)
        self._scopes.pop()

    def _load(self, name: str) -> None:
        if not any(name in scope for scope in self._scopes):
            self.outside.add(name)


def _names(targets: Sequence[nodes.Node]) -> set[str]:
    """Return the names that *targets*, names or tuples of them, set."""
    inner = (name for target in targets for name in target.find_all(nodes.Name))
    own = {target.name for target in targets if isinstance(target, nodes.Name)}
    return own | {name.name for name in inner}
