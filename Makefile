# make run: set up and open a sample · make test: set up and test · make lint: check only · make upgrade: newer versions
.PHONY: run test lint upgrade

run:
	@packaging/setup.sh
	@.venv/bin/explorer demo --or-offscreen

test:
	@packaging/setup.sh --test
	@packaging/test.sh

lint:
	@packaging/setup.sh --test
	@packaging/lint.sh

upgrade:
	@packaging/setup.sh --test
	@.venv/bin/python packaging/upgrade.py
	@packaging/setup.sh --test
