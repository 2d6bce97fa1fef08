# shellcheck shell=bash
# The backend that tests export traces to: Phoenix, from PyPI, in a virtual environment that is kept between runs.
# Needs common.sh and install.sh.

# otlp_receiver_install: prints the path of the Python that has it. Takes about a minute and 900 MB the first time.
otlp_receiver_install() { venv_install otlp "$ROOT/scripts/lib/otlp-requirements.txt"; }

# otlp_receiver_installed: the same if it is there already, at once.
otlp_receiver_installed() { venv_installed otlp "$ROOT/scripts/lib/otlp-requirements.txt"; }
