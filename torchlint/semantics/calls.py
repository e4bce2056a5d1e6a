"""Calls: arguments are evaluated, the callee is found, functions of the program are run."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from torchlint.semantics.alternatives import choice_of, output_of_one, takes
from torchlint.semantics.classes import find, is_module, is_module_type, library_bases, linear_bases
from torchlint.semantics.devices import may_move
from torchlint.semantics.facts import ForwardCall, ValueCalled
from torchlint.semantics.frame import Frame
from torchlint.semantics.functions import GRADIENT_MODES, Functions
from torchlint.semantics.gradients import FunctionBypassed, function_instance, in_function, is_function
from torchlint.semantics.holding import held_in
from torchlint.semantics.inspection import known_items, last_of, uncounted
from torchlint.semantics.join import join_all, present
from torchlint.semantics.origins import model_of
from torchlint.semantics.records import record, record_type_of
from torchlint.semantics.values import (
    LAST,
    TRUE,
    UNKNOWN,
    Array,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Library,
    LibraryMethod,
    List,
    Method,
    ModuleStore,
    OneOf,
    Partial,
    RecordType,
    ShapeOf,
    Size,
    Super,
    Tensor,
    Tuple,
    Unknown,
    Value,
)


class Calls(Functions):
    """Calls of what the program defines; those of libraries are handed on."""

    # In how many calls of something of which only a few alternatives are known the program is: which of
    # them is taken may hang together with what it is given.
    unsure = 0

    def call_library(
        self, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        raise NotImplementedError

    def call_library_method(
        self,
        method: LibraryMethod,
        positional: Sequence[Value],
        keywords: Mapping[str, Value],
        node: ast.AST,
    ) -> Value:
        raise NotImplementedError

    def apply_module(
        self, module: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        raise NotImplementedError

    def used_as_model(self, result: Instance, name: str | None, node: ast.AST) -> None:
        raise NotImplementedError

    def note_repetition(self, name: str, held: Sequence[Value], node: ast.AST) -> None:
        raise NotImplementedError

    def call_expression(self, node: ast.Call) -> Value:
        callee = self.eval(node.func)
        if isinstance(callee, Library) and callee.name == "builtins.super":
            return self._super(node)
        if ForwardCall in self.wanted and isinstance(node.func, ast.Attribute) and node.func.attr == "forward":
            self._forward_by_name(callee, node)
        if FunctionBypassed in self.wanted and isinstance(node.func, ast.Attribute) and node.func.attr == "forward":
            self._function_by_name(callee, node)
        positional: list[Value] = []
        for argument in node.args:
            value = self.eval(argument)
            if isinstance(argument, ast.Starred):
                items = known_items(value)
                if items is None:
                    rest = [self.starred_or_one(each) for each in node.args[node.args.index(argument) + 1 :]]
                    for each in node.keywords:
                        self.eval(each.value)
                    if callee == Library("torch.nn.Sequential"):
                        return self._sequence_of_unknown([Tuple(tuple(positional)), value, *rest], node)
                    return self._call_with_unknown_arguments(callee, node)
                positional.extend(items)
            else:
                if isinstance(value, LibraryMethod):
                    self.bad_argument(value, argument, callee)
                positional.append(value)
        keywords: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.eval(keyword.value)
            if isinstance(value, LibraryMethod):
                self.bad_argument(value, keyword.value, callee)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
                continue
            entries = _keywords_of(value)
            if entries is None:
                return self._call_with_unknown_arguments(callee, node)
            keywords.update(entries)
        return self.call(callee, positional, keywords, node)

    def _forward_by_name(self, callee: Value, node: ast.Call) -> None:
        """`module.forward(...)` on a module that has this very `forward` (`super().forward` is another one)."""
        for each in callee.alternatives if isinstance(callee, OneOf) else (callee,):
            receiver = each.receiver if isinstance(each, Method | LibraryMethod) else None
            own = isinstance(each, LibraryMethod) or (isinstance(receiver, Instance) and isinstance(receiver.cls, Class) and find(receiver.cls, "forward") is getattr(each, "function", None))
            if isinstance(receiver, Instance) and is_module(receiver) and own:
                self.emit(ForwardCall(self.site(node), self.frame, self.grad, "forward", receiver, {}, (), UNKNOWN))

    def _function_by_name(self, callee: Value, node: ast.Call) -> None:
        """`MyFunction.forward(x)`, but in a Function's own methods."""
        owner = callee.owner if isinstance(callee, Function) else None
        if is_function(owner) and owner is not None and not in_function(self.site(node), self.frame):
            self.emit(FunctionBypassed(self.site(node), self.frame, self.grad, owner, False))

    def bad_argument(self, value: LibraryMethod, node: ast.AST, callee: Value) -> None:
        """Called where a method that was not called is given as an argument."""

    def _call_with_unknown_arguments(self, callee: Value, node: ast.Call) -> Value:
        """`f(*args)` with arguments of unknown number: only what does not depend on them is known."""
        if isinstance(callee, Class):
            return self.instantiate(callee, None, {}, node)
        if isinstance(callee, Library) and callee.name.rpartition(".")[2][:1].isupper():
            return Instance(callee.name, {}, {0: UNKNOWN}, self.site(node), self.frame)
        if isinstance(callee, Function | Method):
            function = callee.function if isinstance(callee, Method) else callee
            receiver = callee.receiver if isinstance(callee, Method) else None
            return self.run_function(function, receiver, None, {}, node)
        if isinstance(callee, Instance) and is_module(callee):
            return self.apply_module(callee, (UNKNOWN,), {}, node)
        if isinstance(callee, LibraryMethod) and callee.name == "__init__":
            return self.call(callee, (UNKNOWN,), {}, node)
        return Unknown(self.site(node))

    def _sequence_of_unknown(self, parts: Sequence[Value], node: ast.Call) -> Value:
        """`nn.Sequential(*layers)` of what these hold, in a number that is not known."""
        self.note_repetition("torch.nn.Sequential", [each for part in parts for each in held_in(part)], node)
        store = ModuleStore({**uncounted(parts), LAST: last_of(parts)})
        return Instance("torch.nn.Sequential", store, {}, self.site(node), self.frame)

    def call(
        self, callee: Value, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        match callee:
            case Library():
                return self.call_library(callee.name, positional, keywords, node)
            case LibraryMethod():
                return self.call_library_method(callee, positional, keywords, node)
            case Function():
                return self.run_function(callee, None, positional, keywords, node)
            case Method(receiver=Instance() as receiver) if self._is_own_forward(receiver, callee, node):
                return self.apply_module(receiver, positional, keywords, node)
            case Method():
                return self.run_function(callee.function, callee.receiver, positional, keywords, node)
            case Class():
                return self.instantiate(callee, positional, keywords, node)
            case RecordType():
                return record(callee, positional, keywords)
            case Instance():
                return self._call_instance(callee, positional, keywords, node)
            case Partial():
                arguments = (*callee.positional, *positional)
                return self.call(callee.function, arguments, {**callee.keywords, **keywords}, node)
            case OneOf():
                return self._call_alternatives(callee, positional, keywords, node)
            case Tensor() | Tuple() | ShapeOf() | Size() | Const() | Array() | List() | Dict():
                if ValueCalled in self.wanted and isinstance(node, ast.Call):
                    at = self.site(node)
                    self.emit(ValueCalled(at, self.frame, self.grad, callee, at.at(node.func)))
                return Unknown(self.site(node))
        return self.call_unknown(callee, positional, keywords, node)

    def _is_own_forward(self, receiver: Instance, method: Method, node: ast.AST) -> bool:
        """Whether a module's forward is called by name: the same as applying the module."""
        if method.function.name != "forward" or not is_module(receiver) or isinstance(node, ast.FunctionDef):
            return False
        return isinstance(receiver.cls, Class) and find(receiver.cls, "forward") is method.function

    def call_unknown(
        self, callee: Value, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        """Code that is not read gets these arguments: modules may come back in another mode."""
        arguments = (*positional, *keywords.values())
        for argument in arguments:
            self.escape(argument, node)
        self.event("opaque", node, callee, arguments)
        source = next((each for each in arguments if model_of(each) is not None), None)
        return Unknown(self.site(node), "<call>", source if source is not None else callee)

    def escape(self, value: Value, node: ast.AST) -> None:
        may_move(self.trail, value)
        match value:
            case Instance() if is_module(value) and value.store.get("training", True) is not None:
                self.trail.set(value.store, "training", None)
            case List() | Tuple():
                if isinstance(value, List):
                    value.store["<escaped>"] = TRUE
                for item in (known_items(value) or ())[:16]:
                    self.escape(item, node)
            case Instance(cls="torch.StateDict"):
                # Who gets it may save or copy it at once.
                value.store["<saved>"] = TRUE
            case Dict():
                value.store["<escaped>"] = TRUE
                for item in list((value.store.get("entries") or {}).values())[:16]:
                    if isinstance(item, Instance) and item.cls == "torch.StateDict":
                        self.escape(item, node)
            case Instance() if isinstance(value.cls, Class):
                for held in list(value.store.values()):
                    if isinstance(held, Instance) and is_module(held):
                        self.trail.set(held.store, "training", None)

    def _call_alternatives(
        self, callee: OneOf, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        kept = present(callee)
        alternatives = kept.alternatives if isinstance(kept, OneOf) else (kept,)
        alternatives = tuple(each for each in alternatives if takes(each, len(positional), keywords)) or alternatives
        if len(alternatives) == 1:
            return self.call(alternatives[0], positional, keywords, node)
        results: list[Value] = []

        def call(each: Value) -> Value:
            results.append(self.call(each, positional, keywords, node))
            return results[-1]

        self.unsure += 1
        try:
            joined = self.either([lambda each=each: call(each) for each in alternatives], getattr(node, "func", None))  # type: ignore[misc]
        finally:
            self.unsure -= 1
        models = [each for each in alternatives if isinstance(each, Instance) and (is_module(each) or each.cls == "torch.Loaded")]
        if len(models) < len(alternatives):
            return joined
        only = sum(each.cls != "torch.Loaded" for each in models) == 1
        return output_of_one(results, choice_of(models, self.arms, self.conditions), only) or joined

    def _call_instance(
        self, instance: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        if instance.cls == "torch.LoadResult":
            self.used_as_model(instance, None, node)
        if instance.cls in GRADIENT_MODES and positional and isinstance(positional[0], Function):
            return replace(positional[0], decorators=(*positional[0].decorators, instance))
        own = find(instance.cls, "__call__") if isinstance(instance.cls, Class) else None
        if isinstance(own, Function):
            return self.run_function(own, instance, positional, keywords, node)
        if FunctionBypassed in self.wanted and function_instance(instance) is not None and isinstance(instance.cls, Class):
            self.emit(FunctionBypassed(self.site(node), self.frame, self.grad, instance.cls, True))
        if "<zeroed>" in instance.store:
            # What is called and has gradients is a module, whoever wrote it: no optimizer can be called.
            self.trail.set(instance.store, "<module>", TRUE)
        return self.apply_module(instance, positional, keywords, node)

    def _super(self, node: ast.Call) -> Value:
        if len(node.args) == 2:
            named, receiver = self.eval(node.args[0]), self.eval(node.args[1])
            # One of several classes of that name: the one that the receiver is of.
            ours = tuple(linear_bases(receiver.cls)) if isinstance(receiver, Instance) and isinstance(receiver.cls, Class) else ()
            cls = next((each for each in named.alternatives if each in ours), UNKNOWN) if isinstance(named, OneOf) else named
            if isinstance(cls, Class):
                return Super(cls, receiver)
            if isinstance(receiver, Instance) and not isinstance(cls, Library):
                # What is called on it may well be the `__init__` of the base.
                self.trail.set(receiver.store, "<init>", TRUE)
            return UNKNOWN
        frame: Frame | None = self.frame
        while frame is not None and (frame.receiver is None or frame.function is None):
            frame = frame.caller
        if frame is None or frame.function is None or frame.function.owner is None or frame.receiver is None:
            return UNKNOWN
        return Super(frame.function.owner, frame.receiver)

    def instantiate(
        self, cls: Class, positional: Sequence[Value] | None, keywords: Mapping[str, Value], node: ast.AST
    ) -> Value:
        """An instance of a class of the program; `positional` is None where the arguments are unknown."""
        self.instantiated.add(cls.node)
        bases = library_bases(cls)
        made = record_type_of(cls)
        if made is not None:
            return record(made, positional, keywords)
        if any(base in ("enum.Enum", "enum.IntEnum") for base in bases):
            return Unknown(self.site(node))
        given: dict[str | int, Value] = {}
        given.update(keywords)
        store = ModuleStore() if is_module_type(cls) else {}
        instance = Instance(cls, store, given, self.site(node), self.frame, self.arms)
        self.trail.version += 1
        init = find(cls, "__init__")
        if isinstance(init, Function):
            self.run_function(init, instance, positional, keywords, node)
        elif decorated_dataclass(cls):
            self.fill_dataclass(instance, cls, positional, keywords, node)
        elif bases:
            self.library_init(instance, positional or (), keywords, node)
        elif opaque_init(cls):
            self.call_unknown(cls, positional or (), keywords, node)
        return instance

    def library_init(
        self, instance: Instance, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST
    ) -> None:
        raise NotImplementedError

    def fill_dataclass(
        self, instance: Instance, cls: Class, positional: Sequence[Value] | None, keywords: Mapping[str, Value], node: ast.AST
    ) -> None:
        """What the `__init__` that `@dataclass` writes does: the fields, and then `__post_init__`, which fields may be passed to."""
        names = [
            each.target.id
            for each in cls.node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]
        given = dict(zip(names, positional or (), strict=False)) | dict(keywords)
        for name in names:
            default = UNKNOWN if positional is None else cls.namespace.get(name, UNKNOWN)
            value = given.get(name, default)
            self.trail.set(instance.store, name, UNKNOWN if isinstance(value, Unknown) else value)
        after = find(cls, "__post_init__")
        if isinstance(after, Function):
            self.run_function(after, instance, () if len(after.node.args.args) == 1 else None, {}, node)


def opaque_init(cls: Class) -> bool:
    return any(not isinstance(base, Class | Library) for base in cls.bases)


def decorated_dataclass(cls: Class) -> bool:
    for decorator in cls.node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
        if name in ("dataclass", "define", "frozen"):
            return True
    return False


def _keywords_of(value: Value) -> dict[str, Value] | None:
    """What `**value` gives; a key that not all of several dicts have is there, with nothing known of it."""
    stores = [each.store.get("entries") if isinstance(each, Dict) else None for each in (value.alternatives if isinstance(value, OneOf) else (value,))]
    known = [each for each in stores if each is not None]
    if len(known) < len(stores):
        return None
    keys = dict.fromkeys(key for each in known for key in each)
    return {str(key): join_all([each.get(key, UNKNOWN) for each in known]) for key in keys}
