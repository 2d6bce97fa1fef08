# shellcheck shell=bash
# The backend that tests export traces to: Phoenix, from PyPI, in a virtual environment that is kept between runs.
# Needs common.sh and install.sh.

# otlp_receiver_install: prints the path of the Python that has it. Takes about a minute and 900 MB the first time.
otlp_receiver_install() {
    local requirements python hash folder
    requirements=$ROOT/scripts/lib/otlp-requirements.txt
    python=$(python_for_tests) || return 1
    hash=$({ cat "$requirements" && "$python" --version; } | sha256sum | cut -c 1-16)
    folder=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/sagaflow/otlp-$hash
    mkdir -p "$folder"
    # Two runs at once: the second waits for the first and finds everything there.
    (
        flock 9
        [[ ! -e $folder/complete ]] || exit 0
        rm -rf "$folder/venv"
        "$python" -m venv "$folder/venv" >&2 &&
            "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-input --retries 3 \
                -r "$requirements" >&2 &&
            touch "$folder/complete"
    ) 9>"$folder/lock" || return 1
    echo "$folder/venv/bin/python"
}
