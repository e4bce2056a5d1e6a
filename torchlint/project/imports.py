"""Which file of a project an import statement means, from the paths alone."""

from __future__ import annotations

import posixpath
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

# A folder of a project may bear one of these names (`backends/torch.py`) and still not be what
# `import torch` means, so for them only what Python itself would find counts.
_INSTALLED = sys.stdlib_module_names | {
    "PIL", "absl", "accelerate", "albumentations", "apex", "cupy", "cv2", "detectron2", "dgl", "einops",
    "fairseq", "fire", "gym", "h5py", "horovod", "hydra", "ignite", "imageio", "jax", "keras", "kornia",
    "librosa", "lightning", "matplotlib", "mmcv", "monai", "networkx", "nltk", "numba", "numpy",
    "omegaconf", "onnx", "pandas", "pycocotools", "pytest", "pytorch_lightning", "ray", "requests",
    "scipy", "seaborn", "six", "skimage", "sklearn", "spacy", "tensorboard", "tensorboardX",
    "tensorflow", "timm", "torch", "torch_geometric", "torchaudio", "torchmetrics", "torchsummary",
    "torchtext", "torchvision", "tqdm", "transformers", "visdom", "wandb", "yaml",
}


def resolve(
    importer: str, module: str, level: int, paths: Collection[str], roots: Sequence[str] = ()
) -> str | None:
    """The one of `paths` that `importer` means by `module`; see `ImportIndex.resolve`."""
    return ImportIndex(paths, roots).resolve(importer, module, level)


class ImportIndex:
    """The files of a project, prepared for many questions.

    `paths` and `roots` are POSIX paths in one notation (all relative to the same folder, or all
    absolute); `roots` are folders that are on `sys.path`, and each one's `src` counts as well.
    """

    def __init__(self, paths: Collection[str], roots: Sequence[str] = ()) -> None:
        self._paths = frozenset(paths)
        self._by_last: defaultdict[str, list[str]] = defaultdict(list)
        for path in sorted(self._paths):
            self._by_last[module_name(path)].append(path)
        plain = [_folder(root) for root in roots]
        self._roots = tuple(dict.fromkeys([*plain, *(posixpath.join(root, "src") for root in plain)]))
        self._known: dict[tuple[str, str, int], str | None] = {}

    def resolve(self, importer: str, module: str, level: int = 0) -> str | None:
        """The path of a module's file, or of its `__init__.py`; None for what is not in the project.

        `module` is dotted (empty in `from . import x`) and `level` counts the leading dots, as in
        `ast.ImportFrom`. An absolute import is looked up in the importer's folder, in the roots,
        in the folders above the importer, and at last anywhere, where the nearest file whose
        path ends as the module's does is taken if there is just one; failing that, the nearest
        plain file of the module's last name (a project whose folders were flattened is read so).
        """
        key = (importer, module, level)
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def _find(self, importer: str, module: str, level: int) -> str | None:
        if level and (found := self._relative(importer, module, level)):
            return found
        if module.rpartition(".")[2] not in self._by_last:
            return None
        return self._nearest(importer, module) if level else self._absolute(importer, module)

    def _relative(self, importer: str, module: str, level: int) -> str | None:
        base = posixpath.dirname(importer)
        for _ in range(level - 1):
            base = _above(base)
        return self._at(base, module.replace(".", "/"), importer)

    def _absolute(self, importer: str, module: str) -> str | None:
        top, _, _ = module.partition(".")
        suffix = module.replace(".", "/")
        here = posixpath.dirname(importer)
        if top in _INSTALLED:
            return self._shadowing(importer, here, top, suffix)
        for base in (here, *self._roots, *_ancestors(here)):
            if found := self._at(base, suffix, importer):
                return found
        return self._nearest(importer, module)

    def _shadowing(self, importer: str, here: str, top: str, suffix: str) -> str | None:
        """A file that hides an installed package of its name, as it does in a script's folder."""
        in_package = posixpath.join(here, "__init__.py") in self._paths
        for base in self._roots if in_package else (here, *self._roots):
            if self._at(base, top, importer) and (found := self._at(base, suffix, importer)):
                return found
        return None

    def _at(self, base: str, suffix: str, importer: str) -> str | None:
        stem = posixpath.join(base, suffix) if suffix else base
        package = posixpath.join(stem, "__init__.py")
        for path in (package, f"{stem}.py") if suffix else (package,):
            if path in self._paths and path != importer:
                return path
        return None

    def _nearest(self, importer: str, module: str) -> str | None:
        here = posixpath.dirname(importer)
        last = module.rpartition(".")[2]
        named = [path for path in self._by_last[last] if path != importer]
        suffix = module.replace(".", "/")
        ending = (f"/{suffix}.py", f"/{suffix}/__init__.py")
        alike = [path for path in named if f"/{path}".endswith(ending)]
        # Where folders were flattened there are no packages left: one that merely bears the last name is another.
        flattened = [path for path in named if posixpath.basename(path) != "__init__.py"]
        depths = [(_shared_depth(here, path), path) for path in alike or flattened]
        nearest = max(depths, default=(0, ""))[0]
        best = [path for depth, path in depths if depth == nearest]
        return best[0] if len(best) == 1 else None


def module_name(path: str) -> str:
    """The last name of the module that a file is: its folder's for a package."""
    folder, name = posixpath.split(path)
    stem = name.removesuffix(".py")
    return posixpath.basename(folder) if stem == "__init__" else stem


def _folder(path: str) -> str:
    plain = posixpath.normpath(path) if path else ""
    return "" if plain == "." else plain


def _above(folder: str) -> str:
    if folder == "" or posixpath.basename(folder) == "..":
        return posixpath.join(folder, "..")
    return posixpath.dirname(folder)


def _ancestors(folder: str) -> Iterator[str]:
    while folder not in ("", "/") and posixpath.basename(folder) != "..":
        folder = posixpath.dirname(folder)
        yield folder


def _shared_depth(folder: str, path: str) -> int:
    count = 0
    for ours, theirs in zip(folder.split("/"), path.split("/"), strict=False):
        if ours != theirs:
            break
        count += 1
    return count
