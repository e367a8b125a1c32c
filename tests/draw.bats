# draw: draw the next token.
load helper

# record FIELDS ENTRIES...: probabilities of ids 0, 1, ...
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

# steps N FIELDS: N records of 50 alike, at positions 1, 2, ...
steps() {
	awk -v n="$1" -v fields="$2" 'BEGIN {
		for (pos = 1; pos <= n; pos++) {
			print "#dist kind=P vocab=50 pos=" pos " " fields
			for (i = 0; i < 50; i++)
				print i "\t0.02"
			print ""
		}
	}'
}

# chi2 EXPECTED...: chi-squared of the tokens on standard input against these
# shares of ids 0, 1, ...; at most LIMIT
chi2() {
	local limit=$1
	shift
	sort -n | uniq -c | awk -v share="$*" -v limit="$limit" '
	{ got[$2] = $1; n += $1 }
	END {
		k = split(share, p, " ")
		for (i = 1; i <= k; i++) {
			if (p[i] == 0 && got[i - 1] > 0) {
				print "drew " i - 1 ", which is impossible"
				exit 1
			}
			if (p[i] > 0)
				sum += (got[i - 1] - n * p[i]) ^ 2 / (n * p[i])
		}
		print "chi-squared of " n ": " sum ", limit " limit
		exit n < 1000 || sum > limit
	}'
}

# 9 shares above 0 are 8 degrees of freedom: chi-squared is above 26.12 once in
# 1000 seeds.
@test "draw: 100,000 draws from a record are distributed as it says" {
	shares='0.3 0 0.2 0.15 0.1 0.1 0.05 0.05 0.04 0.01'
	record pos=3 $shares >in
	draw -s 1 -n 100000 in >out
	[ "$(wc -l <out)" -eq 100000 ]
	chi2 26.12 $shares <out
	# the counts are not perfect either: below 0.86 once in 1000
	! chi2 0.86 $shares <out || return 1
}

# 49 degrees of freedom: above 85.35 once in 1000
@test "draw: so are the draws of 20,000 positions, sequences, seeds" {
	even=$(yes 0.02 | head -n 50)
	steps 20000 '' >in
	draw -s 1 -n 1 in >out
	chi2 85.35 $even <out
	steps 20000 once=1 | awk '/^#/ { sub(/pos=/, "pos=9 seq=") } { print }' >in
	draw -s 1 in >out
	sed 's/.* //' out | chi2 85.35 $even
}

# Philox of counter (5, 3, index, "draw") and key (7, 0): by Random123's
# definition in Python, see the function philox in tests/data/philox.py
@test "draw: is what Philox says" {
	awk 'BEGIN { print "#dist kind=P vocab=1000 seq=3 pos=5"
		for (i = 0; i < 1000; i++) print i "\t1"; print "" }' >in
	draw -s 7 -n 4 in >got
	printf '@3 %d\n' $(cat "$DATA/philox.want") | diff - got
}

@test "draw: the same seed is the same draw, another is not" {
	steps 30 '' >in
	draw -s 5 in >1
	draw -s 5 in >2
	cmp 1 2
	draw -s 6 in >2
	! cmp -s 1 2 || return 1
	# beyond 32 bits
	draw -s 4294967301 in >2
	! cmp -s 1 2 || return 1
	draw -s 18446744073709551615 in >2
}

@test "draw: without a seed each run is another, and -v tells the seed" {
	steps 30 '' >in
	draw in >1
	draw -v in >2 2>err
	! cmp -s 1 2 || return 1
	[ "$(wc -l <err)" -eq 1 ]
	draw -s "$(sed 's/^draw: seed: //' err)" in >3
	cmp 2 3
	draw -v -s 1 in >1 2>err
	draw -v -g in >1 2>>err
	[ ! -s err ]
}

@test "draw: one process is the same as a process a record" {
	steps 30 seq=2 >in
	draw -s 5 in >want
	for pos in $(seq 30); do
		steps 30 seq=2 | awk -v RS= -v pos="$pos" 'NR == pos { print $0 "\n" }' |
			draw -s 5
	done >got
	cmp want got
}

@test "draw: a batch is the same as its sequences alone" {
	for s in 0 1 7; do
		steps 20 seq=$s | draw -s 5 >$s
	done
	paste -d '\n' 0 1 7 >want
	for pos in $(seq 20); do
		for s in 0 1 7; do
			steps 20 seq=$s | awk -v RS= -v pos="$pos" 'NR == pos { print $0 "\n" }'
		done
	done | draw -s 5 >got
	cmp want got
	! cmp -s 0 <(sed 's/.* //' 1) || return 1
}

@test "draw: sequences are tagged, 0 is not" {
	{ record 'seq=0' 1; record 'seq=4294967295' 1; } >in
	draw -q 2 in >got
	printf '%s\n' 0 '@4294967295 0' | diff - got
	draw -n 2 in >got
	printf '%s\n' 0 0 '@4294967295 0' '@4294967295 0' | diff - got
}

