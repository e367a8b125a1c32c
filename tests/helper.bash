# What every test file loads: the programs on PATH, a clean environment, a
# temporary folder as the working directory.
#
#	load helper
#	@test "topk keeps ties by id" { ... }
#
# $TOP is the tree, $DATA tests/data, $SHARED the optional folder of larger
# reference data (empty when it is not there).

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DATA=$TOP/tests/data
SHARED=
[ -e "$TOP/../shared/models/golden" ] && SHARED=$TOP/../shared
PATH=${PIPELM_BIN:-$TOP/bin}:$PATH
LC_ALL=C
export PATH LC_ALL
unset PIPELM_MODEL PIPELM_ISA NO_COLOR

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# fails STATUS MESSAGE COMMAND...: the command ends with this very status, an
# empty standard output, and this very line on standard error. It reads what
# fails reads. MESSAGE may be a glob.
fails() {
	local want=$1 message=$2 got=0
	shift 2
	"$@" >fails.out 2>fails.err || got=$?
	if [ "$got" -ne "$want" ]; then
		echo "status $got, not $want: $*"
		cat fails.err
		return 1
	fi
	if [ -s fails.out ]; then
		echo "standard output is not empty: $*"
		return 1
	fi
	# shellcheck disable=SC2053 # a glob is meant
	if [ "$(wc -l <fails.err)" -ne 1 ] || [[ $(cat fails.err) != $message ]]; then
		echo "expected: $message"
		echo "got: $(cat fails.err)"
		return 1
	fi
}

# parts SIZE FILE: the file, with time between parts
parts() {
	local at
	for ((at = 1; at <= $(wc -c <"$2"); at += $1)); do
		tail -c +$at "$2" | head -c "$1"
	done
}

# need FILE...: skip the test when optional reference data is not there.
need_shared() {
	[ -n "$SHARED" ] || skip "no ../shared"
}
