from __future__ import annotations

import numpy as np
import pytest

from explorer.core.column import Column, from_numbers, from_text
from explorer.gui import palette


def luminance(colours: np.ndarray) -> np.ndarray:
    part = colours / 255.0
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def test_categories_have_64_distinct_colours_that_begin_as_drawn() -> None:
    assert len(np.unique(palette.CATEGORY_COLOURS, axis=0)) == 64
    first = ["#" + bytes(colour).hex() for colour in palette.CATEGORY_COLOURS[:4].tolist()]
    assert first == ["#0072b2", "#e69f00", "#009e73", "#cc79a7"]


@pytest.mark.parametrize(("paper", "least"), [((255, 255, 255), 1.4), ((18, 20, 22), 1.7)])
def test_all_colours_can_be_told_from_the_paper(paper: tuple[int, int, int], least: float) -> None:
    ground = luminance(np.array([paper]))[0]
    colours = luminance(np.concatenate([palette.CATEGORY_COLOURS, palette.NUMBER_COLOURS, palette.MISSING[None]]))
    contrast = (np.maximum(colours, ground) + 0.05) / (np.minimum(colours, ground) + 0.05)
    assert contrast.min() >= least


def test_the_ramp_gets_lighter_step_by_step() -> None:
    assert (np.diff(luminance(palette.NUMBER_COLOURS)) > -1e-3).all()
    assert palette.NUMBER_COLOURS.shape == (256, 3)


def test_a_category_has_its_colour_and_the_missing_grey() -> None:
    column = from_text("kind", ["b", "a", "", "b", "a", "b"])
    coded = palette.coded(column)
    assert coded is not None
    codes, colours = coded
    assert codes.dtype == np.uint8
    assert colours[codes].tolist() == [
        list(palette.category_colour(1)),
        list(palette.category_colour(0)),
        palette.MISSING.tolist(),
        list(palette.category_colour(1)),
        list(palette.category_colour(0)),
        list(palette.category_colour(1)),
    ]


def test_hidden_labels_are_grey_and_not_shown() -> None:
    column = from_text("kind", ["b", "a", "", "b"])
    codes, colours, shown = palette.shading(column, 4, frozenset({"b"}))
    assert codes is not None and colours is not None and shown is not None
    assert colours[codes[0]].tolist() == palette.MISSING.tolist()
    assert shown.tolist() == [False, True, True, False]


def test_more_categories_than_colours_come_round_again() -> None:
    column = Column("c", "category", np.arange(300, dtype=np.int32), tuple(map(str, range(300))))
    coded = palette.coded(column)
    assert coded is not None
    codes, colours = coded
    assert codes.dtype == np.uint16
    assert colours[codes[65]].tolist() == list(palette.category_colour(1))


def test_outliers_do_not_take_all_the_colours() -> None:
    values = np.concatenate([np.linspace(0, 1, 1000), [1e9, np.nan, -1e9]])
    coded = palette.coded(from_numbers("weight", values))
    assert coded is not None
    codes, colours = coded
    assert len(np.unique(codes[:1000])) == 256
    assert codes[1000] == 255 and codes[1002] == 0
    assert colours[codes[1001]].tolist() == palette.MISSING.tolist()


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [3.0, 3.0]])
def test_numbers_without_a_range_are_coloured_too(values: list[float]) -> None:
    coded = palette.coded(from_numbers("weight", np.array(values)))
    assert coded is not None and len(coded[0]) == len(values)


def test_texts_and_no_column_have_one_quiet_colour() -> None:
    text = from_text("name", [f"name {i}" for i in range(50)])
    assert text.kind == "text"
    assert palette.shading(text, 50, frozenset()) == (None, None, None)
    assert palette.shading(None, 50, frozenset()) == (None, None, None)
