"""Whether what was seen of a value agrees with what was said of it: one verdict for each fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from claims import Said

from torchlint.torch_api.dims import Expression

# The names of a claim's facts that are asked of a tensor.
TENSOR_FACTS = ("shape", "dtype", "requires_grad", "leaf")
_BETWEEN: dict[str, tuple[float, float]] = {
    "softmax": (0.0, 1.0), "sigmoid": (0.0, 1.0), "log_softmax": (-float("inf"), 0.0), "logsigmoid": (-float("inf"), 0.0), "tanh": (-1.0, 1.0),
}  # fmt: skip
_TENSORS = ("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer")
_CALLABLE = ("Function", "Class", "Partial")
# What the interpreter calls things that have no public name, or many classes; of these nothing is compared.
_OWN_NAMES = frozenset({"torch.Loaded", "torch.LoadResult", "torch.StateDict", "torch.autograd.Context"})
# What stands for a module that was compiled or scripted.
_WRAPPED = frozenset({"torch._dynamo.eval_frame.OptimizedModule", "torch.jit._script.RecursiveScriptModule", "torch.jit._trace.TopLevelTracedModule"})
# Tuples and lists stand for whatever gives known elements one after another.
_ITERATIVE = frozenset(
    f"builtins.{each}"
    for each in ("zip", "enumerate", "map", "filter", "reversed", "range", "dict_keys", "dict_values", "dict_items", "generator", "list_iterator", "tuple_iterator", "list_reverseiterator")
) | {"itertools.chain"}
_NUMBERS = ("builtins.int", "builtins.bool", "builtins.float", "numpy.integer", "numpy.floating", "numpy.bool")

Seen = Mapping[str, Any]


def verdicts(claim: Said, seen: Seen, same_grad: bool = True) -> Iterator[tuple[str, bool]]:
    """Each fact that is claimed and can be seen, and whether it is so."""
    kinds = seen["class"]
    if "torch.Tensor" in kinds and kinds[0] not in _TENSORS:
        # What a subclass of Tensor is, it alone knows.
        return
    if kinds[0].startswith("torch.fx") or kinds[0].startswith("unittest.mock"):
        return
    match claim.kind:
        case "OneOf":
            agreeing = [each for each in claim.fact("of") if all(right for _, right in verdicts(each, seen, same_grad))]
            yield "one of", bool(agreeing)
            return
        case "Const":
            yield from _constant(claim, seen)
            return
        case "Size":
            yield "kind", any(each in kinds for each in _NUMBERS)
            return
        case "Tensor":
            yield "kind", "torch.Tensor" in kinds
            if "dtype" in seen and "torch.Tensor" in kinds:
                yield from _tensor(claim, seen, same_grad)
        case "Array":
            yield "kind", "numpy.ndarray" in kinds or "numpy.generic" in kinds if claim.fact("of") == "ndarray" else kinds[0].startswith("PIL.")
            if "shape" in seen:
                yield from _shape(claim, seen["shape"])
        case "Tuple" | "List" if kinds[0] in _ITERATIVE:
            yield "kind", True
            return
        case "Tuple":
            yield "kind", "builtins.tuple" in kinds
            yield from _elements(claim, seen, same_grad)
        case "List":
            counted = claim.fact("length") is not None
            yield "kind", any(each in kinds for each in ("builtins.list", "builtins.set", "builtins.frozenset", "collections.deque", *(() if counted else ("builtins.tuple",))))
            yield from _elements(claim, seen, same_grad)
        case "Dict":
            yield "kind", "builtins.dict" in kinds or "collections.abc.Mapping" in kinds
            if claim.fact("keys") is not None and seen.get("keys") is not None:
                yield "keys", list(claim.fact("keys")) == seen["keys"]
        case "Instance" if claim.fact("class") in _OWN_NAMES:
            return
        case "Instance" if not claim.fact("class").startswith("torch.") and "." in claim.fact("class"):
            # Other packages name functions like classes, too.
            yield "kind", _may_be_called(kinds)
        case "Instance":
            yield "class", kinds[0] in _WRAPPED or _is_of(claim.fact("class"), kinds)
            if claim.fact("training") is not None and seen.get("training") is not None:
                yield "training", claim.fact("training") is seen["training"]
        case "ProjectFile":
            yield "kind", "builtins.module" in kinds
        case _ if claim.kind in _CALLABLE:
            yield "kind", _may_be_called(kinds)
            if claim.kind == "Class" and "builtins.type" in kinds:
                yield "class", seen.get("name") == claim.fact("name")
    if claim.fact("truth") is not None and (true := _truth(seen)) is not None:
        yield "truth", claim.fact("truth") is true


def _truth(seen: Seen) -> bool | None:
    """Whether what was seen counts as true, where its facts say so."""
    if "truth" in seen:
        return bool(seen["truth"])
    return None if seen.get("length") is None else seen["length"] > 0


def agreed(claims: Sequence[Said]) -> Said | None:
    """What is said in several rounds of a loop alike; None where they differ in kind."""
    if len({each.kind for each in claims}) > 1 or (claims[0].kind == "OneOf" and len(claims) > 1):
        return None
    if claims[0].kind == "OneOf":
        return None if any(each.kind in ("List", "Dict") for each in claims[0].fact("of")) else claims[0]
    facts = [dict(each.facts) for each in claims]
    passing = ("items", "length", "keys", "truth") if claims[0].kind in ("List", "Dict") else ("items",)
    same = tuple((name, fact) for name, fact in facts[0].items() if name not in passing and all(other.get(name, facts) == fact for other in facts))
    if any(each.fact("class") != claims[0].fact("class") for each in claims):
        return None
    return Said(claims[0].kind, same, claims[0].origin)


def _constant(claim: Said, seen: Seen) -> Iterator[tuple[str, bool]]:
    right = seen["class"][0] == f"builtins.{claim.fact('class')}"
    yield "kind", right
    if right and seen.get("value") is not None and claim.fact("value") is not None:
        yield "value", claim.fact("value") == seen["value"]


def _tensor(claim: Said, seen: Seen, same_grad: bool) -> Iterator[tuple[str, bool]]:
    if "shape" in seen:
        yield from _shape(claim, seen["shape"])
    if claim.fact("dtype") is not None:
        yield "dtype", claim.fact("dtype") == seen["dtype"]
    for name in ("requires_grad", "leaf"):
        if claim.fact(name) is not None and same_grad:
            yield name, claim.fact(name) is seen[name]
    if claim.fact("parameter"):
        yield "class", seen["class"][0] == _TENSORS[1]
    device = claim.fact("device")
    if device is not None and not device.startswith("moved") and " " not in device:
        yield "device", device.partition(":")[0] == seen["device"]
    least, most = _BETWEEN.get(claim.fact("activation") or "", (None, None))
    if least is not None and "range" in seen and seen["range"][0] == seen["range"][0]:
        yield "last activation", seen["range"][0] >= least - 1e-4 and seen["range"][1] <= most + 1e-4


def _shape(claim: Said, shape: Sequence[int]) -> Iterator[tuple[str, bool]]:
    if claim.fact("shape") is not None:
        yield "shape", fits(claim.fact("shape"), shape)
    elif claim.fact("tail") is not None:
        tail = claim.fact("tail")
        yield "shape", len(shape) >= len(tail) and fits(tail, shape[len(shape) - len(tail) :])


def fits(dims: Sequence[Any], sizes: Sequence[int]) -> bool:
    """Whether a shape of numbers can be one that was said: of the same rank, equal where that is a number, and with one size for each name."""
    if len(dims) != len(sizes):
        return False
    named: dict[Any, int] = {}
    for dim, size in zip(dims, sizes, strict=True):
        if isinstance(dim, int) and dim != size:
            return False
        if isinstance(dim, Expression) and named.setdefault(dim, size) != size:
            return False
    return True


def _elements(claim: Said, seen: Seen, same_grad: bool) -> Iterator[tuple[str, bool]]:
    if claim.fact("length") is not None and seen.get("length") is not None:
        same = claim.fact("length") == seen["length"]
        yield "length", same
        for said, item in zip(claim.fact("items") or (), seen.get("items") or (), strict=False):
            if same and said is not None:
                yield from ((f"element's {name}", right) for name, right in verdicts(said, item, same_grad))


def _is_of(name: str, kinds: Sequence[str]) -> bool:
    last = name.rpartition(".")[2]
    return any(each.rpartition(".")[2] == last for each in kinds)


def _may_be_called(kinds: Sequence[str]) -> bool:
    plain = ("NoneType", "int", "bool", "float", "str", "bytes", "complex", "list", "dict", "tuple", "set")
    return not any(kinds[0] == f"builtins.{each}" for each in plain) and "torch.Tensor" not in kinds
