# xtc: now and then remove the top choices.
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

# kept T IDS [OPTION...]: of the file `in`, xtc T 1 keeps these
kept() {
	local t=$1 want=$2
	shift 2
	xtc -s 1 "$@" "$t" 1 in >got
	[ "$(ids got)" = "$want" ] || {
		echo "xtc $* $t 1: $(ids got), wanted $want"
		return 1
	}
}

# steps N FIELDS: N records at positions 1, 2, ...; xtc 0.1 leaves 2 of 3
steps() {
	awk -v n="$1" -v fields="$2" 'BEGIN {
		for (pos = 1; pos <= n; pos++) {
			print "#dist kind=P vocab=3 pos=" pos " " fields
			print "0\t0.5\n1\t0.45\n2\t0.05\n"
		}
	}'
}

# which FILE: of each record, whether it was changed
which() {
	grep '^#' "$1" | sed 's/.* n=2 .*/yes/; s/^#.*/no/'
}

@test "xtc: as llama.cpp does" {
	for t in 0.1 0.05; do
		xtc -s 1 $t 1 "$DATA/warpers/logits.txt" >1
		logits-to-probs 1 >2
		logits-to-probs "$DATA/warpers/logits.txt" >3
		xtc -s 1 $t 1 3 >4
		for got in 2 4; do
			awk '/^#/ { r++ } /^[0-9]/ { print r, $1, $2 }' $got |
				paste -d ' ' - "$DATA/samplers/xtc-$t.want" | awk '
				{ d = $3 - $6 }
				$1 != $4 || $2 != $5 || !(d < 1e-6 && -d < 1e-6) {
					print; bad = 1
				}
				END { exit bad || NR == 0 }'
		done
	done
}

@test "xtc: all that reach T but the least likely of them" {
	record '' 0.125 0.5 0.0625 0.25 0.0625 >in
	kept 0.0625 4
	kept 0.0626 '0 2 4'
	kept 0.125 '0 2 4'
	kept 0.2 '0 2 3 4'
	kept 0.25 '0 2 3 4'
	kept 0.26 '0 1 2 3 4'
	kept 1 '0 1 2 3 4'
	kept 0 4
}

@test "xtc: of equals the last id is the least likely" {
	record '' 0.25 0.25 0.25 0.25 >in
	kept 0.1 3
	kept 0.25 3
	kept 0.26 '0 1 2 3'
	record '' 0.375 0.25 0.25 0.125 >in
	kept 0.2 '2 3'
}

@test "xtc: what cannot be drawn is no choice" {
	record '' 0.5 0 0.5 >in
	kept 0 '1 2'
	kept 0.5 '1 2'
	printf '%s\n' '#dist kind=L vocab=3' '0 1' '1 -inf' '2 1' '' >in
	kept 0 '1 2'
	record '' 1 >in
	kept 0 0
}

@test "xtc: a probability is a part of the sum" {
	record '' 8 6 4 2 >in
	kept 0.3 '1 2 3'
	grep -q '^1	0.5$' got
}

@test "xtc: -i leaves tokens alone" {
	record '' 0.125 0.5 0.0625 0.25 0.0625 >in
	kept 0.125 '0 1 2 4' -i 1
	kept 0.125 '0 1 2 3 4' -i 1 -i 3
	# the least likely of the top is what it is without -i
	kept 0.125 '0 2 4' -i 0
}

@test "xtc: P is how often" {
	steps 20000 '' >in
	for p in 0.2 0.5 0.9; do
		xtc -s 1 0.1 $p in >got
		# 4 standard deviations: once in 16,000 seeds
		which got | grep -c yes | awk -v p=$p '{
			d = $1 - 20000 * p
			print $1
			exit d * d > 16 * 20000 * p * (1 - p)
		}'
	done
	xtc -s 1 0.1 0 in >got
	[ "$(which got | sort -u)" = no ]
	xtc -s 1 0.1 1 in >got
	[ "$(which got | sort -u)" = yes ]
}

@test "xtc: a record is changed or not by seed, position and sequence" {
	steps 40 seq=2 >in
	xtc -s 5 0.1 0.5 in >want
	xtc -s 5 0.1 0.5 in | cmp want -
	for pos in $(seq 40); do
		awk -v RS= -v pos="$pos" 'NR == pos { print $0 "\n" }' in |
			xtc -s 5 0.1 0.5
	done | cmp want -
	which want >1
	xtc -s 6 0.1 0.5 in >got
	which got >2
	! cmp -s 1 2 || return 1
	steps 40 seq=3 >in
	xtc -s 5 0.1 0.5 in >got
	which got >2
	! cmp -s 1 2 || return 1
}

# u is 0.99938650893... of counter (5, 3, 0, "xtc ") and key (7, 0): by
# Random123's definition in Python, see the function philox in tests/data/philox.py
@test "xtc: is what Philox says" {
	record 'pos=5 seq=3' 0.5 0.5 >in
	xtc -s 7 0.1 0.999386508 in >got
	[ "$(ids got)" = '0 1' ]
	xtc -s 7 0.1 0.999386509 in >got
	[ "$(ids got)" = 1 ]
}

@test "xtc: is independent of what draw draws" {
	steps 4000 '' >in
	xtc -s 1 0.1 0.5 in >got
	which got >1
	draw -s 1 -n 1 in >2
	paste 1 2 | sort | uniq -c | awk '
		{ n[$2, $3] = $1 }
		# of those changed and not, as many draw token 0: 4 deviations
		END { a = n["yes", 0]; b = n["no", 0]; print a, b
			exit (a - b) ^ 2 > 16 * 2000 * 0.5 * 2 }'
}

@test "xtc: without a seed each run is another, and -v tells the seed" {
	steps 60 '' >in
	xtc 0.1 0.5 in >1
	xtc -v 0.1 0.5 in >2 2>err
	! cmp -s 1 2 || return 1
	[ "$(wc -l <err)" -eq 1 ]
	xtc -s "$(sed 's/^xtc: seed: //' err)" 0.1 0.5 in | cmp 2 -
	xtc -v -s 1 0.1 0.5 in >1 2>err
	[ ! -s err ]
}

@test "xtc: wrong usage" {
	fails 2 "usage: xtc [[]-btv] *" xtc 0.1
	fails 2 "usage: *" xtc 0.1 0.5 a b
	fails 2 "xtc: T: 1.5 is not between 0 and 1" xtc 1.5 0.5
	fails 2 "xtc: P: -1 is not between 0 and 1" xtc -s 1 -- 0.1 -1
	fails 2 "xtc: P: 'nan' is not a number" xtc 0.1 nan
	fails 2 "xtc: -i: 'x' is not a whole number" xtc -i x 0.1 0.5
	fails 2 "xtc: -s: '-1' is not a whole number" xtc -s -1 0.1 0.5
}

@test "xtc: nothing to draw" {
	record pos=9 0 0 >in
	fails 1 "xtc: in: record 1: nothing can be drawn at position 9" xtc 0.1 0 in
	fails 1 "xtc: in: record 1: nothing can be drawn at position 9" xtc 0.1 1 in
}
