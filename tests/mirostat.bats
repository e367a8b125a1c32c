# mirostat: keep what is drawn at TAU bits of surprise.
load helper

ids() {
	sed -n 's/^\([0-9][0-9]*\)	.*/\1/p' "$1" | paste -s -d ' ' -
}

# record FIELDS VALUE...: probabilities of ids 0, 1, ...
record() {
	local i=0 x
	echo "#dist kind=P vocab=$(($# - 1)) $1"
	shift
	for x; do
		echo "$i	$x"
		i=$((i + 1))
	done
	echo
}

# half FIELDS: 1, 2, 3 and 3 bits
half() {
	record "$1" 0.5 0.25 0.125 0.125
}

# mu WANT...: what the file `state` has, to 6 digits
mu() {
	local got
	got=$(sed -n 's/^#mirostat mu=//p' state | awk '{ printf "%s%.6g", s, $1; s = " " }')
	[ "$got" = "$*" ] || {
		echo "mu: $got, wanted $*"
		return 1
	}
}

# step IDS MU FIELDS: with TAU 1, RATE 1, a process of its own keeps these
step() {
	half "$3" >in
	mirostat -S state 1 1 in >got
	[ "$(ids got)" = "$1" ] || {
		echo "$3: $(ids got), wanted $1"
		return 1
	}
	mu "$2"
}

@test "mirostat: as llama.cpp does" {
	mirostat 3 0.3 "$DATA/samplers/mirostat.txt" >1
	logits-to-probs 1 >2
	logits-to-probs "$DATA/samplers/mirostat.txt" >3
	mirostat 3 0.3 3 >4
	for got in 2 4; do
		awk '/^#/ { r++ } /^[0-9]/ { print r, $1, $2 }' $got |
			paste -d ' ' - "$DATA/samplers/mirostat.want" | awk '
			{ d = $3 - $6 }
			$1 != $4 || $2 != $5 || !(d < 1e-6 && -d < 1e-6) {
				print; bad = 1
			}
			END { exit bad || NR < 400 }'
	done
}

@test "mirostat: by hand" {
	{
		half 'pos=1 start=1 ctx=0'
		half 'pos=2 ctx=1'
		half 'pos=3 ctx=0'
		half 'pos=4 ctx=0'
		half 'pos=5 ctx=0'
	} >in
	mirostat 1 1 in | awk '/^#/ { s = "" } /^[0-9]/ { s = s " " $1 }
		/^$/ { print s }' >got
	# mu 2; token 1 of 2/3, 1/3: 2 - (log2 3 - 1) = 1.415; 1.415 + 1 = 2.415;
	# 2.415 - (log2 1.5 - 1) = 2.830; 3.245
	printf '%s\n' ' 0 1' ' 0' ' 0 1' ' 0 1' ' 0 1 2 3' | diff - got
	mirostat 1 1 in | sed -n '/pos=5/,$d; /^[0-9]/p' >got
	printf '%s\n' '0	0.666666687' '1	0.333333343' '0	1' \
		'0	0.666666687' '1	0.333333343' \
		'0	0.666666687' '1	0.333333343' | diff - got
}

@test "mirostat: mu in a file, by hand" {
	step '0 1' 2 'pos=1 start=1 ctx=0'
	step 0 1.41504 'pos=2 ctx=1'
	step '0 1' 2.41504 'pos=3 ctx=0'
	step '0 1' 2.83007 'pos=4 ctx=0'
	step '0 1 2 3' 3.24511 'pos=5 ctx=0'
}

@test "mirostat: a surprise of exactly mu is kept, one entry always" {
	half 'pos=1 start=1 ctx=0' >in
	for tau in 0:0 0.5:0 0.99:0 1:'0 1' 1.49:'0 1' 1.5:'0 1 2 3'; do
		mirostat "${tau%:*}" 1 in >got
		[ "$(ids got)" = "${tau#*:}" ]
	done
	# mu 2 - 8 * (log2 3 - 1) is negative
	{ cat in; half 'pos=2 ctx=1'; } | mirostat 1 8 | tail -n 3 >got
	[ "$(ids got)" = 0 ]
	record 'pos=1' 0.25 0.25 0.25 0.25 >in
	mirostat 0.5 1 in >got
	[ "$(ids got)" = 0 ]
}

