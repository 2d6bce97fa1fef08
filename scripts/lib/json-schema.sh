# shellcheck shell=bash
# The official test suite of JSON Schema, which PyPI has in the source archive of jsonschema. Kept between runs.
# Needs common.sh and install.sh.

# json_schema_suite_install: prints the folder that has the suite's tests and remotes.
json_schema_suite_install() {
    local python folder name=jsonschema-4.26.0
    local hash=0c26707e2efad8aa1bfc5b7ce170f3fccc2e4918ff85989ba9ffa9facb2be326
    python=$(venv_install json-schema "$ROOT/scripts/lib/json-schema-requirements.txt") || return 1
    folder=${python%/venv/bin/python}/$name
    mkdir -p "$folder"
    (
        flock 9
        [[ ! -e $folder/complete ]] || exit 0
        echo "${name/-/==} --hash=sha256:$hash" >"$folder/wanted.txt"
        "$python" -m pip download --quiet --disable-pip-version-check --no-input --retries 3 --no-deps \
            --no-binary :all: --no-build-isolation --require-hashes --dest "$folder" -r "$folder/wanted.txt" >&2 &&
            tar -xzf "$folder/$name.tar.gz" -C "$folder" --strip-components 1 "$name/json" &&
            touch "$folder/complete"
    ) 9>"$folder/lock" || return 1
    echo "$folder/json"
}
