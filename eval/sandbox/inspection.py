"""What a template's text tells before it is run: names that it reads, statements, attributes."""

from typing import Any

from jinja2 import meta, nodes

from .environment import compiled

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
    return {
        "names": sorted(meta.find_undeclared_variables(tree)),
        "hidden": sorted(_hidden(tree)),
        "literals": sorted(_literals(tree)),
        "foreign": sorted(name for name, kind in _NOT_IN_LLAMA.items() if tree.find(kind)),
        "marks_generation": any(
            isinstance(call.call.node, nodes.ExtensionAttribute)
            for call in tree.find_all(nodes.CallBlock)
        ),
    }


def _hidden(tree: nodes.Template) -> set[str]:
    """Return the attributes that lead into the interpreter, such as `__class__`."""
    found = {node.attr for node in tree.find_all(nodes.Getattr)}
    found |= {str(_constant(node.arg)) for node in tree.find_all(nodes.Getitem)}
    for node in tree.find_all(nodes.Filter):
        if node.name == "attr":
            found |= {str(_constant(one)) for one in node.args}
    return {name for name in found if name.startswith("__")}


def _literals(tree: nodes.Template) -> set[str]:
    """Return every text that stands in the template itself."""
    found = {node.data for node in tree.find_all(nodes.TemplateData)}
    texts = (_constant(node) for node in tree.find_all(nodes.Const))
    return found | {text for text in texts if isinstance(text, str)}


def _constant(node: nodes.Node) -> object:
    return node.value if isinstance(node, nodes.Const) else None
