# shellcheck shell=bash
# What holds the API against its own description: a validator, a tester and a maker of clients, from PyPI, in a virtual
# environment that is kept between runs. Needs common.sh and install.sh.

# openapi_tools_install: prints the path of the Python that has them. Takes half a minute and 200 MB the first time.
openapi_tools_install() { venv_install openapi "$ROOT/scripts/lib/openapi-requirements.txt"; }

# openapi_tools_installed: the same if it is there already, at once.
openapi_tools_installed() { venv_installed openapi "$ROOT/scripts/lib/openapi-requirements.txt"; }
