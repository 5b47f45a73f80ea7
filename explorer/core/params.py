"""Parameters under the names that their libraries' users know: one description for form, command line and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, TypeVar

from explorer.errors import BadParameter

N = TypeVar("N", int, float)
Value = int | float | str
Params = dict[str, Value]


@dataclass(frozen=True)
class Param:
    """One parameter.

    `default` None means that it is resolved from others when it is needed (search_k from k and trees). `minimum` and
    `maximum` are inclusive. `help` is one line for people: what it does, and what more of it costs.
    """

    name: str
    kind: Literal["int", "float", "choice", "text"]
    default: Value | None
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    def checked(self, given: object) -> Value:
        """`given` as this parameter's type; raises BadParameter that names the range."""
        try:
            if self.kind == "int":
                number = int(str(given).replace("_", "").replace(",", ""))
                return self._in_range(number)
            if self.kind == "float":
                return self._in_range(float(str(given)))
        except ValueError:
            word = "a whole number" if self.kind == "int" else "a number"
            raise BadParameter(f"{self.name} is {word}, not “{given}”.") from None
        if self.kind == "choice" and str(given) not in self.choices:
            raise BadParameter(f"{self.name} is one of {', '.join(self.choices)}, not “{given}”.")
        return str(given)

    def _in_range(self, number: N) -> N:
        low, high = self.minimum, self.maximum
        fits = (low is None or number >= low) and (high is None or number <= high) and isfinite(number)
        if fits:
            return number
        if low is None and high is None:
            bounds = "a finite number"
        elif low is None:
            bounds = f"at most {high:g}"
        else:
            bounds = f"at least {low:g}" if high is None else f"{low:g} to {high:.10g}"
        raise BadParameter(f"{self.name} is {bounds}, not {number}.")


def checked(declared: Sequence[Param], given: Mapping[str, object], owner: str) -> Params:
    """Every declared parameter that has a value: given ones checked, the others at their default, in declared order.

    Raises BadParameter for a name that `owner` does not know.
    """
    known = [param.name for param in declared]
    for name in given:
        if name not in known:
            there_are = f"it has {', '.join(known)}" if known else "it has none"
            raise BadParameter(f"{owner} has no parameter “{name}”; {there_are}.")
    values: Params = {}
    for param in declared:
        value = given.get(param.name, param.default)
        if value is not None:
            values[param.name] = param.checked(value)
    return values
