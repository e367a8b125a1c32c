# norepeat, bias: what they take away.
load helper

# record CONTEXT KIND VALUE...: a text record
record() {
	local i=0 x n
	n=$(echo "$1" | tr ',' '\n' | grep -c . || :)
	printf '#dist kind=%s vocab=%d pos=%d start=1 ctx=%s\n' "$2" \
		$(($# - 2)) "$n" "$1"
	shift 2
	for x; do
		echo "$i	$x"
		i=$((i + 1))
	done
	echo
}

# is VALUES COMMAND...: the values of the one record that it makes of `in`
is() {
	local want=$1
	shift
	"$@" <in >got
	[ "$(sed -n 's/^[0-9]*	//p' got | paste -sd ' ' -)" = "$want" ] || {
		echo "$*: wanted $want"
		cat got
		return 1
	}
}

@test "norepeat: no n-gram twice" {
	# 1 2 3 1 2: a 3 would bring 1 2 3 again
	record 1,2,3,1,2 L 0 0 0 0 0 >in
	is '0 0 0 -inf 0' norepeat -n 3
	is '0 0 0 -inf 0' norepeat -n 2
	is '0 -inf -inf -inf 0' norepeat -n 1
	is '0 0 0 0 0' norepeat -n 4
	record 1,2,3,1,2 P 0.2 0.2 0.2 0.2 0.2 >in
	is '0.25 0.25 0.25 0 0.25' norepeat -n 3
	record 1,1,1 L 0 0 >in
	is '0 -inf' norepeat -n 2
	is '0 -inf' norepeat -n 3
	is '0 0' norepeat -n 4
	record '' L 0 0 >in
	is '0 0' norepeat -n 1
	record 0,1 L 0 0 >in
	fails 1 'norepeat: stdin: record 1: nothing can be drawn at position 2' \
		norepeat -n 1 <in
}

@test "norepeat: against a search through all places" {
	for seed in 1 2 3 4 5 6 7 8; do
		awk -v seed=$seed 'BEGIN {
			srand(seed)
			n = 30 + seed
			for (i = 0; i < n; i++)
				c[i] = int(rand() * 3)
			printf "#dist kind=L vocab=3 pos=%d start=1 ctx=", n >"in"
			for (i = 0; i < n; i++)
				printf "%s%d", i ? "," : "", c[i] >"in"
			print "\n0\t0\n1\t0\n2\t0\n" >"in"
			for (id = 0; id < 3; id++) {
				best = 0
				for (i = 0; i < n; i++) {
					if (c[i] != id)
						continue
					for (l = 0; l < i && c[i - 1 - l] == c[n - 1 - l]; l++)
						;
					if (l + 1 > best)
						best = l + 1
				}
				print best >"runs"
			}
		}'
		for n in 1 2 3 4 5 6; do
			norepeat -n $n <in >got 2>err || {
				awk -v n=$n '$1 < n { exit 1 }' runs
				continue
			}
			awk -v n=$n '{ print ($1 >= n ? "-inf" : 0) }' runs >want
			sed -n 's/^[0-9]*	//p' got | cmp - want
		done
	done
}

@test "norepeat: DRY by hand" {
	# 1 2 3 4 1 2 3: a 4 would make a run of three into one of four;
	# multiplier * base ^ (3 - allowed)
	record 1,2,3,4,1,2,3 L 0 0 0 0 0 >in
	is '0 0 0 0 -1.5' norepeat -d 0.5 -B 3 -a 2
	is '0 0 0 0 -0.5' norepeat -d 0.5 -B 3 -a 3
	is '0 0 0 0 0' norepeat -d 0.5 -B 3 -a 4
	# no match goes over a breaker
	is '0 0 0 0 -0.5' norepeat -d 0.5 -B 3 -a 2 -s 1
	is '0 0 0 0 0' norepeat -d 0.5 -B 3 -a 2 -s 7 -s 2
	# which is not punished itself
	is '0 0 0 0 0' norepeat -d 0.5 -B 3 -a 2 -s 4
	# on probabilities: exp(-0.5) / (4 + exp(-0.5)) = .131669
	record 1,2,3,4,1,2,3 P 0.2 0.2 0.2 0.2 0.2 >in
	norepeat -d 0.5 -a 3 <in >got
	awk '$1 == 4 { exit !($2 > .131667 && $2 < .131669) }' got
	# beyond all numbers is a ban
	record 1,1,1,1,1,1,1,1 L 0 0 >in
	is '0 -inf' norepeat -d 1000000 -B 1000 -a 1 || {
		sed -n 's/^1	//p' got | awk '{ exit !($1 < -1e20) }'
	}
}

@test "norepeat: a ring of its own never repeats" {
	generate -qs 1 -n 120 -f 'norepeat -n 3' -f 'topk 1' Once >text
	tokenize -x <text | tr ' ' '\n' >ids
	# greedy without it does
	paste -d ' ' ids <(sed 1d ids) <(sed 1,2d ids) | awk 'NF == 3' |
		sort | uniq -d >twice
	[ "$(wc -l <ids)" -gt 100 ]
	[ "$(wc -l <twice)" -le 2 ] # tokenizing the text again may split otherwise
	generate -qs 1 -n 120 -f 'topk 1' Once | tokenize -x | tr ' ' '\n' >ids
	paste -d ' ' ids <(sed 1d ids) <(sed 1,2d ids) | sort | uniq -d >twice
	[ "$(wc -l <twice)" -gt 5 ]
}

@test "bias: adds to logits" {
	record '' L 0 1 -inf 3 >in
	is '0.5 1 -inf 2' bias 0=0.5 3=-1
	is '0 -inf -inf 3' bias 1=-inf
	is '0.75 1 -inf 3' bias 0=0.5 0=0.25
	printf '0\t0.5\n3\t-1\n' >file
	is '0.5 2 -inf 2' bias file 1=1
	record '' P 0.25 0.25 0.5 >in
	is '0 0.333333343 0.666666687' bias 0=-inf
	# e^ln 2: twice as likely
	bias 0=0.69314718055994531 <in >got
	awk '$1 == 0 { exit !($2 > .3999999 && $2 < .4000001) }' got
}

@test "bias: by the text of a token" {
	tokenize 'Once upon a time' | forward >in
	bias ': there=-inf' <in | topk 1 | distcat | cut -f 1 | sed 1d >got
	[ "$(sed 1q got)" = 11 ]
	bias '439=-inf' <in | cmp - <(bias ': there=-inf' <in)
	id=$(tokenize -c '
')
	bias ":\\n=100" <in | topk 1 | distcat | sed -n 2p | cut -f 1 >got
	[ "$(cat got)" = "$id" ]
	fails 1 'bias: :no token: not the text of one token' \
		bias ':no token=1' <in
	fails 1 'bias: :: not the text of one token' bias ':=1' <in
	fails 1 'bias: nowhere: No such file or directory' \
		bias -m nowhere ':a=1' <in
}

@test "norepeat: a vocabulary takes no room" {
	printf '%s\n' '#dist kind=L vocab=2147483647 pos=3 start=1 ctx=1,1,1' \
		'0	0.5' '1	3' '' >in
	(
		# a sanitizer reserves more than any limit
		grep -q __asan_init "$(command -v norepeat)" || ulimit -v 1000000
		timeout 20 norepeat -n 2 in
	) >got
	[ "$(sed -n 3p got)" = '1	-inf' ]
}

@test "bias: too large is an error" {
	printf '%s\n' '#dist kind=P vocab=2' '0	0.5' '1	0.5' '' >in
	fails 1 'bias: stdin: record 1: id 0: its bias of 1e+308 is too large' \
		bias 0=1e308 <in
	sed 's/kind=P/kind=L/' in >logits
	fails 1 'bias: stdin: record 1: id 0: its bias of 1e+308 is too large' \
		bias 0=1e308 <logits
}

@test "bias: bad input" {
	record '' L 0 1 >in
	fails 1 'bias: stdin: record 1: id 2 of a bias is not in its vocabulary of 2' \
		bias 2=1 <in
	fails 1 'bias: stdin: record 1: nothing can be drawn at position 0' \
		bias 0=-inf 1=-inf <in
	for x in 0=x =1 x=1 0= 0=inf 0=nan 99999999999=1; do
		fails 2 "bias: $x: not an id or :text, = and a number" \
			bias "$x" <in
	done
	fails 2 'usage: bias *' bias <in
	fails 1 'bias: nofile: No such file or directory' bias nofile <in
	for line in '0 1' '0	x' 'x	1' ''; do
		echo "$line" >file
		fails 1 'bias: file: line 1: not an id or :text, a tab and a number' \
			bias file <in
	done
	printf '0\t1' >file
	fails 1 'bias: file: line 1: does not end' bias file <in
}
