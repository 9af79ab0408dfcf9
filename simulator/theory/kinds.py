"""The kinds of case: what the parameters of each are, and which system they describe."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from policy.errors import InputError
from policy.explain import closest
from simulator.theory.system import Service, System

MOST_AGENTS: Final = 10_000
MOST_CLASSES: Final = 100
MOST_TIERS: Final = 20
SERVICES: Final = ("exp", "det", "erlang4", "uniform0_2m", "lognormal_cv1.5")
_ERLANG: Final = re.compile(r"erlang([1-9]\d{0,2})")
_LOGNORMAL: Final = re.compile(r"lognormal_cv(\d(?:\.\d{1,6})?)")
_BACK: Final = re.compile(r"deescalate_(\d{1,2})_to_(\d{1,2})")


class Params:
    """The parameters of a case, read one by one; ``refuse`` makes the error about one of them."""

    def __init__(self, given: Mapping[str, Any], refuse: Callable[[str, str], InputError]) -> None:
        """Take the parameters as they stand in the file."""
        self.given = given
        self.refuse = refuse

    def has(self, key: str) -> bool:
        """Return whether a parameter is given."""
        return key in self.given

    def positive(self, key: str) -> float:
        """Return a number above 0."""
        return self._number(key, self._required(key))

    def natural(self, key: str) -> int:
        """Return a whole number of agents."""
        return self._agents(key, self._required(key))

    def optional(self, key: str) -> float | None:
        """Return a number of at least 0, or ``None`` where it is not given."""
        return self._number(key, self.given[key], lowest=0.0) if key in self.given else None

    def list_of(self, key: str) -> list[Any]:
        """Return a list that is not empty."""
        found = self._required(key)
        if not isinstance(found, list) or not found:
            raise self._wrong(key, found, "a list")
        return found

    def rates(self, key: str) -> tuple[float, ...]:
        """Return a number above 0 for each class; one number is one class."""
        found = self._required(key)
        if not isinstance(found, list):
            return (self._number(key, found),)
        if not 1 <= len(found) <= MOST_CLASSES:
            raise self._wrong(key, found, f"1 to {MOST_CLASSES} numbers")
        return tuple(self._number(f"{key}[{n}]", one) for n, one in enumerate(found))

    def by_class(self, key: str, classes: int) -> list[tuple[str, Any]]:
        """Return a parameter for each class, with its place; one value is the same for all."""
        found = self._required(key)
        if not isinstance(found, list):
            return [(key, found)] * classes
        if len(found) != classes:
            raise self._wrong(key, found, f"one value for each of the {classes} classes in lam")
        return [(f"{key}[{n}]", one) for n, one in enumerate(found)]

    def share(self, key: str, value: Any) -> float:
        """Return a probability."""
        return self._number(key, value, lowest=0.0, highest=1.0)

    def means(self, key: str, classes: int) -> list[float]:
        """Return a mean for each class."""
        return [self._number(place, one) for place, one in self.by_class(key, classes)]

    def services(self, classes: int) -> tuple[tuple[Service, ...], ...]:
        """Return the service of each class from ``ES`` and ``service``, in one tier."""
        names = self.by_class("service", classes) if self.has("service") else [("service", "exp")] * classes
        means = self.means("ES", classes)
        return tuple((self.service(*name, mean),) for name, mean in zip(names, means, strict=True))

    def exponentials(self, classes: int) -> tuple[tuple[Service, ...], ...]:
        """Return the exponential service of each class from ``mu``, in one tier."""
        return tuple((Service(1 / rate),) for rate in self.means("mu", classes))

    def service(self, key: str, name: Any, mean: float) -> Service:
        """Return the service of a name and a mean."""
        erlang = _ERLANG.fullmatch(name) if isinstance(name, str) else None
        lognormal = _LOGNORMAL.fullmatch(name) if isinstance(name, str) else None
        if erlang and int(erlang[1]) > 1:
            return Service(mean, "gamma", int(erlang[1]) ** -0.5)
        if lognormal and 0 < float(lognormal[1]) <= 5:
            return Service(mean, "lognormal", float(lognormal[1]))
        if name in ("exp", "erlang1"):
            return Service(mean)
        if name == "det":
            return Service(mean, "fixed", 0.0)
        if name == "uniform0_2m":
            return Service(mean, "uniform", 3**-0.5)
        near = closest(name, SERVICES) if isinstance(name, str) else None
        hint = f'; did you mean "{near}"?' if near else ""
        raise self._wrong(key, name, f"one of {', '.join(SERVICES)}{hint}")

    def tiers(self, key: str) -> tuple[tuple[int, ...], tuple[Service, ...]]:
        """Return agents and exponential services of tiers that are given as pairs of agents and rate."""
        agents, services = [], []
        found = self.list_of(key)
        if len(found) > MOST_TIERS:
            raise self._wrong(key, found, f"at most {MOST_TIERS} tiers")
        for n, pair in enumerate(found):
            if not isinstance(pair, list) or len(pair) != 2:
                raise self._wrong(f"{key}[{n}]", pair, "a pair of agents and rate, such as [6, 1.0]")
            agents.append(self._agents(f"{key}[{n}][0]", pair[0]))
            services.append(Service(1 / self._number(f"{key}[{n}][1]", pair[1])))
        return tuple(agents), tuple(services)

    def _required(self, key: str) -> Any:
        if key not in self.given:
            near = closest(key, self.given)
            raise self.refuse(f"params.{key}", f'is missing; there is a "{near}"' if near else "is missing")
        return self.given[key]

    def _number(self, key: str, value: Any, lowest: float | None = None, highest: float = math.inf) -> float:
        right = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
        if not right or not (value > 0 if lowest is None else lowest <= value <= highest):
            said = "a number above 0" if lowest is None else f"a number of at least {lowest:g}"
            raise self._wrong(key, value, said if highest == math.inf else f"a number from {lowest:g} to {highest:g}")
        return float(value)

    def _agents(self, key: str, value: Any) -> int:
        number = self._number(key, value)
        if number != int(number) or number > MOST_AGENTS:
            raise self._wrong(key, value, f"a whole number of agents from 1 to {MOST_AGENTS}")
        return int(number)

    def _wrong(self, key: str, found: Any, expected: str) -> InputError:
        shown = repr(found)
        shown = shown if len(shown) <= 60 else f"{shown[:59]}…"
        return self.refuse(f"params.{key}", f"found {shown}; expected {expected}")


Read = Callable[[Params], System]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of case: the parameters it knows, and how a system is read from them."""

    params: tuple[str, ...]
    read: Read


