from tests.shapes.proof import Case

FUNCTION_CASES: list[Case] = []
