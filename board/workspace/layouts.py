"""A workspace's templates: where they are looked up, what they may do, and how they fail."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import IOBase
from pathlib import PurePath
from types import ModuleType

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ...eval.errors import ConfigError
from .overrides import TEMPLATES

PACKAGE = "cardboard"
"""`{% extends "cardboard/card.md.jinja" %}` takes the package's, to change blocks of it."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Run templates that came with a workspace: they read values, and change and open nothing."""

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Tell whether a template may read *attr* of *obj*."""
        if isinstance(obj, PurePath | IOBase | ModuleType):
            return False
        return super().is_safe_attribute(obj, attr, value)


def loader(templates: Mapping[str, str], *folders: str) -> BaseLoader:
    """Return what finds templates: those of a workspace first, then the package's in *folders*.

    *templates* are texts by their path below `templates/`.
    """
    packaged = [PackageLoader(PACKAGE, folder) for folder in folders]
    if not templates:
        return packaged[0] if len(packaged) == 1 else ChoiceLoader(packaged)
    own: dict[str, str] = {}
    for folder in reversed(folders):
        start = f"{folder.removeprefix('templates').strip('/')}/".lstrip("/")
        own |= {one.removeprefix(start): one for one in templates if one.startswith(start)}

    package = PrefixLoader({PACKAGE: PackageLoader(PACKAGE)})
    return ChoiceLoader([_Own(own, templates), *packaged, package])


class _Own(BaseLoader):
    """A workspace's templates, each told by its file where it fails."""

    def __init__(self, names: Mapping[str, str], texts: Mapping[str, str]) -> None:
        self._names, self._texts = names, texts

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        """Return the text of *template* and its file; raise `TemplateNotFound`."""
        if template not in self._names:
            raise TemplateNotFound(template)
        name = self._names[template]
        return self._texts[name], f"{TEMPLATES}/{name}", None

    def list_templates(self) -> list[str]:
        """Return the names of all."""
        return sorted(self._names)


@contextmanager
def own_faults(templates: Mapping[str, str]) -> Iterator[None]:
    """Turn what a workspace's templates do wrong into a `ConfigError` that names the file."""
    if not templates:
        yield
        return
    try:
        yield
    except (TemplateError, TypeError, AttributeError, ZeroDivisionError, OverflowError) as error:
        file, line = _place(error, templates)
        raise ConfigError(
            f"cannot be used: {error}",
            file=file,
            key=f"line {line}" if line else None,
            remedy="`cardboard eject` copies the package's as it is now, to begin again from it.",
        ) from error


def check_templates(templates: Mapping[str, str]) -> None:
    """Raise `ConfigError` for the first of a workspace's templates that is not written as one."""
    environment = Sandbox()
    for name, text in templates.items():
        with own_faults(templates):
            environment.parse(text, name, f"{TEMPLATES}/{name}")


def _place(error: Exception, templates: Mapping[str, str]) -> tuple[str, int | None]:
    """Return the template of a workspace and the line in it where *error* happened."""
    known = {f"{TEMPLATES}/{name}" for name in templates}
    if isinstance(error, TemplateSyntaxError) and error.filename in known:
        return str(error.filename), error.lineno
    found: tuple[str, int | None] = (TEMPLATES, None)
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in known:
            found = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    return found
