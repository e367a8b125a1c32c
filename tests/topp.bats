# topp: keep the shortest run of likeliest that has mass P.
load helper

ids() {
	sed -n 's/^\([0-9][0-9]*\)	.*/\1/p' "$1" | paste -s -d ' ' -
}

record() {
	local i=0 x
	printf '#dist kind=%s vocab=%d\n' "$1" $(($# - 1))
	shift
	for x; do
		echo "$i	$x"
		i=$((i + 1))
	done
	echo
}

# kept P IDS: of the file `in`, topp P keeps these
kept() {
	topp "$1" in >got
	[ "$(ids got)" = "$2" ] || {
		echo "topp $1: $(ids got), wanted $2"
		return 1
	}
}

@test "topp: as Hugging Face does" {
	for p in 0.9 0.3; do
		topp $p "$DATA/warpers/logits.txt" >1
		logits-to-probs 1 >2
		awk '/^#/ { r++ } /^[0-9]/ { print r, $1 }' 2 >got
		cut -d ' ' -f 1,2 "$DATA/warpers/topp-$p.want" | diff - got
	done
}

@test "topp: mass of exactly P is enough" {
	record P 0.125 0.5 0.125 0.25 >in
	kept 0 1
	kept 1e-300 1
	kept 0.25 1
	kept 0.5 1
	kept 0.5000001 '1 3'
	kept 0.75 '1 3'
	kept 0.76 '0 1 3'
	kept 0.875 '0 1 3'
	kept 0.88 '0 1 2 3'
	kept 1 '0 1 2 3'
}

@test "topp: of equals the lower ids" {
	record P 0.25 0.25 0.25 0.25 >in
	kept 0 0
	kept 0.25 0
	kept 0.3 '0 1'
	kept 0.75 '0 1 2'
	record P 0.125 0.25 0.125 0.25 0.25 >in
	kept 0.6 '1 3 4'
	kept 0.8 '0 1 3 4'
}

@test "topp: the mass is of the whole, which need not be 1" {
	record P 1 4 1 2 >in
	kept 0.5 1
	kept 0.75 '1 3'
	record P 1e-45 4e-45 1e-45 3e-45 >in
	kept 0.5 '1 3'
	record P 1e38 3e38 1e38 2e38 >in
	kept 0.5 '1 3'
}

@test "topp: 1 keeps all that can be drawn, however small" {
	record P 0 1 1e-45 -0 1e-20 >in
	kept 1 '1 2 4'
	# e^-90 is a float, e^-110 is not
	record L 0 -inf -90 -110 >in
	kept 1 '0 2'
}

@test "topp: logits stay as they are, probabilities sum to 1 again" {
	record L 0 0.69314718 1.6094379 >in
	topp 0.7 in >got
	printf '%s\n' '#dist kind=L vocab=3 n=2 seq=0 pos=0 start=0 once=0 ctx= eog=' \
		'1	0.693147182' '2	1.60943794' '' | diff - got
	record P 0.125 0.5 0.125 0.25 >in
	topp 0.75 in >got
	printf '%s\n' '#dist kind=P vocab=4 n=2 seq=0 pos=0 start=0 once=0 ctx= eog=' \
		'1	0.666666687' '3	0.333333343' '' | diff - got
}

# Sort, add up, stop: in awk, over few and many entries, flat and steep.
@test "topp: the same as the definition" {
	for n in 300 20000; do
		for steep in 1 12; do
			awk -v n=$n -v s=$steep 'BEGIN {
				srand(n + s)
				print "#dist kind=L vocab=" n
				for (i = 0; i < n; i++)
					printf "%d\t%.3f\n", i, s * (rand() + rand())
				print ""
			}' | logits-to-probs >in
			grep -v '[#]' in | grep . | sort -k 2,2gr -k 1,1n >sorted
			for p in 0.001 0.3 0.9 0.999 0.9999999; do
				awk -v p=$p 'NR == FNR { sum += $2; next }
				!done { print $1; if ((have += $2) >= p * sum) done = 1 }' \
					sorted sorted | sort -n >want
				topp $p in >out
				sed '1d; $d; s/	.*//' out | diff want -
			done
		done
	done
}

@test "topp: logits are judged as logits-to-probs would" {
	for p in 0 0.2 0.5 0.8 0.99 1; do
		topp $p "$DATA/warpers/logits.txt" >1
		logits-to-probs "$DATA/warpers/logits.txt" >2
		topp $p 2 >3
		sed 's/	.*//; s/kind=.//' 1 >4
		sed 's/	.*//; s/kind=.//' 3 | diff 4 -
	done
}

# numbers RECORDS N SCALE: probabilities, which sum to SCALE
numbers() {
	awk -v records="$1" -v n="$2" -v scale="$3" 'BEGIN {
		srand(n)
		for (r = 0; r < records; r++) {
			print "#dist kind=P vocab=" n
			for (i = sum = 0; i < n; i++)
				sum += x[i] = exp(12 * rand())
			for (i = 0; i < n; i++)
				printf "%d\t%.7g\n", i, x[i] / sum * scale
			print ""
		}
	}'
}

# Text is read at once, a long binary record in pieces: what is known of one must
# not be taken for another's, whether it sums to 1 or is of a large vocabulary.
@test "topp: long records, in parts and behind each other" {
	{
		numbers 1 40001 1
		numbers 1 50000 3
		numbers 1 20000 1
		numbers 1 530000 1
		numbers 2 40000 1
	} >text
	distcat -b text >in
	for p in 0.0001 0.5 0.95; do
		topp -b $p text >want
		topp $p in | cmp want -
		parts 30001 in | topp $p | cmp want -
		cat in | topp $p | cmp want -
	done
}

@test "topp: wrong operands" {
	fails 2 "usage: topp [[]-bt] P [[]file]" topp
	fails 2 "usage: *" topp 1 a b
	fails 2 "topp: P: 1.5 is not between 0 and 1" topp 1.5
	fails 2 "topp: P: '90%' is not a number" topp 90%
	fails 2 "topp: P: 'nan' is not a number" topp nan
}

@test "topp: nothing to keep" {
	record L -inf -inf >in
	fails 1 "topp: in: record 1: nothing can be drawn at position 0" topp 0.5 in
	record P 0 0 >in
	fails 1 "topp: in: record 1: nothing can be drawn at position 0" topp 1 in
}
