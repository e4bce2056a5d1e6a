"""Sizes of tensors: integers, expressions over named unknowns, or unknown altogether.

A `Dim` is an `int`, an `Expression` such as `B`, `H//2` or `2*C + 1`, or `None` where nothing is known.
A named unknown stands for any positive integer. A `Shape` is a tuple of dims, or `None` where not even the
rank is known. `UNKNOWN` stands for an argument's value that is not known (where `None` is Python's own None).

Expressions are polynomials with integer coefficients over symbols and opaque floor divisions, in one
canonical form, so that equal structure means equal value: `(H - 1)//2 + 1 == (H + 1)//2`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from math import gcd, prod
from typing import Final, TypeAlias, overload


class Unknown(Enum):
    """The type of `UNKNOWN`, a value about which nothing is known."""

    UNKNOWN = "UNKNOWN"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN

# Beyond this size an expression tells nobody anything and costs time: it becomes unknown.
_MOST_TERMS = 48
_HIGHEST_DEGREE = 12


@dataclass(frozen=True)
class Quotient:
    """A floor division that does not simplify: `numerator // denominator`."""

    numerator: Known
    denominator: Known

    def __str__(self) -> str:
        return f"{_factor(self.numerator)}//{_factor(self.denominator)}"


Atom: TypeAlias = str | Quotient
Monomial: TypeAlias = tuple[Atom, ...]


@dataclass(frozen=True)
class Expression:
    """A polynomial in canonical form: monomials (sorted atoms, repeated for powers) and coefficients.

    Never a plain integer: arithmetic that ends in one gives an `int`. Build with `symbol` and arithmetic.
    """

    terms: tuple[tuple[Monomial, int], ...]

    @cached_property
    def _hash(self) -> int:
        return hash(self.terms)

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return _text(self)

    def __repr__(self) -> str:
        return f"<{self}>"

    @overload
    def __add__(self, other: Known) -> Dim: ...
    @overload
    def __add__(self, other: None) -> None: ...
    def __add__(self, other: Dim) -> Dim:
        if other is None:
            return None
        if other == 0:
            return self
        total = dict(self.terms)
        for monomial, coefficient in _terms(other):
            total[monomial] = total.get(monomial, 0) + coefficient
        return _build(total)

    __radd__ = __add__

    def __neg__(self) -> Expression:
        return Expression(tuple((monomial, -coefficient) for monomial, coefficient in self.terms))

    def __sub__(self, other: Dim) -> Dim:
        return None if other is None else self + -other

    def __rsub__(self, other: Dim) -> Dim:
        return -self + other

    def __mul__(self, other: Dim) -> Dim:
        if other is None:
            return None
        if other == 1:
            return self
        total: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in _terms(other):
                monomial = tuple(sorted(left + right, key=_atom_key)) if left and right else left + right
                total[monomial] = total.get(monomial, 0) + a * b
        return _build(total)

    __rmul__ = __mul__

    def __floordiv__(self, other: Dim) -> Dim:
        return None if other is None else _floor(self, other)

    def __rfloordiv__(self, other: Dim) -> Dim:
        return None if other is None else _floor(other, self)

    def __mod__(self, other: Dim) -> Dim:
        return minus(self, times(quotient(self, other), other))

    def __rmod__(self, other: Dim) -> Dim:
        return minus(other, times(quotient(other, self), self))


Known: TypeAlias = int | Expression
Dim: TypeAlias = int | Expression | None
Shape: TypeAlias = tuple[Dim, ...] | None


def symbol(name: str) -> Expression:
    """The named unknown `name`: some positive integer."""
    return Expression((((name,), 1),))


def plus(a: Dim, b: Dim) -> Dim:
    """`a + b`; unknown if either is."""
    return None if a is None or b is None else a + b


def minus(a: Dim, b: Dim) -> Dim:
    """`a - b`; unknown if either is."""
    return None if a is None or b is None else a - b


def times(a: Dim, b: Dim) -> Dim:
    """`a * b`; unknown if either is, unless the other is 0."""
    if a == 0 or b == 0:
        return 0
    return None if a is None or b is None else a * b


def quotient(a: Dim, b: Dim) -> Dim:
    """`a // b`, simplified where it divides exactly; unknown if either is, or if `b` is 0."""
    return None if a is None or b is None or b == 0 else a // b


def ceiling(a: Dim, b: Dim) -> Dim:
    """`a / b` rounded up."""
    return quotient(minus(plus(a, b), 1), b)


def product(dims: Iterable[Dim]) -> Dim:
    """The number of elements of a tensor with these dims."""
    result: Dim = 1
    for dim in dims:
        if dim == 0:
            return 0
        result = times(result, dim)
    return result


def total(dims: Iterable[Dim]) -> Dim:
    """The sum of dims."""
    result: Dim = 0
    for dim in dims:
        result = plus(result, dim)
    return result


def same(a: Dim, b: Dim) -> bool | None:
    """Whether two dims are equal: True or False where that is certain for all values of the unknowns."""
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    difference = minus(a, b)
    if difference is None:
        return None
    if isinstance(difference, int):
        return difference == 0
    low, high = bounds(difference)
    if (low is not None and low > 0) or (high is not None and high < 0):
        return False
    step = gcd(*(coefficient for monomial, coefficient in difference.terms if monomial))
    return False if _constant(difference) % step else None


def divides(divisor: Dim, dim: Dim) -> bool | None:
    """Whether `dim` is a multiple of `divisor`, where that is certain."""
    if divisor is None or dim is None or divisor == 0:
        return None
    return same(dim % divisor, 0)


def at_least(dim: Dim, least: int) -> bool | None:
    """Whether `dim >= least`, where that is certain."""
    low, high = bounds(dim)
    if low is not None and low >= least:
        return True
    return False if high is not None and high < least else None


def bounds(dim: Dim) -> tuple[int | None, int | None]:
    """The least and the greatest value that a dim can surely not go beyond; None where there is no such bound."""
    if dim is None:
        return None, None
    if isinstance(dim, int):
        return dim, dim
    low: int | None = 0
    high: int | None = 0
    for monomial, coefficient in dim.terms:
        least, most = _monomial_bounds(monomial)
        if coefficient < 0:
            least, most = most, least
        low = None if low is None or least is None else low + coefficient * least
        high = None if high is None or most is None else high + coefficient * most
    return low, high


def symbols(dim: Dim) -> frozenset[str]:
    """The names of the unknowns that occur in a dim."""
    if not isinstance(dim, Expression):
        return frozenset()
    names: set[str] = set()
    for monomial, _ in dim.terms:
        for atom in monomial:
            if isinstance(atom, str):
                names.add(atom)
            else:
                names |= symbols(atom.numerator) | symbols(atom.denominator)
    return frozenset(names)


def substitute(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """The dim with values put in the place of named unknowns."""
    if not isinstance(dim, Expression):
        return dim
    result: Dim = 0
    for monomial, coefficient in dim.terms:
        factors = (
            values.get(atom, symbol(atom))
            if isinstance(atom, str)
            else quotient(substitute(atom.numerator, values), substitute(atom.denominator, values))
            for atom in monomial
        )
        result = plus(result, times(coefficient, product(factors)))
    return result


def show(dim: Dim) -> str:
    """A dim as people write it; `?` where it is unknown."""
    return "?" if dim is None else str(dim)


def show_shape(shape: Shape) -> str:
    """A shape as people write it: `(N, 3, 32, 32)`; `(...)` where the rank is unknown."""
    if shape is None:
        return "(...)"
    inner = ", ".join(map(show, shape))
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def _terms(dim: Known) -> tuple[tuple[Monomial, int], ...]:
    return (((), dim),) if isinstance(dim, int) else dim.terms


def _constant(dim: Known) -> int:
    return next((coefficient for monomial, coefficient in _terms(dim) if not monomial), 0)


def _build(total: Mapping[Monomial, int]) -> Dim:
    """The canonical dim of these terms."""
    terms = sorted(((m, c) for m, c in total.items() if c), key=lambda term: _monomial_key(term[0]))
    if not terms:
        return 0
    if len(terms) == 1 and not terms[0][0]:
        return terms[0][1]
    if len(terms) > _MOST_TERMS or len(terms[-1][0]) > _HIGHEST_DEGREE:
        return None
    return Expression(tuple(terms))


def _atom_key(atom: Atom) -> tuple[bool, str]:
    return (False, atom) if isinstance(atom, str) else (True, str(atom))


def _monomial_key(monomial: Monomial) -> tuple[int, list[tuple[bool, str]]]:
    return len(monomial), [_atom_key(atom) for atom in monomial]


def _monomial_bounds(monomial: Monomial) -> tuple[int | None, int | None]:
    """Bounds of a product; products with a factor that may be negative have none."""
    if not monomial:
        return 1, 1
    each = [_atom_bounds(atom) for atom in monomial]
    if len(each) == 1:
        return each[0]
    lows = [low for low, _ in each if low is not None and low >= 0]
    if len(lows) < len(each):
        return None, None
    highs = [high for _, high in each if high is not None]
    return prod(lows), prod(highs) if len(highs) == len(each) else None


def _atom_bounds(atom: Atom) -> tuple[int | None, int | None]:
    if isinstance(atom, str):
        return 1, None
    low, high = bounds(atom.numerator)
    divisor = atom.denominator
    if isinstance(divisor, int):
        return (
            None if low is None else low // divisor,
            None if high is None else high // divisor,
        )
    if low is not None and low >= 0 and at_least(divisor, 1):
        return 0, high
    return None, None


def _floor(numerator: Known, denominator: Known) -> Dim:
    """`numerator // denominator` in canonical form."""
    if denominator == 0:
        return None
    numerator, denominator = _cancel(numerator, denominator)
    if isinstance(denominator, int):
        if isinstance(numerator, int):
            return numerator // denominator
        return _floor_by_int(numerator, denominator) if denominator > 0 else None
    exact = _divide(numerator, denominator)
    if exact is not None:
        return exact
    if isinstance(numerator, int) and numerator >= 0 and at_least(denominator, numerator + 1):
        return 0
    return Expression((((Quotient(numerator, denominator),), 1),))


def _floor_by_int(numerator: Expression, divisor: int) -> Dim:
    """Whole multiples are taken out, a floor inside a floor is joined with it, common factors cancel."""
    inner = [
        atom
        for monomial, coefficient in numerator.terms
        if len(monomial) == 1 and coefficient == 1
        for atom in monomial
        if isinstance(atom, Quotient) and isinstance(atom.denominator, int)
    ]
    if len(inner) == 1 and isinstance(inner[0].denominator, int):
        rest = numerator - Expression((((inner[0],), 1),))
        joined = plus(inner[0].numerator, times(rest, inner[0].denominator))
        return quotient(joined, divisor * inner[0].denominator)
    whole = {m: c // divisor for m, c in numerator.terms if c % divisor == 0 or not m}
    remainder = {m: c % divisor if not m else c for m, c in numerator.terms if c % divisor}
    rest = _build(remainder)
    if isinstance(rest, int):
        return _build(whole)
    if rest is None:
        return None
    step = gcd(divisor, *(c for m, c in rest.terms if m))
    if step > 1:
        reduced = _build({m: c // step for m, c in rest.terms})
        return plus(_build(whole), quotient(reduced, divisor // step))
    return plus(_build(whole), Expression((((Quotient(rest, divisor),), 1),)))


def _cancel(numerator: Known, denominator: Known) -> tuple[Known, Known]:
    """Divide both by their common symbols and, if the denominator has some, by their common content."""
    if isinstance(denominator, int) or numerator == 0:
        return numerator, denominator
    common = list(denominator.terms[0][0])
    for monomial, _ in (*_terms(numerator), *denominator.terms):
        rest = list(monomial)
        kept: list[Atom] = []
        for atom in common:
            # A floor division may be 0, so that dividing by it would not be allowed.
            if isinstance(atom, str) and atom in rest:
                rest.remove(atom)
                kept.append(atom)
        common = kept
    content = gcd(*(c for _, c in (*_terms(numerator), *denominator.terms)))
    reduced = _without(numerator, common, content), _without(denominator, common, content)
    return reduced if None not in reduced else (numerator, denominator)  # type: ignore[return-value]


def _without(dim: Known, atoms: list[Atom], content: int) -> Dim:
    result: dict[Monomial, int] = {}
    for monomial, coefficient in _terms(dim):
        rest = list(monomial)
        for atom in atoms:
            rest.remove(atom)
        result[tuple(rest)] = coefficient // content
    return _build(result)


def _divide(numerator: Known, denominator: Expression) -> Dim:
    """The polynomial that times `denominator` is `numerator`, or None."""
    lead, factor = denominator.terms[-1]
    result: Dim = 0
    rest: Dim = numerator
    for _ in range(_MOST_TERMS):
        if rest == 0:
            return result
        if rest is None:
            return None
        monomial, coefficient = _terms(rest)[-1]
        remaining = list(monomial)
        for atom in lead:
            if atom not in remaining:
                return None
            remaining.remove(atom)
        if coefficient % factor:
            return None
        step = _build({tuple(remaining): coefficient // factor})
        result = plus(result, step)
        rest = minus(rest, times(step, denominator))
    return None


def _factor(dim: Known) -> str:
    """A dim's text, in parentheses unless it binds as tightly as a name."""
    text = str(dim)
    return text if text.isidentifier() or text.isdigit() else f"({text})"