def _erlang_c(given: Params) -> System:
    return System((given.positive("lam"),), given.exponentials(1), (given.natural("c"),), target=given.optional("t"))


def _call_centre(given: Params) -> System:
    rate = given.positive("calls") / given.positive("interval_min")
    target = given.optional("asa_target_s")
    return System(
        (rate,), ((Service(given.positive("aht_min")),),), (given.natural("agents"),),
        target=None if target is None else target / 60.0,
    )  # fmt: skip


def _erlang_b(given: Params) -> System:
    mean = 1 / given.positive("mu") if given.has("mu") else 1.0
    rate = given.positive("a") / mean
    return System((rate,), ((given.service("service", given.given.get("service", "exp"), mean),),),
                  (given.natural("c"),), queue_limit=0)  # fmt: skip


def _priority(*, preempts: bool) -> Read:
    def read(given: Params) -> System:
        rates = given.rates("lam")
        return System(rates, given.exponentials(len(rates)), (given.natural("c"),), preempts=preempts,
                      target=given.optional("t"))  # fmt: skip

    return read


def _one_server(*, preempts: bool) -> Read:
    def read(given: Params) -> System:
        rates = given.rates("lam")
        return System(rates, given.services(len(rates)), (1,), preempts=preempts, target=given.optional("t"))

    return read


def _pollaczek(given: Params) -> System:
    return System((given.positive("lam"),), given.services(1), (1,), target=given.optional("t"))


