"""What a template's text tells before it is run: names that it reads, statements, attributes."""

import re
from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from .environment import compiled
from .scopes import read_from_outside

# Statements of Jinja that the engine of llama.cpp has not, by its common/jinja/parser.cpp.
_NOT_IN_LLAMA = {
    "autoescape": nodes.ScopedEvalContextModifier,
    "block": nodes.Block,
    "extends": nodes.Extends,
    "from": nodes.FromImport,
    "import": nodes.Import,
    "include": nodes.Include,
    "with": nodes.With,
}


def inspected(text: str) -> dict[str, Any]:
    """Return what the syntax tree of *text* shows, in plain values.

    Raises jinja2.TemplateSyntaxError.
    """
    environment = compiled(text).environment
    tree = environment.parse(text)
    literals = _literals(tree)
    return {
        "names": sorted(read_from_outside(tree, environment.globals)),
        "hidden": sorted(_hidden(_Folding(tree).visit(environment.parse(text)))),
        "literals": sorted(literals),
        "foreign": sorted(name for name, kind in _NOT_IN_LLAMA.items() if tree.find(kind)),
        "marks_generation": any(
            isinstance(call.call.node, nodes.ExtensionAttribute)
            for call in tree.find_all(nodes.CallBlock)
        ),
    }


class _Folding(NodeTransformer):
    """Puts texts in the place of what is made of texts alone, such as `'__cl' ~ 'ass__'`."""

    def __init__(self, tree: nodes.Template) -> None:
        """Know the names that *tree* sets once."""
        held: dict[str, list[nodes.Node]] = {}
        for node in tree.find_all(nodes.Assign):
            if isinstance(node.target, nodes.Name) and isinstance(node.node, nodes.Expr):
                held.setdefault(node.target.name, []).append(node.node)
        self._once = {name: values[0] for name, values in held.items() if len(values) == 1}
        self._within: set[str] = set()

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        """Take a name that is set once for what it is set to."""
        if node.ctx != "load" or node.name not in self._once or node.name in self._within:
            return node
        self._within.add(node.name)
        value = self.visit(self._once[node.name])
        self._within.discard(node.name)
        return value if isinstance(value, nodes.Const) else node

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        """Fold the parts of *node*, then *node*."""
        node = super().generic_visit(node, *args, **kwargs)
        inner = [*node.iter_child_nodes()]
        if not isinstance(node, nodes.Expr) or not inner or not all(map(_is_constant, inner)):
            return node
        try:
            value = node.as_const()
        except (ArithmeticError, LookupError, TypeError, ValueError, nodes.Impossible):
            return node
        return nodes.Const(value).set_lineno(node.lineno) if isinstance(value, str) else node


def _is_constant(node: nodes.Node) -> bool:
    if isinstance(node, nodes.List | nodes.Tuple):
        return all(map(_is_constant, node.iter_child_nodes()))
    return isinstance(node, nodes.Const)


_PART = re.compile(r"__[a-z]+|[a-z]+__")
"""What an attribute of the interpreter begins or ends in, where it is put together later."""


def _hidden(tree: nodes.Template) -> set[str]:
    """Return attributes that lead into the interpreter, such as `__class__`, or parts of one."""
    found = {node.attr for node in tree.find_all(nodes.Getattr)}
    found |= {str(_constant(node.arg)) for node in tree.find_all(nodes.Getitem)}
    for node in tree.find_all(nodes.Filter):
        if node.name == "attr":
            found |= {str(_constant(one)) for one in node.args}
    texts = (_constant(node) for node in tree.find_all(nodes.Const))
    parts = {text for text in texts if isinstance(text, str) and _PART.fullmatch(text)}
    return parts | {name for name in found if name.startswith("__")}


def _literals(tree: nodes.Template) -> set[str]:
    """Return every text that stands in the template itself."""
    found = {node.data for node in tree.find_all(nodes.TemplateData)}
    texts = (_constant(node) for node in tree.find_all(nodes.Const))
    return found | {text for text in texts if isinstance(text, str)}


def _constant(node: nodes.Node) -> object:
    return node.value if isinstance(node, nodes.Const) else None