def _text(expression: Expression) -> str:
    """Terms by sign, then degree: `H*W - H + 1` is written with what is added first."""
    constant = _constant(expression)
    if constant < 0 and (folded := _fold(expression, constant)):
        return folded
    ordered = sorted(
        expression.terms,
        key=lambda term: (term[1] < 0, -len(term[0]), [_atom_key(atom) for atom in term[0]]),
    )
    text = ""
    for monomial, coefficient in ordered:
        # `-H//2` would mean (-H)//2, so that a leading minus asks for parentheses.
        term = _term_text(monomial, abs(coefficient), leading_minus=coefficient < 0 and not text)
        sign = "-" if coefficient < 0 else "+"
        text += f" {sign} {term}" if text else f"-{term}" if coefficient < 0 else term
    return text


def _fold(expression: Expression, constant: int) -> str | None:
    """`(H + 1)//2 - 1` is easier read as `(H - 1)//2`."""
    others = [(m, c) for m, c in expression.terms if m]
    if len(others) != 1 or others[0][1] != 1 or len(others[0][0]) != 1:
        return None
    atom = others[0][0][0]
    if isinstance(atom, str) or not isinstance(atom.denominator, int) or not _constant(atom.numerator):
        return None
    numerator = plus(atom.numerator, constant * atom.denominator)
    return None if numerator is None else f"{_factor(numerator)}//{atom.denominator}"


def _term_text(monomial: Monomial, coefficient: int, *, leading_minus: bool) -> str:
    if not monomial:
        return str(coefficient)
    counts: dict[Atom, int] = {}
    for atom in monomial:
        counts[atom] = counts.get(atom, 0) + 1
    single = len(counts) == 1 and coefficient == 1 and not leading_minus
    parts = [] if coefficient == 1 else [str(coefficient)]
    for atom, power in counts.items():
        name = str(atom)
        if isinstance(atom, Quotient) and not (single and power == 1):
            name = f"({name})"
        parts.append(name if power == 1 else f"{name}**{power}")
    return "*".join(parts)
