# Day One: run it, test it, build it. `make` says what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Other engines (DYNAMODB_ENDPOINT) need no binary of ours.
engine := $(if $(DYNAMODB_ENDPOINT),,local/node_modules/.package-lock.json)
tools  := .venv

.PHONY: help run test torture bench test-ddblocal verify fmt pictures chromium mutants

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

run: $(engine) ## run everything on this machine: PORT=3000, FRESH=1 begins anew
	@PORT="$(PORT)" FRESH="$(FRESH)" go run ./local

test: $(engine) chromium ## every test
	go test ./...

verify: $(engine) $(tools)/installed ## what a linter, a compiler and a race detector can say
	@unformatted=$$(gofmt -l functions local shared); if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...
	$(tools)/bin/cfn-lint template.yaml
	AWS_DEFAULT_REGION=eu-central-1 SAM_CLI_TELEMETRY=0 $(tools)/bin/sam validate --lint
	AWS_DEFAULT_REGION=eu-central-1 SAM_CLI_TELEMETRY=0 $(tools)/bin/sam build
	go test ./local/template ./local/functions ./local/events
	go test -race ./local/cloud/... ./local/engine/... ./local/template/... ./shared/...

test-ddblocal: ## the store's tests on DynamoDB Local, where Java and Maven are; docs/CONTRIBUTING.md has the differences
	mvn --quiet --batch-mode --file local/ddblocal/pom.xml dependency:copy-dependencies
	local/ddblocal/run go test -count=1 -parallel 4 ./shared/store

torture: $(engine) ## what proves that nothing is lost and nothing twice, for longer than a run of all tests may take
	go test -count=1 -timeout 60m ./local/race -rounds 500
	go test -count=1 -timeout 60m ./local/model -rapid.checks=100 -rapid.steps=120 -rapid.seed=0
	go test -count=1 -v -timeout 12h ./local/fault -torture $(if $(SEED),-seed $(SEED))

mutants: $(engine) ## take each guard out of the code and expect a test to miss it
	go run ./local/mutants

bench: $(engine) ## what starts, requests, letters and pages take beside the least that does the same: BENCH="start cold -long", BENCH=-json
	go run ./local/bench $(BENCH)

fmt: ## format the Go code
	gofmt -w functions local shared

pictures: $(engine) chromium ## take the pictures of README.md anew
	@taken=$$(mktemp -d); go test -count=1 ./local/browser -run 'FromTheLetter|InboxLeads|AnOperator' -args -pictures "$$taken"; \
	cp "$$taken/wizard.png" "$$taken/letter.png" "$$taken/console.png" docs/pictures/; rm -r "$$taken"
	go test ./local/readme -run Picture -update

local/node_modules/.package-lock.json: local/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: it installs the local DynamoDB. Install Node.js with it (Debian: apt-get install npm), or name another DynamoDB in DYNAMODB_ENDPOINT." >&2; exit 1; }
	npm ci --ignore-scripts --no-audit --no-fund --prefix local
	@touch $@

# The linters are pinned, so that a new release of one breaks nothing on its own.
$(tools)/installed: Makefile
	rm -rf $(tools)
	python3 -m venv $(tools)
	$(tools)/bin/pip install --quiet --disable-pip-version-check aws-sam-cli==1.170.0 cfn-lint==1.58.0
	@touch $@

# The browser tests need Chromium, at best the one without a window, which does the same with two thirds of the work. Root of
# a Debian machine, such as CI, gets it by itself; others are told.
chromium:
	@if command -v chromium-headless-shell chromium chromium-browser google-chrome >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null; \
	else echo "The browser tests need Chromium: install it (Debian: apt-get install chromium-headless-shell)." >&2; exit 1; fi

# What the template says; the test of the bootstraps asks for that of its machine.
arch := arm64

# SAM calls build-<Function> for each function of the template. Its folder is its id in small letters.
build-%:
	CGO_ENABLED=0 GOOS=linux GOARCH=$(arch) go build -tags lambda.norpc -trimpath -ldflags '-s -w' -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(shell echo $* | tr A-Z a-z)/lambda
