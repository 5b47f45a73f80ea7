"""A child that reads, for all the tests of a module, and its cache."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.asking import Reader


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """One child for all, which is what it has to survive."""
    started = Reader()
    yield started
    started.close()


@pytest.fixture(scope="module", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache for all tests of a module, for the child knows but one."""
    from explorer import paths

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_CACHE", str(tmp_path_factory.mktemp("cache")))
        paths.cache_folder.cache_clear()
        yield
    paths.cache_folder.cache_clear()


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> None:
    """The child serves all tests of the module, and ends with it."""
