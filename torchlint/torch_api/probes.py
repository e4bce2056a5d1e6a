"""Functions of packages that run a model once on an input of a stated size."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """Where the input is said: its position and keyword; `sizes` if that is a size and no tensor, `batched` if with a batch."""

    index: int
    keyword: str
    sizes: bool = False
    batched: bool = True


# Sources: the packages' documentation.
PROBES = {
    "torchsummary.summary": Probe(1, "input_size", sizes=True, batched=False),
    "torchinfo.summary": Probe(1, "input_size", sizes=True),
    "torchsummaryX.summary": Probe(1, "x"),
    "pytorch_model_summary.summary": Probe(1, "args"),
    "ptflops.get_model_complexity_info": Probe(1, "input_res", sizes=True, batched=False),
    "thop.profile": Probe(1, "inputs"),
    "torch.onnx.export": Probe(1, "args"),
    "torch.jit.trace": Probe(1, "example_inputs"),
}
