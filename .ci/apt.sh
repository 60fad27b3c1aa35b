# Sourced by the install scripts beside it: Debian packages, installed only where we may.

# as_root COMMAND...: runs it as root, or fails where that would need a password.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# may_install: whether this is a Debian-like system on which we can become root unasked.
may_install() {
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

# apt_install PACKAGE...: installs them without starting the services they bring.
apt_install() {
    echo "installing with apt-get: $*"
    local policy=/usr/sbin/policy-rc.d made_policy=no status=0
    if [ ! -e "$policy" ]; then
        # A package's own scripts ask this file before they start a service; 101 says no.
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        made_policy=yes
    fi
    {
        as_root apt-get update -q -q &&
            as_root env DEBIAN_FRONTEND=noninteractive \
                apt-get install -q -q -y --no-install-recommends "$@"
    } </dev/null >/dev/null || status=$?
    if [ "$made_policy" = yes ]; then
        as_root rm -f "$policy"
    fi
    return "$status"
}

# refuse WHAT DEBIAN_PACKAGES BREW_PACKAGES: says what to install by hand, and fails.
refuse() {
    {
        echo "error: missing for the tests: $1"
        case "$(uname -s)" in
        Darwin) echo "  install it with: brew install $3" ;;
        *)
            echo "  install it as root with: apt-get install $2"
            echo "  or the same programs with your system's own package manager"
            ;;
        esac
    } >&2
    return 1
}