@test "draw: -n begins with what a single draw is" {
	steps 30 '' >in
	draw -s 5 in >want
	draw -s 5 -n 3 in | awk 'NR % 3 == 1' | diff want -
}

@test "draw: what has no probability is not drawn" {
	record '' 0 0.5 0 0 0.5 0 >in
	draw -s 1 -n 2000 in | sort -u >got
	printf '%s\n' 1 4 | diff - got
	record '' 0 1e-45 0 >in
	draw -s 1 -n 100 in | sort -u >got
	echo 1 | diff - got
}

@test "draw: sums need not be 1" {
	record '' 0.5 0.25 0.125 0.125 >1
	record '' 4e30 2e30 1e30 1e30 >2
	draw -s 1 -n 1000 1 >want
	draw -s 1 -n 1000 2 | cmp want -
}

@test "draw: logits go through softmax" {
	draw -s 3 -n 200 "$DATA/warpers/logits.txt" >want
	logits-to-probs "$DATA/warpers/logits.txt" >in
	draw -s 3 -n 200 in | cmp want -
}

@test "draw: -g takes the likeliest, of equals the lowest id" {
	record '' 0.1 0.4 0.1 0.4 >in
	draw -g in >got
	echo 1 | diff - got
	record '' -1 -inf -0.5 -0.5 | sed s/kind=P/kind=L/ >in
	draw -g in >got
	echo 2 | diff - got
}

@test "draw: an end-of-generation token ends it, and is written" {
	{ record 'eog=3' 1 0 0 0; record 'eog=1,3' 0 0 0 1; record 'eog=3' 1 0 0 0; } >in
	draw in >got
	printf '%s\n' 0 3 | diff - got
	draw -g in >got
	printf '%s\n' 0 3 | diff - got
	draw -i in >got
	printf '%s\n' 0 3 0 | diff - got
}

@test "draw: -l ends after so many steps" {
	steps 30 '' >in
	draw -s 5 in >all
	draw -s 5 -l 7 in >got
	head -n 7 all | diff - got
	draw -s 5 -l 30 in | cmp all -
	draw -s 5 -l 31 in | cmp all -
}

@test "draw: -q counts ended sequences, whose records are then ignored" {
	for pos in 1 2 3 4; do
		for s in 0 1 2; do
			eog=0
			[ $pos = $((4 - s)) ] && eog=1 # 2 ends at 2, 1 at 3, 0 at 4
			record "seq=$s pos=$pos eog=$((1 - eog))" 1 0
		done
	done >in
	draw -q 1 in >got
	printf '%s\n' 0 '@1 0' '@2 0' 0 '@1 0' '@2 0' | diff - got
	draw -q 2 in >got
	printf '%s\n' 0 '@1 0' '@2 0' 0 '@1 0' '@2 0' 0 '@1 0' | diff - got
	draw -q 9 in >got
	printf '%s\n' 0 '@1 0' '@2 0' 0 '@1 0' '@2 0' 0 '@1 0' 0 | diff - got
}

@test "draw: ONCE and -n end nothing" {
	{ record 'eog=0 once=1' 1; record 'eog=0 seq=1 once=1' 1; record 'eog=0 seq=2' 1
		record 'eog=0' 1; } >in
	draw -l 1 in >got
	printf '%s\n' 0 '@1 0' '@2 0' | diff - got
	draw -l 1 -n 1 in >got
	printf '%s\n' 0 '@1 0' '@2 0' 0 | diff - got
}

@test "draw: ends without reading on, its output closed" {
	mkfifo in out
	draw -s 1 -l 1 <in >out 3>&- &
	exec 8>in 9<out
	record '' 1 >&8
	read -r -t 20 line <&9
	[ "$line" = 0 ]
	read -r -t 20 line <&9 || status=$?
	[ "$status" -eq 1 ] # the end, not a time-out
	wait $!
	exec 8>&- 9<&-
}

@test "draw: wrong usage" {
	fails 2 "usage: draw [[]-giv] *" draw a b
	fails 2 "draw: -l: 0 is not between *" draw -l 0
	fails 2 "draw: -q: 0 is not between *" draw -q 0
	fails 2 "draw: -n: 0 is not between *" draw -n 0
	fails 2 "draw: -s: 18446744073709551616 is not between *" draw -s 18446744073709551616
	fails 2 "draw: -s: '-1' is not a whole number" draw -s -1
}

@test "draw: nothing to draw" {
	record pos=9 0 0 >in
	fails 1 "draw: in: record 1: nothing can be drawn at position 9" draw in
	fails 1 "draw: in: record 1: nothing can be drawn at position 9" draw -g in
	echo '#dist kind=L vocab=2 pos=9
0	-inf
' >in
	fails 1 "draw: in: record 1: nothing can be drawn at position 9" draw in
	fails 1 "draw: in: record 1: nothing can be drawn at position 9" draw -g in
}