def _erlang_a(given: Params) -> System:
    return System(
        (given.positive("lam"),), given.exponentials(1), (given.natural("c"),),
        patience=Service(1 / given.positive("theta")), target=given.optional("t"),
    )  # fmt: skip


def _leaves_at(given: Params) -> System:
    return System(
        (given.positive("lam"),), given.exponentials(1), (given.natural("c"),),
        patience=Service(given.positive("D"), "fixed", 0.0), target=given.optional("t"),
    )  # fmt: skip


def _unlimited(given: Params) -> System:
    return System((given.positive("lam"),), given.services(1), (None,), target=given.optional("t"))


def _jackson(given: Params) -> System:
    agents, services = given.tiers("tiers")
    tiers = len(agents)
    on = given.given.get("p") if tiers == 1 and given.has("p") else given.list_of("p") if tiers > 1 else []
    if not isinstance(on, list) or len(on) != tiers - 1:
        raise given.refuse("params.p", f"found {on!r}; expected a list of {tiers - 1}, one for each tier but the last")
    passes = [given.share(f"p[{n}]", one) for n, one in enumerate(on)] + [0.0]
    back = [0.0] * tiers
    for key, value in given.given.items():
        named = _BACK.fullmatch(key)
        if named is None:
            continue
        above, below = int(named[1]), int(named[2])
        odds = given.share(key, value)
        if below != above - 1 or below < 1 or (above > tiers and odds):
            raise given.refuse(f"params.{key}", f"names no tier of the {tiers} and the one below it")
        if above <= tiers:
            back[above - 1] = odds
            if passes[above - 1] + odds > 1:
                raise given.refuse(
                    f"params.{key}", f"found {value!r}; with p[{above - 1}] more than all tickets leave tier {above}"
                )
    return System((given.positive("lam"),), (services,), agents, tuple(passes), tuple(back), by_tier=True)


KINDS: Final[dict[str, Kind]] = {
    "Erlang C M/M/c": Kind(("c", "lam", "mu", "t"), _erlang_c),
    "Erlang C call centre": Kind(("calls", "interval_min", "aht_min", "agents", "asa_target_s"), _call_centre),
    "Erlang B M/M/c/c": Kind(("c", "a", "mu", "service"), _erlang_b),
    "M/M/c non-preemptive priority": Kind(("c", "lam", "mu", "t"), _priority(preempts=False)),
    "M/M/c preemptive-resume priority": Kind(("c", "lam", "mu"), _priority(preempts=True)),
    "M/G/1 Pollaczek-Khinchine": Kind(("lam", "ES", "service", "t"), _pollaczek),
    "M/G/1 non-preemptive priority": Kind(("lam", "ES", "service", "t"), _one_server(preempts=False)),
    "M/G/1 preemptive-resume priority": Kind(("lam", "ES", "service"), _one_server(preempts=True)),
    "Erlang A M/M/c+M": Kind(("c", "lam", "mu", "theta", "t"), _erlang_a),
    "Jackson escalation": Kind(("lam", "tiers", "p", "deescalate_2_to_1"), _jackson),
    "Jackson tandem": Kind(("lam", "tiers", "p", "deescalate_2_to_1"), _jackson),
    "M/G/inf": Kind(("lam", "ES", "service", "t"), _unlimited),
    "M/M/c+D": Kind(("c", "lam", "mu", "D", "t"), _leaves_at),
}
"""By the name of a case, without what it adds in brackets (or, for a tandem, its stations)."""


def kind_of(name: str) -> Kind | None:
    """Return the kind that the name of a case says, ``None`` where it says none."""
    bare = re.sub(r"\s*\([^()]*\)\s*$", "", name).strip()
    if re.fullmatch(r"Jackson tandem(\s+\S+)?", bare):
        bare = "Jackson tandem"
    return KINDS.get(bare)


def known(kind: Kind, key: str) -> bool:
    """Return whether a kind knows a parameter."""
    return key in kind.params or (kind.read is _jackson and _BACK.fullmatch(key) is not None)
