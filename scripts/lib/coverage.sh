# shellcheck shell=bash
# Which lines the tests run. Needs common.sh and STATE. Every process that is started meanwhile, the tests' own and the programs
# they start, leaves what it has run in STATE/profiles when it ends; one that is killed with SIGKILL leaves nothing.

# Each of these must have at least this share of its lines run, in percent.
COVERAGE_FLOOR=80
COVERAGE_FLOOR_MODULES=(Core Storage Engine API Participants)

# From here on builds are instrumented, also those of other scripts called from here, and processes leave profiles.
coverage_begin() {
    export SAGAFLOW_COVERAGE=1
    mkdir -p "$STATE/profiles"
    # One file for each process: one that is killed while it writes spoils its own and nobody else's.
    export LLVM_PROFILE_FILE=$STATE/profiles/%m-%p.profraw
}

# What swift build needs to be told, one word a line.
coverage_flags() { [[ -z ${SAGAFLOW_COVERAGE:-} ]] || echo --enable-code-coverage; }

# llvm_tool NAME: the one of the Swift toolchain that is in use; another one may not read its profiles.
llvm_tool() {
    local swift
    swift=$(readlink -f "$(command -v swift)")
    echo "${swift%/*}/$1"
}

# coverage_report BIN: prints lines run by module, and fails when a module is below the floor.
coverage_report() {
    local bin=$1 program objects=() below=0 module percent floor
    for program in sagaflow-api sagaflow-engine saga sagaflow-mocks; do objects+=(-object "$bin/$program"); done
    "$(llvm_tool llvm-profdata)" merge --sparse --failure-mode=all -o "$STATE/tests.profdata" \
        "$STATE"/profiles/*.profraw 2>"$STATE/coverage.log" || {
        tail -n 5 "$STATE/coverage.log" >&2
        return 1
    }
    # The same source is in several programs: llvm-cov counts a line as run when it was in any of them.
    "$(llvm_tool llvm-cov)" export --summary-only -instr-profile "$STATE/tests.profdata" \
        "$bin/sagaflowPackageTests.xctest" "${objects[@]}" >"$STATE/coverage.json" 2>"$STATE/coverage.log" || {
        tail -n 5 "$STATE/coverage.log" >&2
        return 1
    }
    jq -r --arg root "$(cd "$ROOT" && pwd -P)/" '
        def row: "\(.lines)\t\(.covered)\t\(.name)";
        [.data[0].files[] | select(.filename | startswith($root)) | .filename |= .[($root | length):]
            | select(.filename | test("^(Sources|mocks)/"))
            | {name: (.filename | split("/") | if .[0] == "Sources" then .[1] else .[0] end),
               lines: .summary.lines.count, covered: .summary.lines.covered}]
        | group_by(.name) | map({name: .[0].name, lines: (map(.lines) | add), covered: (map(.covered) | add)})
        | . + [{name: "all", lines: (map(.lines) | add), covered: (map(.covered) | add)}] | .[] | row' \
        "$STATE/coverage.json" >"$STATE/coverage.txt" || return 1
    printf '%-14s %8s %8s %8s\n' module lines run percent
    awk -F '\t' '{ printf "%-14s %8d %8d %7.1f%%\n", $3, $1, $2, $1 ? 100 * $2 / $1 : 100 }' "$STATE/coverage.txt"
    for module in "${COVERAGE_FLOOR_MODULES[@]}"; do
        percent=$(awk -F '\t' -v module="$module" '$3 == module { printf "%d", $1 ? 1000 * $2 / $1 : 0 }' "$STATE/coverage.txt")
        floor=$((COVERAGE_FLOOR * 10))
        if ((${percent:-0} < floor)); then
            complain "fewer than $COVERAGE_FLOOR % of $module's lines were run"
            below=1
        fi
    done
    return "$below"
}
