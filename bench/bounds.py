"""What programs cost whose ways or values are exponential in their length, or that are long and plain.

usage: python bench/bounds.py [NAME …]

Each is linted by all rules in a process of its own; printed are its processor time and its peak memory. A function with
a softmax before its loss stands at the end of each: `-` in the last column says that it was not reported.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from torchlint.rule import all_rules

# With the words of every rule, so that all are tried.
WORDS = " ".join(sorted({word for rule in all_rules() for group in rule.words for word in group}))
HEAD = f"# {WORDS}\nimport copy\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"
TRAP = "\n\ndef trap(scores, labels):\n    return F.cross_entropy(F.softmax(scores, dim=1), labels)\n"
SECONDS = 20


def _doubled(first: str, step: str, count: int = 40, inside: bool = False) -> str:
    """A value that each line makes of two of the one before."""
    indent = "    " if inside else ""
    lines = "\n".join(f"{indent}{step}" for _ in range(count))
    return f"def double(q):\n    v = {first}\n{lines}\n    return v\n\n\ndouble(3)\n" if inside else f"v = {first}\n{lines}\n"


def _chain(count: int, body: str, last: str = "    return x\n") -> str:
    functions = "".join(f"def f{n}(x):\n{body.format(n=n, next=n + 1)}\n\n" for n in range(count - 1))
    return f"{functions}def f{count - 1}(x):\n{last}\n\n"


def _diamonds(levels: int) -> str:
    text = "class A0:\n    def go(self, x):\n        return x\n\n\n"
    for n in range(levels):
        for side in "LR":
            text += f"class {side}{n}(A{n}):\n    def go(self, x):\n        return super().go(x) + super().go(x)\n\n\n"
        text += f"class A{n + 1}(L{n}, R{n}):\n    def go(self, x):\n        return super().go(x) + super().go(x)\n\n\n"
    return text + f"A{levels}().go(torch.zeros(2))\n"


def _nested(depth: int, leaf: str) -> str:
    """A comprehension in a comprehension, each over 64 elements."""
    return leaf if depth == 0 else f"[{_nested(depth - 1, leaf)} for a{depth} in range(64)]"


def _lambdas() -> Iterator[tuple[str, str]]:
    yield "lambdas of lambdas", "g0 = lambda x: x\n" + "".join(f"g{n + 1} = lambda x: g{n}(g{n}(x))\n" for n in range(24)) + "g24(torch.zeros(2))\n"
    twice = "twice = lambda f: lambda x: f(f(x))\n"
    yield "lambdas that compose", twice + "h = twice\n" + "h = twice(h)\n" * 24 + "h(lambda x: x + 1)(torch.zeros(2))\n"
    yield "lambdas inside", "def run(x):\n    g0 = lambda x: x\n" + "".join(f"    g{n + 1} = lambda x: g{n}(g{n}(x))\n" for n in range(24)) + "    return g24(x)\n"


def _branches() -> Iterator[tuple[str, str]]:
    ladder = "def ladder(k, x):\n" + "".join(f"    {'if' if n == 0 else 'elif'} k == {n}:\n        v = nn.Linear({n + 1}, 2)\n" for n in range(300)) + "    else:\n        v = None\n    return v(x)\n"
    yield "an elif ladder", ladder
    depth = 60
    nested = "def nested(k, x):\n    v = None\n" + "".join(f"{'    ' * (n + 1)}if k > {n}:\n{'    ' * (n + 2)}v = nn.Linear({n + 1}, 2)\n" for n in range(depth)) + "    return v(x)\n"
    yield "nested ifs", nested
    flat = "def flat(k, x):\n    v = None\n" + "".join(f"    if k[{n}]:\n        v = nn.Linear({n + 1}, 2)\n    else:\n        w = v\n    v = (v, v) if k else (x, v)\n" for n in range(200)) + "    return v\n"
    yield "ifs that join tuples", flat
    yield "conditional expressions", "def cond(k, x):\n    v = x\n" + "    v = (v, v) if k else [v, v]\n" * 60 + "    return v\n"
    yield "calls of one of several", "def a(x, k):\n    return x\ndef b(x, k):\n    return x\n" + "def run(k, x):\n    f = a if k else b\n" + "".join(f"    g{n} = lambda x, k: f(x, k)\n" for n in range(3)) + "    h = f\n" + "    x = f(f(x, k), k)\n" * 40 + "    return x\n"
    alternatives = "".join(f"def p{n}(x, k):\n    f = p{n + 1} if k else q{n + 1}\n    return f(x, k)\n\n\ndef q{n}(x, k):\n    f = p{n + 1} if k else q{n + 1}\n    return f(x, k)\n\n\n" for n in range(22))
    yield "branching ways of calls", alternatives + "def p22(x, k):\n    return x\n\n\ndef q22(x, k):\n    return x\n"
    yield "handlers in handlers", "def tries(x):\n" + "".join(f"{'    ' * (n + 1)}try:\n{'    ' * (n + 2)}x = f(x)\n{'    ' * (n + 1)}except ValueError:\n{'    ' * (n + 2)}x = (x, x)\n" + f"{'    ' * (n + 1)}if x:\n" for n in range(16)) + f"{'    ' * 17}return x\n"
    yield "and of ors", "def long(k):\n    return " + " and ".join(f"(k[{n}] or k[{n + 1}])" for n in range(400)) + "\n"


def _recursion() -> Iterator[tuple[str, str]]:
    yield "recursion that branches", "def walk(n, x):\n    if n:\n        return walk(n - 1, x) + walk(n - 2, x) + walk(n - 3, [x, x])\n    return walk(n + 1, (x, x)) if x else walk(n, x)\n\n\nwalk(30, 1)\n"
    mutual = "".join(f"def r{n}(x, k):\n    if k:\n        return r{(n + 1) % 6}(x + 1, k), r{(n + 2) % 6}(x + 2, k)\n    return r{(n + 3) % 6}([x], k), r{(n + 5) % 6}((x, x), k)\n\n\n" for n in range(6))
    yield "recursion by six", mutual + "r0(1, z)\n"
    yield "generators of generators", "def g0(x):\n    yield x\n\n\n" + "".join(f"def g{n + 1}(x):\n    for y in g{n}(x):\n        for z in g{n}(y):\n            yield z\n    yield from g{n}(x)\n\n\n" for n in range(20)) + "list(g20(1))\n"
    yield "generator expressions", "g = (x for x in range(64))\n" + "g = ((x, y) for x in g for y in range(64))\n" * 20
    yield "closures in loops", "def loops(k):\n    fs = []\n    for a in range(40):\n        for b in range(40):\n            def f(x, g=fs):\n                return [h(x) for h in g]\n            fs.append(f)\n    return [f(1) for f in fs]\n\n\nloops(2)\n"


def _structures() -> Iterator[tuple[str, str]]:
    for place, inside in (("", False), (" in a function", True)):
        yield f"strings{place}", _doubled("'ab'", "v = v + v", inside=inside)
        yield f"bytes{place}", _doubled("b'ab'", "v += v", inside=inside)
        yield f"lists{place}", _doubled("[1, 2]", "v = v + v", inside=inside)
        yield f"lists in place{place}", _doubled("[1, 2]", "v += v", inside=inside)
        yield f"lists extended{place}", _doubled("[1, 2]", "v.extend(v)", inside=inside)
        yield f"lists times two{place}", _doubled("[1, 2]", "v = v * 2", inside=inside)
        yield f"tuples{place}", _doubled("(1, 2)", "v = v + v", inside=inside)
        yield f"starred lists{place}", _doubled("[1, 2]", "v = [*v, *v]", inside=inside)
        yield f"starred tuples{place}", _doubled("(1, 2)", "v = (*v, *v)", inside=inside)
        yield f"starred arguments{place}", "def many(*v):\n    return v\n\n\n" + _doubled("(1, 2)", "v = many(*v, *v)", inside=inside)
        yield f"formatted strings{place}", _doubled("'ab'", "v = f'{v}{v}'", inside=inside)
        yield f"joined strings{place}", _doubled("'ab'", "v = ','.join([v, v])", inside=inside)
        yield f"pairs{place}", _doubled("1", "v = (v, v)", inside=inside)
        yield f"pairs of lists{place}", _doubled("1", "v = [v, v]", inside=inside)
        yield f"dicts in dicts{place}", _doubled("{'a': 1}", "v = {'a': v, 'b': v}", inside=inside)
        yield f"copies{place}", _doubled("[1]", "v = copy.deepcopy([v, v])", inside=inside)
        yield f"copies of modules{place}", _doubled("nn.Linear(2, 2)", "v = nn.ModuleList([copy.deepcopy(v), copy.deepcopy(v)])", 20, inside)
    yield "dicts joined", "a = {'a0': 0}\n" + "".join(f"b = {{f'x{n}{{k}}': v for k, v in a.items()}}\na = {{**a, **b}}\n" for n in range(40))
    yield "pairs given", "def take(x):\n    return x\n\n\nv = 1\n" + "v = (v, v)\ntake(v)\n" * 40
    yield "pairs joined", "def cond(k, w):\n    v = (1, 2)\n    w = (2, 1)\n    for _ in k:\n        v = (v, v)\n        w = (w, w)\n" + "    v = (v, v)\n    w = (w, w)\n" * 40 + "    if k:\n        w = v\n    return w\n"
    yield "pairs of tensors", "def cond(k, v):\n    v = torch.zeros(2, 3)\n" + "    v = (v, v)\n" * 40 + "    print(v)\n    loss = F.cross_entropy(v, k)\n    for a in v:\n        loss = loss + a\n    loss.backward()\n    return torch.stack(v), torch.cat(v)\n"
    yield "unions of sums", "def sums(k, v):\n    t = 0\n    for x in k:\n" + "        v = v + v\n" * 40 + "        t += v\n        v.backward()\n    return t\n"
    yield "Sequential of itself", "net = nn.Linear(8, 8)\n" + "net = nn.Sequential(net, net)\n" * 14 + "F.cross_entropy(net(torch.zeros(2, 8)), torch.zeros(2).long())\n"
    yield "Sequential of itself, 40 times", "net = nn.Linear(8, 8)\n" + "net = nn.Sequential(net, net)\n" * 40 + "F.cross_entropy(net(torch.zeros(2, 8)), torch.zeros(2).long())\nnet.eval()\nnet.to('cuda')\n"
    yield "modules of themselves", "class Twice(nn.Module):\n    def __init__(self, inner):\n        super().__init__()\n        self.inner = inner\n    def forward(self, x):\n        return self.inner(self.inner(x))\n\n\nnet = nn.Linear(8, 8)\n" + "net = Twice(net)\n" * 24 + "net(torch.zeros(2, 8))\n"


def _long() -> Iterator[tuple[str, str]]:
    yield "4,000 losses", "x = torch.zeros(2, 3)\ny = torch.zeros(2).long()\n" + "F.cross_entropy(F.softmax(x, dim=1), y)\n" * 4000
    yield "4,000 losses in a function", "def losses(x, y):\n" + "    F.cross_entropy(F.softmax(x, dim=1), y)\n" * 4000
    yield "4,000 losses of a model", "model = nn.Linear(3, 3)\ndef losses(x, y):\n" + "    loss = F.cross_entropy(F.softmax(model(x), dim=1), y)\n    loss.backward()\n" * 2000
    yield "4,000 steps", "model = nn.Linear(3, 3)\nopt = torch.optim.SGD(model.parameters(), 1e-2)\ndef losses(x, y):\n    for x, y in x:\n" + "        loss = F.cross_entropy(model(x), y)\n        opt.zero_grad()\n        loss.backward()\n        opt.step()\n" * 1000
    yield "4,000 evaluations", "model = nn.Linear(3, 3)\nmodel.eval()\n" + "model(torch.zeros(2, 3)).argmax(1).item()\n" * 4000
    yield "4,000 evaluations in a function", "model = nn.Linear(3, 3)\ndef evaluate(x):\n    model.eval()\n" + "    model(x).argmax(1).item()\n" * 4000
    yield "1,000 loops", "model = nn.Linear(3, 3)\nopt = torch.optim.SGD(model.parameters(), 1e-2)\ndef losses(x, y):\n" + "    for a, b in x:\n        loss = F.cross_entropy(model(a), b)\n        opt.zero_grad()\n        loss.backward()\n        opt.step()\n        total += loss\n" * 800
    yield "1,000 evaluating loops", "model = nn.Linear(3, 3)\ndef losses(x, y):\n    total = 0\n" + "    for a, b in x:\n        total += F.cross_entropy(model(a), b)\n" * 1300
    yield "sums of sums", "def sums(x):\n    x = torch.zeros(3)\n" + "    x = x + x\n" * 3000 + "    x.backward()\n    return x\n"
    yield "sums of the unknown", "def sums(x):\n" + "    x = x + x\n" * 3000 + "    x.backward()\n    return x\n"
    yield "sizes that multiply", "def sizes(x):\n    n, m = x.shape[0], x.shape[1]\n" + "    n = n * (n + m)\n" * 40 + "    return x.view(n, -1)\n"
    yield "sizes that double", "x = torch.zeros(2, 3)\n" + "x = torch.cat([x, x])\n" * 500 + "x = torch.stack([x, x])\n" * 200 + "F.softmax(x)\n"
    yield "5,000 classes", "".join(f"class C{n}(nn.Module):\n    def forward(self, x):\n        return x\n\n\n" for n in range(5000))
    built = "".join(f"class C{n}(nn.Module):\n    def __init__(self, size):\n        super().__init__()\n        self.layer = nn.Linear(size, 3)\n\n    def forward(self, x):\n        return self.layer(x)\n\n\n" for n in range(1500))
    yield "1,500 modules", built
    yield "1,500 modules that are used", built + "".join(f"C{n}(3)(torch.zeros(2, 3))\n" for n in range(1500))
    yield "1,000 classes on end", "class C0(nn.Module):\n    pass\n\n\n" + "".join(f"class C{n + 1}(C{n}):\n    def forward(self, x):\n        return super().forward(x)\n\n\n" for n in range(1000))
    yield "1,000 classes of two bases", "class M:\n    pass\n\n\nclass C0(nn.Module):\n    pass\n\n\n" + "".join(f"class C{n + 1}(C{n}, M):\n    def forward(self, x):\n        return super().forward(x)\n\n\n" for n in range(1000))
    yield "5,000 plain classes", "".join(f"class C{n}:\n    x = {n}\n\n\n" for n in range(5000))
    yield "5,000 functions", "".join(f"def c{n}(x):\n    return x\n\n\n" for n in range(5000))
    yield "a 3,000-term sum", "def sums(x):\n    return " + " + ".join(f"x[{n}]" for n in range(3000)) + "\n"
    yield "a 3,000-term sum of tensors", "def sums(x):\n    x = torch.zeros(3)\n    return " + " + ".join(["x"] * 3000) + "\n"
    yield "3,000 methods on end", "def ends(x):\n    return x" + ".view(-1)" * 600 + "\n"
    yield "a list of 20,000", "v = [" + ", ".join(map(str, range(20000))) + "]\nw = [x + 1 for x in v]\nfor x in v:\n    w.append(x)\n"
    yield "appends", "v = []\n" + "".join(f"v.append({n})\n" for n in range(4000))
    yield "entries", "v = {}\n" + "".join(f"v['{n}'] = {n}\n" for n in range(4000))


def programs() -> Iterator[tuple[str, str]]:
    yield "25 calls", _chain(25, "    return f{next}(f{next}(x))\n") + "f0(torch.zeros(2, 3))\n"
    yield "25 calls, twice apart", _chain(25, "    f{next}(x)\n    return f{next}([x])\n") + "f0(torch.zeros(2, 3))\n"
    yield "25 calls of nobody", _chain(25, "    return f{next}(f{next}(x)) + f{next}(x + {n})\n")
    yield "25 calls, 8 fold", _chain(25, "    return [" + ", ".join(f"f{{next}}(x + {k})" for k in range(8)) + "]\n")
    yield "25 calls in comprehensions", _chain(25, "    return [f{next}(y) for y in (x, x, x)]\n") + "f0(1)\n"
    yield "25 methods", "class A:\n" + "".join(f"    def m{n}(self, x):\n        return self.m{n + 1}(self.m{n + 1}(x))\n" for n in range(24)) + "    def m24(self, x):\n        self.y = x\n        return x\n\n\nA().m0(1)\n"
    entries = "".join(f"def entry{n}(x):\n    a = A()\n    a.y = x\n    return a.m0(x)\n\n\n" for n in range(60))
    yield "60 ways to 25 methods", "class A:\n" + "".join(f"    def m{n}(self, x):\n        self.y = x\n        return self.m{n + 1}(self.m{n + 1}(x))\n" for n in range(24)) + "    def m24(self, x):\n        return x\n\n\n" + entries
    yield "nested comprehensions", f"v = {_nested(4, 'a1')}\n"
    yield "nested comprehensions in a function", f"def nest(x):\n    return {_nested(4, 'x * a1')}\n"
    yield "one comprehension of four", "v = [a + b + c + d for a in range(64) for b in range(64) for c in range(64) for d in range(64)]\n"
    yield "a dict of comprehensions", "v = {a: {b: {c: [d for d in range(64)] for c in range(64)} for b in range(64)} for a in range(64)}\n"
    yield "calls in comprehensions", "def f(x):\n    return [x + a for a in range(64)]\n\n\nv = [[f(a * b) for a in range(64)] for b in range(64)]\n"
    yield from _lambdas()
    yield "diamonds", _diamonds(40)
    yield from _branches()
    yield from _recursion()
    yield from _structures()
    yield from _long()


def measured(text: str) -> tuple[float, float, bool]:
    """Processor seconds, peak megabytes, and whether the function at the end was read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "program.py")
        path.write_text(HEAD + text + TRAP, encoding="utf-8")
        command = [sys.executable, "-m", "torchlint", "check", str(path), "--select", "ALL", "--no-cache", "--output-format", "concise"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=_limited)
        output = process.stdout.read().decode() if process.stdout else ""
        _, _, usage = os.wait4(process.pid, 0)
    line = (HEAD + text + TRAP).count("\n")
    read = any(f":{line}:" in each and "TL401" in each for each in output.splitlines())
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, read


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


def main() -> None:
    for name, text in programs():
        if not sys.argv[1:] or any(each in name for each in sys.argv[1:]):
            seconds, megabytes, read = measured(text)
            print(f"{name:<40}{seconds:8.1f} s {megabytes:8.0f} MB  {'TL401' if read else '-'}", flush=True)


if __name__ == "__main__":
    main()
