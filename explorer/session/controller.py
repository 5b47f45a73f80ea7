"""The verbs of the program, in one place: views call these and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from explorer.session.adding import Adding
from explorer.session.asking import Asking
from explorer.session.comparing import Comparing
from explorer.session.estimating import Estimating
from explorer.session.indexing import Indexing
from explorer.session.inspecting import Inspecting
from explorer.session.looking import Looking
from explorer.session.losing import would_lose
from explorer.session.mapping import Mapping
from explorer.session.measuring import Measuring
from explorer.session.opening import Opening
from explorer.session.previewing import Previewing
from explorer.session.pushing import Pushing
from explorer.session.scratch import Scratch
from explorer.session.serving import Serving
from explorer.session.session import Session
from explorer.session.settings import Settings
from explorer.session.tasks import Tasks
from explorer.work.runner import Runner


class Controller:
    """Puts the parts of the session together; `close` ends every child process."""

    def __init__(self, post: Callable[[Callable[[], None]], None], settings: Settings | None = None) -> None:
        self.settings = settings if settings is not None else Settings.of_user()
        self.session = Session()
        self.runner = Runner(post)
        self.scratch = Scratch()
        self.tasks = Tasks(self.session, self.runner)
        self.opening = Opening(self.session, self.tasks, self.settings)
        self.previewing = Previewing(self.session, self.runner, self.opening, self.settings)
        self.adding = Adding(self.session, self.tasks, self.opening)
        self.mapping = Mapping(self.session, self.tasks)
        self.estimating = Estimating(self.session, self.settings)
        self.serving = Serving(self.session, self.tasks, self.runner, self.opening, self.settings)
        self.pushing = Pushing(self.session, self.tasks, self.serving)
        self.indexing = Indexing(self.session, self.tasks, self.runner, self.scratch, self.pushing, self.estimating)
        self.measuring = Measuring(self.session, self.tasks)
        self.asking = Asking(self.session, self.runner)
        self.comparing = Comparing(self.session, self.tasks, self.runner)
        self.looking = Looking(self.session)
        self.inspecting = Inspecting(self.session, self.tasks, self.runner, self.indexing, self.looking)

    def would_lose(self, *, closing: bool = False) -> tuple[str, ...]:
        """What people asked for that opening another source, or `closing`, would throw away; each in words."""
        return would_lose(self.session.state, closing=closing)

    def close(self) -> None:
        """Stop all work; nothing changes the State any more, and what was built for it is removed."""
        self.runner.close()
        self.scratch.close()
