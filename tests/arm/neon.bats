# The kernels for AArch64, cross-compiled and run by qemu's user emulation, with
# products of bytes and on a processor without them: the same bits as here.
#
#	make check-arm
load ../helper

ARM=aarch64-linux-gnu-
TINY=$TOP/examples/tiny.gguf

# missing: the tool that is
missing() {
	local tool
	for tool in "${ARM}gcc" qemu-aarch64; do
		command -v "$tool" >/dev/null || { echo "$tool"; return; }
	done
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	[ -z "$(missing)" ] || skip "no $(missing)"
}

setup_file() {
	[ -z "$(missing)" ] || return 0
	cd "$TOP"
	env -u MAKEFLAGS -u MAKELEVEL make -j2 CC="${ARM}gcc" \
		AR="${ARM}ar" LDFLAGS=-static DEV=-Werror O=build-arm \
		B=bin-arm bin-arm/forward bin-arm/tokenize \
		build-arm/tests/{kern,kernq,attention} >"$BATS_FILE_TMPDIR/log" 2>&1 || {
		tail -n 20 "$BATS_FILE_TMPDIR/log" >&3
		return 1
	}
}

# on CPU PROGRAM ...: with what this processor has
on() {
	qemu-aarch64 -cpu "$@"
}

# The runs that are compared: a prompt at once and tokens one by one; every
# model here, by int8, exactly, with a cache of floats.
runs() {
	local m o
	for m in "$DATA"/{llama,gpt2,quants}/*.gguf; do
		for o in '' -x '-k f32'; do
			"$@" $o -am "$m" <small
		done
		tr ' ' '\n' <few | "$@" -am "$m"
	done
	for m in "$DATA"/families/*/config.json; do
		cut -d ' ' -f 1-16 "${m%/*}/ids.txt" >ids
		"$@" -am "${m%/*}" <ids
	done
	"$@" -am "$TINY" <"$DATA/golden/5.tok"
}

inputs() {
	awk '{ for (i = 1; i <= 40 && i <= NF; i++) $i %= 290 } 1
		' "$DATA/llama/seq.tok" | cut -d ' ' -f 1-40 >small
	cut -d ' ' -f 1-7 small >few
}

# kernels CPU LEVEL ...: the unit tests on this processor, which try these
kernels() {
	local cpu=$1 level unit
	shift
	for unit in kern kernq attention; do
		on "$cpu" "$TOP/build-arm/tests/$unit" >"$cpu.$unit" &&
			! grep '^not ok' "$cpu.$unit" || return 1
		tail -n 1 "$cpu.$unit" |
			grep -qx "1..$(grep -c '^ok' "$cpu.$unit")" || return 1
	done
	for level; do
		grep -q "^ok .* - $level: products, dequant of Q6_K" \
			"$cpu.kernq" || return 1
		grep -q "^ok .* - $level: attn_f16, attn_f32$" \
			"$cpu.attention" || return 1
	done
	[ "$(grep -c ': crc32c$' "$cpu.kern")" -eq $# ]
}

@test "arm: kernels against the scalar definition" {
	kernels cortex-a53 neon &
	kernels max neon dotprod
	wait $!
}

@test "arm: the forced path is the one that runs" {
	local forward=$TOP/bin-arm/forward
	# path CPU ISA NAME: what PIPELM_ISA=ISA leads to
	path() {
		echo 1 | PIPELM_ISA=$2 on "$1" "$forward" -vm "$TINY" \
			2>said >/dev/null
		grep -q "^forward: $3," said
	}
	path max '' dotprod
	path max dotprod dotprod
	path max neon neon
	path max scalar scalar
	path cortex-a53 '' neon
	path cortex-a53 neon neon
	path cortex-a53 scalar scalar
	echo 1 >line
	export PIPELM_ISA=dotprod
	fails 1 "forward: PIPELM_ISA: dotprod is not supported here" \
		on cortex-a53 "$forward" -m "$TINY" <line
	export PIPELM_ISA=avx2
	fails 1 "forward: PIPELM_ISA: avx2 is not supported here" \
		on max "$forward" -m "$TINY" <line
}

@test "arm: logits of every model and path" {
	inputs
	runs forward >want
	[ "$(wc -c <want)" -gt 2000000 ]
	for isa in scalar neon dotprod; do
		export PIPELM_ISA=$isa
		runs on max "$TOP/bin-arm/forward" | cmp - want
	done
	unset PIPELM_ISA
	runs on cortex-a53 "$TOP/bin-arm/forward" | cmp - want
}

@test "arm: the checksum of a fixed run" {
	sum=$(sed -n "s/.*echo '\([0-9]* 33640\)' .*/\1/p" \
		"$TOP/tests/forward.bats")
	[ -n "$sum" ]
	# the line that ids gives there
	awk 'BEGIN {
		for (s = 7; i < 100; i++) {
			s = (s * 1103 + 12345) % 65536
			printf "%s%d", i ? " " : "", s % 4095
		}
		print ""
	}' >line
	for cpu in max cortex-a53; do
		for o in '' '-xk f32'; do
			on "$cpu" "$TOP/bin-arm/forward" -m "$TINY" $o <line
		done | cksum >got
		[ "$(cat got)" = "$sum" ]
	done
}

@test "arm: token ids" {
	tokenize -lm "$TINY" <"$DATA/tokenize.txt" >want
	on max "$TOP/bin-arm/tokenize" -lm "$TINY" <"$DATA/tokenize.txt" |
		cmp - want
}
