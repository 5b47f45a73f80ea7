#!/bin/sh
# Every check there is; pytest's closing line comes last. Fails if any of them did.
cd "$(dirname "$0")/.." || exit 2
failed=0
packaging/lint.sh || failed=1
echo "test.sh: the installer is not built and not proved here, that takes too long: packaging/build.sh, packaging/prove.sh"
# readers of binary files are fuzzed for so long in all, unless somebody says otherwise
export EXPLORER_FUZZ_SECONDS="${EXPLORER_FUZZ_SECONDS:-300}"
# no test may open a window on somebody's screen; the one that needs a screen starts its own
QT_QPA_PLATFORM=offscreen .venv/bin/python -m pytest || failed=1
exit $failed
