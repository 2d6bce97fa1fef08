# shellcheck shell=bash
# Brings what the build, the services and the scripts need onto the machine. Does nothing where everything is there.

# Where Postgres's server programs are; Debian keeps them off the PATH. Prints the folder, fails when there is none.
postgres_bin() {
    local initdb
    if have pg_config && initdb=$(pg_config --bindir)/initdb && [[ -x $initdb ]]; then
        dirname "$initdb"
        return
    fi
    # The highest version last.
    initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
    [[ -x $initdb ]] || return 1
    dirname "$initdb"
}

# A Python that can make virtual environments: the system's first, because another may be somebody's project. Prints it.
python_for_tests() {
    local python
    for python in /usr/bin/python3 python3; do
        have "$python" && "$python" -c 'import ensurepip, venv' 2>/dev/null && echo "$python" && return
    done
    return 1
}

# venv_folder NAME REQUIREMENTS: prints where a virtual environment with what the file lists is, or is to be.
venv_folder() {
    local name=$1 requirements=$2 python hash
    python=$(python_for_tests) || return 1
    hash=$({ cat "$requirements" && "$python" --version; } | sha256sum | cut -c 1-16)
    echo "${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/sagaflow/$name-$hash"
}

# venv_installed NAME REQUIREMENTS: prints the path of its Python, if it is there already.
venv_installed() {
    local folder
    folder=$(venv_folder "$@") && [[ -e $folder/complete ]] && echo "$folder/venv/bin/python"
}

# venv_install NAME REQUIREMENTS: prints the path of a Python that has what the file lists, in a virtual environment
# that is kept between runs.
venv_install() {
    local requirements=$2 python folder
    python=$(python_for_tests) || return 1
    folder=$(venv_folder "$@")
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

# The Debian packages that are missing, one a line.
missing_packages() {
    postgres_bin >/dev/null || echo postgresql
    have redis-server || echo redis-server
    have pkg-config || echo pkg-config
    { have pkg-config && pkg-config --exists libpq; } || echo libpq-dev
    { have pkg-config && pkg-config --exists hiredis; } || echo libhiredis-dev
    { have pkg-config && pkg-config --exists jemalloc; } || echo libjemalloc-dev
    have jq || echo jq
    have curl || echo curl
    have openssl || echo openssl
    have ps || echo procps
    if [[ ${1:-} == --for-tests ]]; then
        have shellcheck || echo shellcheck
        { have prometheus && have promtool; } || echo prometheus
        have docker-compose || echo docker-compose
        have kubectl || have kustomize || echo kubernetes-client
        python_for_tests >/dev/null || echo python3-venv
        have chromium || echo chromium
        have chromedriver || echo chromium-driver
        have pgbouncer || [[ -x /usr/sbin/pgbouncer ]] || echo pgbouncer
        # The programs alone: no server is set up or started.
        have mariadbd || [[ -x /usr/sbin/mariadbd ]] || echo mariadb-server-core
        have mariadb || echo mariadb-client-core
    fi
}

# install_missing [--for-tests]
install_missing() {
    have swift || die "Swift 6.3 is needed and not on the PATH: see https://www.swift.org/install"
    local packages
    packages=$(missing_packages "$@" | tr '\n' ' ')
    [[ -n $packages ]] || return 0
    have apt-get || die "please install what these Debian packages hold, then run this again: $packages"
    heading "Installing $packages"
    # shellcheck disable=SC2086 # a list of words
    install_quietly $packages
    packages=$(missing_packages "$@" | tr '\n' ' ')
    [[ -z $packages ]] || die "still missing after the installation: $packages"
}

# Debian's packages start a Redis and a Prometheus and create and start a Postgres cluster of their own. We want the programs
# only, so all of that is forbidden while we install, and a Prometheus that is new here is kept from starting with the
# machine; clusters and servers that exist already are left alone.
install_quietly() (
    policy=/usr/sbin/policy-rc.d
    drop_in=/etc/postgresql-common/createcluster.d/sagaflow.conf
    made=()
    # shellcheck disable=SC2317 # called by the trap
    undo() { [[ ${#made[@]} == 0 ]] || as_root rm -f "${made[@]}"; }
    trap undo EXIT
    if [[ ! -e $policy ]]; then
        made+=("$policy")
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod +x "$policy"
    fi
    apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
    as_root "${apt[@]}" update
    if [[ " $* " == *" postgresql "* ]]; then
        as_root "${apt[@]}" install -y --no-install-recommends postgresql-common
        as_root mkdir -p "${drop_in%/*}"
        made+=("$drop_in")
        echo 'create_main_cluster = false' | as_root tee "$drop_in" >/dev/null
    fi
    as_root "${apt[@]}" install -y --no-install-recommends "$@"
    if [[ " $* " == *" prometheus "* ]] && have systemctl; then
        as_root systemctl disable prometheus.service
    fi
)
