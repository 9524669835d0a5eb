"""The one family of errors that a user sees: what happened, where, and what to do."""

import click


class CardboardError(click.ClickException):
    """Say what happened, in which file and key, and what to do about it.

    `exit_code` 1 means that something was found wrong, 2 that the command was used wrongly.
    """

    def __init__(
        self, what: str, *, file: str | None = None, key: str | None = None, remedy: str = ""
    ) -> None:
        self.what, self.file, self.key, self.remedy = what, file, key, remedy
        place = ": ".join(part for part in (file, key) if part)
        super().__init__("\n".join(filter(None, (f"{place}: {what}" if place else what, remedy))))


class ConfigError(CardboardError):
    """A workspace's `board.toml` or `models.toml` cannot be used as it stands."""

    exit_code = 2


class RecordError(CardboardError):
    """A file does not hold what a result file must hold."""


class UsageError(CardboardError):
    """The command was given something that cannot be meant."""

    exit_code = 2


class MissingExtra(CardboardError):
    """A command needs an optional part that is not installed."""

    exit_code = 2

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed",
            remedy=f"Install it with: pip install 'cardboard[{extra}]'",
        )


class DeadEngine(CardboardError):
    """The engine is gone or out of memory: the run ends as failed and keeps what is done."""
