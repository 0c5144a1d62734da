"""Whether a host or an address may be reached. Pure: decides on what it is given and asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from appliance.config.addresses import Address, Reach, literal, plain_name, reach
from appliance.config.network import LOCALHOST, NetworkConfig, Rule
from appliance.errors import ApplianceError


class EgressRefusedError(ApplianceError, PermissionError):
    """Something was not allowed to leave this machine. Also a PermissionError, for libraries that know only those."""

    code = "egress"
    exit_status = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether something may be reached, and why."""

    allowed: bool
    reason: str
    rule: str = ""
    """The entry of `network.allow` that allows it, if one does."""

    def require(self) -> None:
        """Raise EgressRefusedError unless it is allowed."""
        if not self.allowed:
            remedy = "If it is meant to be reached, add it to network.allow; see docs/network.md."
            raise EgressRefusedError(self.reason, remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may be reached: this machine, what the rules name, and with `public` every public address.

    A name is allowed by its name, an address by a rule for addresses or because an allowed name has it. So a name has
    to pass twice: `on_host` before it is looked up, and `on_address` with each address that came back.
    """

    rules: tuple[Rule, ...] = ()
    allow_private: bool = False
    public: bool = False
    """For commands by which a person asks for the Internet, such as `appliance models fetch`; never for the daemon."""

    @classmethod
    def of(cls, config: NetworkConfig, *, public: bool = False) -> Self:
        """Return the policy of a configuration."""
        return cls(rules=config.rules, allow_private=config.allow_private, public=public)

    def on_host(self, host: str, port: int | None) -> Verdict:
        """Decide on a host as it is written: whether it may be looked up or, if it is an address, reached."""
        try:
            address = literal(host)
            name = plain_name(host) if address is None else ""
        except ValueError as error:
            return Verdict(allowed=False, reason=str(error))
        if address is not None:
            return self.on_address(address, port)
        if name == LOCALHOST:
            return Verdict(allowed=True, reason="this machine")
        for rule in self.rules:
            if rule.names(name, port):
                return Verdict(allowed=True, reason=f"network.allow lists {rule.text}", rule=rule.text)
        if self.public:
            return Verdict(allowed=True, reason="a person asked for the Internet")
        return Verdict(allowed=False, reason=f"{_at(name, port)} is not in network.allow")

    def on_address(self, address: Address, port: int | None, name: str = "") -> Verdict:
        """Decide on an address; `name` is the allowed host that has it, if it was looked up."""
        where = f"{_at(str(address), port)}{f', the address of {name},' if name else ''}"
        kind = reach(address)
        if kind is Reach.NEVER:
            return Verdict(
                allowed=False, reason=f"{where} is link-local, reserved or a cloud's metadata; never reached"
            )
        if kind is Reach.LOOPBACK and name in {"", LOCALHOST}:
            return Verdict(allowed=True, reason="this machine")
        for rule in self.rules:
            if rule.covers(address, port):
                return Verdict(allowed=True, reason=f"network.allow lists {rule.text}", rule=rule.text)
        if name and name != LOCALHOST:
            return self._on_address_of(name, kind, where)
        if kind is Reach.PUBLIC and self.public:
            return Verdict(allowed=True, reason="a person asked for the Internet")
        return Verdict(allowed=False, reason=f"{where} is not in network.allow")

    def _on_address_of(self, name: str, kind: Reach, where: str) -> Verdict:
        """Decide on an address that no rule for addresses covers, of a name that is allowed."""
        if kind is Reach.PUBLIC:
            return Verdict(allowed=True, reason=f"the address of {name}")
        if self.allow_private:
            return Verdict(allowed=True, reason=f"the address of {name}, and network.allow_private is true")
        unless = "list it in network.allow, or set network.allow_private"
        return Verdict(allowed=False, reason=f"{where} is {kind}; {unless}")


LOOPBACK_ONLY = Policy()
"""What holds when nothing is configured."""


def _at(host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"
