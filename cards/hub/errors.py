"""What can go wrong on the Hub or in a folder: as many kinds as there are remedies."""


class HubError(Exception):
    """A request that did not end well; it says why in words that hold no token."""

    def __init__(self, why: str = "") -> None:
        self.why = why
        super().__init__(why)


class Denied(HubError):
    """We may not do this (401, 403): nothing was changed, and asking again does not help."""


class Unfit(Denied):
    """The token itself is no use (401, or it may only read): a pull request is not to be had."""


class NoPublisher(Denied):
    """The repository trusts no run like this one; *remedy* says what it would have to trust."""

    def __init__(self, why: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(why)


class Gated(Denied):
    """Its files are for those who were let in; a pull request needs them as well."""


class Disabled(Denied):
    """The Hub itself has disabled the repository: nobody can write to it or propose anything."""


class Silent(Denied):
    """The repository has no discussions, so nobody can open a pull request there."""


class Gone(HubError):
    """The repository is not there, or not for us to see."""


class Stale(HubError):
    """Somebody committed since we looked (412): nothing was changed."""


class Busy(HubError):
    """Another commit is being made right now (409): nothing was changed."""


class Limited(HubError):
    """A quota is spent (429): nothing was changed; *seconds* until it is not, if that was told."""

    def __init__(self, why: str, seconds: float | None) -> None:
        self.seconds = seconds
        super().__init__(why)


class Rejected(HubError):
    """The Hub does not take what we sent: nothing was changed, and sending it again is no use."""


class Ignored(Rejected):
    """The repository's own .gitignore keeps our file out of every commit: nothing was changed."""


class Large(Rejected):
    """The README is kept in large file storage, where the Hub reads no metadata."""


class Unclear(HubError):
    """The answer is lost or no answer of a Hub's: what was asked may have been done."""


class Stopped(Exception):
    """The user ended the push; what was begun is in the journal."""
