"""Head sampling: whether a trace is looked at, decided by a keyed hash of its id.

The decision depends on nothing but id, salt and rate, so that every process, machine and re-run makes the same one,
and a higher rate keeps everything that a lower one kept.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct


class HeadSampler(Struct, frozen=True, kw_only=True):
    """Keeps a share of ``rate`` of all ids; ValueError for a rate outside (0, 1].

    ``salt`` makes the choice independent of another sampler's before it. Where both used the same salt, the second
    would keep all or nothing of what the first kept, and the stored inclusion probability would be wrong.
    """

    #: Inclusion probability of an id.
    rate: float = 1.0
    salt: str = ""

    def __post_init__(self) -> None:
        if not 0.0 < self.rate <= 1.0:
            raise ValueError("a sampling rate is greater than 0 and at most 1")

    def keeps(self, identifier: str) -> bool:
        """Whether this id is in the sample."""
        key = hashlib.sha256(self.salt.encode()).digest()
        hashed = hashlib.blake2b(identifier.encode("utf-8", "replace"), key=key, digest_size=8, person=b"wd-sample")
        return int.from_bytes(hashed.digest()) < self.rate * 2**64
