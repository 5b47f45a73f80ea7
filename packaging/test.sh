#!/bin/sh
# Every check there is; pytest's closing line comes last. Fails if any of them did.
cd "$(dirname "$0")/.." || exit 2
failed=0
packaging/lint.sh || failed=1
# no test may open a window on somebody's screen; the one that needs a screen starts its own
QT_QPA_PLATFORM=offscreen .venv/bin/python -m pytest || failed=1
exit $failed
