# Which tokens are scored, and by which record: what surprisal, gltr, curvature
# and binoculars have in common.
load helper

# over FUNCTION: call it with each program, as words before a file
over() {
	local cmd failed=0
	for cmd in surprisal 'surprisal -s' gltr 'gltr -H' curvature pair; do
		$1 $cmd || { echo "^ $cmd"; failed=1; }
	done
	return $failed
}

pair() {
	binoculars "$1" "$1"
}

# refused MESSAGE COMMAND...: as fails, but a table's head may be out by then
refused() {
	local message=$1 got=0
	shift
	"$@" >out 2>err || got=$?
	# shellcheck disable=SC2053 # a glob is meant
	[ "$got" -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] &&
		[[ $(cat err) == $message ]] || {
		cat err
		return 1
	}
}

# record FIELDS: token i is i + 1 times as likely as token 0
record() {
	echo "#dist kind=P vocab=10 $1"
	printf '%s\n' '0	1' '1	2' '2	3' '3	4' '4	5' '5	6' \
		'6	7' '7	8' '8	9' '9	10' ''
}

# scored: sequence, position, token and rank of the tokens that are scored
scored() {
	surprisal "$@" | sed 1d | cut -f 1,2,3,7 | tr '\t' ' '
}

@test "scored: the token that a record foretells is the next that is added" {
	{
		record 'seq=0 pos=2 start=1 ctx=7,8'
		record 'seq=0 pos=3 ctx=9'
		record 'seq=0 pos=4 ctx=0'
	} >in
	scored in >got
	printf '%s\n' '0 2 9 1' '0 3 0 10' | diff - got
}

@test "scored: of several tokens at once, the first" {
	{
		record 'pos=1 start=1 ctx=1'
		record 'pos=4 ctx=2,3,4'
		record 'pos=5 ctx=5'
	} >in
	scored in >got
	printf '%s\n' '0 1 2 8' '0 4 5 5' | diff - got
}

@test "scored: a position evaluated again counts once" {
	{
		record 'pos=1 start=1 ctx=1'
		record 'pos=1'
		record 'pos=2 ctx=2'
	} >in
	scored in >got
	echo '0 1 2 8' | diff - got
}

@test "scored: sequences may be mixed" {
	{
		record 'seq=5 pos=1 start=1 ctx=1'
		record 'seq=4294967295 pos=1 start=1 ctx=2'
		record 'seq=5 pos=2 ctx=3'
		record 'seq=4294967295 pos=2 ctx=4'
		record 'seq=4294967295 pos=3 ctx=5'
		record 'seq=5 pos=3 ctx=6'
	} >in
	scored in >got
	printf '%s\n' '5 1 3 7' '4294967295 1 4 6' '4294967295 2 5 5' '5 2 6 4' |
		diff - got
}

@test "scored: START begins anew, ONCE ends" {
	{
		record 'pos=1 start=1 ctx=1'
		record 'pos=2 start=1 ctx=1,2'
		record 'pos=3 once=1 ctx=3'
		record 'pos=4 ctx=4'
		record 'pos=5 ctx=5'
	} >in
	scored in >got
	printf '%s\n' '0 2 3 7' '0 4 5 5' | diff - got
	surprisal -s in | cut -f 1,2 >got
	printf '%s\n' 'seq	tokens' '0	0' '0	1' '0	1' 'all	2' | diff - got
}

@test "scored: a stream may begin in the middle" {
	{
		record 'pos=101 ctx=1'
		record 'pos=102 ctx=2'
	} >in
	scored in >got
	echo '0 101 2 8' | diff - got
}

@test "scored: a context that does not follow is refused" {
	{
		record 'seq=3 pos=1 start=1 ctx=1'
		record 'seq=3 pos=3 ctx=2'
	} >in
	check() {
		refused '*: in: record 2: sequence 3: its context does not follow' "$@" in
	}
	over check
}

@test "scored: of equals the lower id is the likelier; what cannot be drawn is last" {
	{
		printf '%s\n' '#dist kind=L vocab=6 pos=1 start=1 ctx=0' \
			'0 1' '2 3' '3 1' '4 -inf' '5 1' ''
		for token in 0 3 5 2 4 1; do
			printf '%s\n' "#dist kind=L vocab=6 pos=$((++pos + 1)) ctx=$token" \
				'0 1' '2 3' '3 1' '4 -inf' '5 1' ''
		done
	} >in
	scored in | cut -d ' ' -f 3,4 >got
	printf '%s\n' '0 2' '3 3' '5 4' '2 1' '4 5' '1 5' | diff - got
}

@test "scored: every line of forward -ae and -aw is a text of its own" {
	printf '%s\n' '2624 813 258 517' '439 813' '2624 813 258 517 439' >lines
	forward -ae <lines | surprisal >each
	forward -aw <lines | surprisal >whole
	[ "$(wc -l <each)" -eq 9 ]
	cut -f 2- each >1
	cut -f 2- whole | cmp 1 -
	cut -f 1 each | paste -sd ' ' >got
	echo 'seq 1 1 1 2 3 3 3 3' | diff - got
	sed -n 1p lines | forward -a | surprisal | cut -f 2- >got
	head -n 4 1 | cmp - got
}

@test "scored: one token a line is what -a does" {
	echo '2624 813 258 517 439' >line
	forward -a <line | surprisal >want
	tr ' ' '\n' <line | forward | surprisal | cmp want -
}

@test "scored: logits and their softmax, binary and text" {
	check() {
		"$@" L >1 && "$@" Lt | cmp 1 -
	}
	echo '2624 813 258 517 439' | forward -a >L
	distcat L >Lt
	over check
	surprisal L >1
	surprisal <L | cmp 1 -
	surprisal - <Lt | cmp 1 -
	binoculars - Lt <L >1
	binoculars L - <Lt | cmp 1 -
	logits-to-probs L | surprisal | cut -f 1-4,7,9,10 >P
	surprisal L | cut -f 1-4,7,9,10 | cmp P -
}

@test "scored: an empty stream is an empty table" {
	: >in
	for cmd in surprisal curvature 'surprisal -s' pair; do
		$cmd in >out
		[ "$(wc -l <out)" -eq 1 ]
	done
	gltr in >out
	echo | cmp - out
}

@test "scored: a record cut short, a record of nothing" {
	check() {
		refused '*: cut: record 2: the record ends early' "$@" cut &&
			refused '*: dead: record 2: nothing can be drawn at position 2' \
				"$@" dead
	}
	{ record 'pos=1 start=1 ctx=1'; record 'pos=2 ctx=2' | head -n 5; } >cut
	{
		record 'pos=1 start=1 ctx=1'
		record 'pos=2 ctx=2' | sed 's/	.*/	0/'
	} >dead
	over check
}

@test "scored: a full disk is an error" {
	[ -c /dev/full ] || skip "no /dev/full"
	check() {
		local status=0
		"$@" in >/dev/full 2>err || status=$?
		[ "$status" -eq 1 ] &&
			[[ $(cat err) == *': stdout: No space left on device' ]]
	}
	record 'pos=1 start=1 ctx=1' >in
	over check
}
