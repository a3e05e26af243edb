# What the scripts of the test cluster share. Sourced, not run.

cluster_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # those who source this use it
kubernetes_version=v1.36.3

say() { printf 'cluster: %s\n' "$*" >&2; }

die() {
	say "$*"
	exit 1
}

# need TOOL PACKAGE: a tool that must be there
need() {
	command -v "$1" >/dev/null || die "$1 is missing; install it (Debian: apt-get install $2)"
}

# alive PID DIR: is PID (still) a process of the cluster in DIR, and no other that was given the same number?
alive() {
	[ -n "$1" ] && { tr '\0' '\n' <"/proc/$1/cmdline" | grep -qF -- "$2"; } 2>/dev/null
}

# temporary_cluster PARENT: makes a temporary directory, starts a cluster in it, and sets dir; it goes when PARENT goes
temporary_cluster() {
	dir=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-cluster.XXXXXX")
	touch "$dir/temporary" # `down` removes a directory that has this file
	"$cluster_dir/up" "$dir" --with-parent "$1"
}
