"""`explorer`, `python -m explorer`, and what the frozen program starts."""

from __future__ import annotations

import sys


def main() -> int:
    """Run as a child process when the hidden argument says so, otherwise as the command line."""
    try:
        if getattr(sys, "frozen", False):
            import multiprocessing

            multiprocessing.freeze_support()
        from explorer.work.process import CHILD_ARGUMENT

        if CHILD_ARGUMENT in sys.argv[1:2]:
            from explorer.work import child

            child.main()
            return 0
        from explorer.cli.main import main as command_line

        return command_line()
    except KeyboardInterrupt:
        # So early that the command line could not say it.
        sys.stderr.write("explorer: interrupted.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
