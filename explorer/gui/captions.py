"""How a row is called on the screen."""

from __future__ import annotations

from explorer.core.dataset import Dataset


def caption(dataset: Dataset, row: int, colour_by: str = "") -> str:
    """A row's name; where rows have none, the label that colours it (“digit 4”); otherwise nothing but its number."""
    if dataset.names is not None and dataset.names[row]:
        return dataset.names[row]
    column = dataset.column(colour_by)
    if column is not None and (cell := column.cell(row)):
        return cell if cell[:1].isalpha() else f"{column.name} {cell}"
    return f"#{row}"


def number(dataset: Dataset, row: int) -> str:
    """`#69`, with the place in the file where that differs."""
    source = dataset.source_row(row)
    return f"#{row}" if source == row else f"#{row} (file row {source})"
