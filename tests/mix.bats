# mix: averages of probabilities, contrasts of logits.
load helper

# record KIND POS ID:VALUE...: a text record over ten tokens
record() {
	local x
	printf '#dist kind=%s vocab=10 pos=%d\n' "$1" "$2"
	shift 2
	for x; do
		printf '%s\t%s\n' "${x%%:*}" "${x#*:}"
	done
	echo
}

# entries FILE: id:value of all
entries() {
	awk '/^[0-9]/ { printf "%s%s:%s", n++ ? " " : "", $1, $2 } END { print "" }' "$1"
}

@test "mix: a weighted average of probabilities" {
	record P 0 0:0.5 1:0.25 2:0.25 >a
	record P 0 1:0.5 3:0.5 >b
	record P 0 9:1 >c
	mix a b >got
	[ "$(entries got)" = '0:0.25 1:0.375 2:0.125 3:0.25' ]
	mix b <a | cmp - got
	mix - b <a | cmp - got
	mix -w 0.25 a b >got
	[ "$(entries got)" = '0:0.375 1:0.3125 2:0.1875 3:0.125' ]
	mix -w 0.5 a b c >got
	[ "$(entries got)" = '0:0.25 1:0.25 2:0.125 3:0.125 9:0.25' ]
	mix -w 0 a b >got
	[ "$(entries got)" = '0:0.5 1:0.25 2:0.25 3:0' ]
	# of itself it is itself
	mix a a | grep -v '^#' >got
	grep -v '^#' a | cmp - got
}

@test "mix: a contrast of logits" {
	record L 0 0:1 1:2 2:3 3:-inf >a
	record L 0 0:2 1:1 2:3 3:1 >b
	mix -w 1 a b >got
	[ "$(entries got)" = '0:0 1:3 2:3 3:-inf' ]
	mix -w 0 a b >got
	[ "$(entries got)" = '0:1 1:2 2:3 3:-inf' ]
	# guidance: s (cond - uncond) + uncond, s = 1.5
	mix -w 0.5 a b >got
	[ "$(entries got)" = '0:0.5 1:2.5 2:3 3:-inf' ]
	# what b lacks counts as the least that it has
	record L 0 0:2 2:3 3:-inf >b
	mix -w 1 a b >got
	[ "$(entries got)" = '0:0 1:2 2:3 3:-inf' ]
}

# By torch 2.15: p = softmax(a); a[p >= alpha * p.max()] + w * (a - b), b's -inf
# counting as -6, the least that is finite. p by its largest is 1 .105 .472 .018
# .607 .034 0 .197.
@test "mix -a: the plausibility cut" {
	record L 0 0:3.5 1:1.25 2:2.75 3:-0.5 4:3 5:0.125 6:-inf 7:1.875 >a
	record L 0 0:4 1:0.5 2:-1.25 3:-6 4:3.25 5:0 6:1 7:-inf >b
	mix -w 1 -a 0.1 a b >got
	[ "$(entries got)" = '0:3 1:2 2:6.75 4:2.75 7:9.75' ]
	mix -a 0.1 a b >got
	[ "$(entries got)" = '0:3.25 1:1.625 2:4.75 4:2.875 7:5.8125' ]
	mix -w 1 -a 0.2 a b >got
	[ "$(entries got)" = '0:3 2:6.75 4:2.75' ]
	mix -a 0.5 a b >got
	[ "$(entries got)" = '0:3.25 4:2.875' ]
	mix -w 1 -a 1 a b >got
	[ "$(entries got)" = '0:3' ]
	# of equals all stay
	record L 0 0:1 1:2 2:2 3:-1 >a
	mix -w 0 -a 1 a b >got
	[ "$(entries got)" = '1:2 2:2' ]
	# 0 cuts nothing
	mix -a 0 a b >got
	mix a b | cmp - got
	[ "$(entries got)" = '0:-0.5 1:2.75 2:3.625 3:1.5' ]
}

