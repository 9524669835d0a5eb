"""Who may do what: tokens, their roles, and the rights they give on a repo."""

import math
from dataclasses import dataclass
from typing import Literal

from .refusals import OFFER_PR, READ_TOKEN, gated, no_account, no_repo, no_rights
from .repo import Repo

Role = Literal["read", "write", "none"]


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user as one token shows him; role "none" is a fine-grained token without any scope."""

    user: str
    role: Role
    organisations: tuple[str, ...] = ()
    only: str = ""
    """The one repo that the token is for, if it is for one."""
    until: float = math.inf

    def is_member(self, namespace: str) -> bool:
        """Tell whether the namespace is the user's own or one of his organisations."""
        return namespace == self.user or namespace in self.organisations


# Ana belongs to the organisations that a Hub is started with, Ben to none.
WRITE_TOKEN = "hf_ana_writes_here"
READ_TOKEN_OF_ANA = "hf_ana_only_reads"
BARE_TOKEN = "hf_ana_no_scopes"
GUEST_TOKEN = "hf_ben_is_a_guest"


def default_accounts(organisations: tuple[str, ...]) -> dict[str, Account]:
    """Return the accounts by token that every new Hub knows."""
    return {
        WRITE_TOKEN: Account(user="ana", role="write", organisations=organisations),
        READ_TOKEN_OF_ANA: Account(user="ana", role="read", organisations=organisations),
        BARE_TOKEN: Account(user="ana", role="none", organisations=organisations),
        GUEST_TOKEN: Account(user="ben", role="write"),
        "ghs_asks_who_runs": Account(user="github", role="none"),
    }


def account_for(accounts: dict[str, Account], authorization: str, now: float) -> Account | None:
    """Return the account of an `Authorization` header, None for an anonymous request."""
    if not authorization:
        return None
    account = accounts.get(authorization.removeprefix("Bearer ").strip())
    if account is None or account.until <= now:
        raise no_account()
    return account


def may_read(account: Account | None, repo: Repo) -> bool:
    """Tell whether a repo exists as far as this account can see."""
    if not repo.private:
        return True
    if account is not None and account.only == repo.key:
        return True
    return account is not None and account.role != "none" and account.is_member(repo.namespace)


def check_read(account: Account | None, repo: Repo | None) -> Repo:
    """Return the repo, or refuse it as missing."""
    if repo is None or not may_read(account, repo):
        raise no_repo(anonymous=account is None)
    if repo.disabled:
        raise no_rights("Access to this resource is disabled.")
    return repo


def check_files(account: Account | None, repo: Repo) -> None:
    """Refuse the files of a gated repo to strangers."""
    if repo.gated and (account is None or not account.is_member(repo.namespace)):
        raise gated(repo.id)


def has_write(account: Account, repo: Repo) -> bool:
    """Tell whether the user, whatever his token's role, may write to a repo."""
    if account.only:
        return account.only == repo.key
    if repo.writers is not None:
        return account.user in repo.writers
    return account.is_member(repo.namespace)


def check_token(account: Account | None) -> Account:
    """Return the account if its token may write at all."""
    if account is None:
        raise no_account()
    if account.role != "write":
        raise no_rights(READ_TOKEN)
    return account


def check_write(account: Account | None, repo: Repo, *, pull_request: bool = False) -> Account:
    """Return the account if it may commit, or (for a pull request) propose a commit."""
    checked = check_token(account)
    if not pull_request and not has_write(checked, repo):
        raise no_rights(OFFER_PR)
    return checked


def check_namespace(account: Account | None, namespace: str, kind: str) -> Account:
    """Return the account if it may create repos in a namespace."""
    if account is None:
        raise no_account()
    if account.role != "write" or not account.is_member(namespace):
        text = f'You don\'t have the rights to create a {kind} under the namespace "{namespace}"'
        raise no_rights(text)
    return account
