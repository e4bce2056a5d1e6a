from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torchlint.diagnostic import Edit, Fix, Position, Span
from torchlint.fix.apply import fix_text

TEXTS = st.text(st.sampled_from("ab é😀\x0c\u2028\n\r"), max_size=40) | st.text(max_size=20)
NEW_TEXTS = st.text(st.sampled_from("xyz\n"), max_size=4)


Case = tuple[str, list[Fix], list[list[tuple[int, int, str]]]]


def edit(start: tuple[int, int], end: tuple[int, int], text: str) -> Edit:
    return Edit(Span(Position(*start), Position(*end)), text)


def fix(*edits: Edit) -> Fix:
    return Fix("mend it", edits)


def position(text: str, offset: int) -> Position:
    """The place of a code point that is not inside a newline."""
    before = re.split(r"\r\n|\r|\n", text[:offset])
    return Position(len(before), len(before[-1]) + 1)


def offsets(text: str) -> list[int]:
    return [each for each in range(len(text) + 1) if text[each - 1 : each + 1] != "\r\n" or each == 0]


@st.composite
def texts_and_fixes(draw: st.DrawFn) -> Case:
    text = draw(TEXTS)
    places = st.sampled_from(offsets(text))
    raw = draw(st.lists(st.lists(st.tuples(places, places, NEW_TEXTS), max_size=3), max_size=6))
    spans = [[(min(a, b), max(a, b), new) for a, b, new in edits] for edits in raw]
    fixes = [
        fix(*(Edit(Span(position(text, a), position(text, b)), new) for a, b, new in edits))
        for edits in spans
    ]
    return text, fixes, spans


@given(texts_and_fixes())
def test_a_single_fix_replaces_just_its_spans(case: Case) -> None:
    text, fixes, spans = case
    newline = (re.findall(r"\r\n|\r|\n", text) or ["\n"])[0]
    for each, edits in zip(fixes, spans, strict=True):
        ordered = sorted(edits, key=lambda edit: edit[:2])
        if not edits or any(left[1] > right[0] for left, right in pairwise(ordered)):
            assert fix_text(text, [each]) == (text, 0)
            continue
        wanted = text
        for start, end, new in reversed(ordered):
            wanted = wanted[:start] + new.replace("\n", newline) + wanted[end:]
        assert fix_text(text, [each]) == (wanted, 1)


@given(texts_and_fixes())
def test_what_no_fix_spans_is_kept_in_order(case: Case) -> None:
    text, fixes, spans = case
    fixed, _ = fix_text(text, fixes)
    touched = {each for edits in spans for start, end, _ in edits for each in range(start, end)}
    rest = iter(fixed)
    assert all(text[each] in rest for each in range(len(text)) if each not in touched)


@given(texts_and_fixes())
def test_fixes_that_do_not_touch_are_all_applied(case: Case) -> None:
    text, fixes, spans = case
    apart: list[Fix] = []
    end = -1
    for each, edits in sorted(zip(fixes, spans, strict=True), key=lambda pair: sorted(pair[1])):
        if len(edits) == 1 and edits[0][0] > end:
            apart.append(each)
            end = edits[0][1]
    assert fix_text(text, apart)[1] == len(apart)
    assert fix_text(text, apart) == fix_text(text, apart[::-1])


@given(texts_and_fixes())
def test_each_fix_is_taken_whole_or_not_at_all(case: Case) -> None:
    text, fixes, _ = case
    unique = [
        fix(*(Edit(each.span, f"<{number}>") for each in one.edits))
        for number, one in enumerate(fixes)
        if one.edits
    ]
    fixed, count = fix_text(text, unique)
    seen = {number: fixed.count(f"<{number}>") for number in range(len(fixes))}
    sizes = {number: len(one.edits) for number, one in enumerate(fixes)}
    assert all(seen[number] in (0, sizes[number]) for number in seen)
    assert sum(1 for number in seen if seen[number]) == count


def test_of_two_overlapping_fixes_the_first_in_place_is_taken() -> None:
    later = fix(edit((1, 3), (1, 6), "L"), edit((2, 1), (2, 2), "L"))
    first = fix(edit((1, 1), (1, 4), "F"))
    assert fix_text("abcdef\nxyz\n", [later, first]) == ("Fdef\nxyz\n", 1)


def test_a_form_feed_and_a_line_separator_do_not_end_a_line() -> None:
    assert fix_text("a\x0cb\u2028c\nd", [fix(edit((2, 1), (2, 2), "D"))]) == ("a\x0cb\u2028c\nD", 1)


def test_columns_count_code_points() -> None:
    assert fix_text("é😀x = 1", [fix(edit((1, 3), (1, 4), "y"))]) == ("é😀y = 1", 1)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_an_inserted_line_ends_as_the_lines_of_the_file(newline: str) -> None:
    text = f"a{newline}b{newline}"
    assert fix_text(text, [fix(edit((2, 1), (2, 1), "x\ny\r\n"))]) == (newline.join("axyb") + newline, 1)


def test_fixes_that_need_the_same_new_line_share_it() -> None:
    line = edit((1, 1), (1, 1), "import copy\n")
    both = [fix(line, edit((1, 1), (1, 2), "x")), fix(line, edit((2, 1), (2, 2), "y"))]
    assert fix_text("a\nb\n", both) == ("import copy\nx\ny\n", 2)


def test_two_fixes_that_insert_in_one_line_at_one_point_are_not_mixed() -> None:
    inner = fix(edit((1, 1), (1, 1), "("), edit((1, 2), (1, 2), ")"))
    outer = fix(edit((1, 1), (1, 1), "("), edit((1, 6), (1, 6), ")"))
    assert fix_text("a + b", [inner, outer]) == ("(a) + b", 1)


def test_an_insertion_may_touch_a_replacement() -> None:
    fixes = [fix(edit((1, 2), (1, 3), "B")), fix(edit((1, 2), (1, 2), "<")), fix(edit((1, 3), (1, 3), ">"))]
    assert fix_text("abc", fixes) == ("a<B>c", 3)


@pytest.mark.parametrize("place", [(0, 1), (1, 0), (1, 3), (3, 1), (2, 2)])
def test_a_place_outside_the_text_is_an_error(place: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no place"):
        fix_text("a\r\n", [fix(edit(place, place, "x"))])


def test_the_end_of_the_text_is_a_place() -> None:
    assert fix_text("a\n", [fix(edit((2, 1), (2, 1), "b\n"))]) == ("a\nb\n", 1)


def test_thousands_of_fixes_take_no_quadratic_time() -> None:
    text = "x = 1\n" * 20_000
    fixes = [fix(edit((row, 1), (row, 2), "y")) for row in range(1, 20_001)]
    assert fix_text(text, fixes) == ("y = 1\n" * 20_000, 20_000)