@test "mirostat: what cannot be drawn is not kept, however large mu" {
	record '' 0.5 0 0.5 0 >in
	mirostat 1000 1 in >got
	[ "$(ids got)" = '0 2' ]
	printf '%s\n' '#dist kind=L vocab=3' '0 1' '1 -inf' '2 1' '' >in
	mirostat 1000 1 in >got
	[ "$(ids got)" = '0 2' ]
}

@test "mirostat: a START record that goes on does, another begins anew" {
	step '0 1' 2 'pos=2 start=1 ctx=3,0'
	step 0 1.41504 'pos=3 start=1 ctx=3,0,1'
	# the same step again
	step 0 1.41504 'pos=3 start=1 ctx=3,0,1'
	step '0 1' 2.41504 'pos=4 start=1 ctx=3,0,1,0'
	# another text of the same length, and one cut back
	step '0 1' 2 'pos=5 start=1 ctx=3,0,2,0,0'
	step 0 1.41504 'pos=6 start=1 ctx=3,0,2,0,0,1'
	step '0 1' 2 'pos=5 start=1 ctx=3,0,2,0,0'
}

@test "mirostat: of several tokens the first is the one that was drawn" {
	step '0 1' 2 'pos=1 start=1 ctx=0'
	step 0 1.41504 'pos=4 ctx=1,0,3'
	step '0 1' 2.41504 'pos=6 start=1 ctx=0,1,0,3,0,1'
}

@test "mirostat: a token that was not kept teaches nothing" {
	step '0 1' 2 'pos=1 start=1 ctx=0'
	step '0 1' 2 'pos=2 ctx=3'
	step '0 1' 2 'pos=2 ctx='
	step 0 1.41504 'pos=3 ctx=1'
}

@test "mirostat: a stream may begin in the middle of a sequence" {
	step '0 1' 2 'pos=9 ctx=1'
	step 0 1.41504 'pos=10 ctx=1'
	# what is known is compared
	step '0 1' 2.41504 'pos=11 start=1 ctx=0,0,0,0,0,0,0,0,1,1,0'
	# from then on all is known
	step '0 1' 2 'pos=12 start=1 ctx=0,0,0,0,0,0,0,1,1,1,0,0'
}

@test "mirostat: a context that does not follow is an error" {
	step '0 1' 2 'pos=1 start=1 ctx=0'
	cp state before
	half 'pos=3 ctx=1' >in
	fails 1 "mirostat: in: record 1: sequence 0: its context does not follow" \
		mirostat -S state 1 1 in
	cmp before state
}

@test "mirostat: each sequence has its own mu" {
	for s in 0 7; do
		half "seq=$s pos=1 start=1 ctx=0"
	done >in
	half 'seq=7 pos=2 ctx=1' >>in
	half 'seq=0 pos=2 ctx=0' >>in
	mirostat -S state 1 1 in >got
	mu 2.41504 1.41504
	for s in 0 7; do
		awk -v RS= -v s="seq=$s " 'index($0, s) { print $0 "\n" }' in |
			mirostat 1 1
	done | awk -v RS= '{ print $0 "\n" }' | sort >alone
	sort got | diff - alone
}

@test "mirostat: ONCE ends a sequence" {
	{ half 'seq=1 pos=1 start=1 ctx=0'; half 'seq=2 pos=1 start=1 ctx=0'
		half 'seq=1 once=1 pos=2 ctx=1'; } >in
	mirostat -S state 1 1 in >got
	mu 2
	grep -c seq=2 state >n
	echo 1 | diff - n
	half 'seq=1 pos=9 ctx=1' >in
	mirostat -S state 1 1 in >got
	mu 2 2
}

