# shellcheck shell=bash
# What scripts/package makes is installed in a fresh Debian and runs there: in a folder, entered by chroot, that holds nothing but
# a minimal system and what the package asks for. Needs common.sh, install.sh, STATE, root, and a Postgres at POSTGRES_URL.

# The release whose libraries the package is made for.
PACKAGE_RELEASE=bookworm

# A minimal Debian, made once and kept between runs; prints its archive.
minimal_debian() {
    local folder=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/sagaflow archive root
    archive=$folder/debian-$PACKAGE_RELEASE.tar
    mkdir -p "$folder"
    (
        flock 9
        [[ ! -s $archive ]] || exit 0
        root=$(mktemp -d)
        debootstrap --variant=minbase "$PACKAGE_RELEASE" "$root" >&2 &&
            tar -C "$root" -cf "$archive.new" . && mv "$archive.new" "$archive"
        rm -rf "$root"
    ) 9>"$archive.lock" || return 1
    echo "$archive"
}

# package_runs FOLDER: installs the package that lies there, and runs what it brings.
package_runs() {
    local root=$STATE/debian archive package=("$1"/*.deb) port=$2 database
    archive=$(minimal_debian) || return 1
    mkdir -p "$root"
    tar -C "$root" -xf "$archive"
    cp "${package[0]}" "$root/tmp/sagaflow.deb"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    # Programs read their arguments from /proc; it is mounted for them alone, and gone with them.
    # shellcheck disable=SC2016 # $0 is that shell's
    local enter=(unshare --mount --propagation private bash -c
        'mount -t proc proc "$0/proc" && exec chroot "$0" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"' "$root")
    in_root() { "${enter[@]}" DEBIAN_FRONTEND=noninteractive "$@"; }
    in_root apt-get update -q >/dev/null
    in_root apt-get install -y -q --no-install-recommends /tmp/sagaflow.deb >"$STATE/logs/package.log" 2>&1 ||
        fail_with_log package "the package can't be installed"
    [[ $(in_root saga --version) == "$VERSION" ]] || { complain "saga tells another version" && return 1; }
    local program
    for program in sagaflow-api sagaflow-engine saga sagaflow-mocks; do in_root "$program" --help >/dev/null; done
    database=$(make_database packaged)
    in_root env DATABASE_URL="$database" saga migrate up
    start_process packaged-api "${enter[@]}" DATABASE_URL="$database" PORT="$port" HOST=127.0.0.1 \
        ADMIN_TOKENS=dev:dev-admin-token sagaflow-api
    wait_until 60 packaged-api "it was ready" answers "http://127.0.0.1:$port/ready"
    in_root test -s /usr/share/man/man1/saga.1.gz -a -s /usr/share/bash-completion/completions/saga \
        -a -s /lib/systemd/system/sagaflow-api.service -a -s /usr/share/doc/sagaflow/copyright
    stop_process packaged-api
    in_root apt-get purge -y -q sagaflow >>"$STATE/logs/package.log" 2>&1
    ! in_root sh -c 'command -v saga' >/dev/null || { complain "the package does not go away" && return 1; }
    good "the package installs, runs and goes away"
}
