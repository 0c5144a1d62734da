"""Which keys may sign an audit trail, and how far their signatures reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from appliance.audit.chain import Checkpoint
from appliance.audit.keys import is_signed_by, key_id


@dataclass(slots=True)
class Keys:
    """The keys that the records of a trail name."""

    introduced: list[tuple[int, bytes, bytes | None]] = field(default_factory=list)
    """The record, the key, and the one before, which signs that record."""
    presumed: list[bytes] = field(default_factory=list)

    def introduce(self, seq: int, public: bytes, previous: bytes | None) -> None:
        """A record puts a key into force."""
        self.introduced.append((seq, public, previous))

    def presume(self, public: bytes) -> None:
        """A record about pruning names the key that was in force."""
        self.presumed.append(public)

    def first(self) -> dict[str, bytes]:
        """Return the keys to believe when nobody has named one."""
        named = [key for _, public, previous in self.introduced[:1] for key in (previous, public) if key]
        return {key_id(public): public for public in named or self.presumed[:1]}

    def in_force(self, checkpoint: Checkpoint) -> bool:
        """Tell whether the key of a checkpoint was in force at its record, as far as the trail tells."""
        allowed = None
        for seq, public, previous in self.introduced:
            if allowed is None and previous is not None:
                allowed = previous
            if checkpoint.seq > seq or (previous is None and checkpoint.seq == seq):
                allowed = public
        return allowed is None or key_id(allowed) == checkpoint.key_id


class Signatures:
    """Checks signatures. A key is believed when it is trusted, or when a believed key has put it into force.

    Args:
        checkpoints: Of the trail.
        hashes: What the records at the checkpoints have for hashes.
        named: The keys that its records name.
        trusted: Keys by their ids; without any the first of the trail.
    """

    def __init__(
        self, checkpoints: Sequence[Checkpoint], hashes: Mapping[int, bytes], named: Keys, trusted: Mapping[str, bytes]
    ) -> None:
        self._checkpoints = checkpoints
        self._hashes = hashes
        self._valid: dict[Checkpoint, bool] = {}
        self.keys = dict(trusted) or named.first()
        self.signed_upto = self._reach(named)
        while self._believe(named):
            self.signed_upto = self._reach(named)

    def is_valid(self, checkpoint: Checkpoint) -> bool:
        """Tell whether a believed key has signed this."""
        if checkpoint.key_id not in self.keys:
            return False
        if checkpoint not in self._valid:
            self._valid[checkpoint] = is_signed_by(checkpoint, self.keys[checkpoint.key_id])
        return self._valid[checkpoint]

    def _reach(self, named: Keys) -> int:
        """Return the last record that a signature covers."""
        sound = (
            checkpoint.seq
            for checkpoint in reversed(self._checkpoints)
            if self._hashes.get(checkpoint.seq) == checkpoint.hash
            and self.is_valid(checkpoint)
            and named.in_force(checkpoint)
        )
        return next(sound, 0)

    def _believe(self, named: Keys) -> bool:
        """Believe the keys of records that are covered; tell whether there were new ones.

        A later key needs the signature of the one before at its very record: one that somebody has smuggled in may
        have been covered since.
        """
        believed: list[bytes] = []
        for index, (seq, public, previous) in enumerate(named.introduced):
            if seq > self.signed_upto:
                break
            if previous is not None:
                believed.append(previous)
            if index == 0 if previous is None else self._endorses(seq, previous):
                believed.append(public)
        new = {key_id(public): public for public in believed}.items() - self.keys.items()
        self.keys.update(new)
        return bool(new)

    def _endorses(self, seq: int, previous: bytes) -> bool:
        return any(
            is_signed_by(checkpoint, previous)
            for checkpoint in self._checkpoints
            if checkpoint.seq == seq and self._hashes.get(seq) == checkpoint.hash
        )
