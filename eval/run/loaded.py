"""The model of a run: loaded when it is first asked, kept for all adapters, replaced if it dies."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ..backends.adapters import lacking
from ..backends.registry import SWAPPING, open_backend
from ..engine import Adaptable, Backend
from ..errors import UsageError
from ..prompts.prompts import Built
from ..suites.suite import Suite
from .outcomes import STOPS, at
from .progress import Watch
from .request import Request


class Loaded:
    """A model that stays loaded from one request to the next; they differ in the adapter alone."""

    def __init__(self, backend: Backend | None = None) -> None:
        """Begin with *backend*, which whoever opened it closes, or with nothing loaded yet."""
        self._backend, self._foreign = backend, backend is not None
        self._refusal: BaseException | None = None
        self._built: dict[bytes, Built] = {}
        self.loads = 0
        """How often the model was loaded."""

    @property
    def spent(self) -> bool:
        """Tell whether the model was here, died, and could not be loaded again in this process."""
        return self._refusal is not None and self.loads > 0

    def ready(self, request: Request, suite: Suite, watch: Watch) -> Backend:
        """Return a backend that answers as *request* wants it.

        What keeps the model itself from being loaded would keep it again, and is raised again
        without a try. Raises UsageError for an adapter that is not whole or not for this model.
        """
        adapter = request.options.adapter
        if adapter is not None and (lack := lacking(adapter)) is not None:
            error = UsageError(
                f"cannot be loaded: {lack}",
                key=Path(adapter).name,
                remedy="Copy it again; then the same command goes on with it.",
            )
            error.add_note("while loading the adapter")
            raise error
        fresh = self._backend is None
        backend = self._backend or self._open(request, suite, watch)
        if isinstance(backend, Adaptable):
            base = backend.account.load_seconds if fresh else None
            with at("loading the adapter"):
                backend.use(adapter)
            if base is not None and adapter is not None:  # the first one waited for both
                seconds = round(base + (backend.account.load_seconds or 0.0), 3)
                backend.account = replace(backend.account, load_seconds=seconds)
        elif not fresh and adapter is not None:
            raise UsageError(f"{request.backend} cannot change adapters", key="--adapter")
        return backend

    def prompts(self, asked: object, build: Callable[[], Built]) -> Built:
        """Return what *build* makes of *asked*, or made of it before through the same template.

        Adapters of one model mostly share it, and its rendering takes longer than a small adapter.
        One that shows the date is rendered anew.
        """
        template = self._backend.template if self._backend is not None else None
        if template is None or "strftime_now" in template.text:
            return build()
        key = msgspec.json.encode((template, asked), order="deterministic")
        if key not in self._built:
            self._built = {key: build()}
        return self._built[key]

    def drop(self) -> None:
        """Give up a model that broke down: the next request loads it anew."""
        backend, self._backend = self._backend, None
        foreign, self._foreign = self._foreign, False
        if backend is None or foreign:
            return
        try:
            backend.close()
        except STOPS:
            raise
        except BaseException:  # noqa: BLE001  # it is dead already, and its end has been told
            return

    def close(self) -> None:
        """Close what was opened here."""
        if self._backend is not None and not self._foreign:
            self._backend.close()
        self._backend = None

    def _open(self, request: Request, suite: Suite, watch: Watch) -> Backend:
        if self._refusal is not None:
            raise self._refusal
        watch.say(f"Loading {request.model.id} ({request.backend})")
        options = request.options
        if request.backend in SWAPPING:  # so that a bad adapter does not look like a bad model
            options = replace(options, adapter=None)
        try:
            with at("loading the model"):
                self._backend = open_backend(request.backend, options, suite.of_kind, suite.rows)
        except STOPS:
            raise
        except BaseException as error:
            self._refusal = error
            raise
        self.loads += 1
        return self._backend
