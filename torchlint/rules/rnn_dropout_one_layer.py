"""TL214: the dropout between the layers of a recurrent network that has one."""

from __future__ import annotations

from collections.abc import Iterator

from torchlint.analysis.edits.calls import remove_keyword
from torchlint.analysis.facts.calls import Construction
from torchlint.analysis.values.abstract import Const
from torchlint.diagnostic import Finding
from torchlint.rule import rule
from torchlint.torch_api.layers import recurrent_argument


@rule("TL214", severity="warning", words=("LSTM|GRU|RNN", "nn"))
def rnn_dropout_one_layer(made: Construction) -> Iterator[Finding]:
    dropout = recurrent_argument(made.name, "dropout", made.arguments)
    layers = recurrent_argument(made.name, "num_layers", made.arguments) or Const(1)
    if not isinstance(dropout, Const) or not isinstance(dropout.value, int | float) or dropout.value <= 0 or layers != Const(1):
        return
    yield made.flag(
        f"`dropout` acts between the layers of a {made.name.rpartition('.')[2]}, and this one has a single layer: nothing is "
        "dropped; remove it, or stack a second layer",
        fix=remove_keyword(made.site, "dropout", "Remove the argument", "unsafe"),
    )
