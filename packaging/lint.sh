#!/bin/sh
# Rules, form and types; goes on after a failure, so that one run shows all there is to mend.
cd "$(dirname "$0")/.." || exit 2
failed=0
.venv/bin/python -m ruff check . || failed=1
.venv/bin/python -m ruff format --check . || failed=1
.venv/bin/python -m mypy --strict explorer || failed=1
exit $failed
