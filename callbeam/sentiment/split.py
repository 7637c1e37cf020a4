"""Train, validation or test: decided by a hash, so that a person's calls stay together in every run."""

from __future__ import annotations

import hashlib

TRAIN = "train"
VALIDATION = "validation"
TEST = "test"

TRAIN_SHARE = 0.8
VALIDATION_SHARE = 0.1
"""What remains is for tests."""


def split_group(subject_key: str | None, first_contact_id: str | None, call_id: str) -> str:
    """Return what must not lie in two splits: the person, else the chain of contacts, else the call.

    Parameters
    ----------
    subject_key : str or None
        Names the person pseudonymously, where records tell.
    first_contact_id : str or None
        The first contact of a chain of transfers and callbacks, where records tell.
    call_id : str
    """
    return subject_key or first_contact_id or call_id


def split(group: str, salt: str = "") -> str:
    """Return the split of a group: the first 32 bits of SHA-256 of ``<salt>:<group>``, as a share of 1, decide.

    Parameters
    ----------
    group : str
    salt : str
        Another salt deals the groups anew.

    Returns
    -------
    str
        ``train`` below 0.8, ``validation`` below 0.9, else ``test``.

    Examples
    --------
    >>> split("0f5cbb4b-9c5c-4d0a-8e1e-2b4a1d6f7c11")
    'train'
    """
    digest = hashlib.sha256(f"{salt}:{group}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    if share < TRAIN_SHARE:
        return TRAIN
    return VALIDATION if share < TRAIN_SHARE + VALIDATION_SHARE else TEST