@test "mix: the first stream's context and sequence are what is written" {
	forward -t <<<'5 6' >a
	echo 7 8 | forward -t >b
	mix a b | sed 1q | cmp - <(sed 1q a)
	# and so is its form
	distcat -b a >a.b
	distcat -b b >b.b
	mix a b >want
	mix a b.b | cmp - want
	distcat -b want >want.b
	mix a.b b | cmp - want.b
	mix -b a b | cmp - want.b
	mix -t a.b b.b | cmp - want
	# a model against itself: the contrast is nothing
	tokenize 'Once upon a time' | forward >a
	mix -w 3 a a | cmp - a
}

@test "mix: what does not go together" {
	record P 0 0:1 >a
	record L 0 0:1 >b
	fails 1 'mix: b: record 1: logits and probabilities do not mix' mix a b
	record P 0 0:1 | sed 's/vocab/seq=1 vocab/' >b
	fails 1 'mix: b: record 1: sequence 1, position 0 does not go with 0, 0 of a' \
		mix a b
	sed 's/vocab=10/vocab=11/' a >b
	fails 1 'mix: b: record 1: a vocabulary of 11, not 10' mix a b
	: >b
	fails 1 'mix: b: ends before a' mix a b
	fails 1 'mix: b: ends before a' mix b a
	cat a a >b
	got=0
	mix a b >out 2>err || got=$?
	[ "$got" -eq 1 ]
	[ "$(cat err)" = 'mix: a: ends before b' ]
	[ "$(grep -c '^#' out)" -eq 1 ]
	record L 0 0:1 >a
	fails 1 'mix: logits mix in pairs; these are 3 streams' mix a a a
	record L 0 0:-inf >a
	fails 1 'mix: a: record 1: nothing can be drawn at position 0' mix a a
	record P 0 0:1 >a
	fails 2 'mix: -w: 2 is no share of probabilities' mix -w 2 a a
	fails 2 'usage: mix *' mix
	fails 2 'mix: -a: 2 is not between 0 and 1' mix -a 2 a a
	fails 1 'mix: nofile: No such file or directory' mix a nofile
	head -c 20 a >b
	fails 1 'mix: b: record 1: *' mix a b
}

@test "mix: a text may begin in two ways, and goes on in one" {
	echo '5 6
9
8 7' >a.ids
	echo '3
9
8 7' >b.ids
	forward <a.ids >a
	forward <b.ids >b
	mix a b >got
	distcat a | grep '^#' | sed 's/ n=[0-9]*//' >want
	distcat got | grep '^#' | sed 's/ n=[0-9]*//' | diff want -
	sed 's/8 7/8 6/' b.ids | forward >other
	mix a other >got 2>err || status=$?
	[ "$status" -eq 1 ]
	echo 'mix: other: record 3: sequence 0, position 4 does not go with 0, 5 of a' |
		diff - err
	sed 's/8 7/8/' b.ids | forward >other
	! mix a other >got 2>err || return 1
	grep -q 'does not go with' err
	# a process for each token has only beginnings
	forward -w <a.ids >a
	mix a b >got
	[ "$(distcat got | grep -c '^#')" -eq 3 ]
}

@test "mix: a vocabulary takes no room" {
	printf '%s\n' '#dist kind=P vocab=2147483647' '0	0.5' \
		'7	0.5' '' >a
	printf '%s\n' '#dist kind=P vocab=2147483647' '7	0.5' \
		'2147483646	0.5' '' >b
	(
		# a sanitizer reserves more than any limit
		grep -q __asan_init "$(command -v mix)" || ulimit -v 1000000
		timeout 20 mix -t a b
	) >got
	printf '0\t0.25\n7\t0.5\n2147483646\t0.25\n' >want
	sed '/^#/d; /^$/d' got | diff want -
	# nor does a length that is claimed and not there: 2^31 - 1 entries
	{
		printf 'DIST\1P\1\0\377\377\377\177\377\377\377\177'
		head -c 4016 /dev/zero
	} >c
	(
		grep -q __asan_init "$(command -v mix)" || ulimit -v 1000000
		fails 1 'mix: c: record 1: the record ends early' mix c a
		fails 1 'mix: c: record 1: the record ends early' mix a c
	)
}