@test "mirostat: one process is the same as a process a token" {
	mkfifo loop
	tokenize 'Once upon a time' >prompt
	cat prompt loop | forward | mirostat 3 0.7 | tee ring | draw -s 7 -l 25 |
		tee loop >want
	id=$(cat prompt)
	for i in $(seq 25); do
		id=$(echo "$id" | forward -c cache | mirostat -S s1 3 0.7 | draw -s 7)
		echo "$id"
	done >got
	diff want got
	ids=$(cat prompt)
	for i in $(seq 25); do
		id=$(echo "$ids" | forward | mirostat -S s2 3 0.7 | tee last | draw -s 7)
		ids="$ids $id"
		echo "$id"
	done >got
	diff want got
	cmp s1 s2
	# and to the bit the record of the last token drawn, but for its context
	# (the ring may hold one more, which no one drew from)
	for f in ring last; do
		n=1
		test $f = last || n=25
		distcat -t $f | awk -v RS= -v n=$n \
			'NR == n { sub(/^[^\n]*/, ""); print }' >$f.record
	done
	test -s ring.record
	cmp ring.record last.record
}

# The tokens of a long text that mirostat draws are of TAU bits each, here to
# 10 in 100: it learns from each what is missing.
@test "mirostat: the mean surprise comes to TAU" {
	for tau in 1 2.5; do
		mkfifo loop$tau
		{ tokenize 'Once upon a time' && cat loop$tau; } | forward |
			logits-to-probs | mirostat $tau 0.5 | tee kept | draw -i -s 7 -l 150 |
			tee loop$tau >drawn
		distcat -t kept | awk -v tau=$tau '
			FNR == NR { token[NR] = $1; next }
			/^#/ { r++ }
			/^[0-9]/ && $1 == token[r] { s -= log($2) / log(2); n++ }
			END { print s / n; exit n != 150 ||
				s / n < 0.9 * tau || s / n > 1.1 * tau }' drawn -
	done
}

@test "mirostat: a state that is none is an error, and stays" {
	half 'pos=1 start=1 ctx=0' >in
	mirostat -S state 1 1 in >got
	cp state good
	# bad MESSAGE: as `state` now is
	bad() {
		cp state before
		fails 1 "mirostat: state: $1" mirostat -S state 1 1 in
		cmp before state
	}
	cp in state
	bad 'not a state of mirostat'
	head -c 10 good >state
	bad 'not a state of mirostat'
	head -n 1 good >state
	bad 'it ends early'
	head -n 3 good >state
	bad 'the record ends early'
	cat good good >state
	bad 'sequence 0 comes twice'
	{ cat good; echo more; } >state
	bad 'not a state of mirostat'
	for x in '' nan inf 1e400 2x; do
		sed "s/mu=.*/mu=$x/" good >state
		bad 'not a state of mirostat'
	done
	sed 's/kind=P/kind=L/' good >state
	bad 'a sequence has no probabilities'
	sed 's/vocab=4/vocab=1/' good >state
	bad "*"
	mkdir folder
	fails 1 'mirostat: folder: not a regular file' mirostat -S folder 1 1 in
	fails 1 'mirostat: /dev/null: not a regular file' mirostat -S /dev/null 1 1 in
	fails 1 'mirostat: no/state.*: No such file or directory' \
		mirostat -S no/state 1 1 in
	# nothing is left beside it
	[ "$(echo state*)" = state ]
}

@test "mirostat: an empty file is a new state" {
	: >state
	step '0 1' 2 'pos=1 start=1 ctx=0'
}

@test "mirostat: a state is kept before the record is written" {
	[ -c /dev/full ] || skip "no /dev/full"
	half 'pos=1 start=1 ctx=0' >in
	mirostat -S state 1 1 in >/dev/full 2>err || status=$?
	[ "$status" -eq 1 ]
	mu 2
}

@test "mirostat: wrong usage" {
	fails 2 "usage: mirostat [[]-bt] *" mirostat 1
	fails 2 "usage: *" mirostat 1 1 a b
	fails 2 "mirostat: TAU: -1 is not between 0 and 1000" mirostat -- -1 1
	fails 2 "mirostat: RATE: 'x' is not a number" mirostat 1 x
	fails 2 "mirostat: -S: needs a value" mirostat -S
}

@test "mirostat: nothing to draw" {
	record 'pos=1 ctx=1' 0 0 >in
	fails 1 "mirostat: in: record 1: nothing can be drawn at position 1" \
		mirostat -S state 1 1 in
	[ ! -e state ]
}
