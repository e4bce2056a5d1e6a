"""What certainly goes wrong is an error; what hangs on who calls, or on what is wanted, is a warning."""

from __future__ import annotations

from tests.analysis.reading import levels

CONVERTING = """
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def tags(self, images):
        return self.layer(images).numpy()
"""


def test_an_array_is_asked_for_in_a_method_whose_callers_are_not_seen() -> None:
    assert levels(CONVERTING) == ["TL305 warning"]


def test_an_array_is_asked_for_where_gradients_are_on() -> None:
    assert levels(f"{CONVERTING}\nTagger().tags(torch.ones(2, 4))\n") == ["TL305 error"]


def test_numbers_of_tensors_lose_their_graph() -> None:
    assert levels("a = torch.ones(3, requires_grad=True)\nb = torch.tensor([a.sum(), a.mean()])\n") == ["TL111 warning"]


def test_tensors_of_several_numbers_are_no_numbers() -> None:
    assert levels("a = torch.ones(3, requires_grad=True)\nb = torch.tensor([a, a])\n") == ["TL111 error"]
