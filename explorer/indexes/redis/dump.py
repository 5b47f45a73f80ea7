"""The graph of a search index, as the debugging commands of the search module dump it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.core.progress import Progress
from explorer.core.structure import Facts
from explorer.indexes.redis.description import Description
from explorer.indexes.redis.elements import Elements, Numbered
from explorer.indexes.redis.links import AT_A_TIME, Drawn, ServerGraph
from explorer.servers.client import Client, Command, pairs, permitted, text

COMMANDS = ("FT.DEBUG", "_FT.DEBUG")
"""What older and newer modules call it."""
M = 16
"""RediSearch's own."""


def graph(
    about: Description, client: Client, elements: Elements | Numbered, rows: int, progress: Progress
) -> ServerGraph | Facts:
    """DUMP_HNSW of every document, by the numbers that the module gives them, and from VECSIM_INFO where searches
    begin. Facts with the reason where there is no graph, or none that the server shows."""
    algorithm = str(about.params.get("algorithm", "HNSW"))
    lines = (("Algorithm", algorithm), ("Vectors", f"{rows:,} × {about.dimensions}"))
    if algorithm == "FLAT":
        return Facts(lines, "The server compares the query with every vector, so that there is nothing to miss.")
    if algorithm != "HNSW":
        return Facts(lines, f"The server does not show the inside of an index of {algorithm}.")
    names = {client.node_of(key, progress): key for key in about.keys}
    first = about.keys[0]
    command = next((each for each in COMMANDS if _allowed(client, each, first, about.field, progress)), None)
    if command is None:
        told = f"{client.address.place} does not let the links be read: it has no FT.DEBUG, or keeps it from this user."
        return Facts(lines, told)

    def said(question: str, some: Sequence[int], *field: str) -> list[object]:
        """The answer about each of some rows, by the node that holds it."""
        targets = [elements[row] for row in some]
        commands: list[Command] = [
            (command, question, names.get(client.node_of(each, progress), first), *field, each) for each in targets
        ]
        return client.gather(commands, targets, progress)

    drawn = Drawn(rows)
    nodes = [client.node_of(elements[row], progress) for row in range(rows)]
    numbers: dict[tuple[object, int], int] = {}
    for start in range(0, rows, AT_A_TIME):
        progress(start / rows / 2, "numbers of the documents")
        some = range(start, min(start + AT_A_TIME, rows))
        for row, number in zip(some, said("DOCIDTOID", some), strict=True):
            numbers[nodes[row], int(text(number))] = row
    for start in range(0, rows, AT_A_TIME):
        progress(0.5 + start / rows / 2, "links")
        some = range(start, min(start + AT_A_TIME, rows))
        for row, reply in zip(some, said("DUMP_HNSW", some, about.field), strict=True):
            if isinstance(reply, list) and len(reply) > 2:
                drawn.add(row, [[numbers.get((nodes[row], int(n)), -1) for n in each[1:]] for each in reply[2:]])
    begins = []
    for node, key in names.items():
        info = pairs(client.on(node, command, "VECSIM_INFO", key, about.field, progress=progress))
        entry = pairs(info.get("BACKEND_INDEX", [])).get("ENTRYPOINT", info.get("ENTRYPOINT"))
        begins.append(numbers.get((node, int(entry)), -1) if isinstance(entry, int) else -1)
    known = np.array([each for each in begins if each >= 0], np.int64)
    entry_row = int(known[0]) if len(names) == 1 and len(known) else -1
    return drawn.finished(entry_row, known, int(about.params.get("M", M)))


def _allowed(client: Client, command: str, key: str, field: str, progress: Progress) -> bool:
    said = permitted(client, command, "VECSIM_INFO", key, field, key=key, progress=progress)
    return isinstance(said, list)
