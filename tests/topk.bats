# topk: keep the k likeliest.
load helper

# ids FILE: the ids of its entries, on one line
ids() {
	sed -n 's/^\([0-9][0-9]*\)	.*/\1/p' "$1" | paste -s -d ' ' -
}

# record KIND ENTRIES...: values of ids 0, 1, ...
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

@test "topk: as Hugging Face does" {
	topk 5 "$DATA/warpers/logits.txt" >1
	logits-to-probs 1 >2
	awk '/^#/ { r++ } /^[0-9]/ { print r, $1 }' 2 >got
	cut -d ' ' -f 1,2 "$DATA/warpers/topk-5.want" | diff - got
}

@test "topk: logits stay as they are" {
	record L -3 1.5 -0.25 7 >in
	topk 2 in >got
	printf '%s\n' '#dist kind=L vocab=4 n=2 seq=0 pos=0 start=0 once=0 ctx= eog=' \
		'1	1.5' '3	7' '' | diff - got
}

@test "topk: probabilities sum to 1 again" {
	record P 0.125 0.5 0.125 0.25 >in
	topk 2 in >got
	printf '%s\n' '#dist kind=P vocab=4 n=2 seq=0 pos=0 start=0 once=0 ctx= eog=' \
		'1	0.666666687' '3	0.333333343' '' | diff - got
}

@test "topk: of equals the lower ids" {
	record L 1 2 1 2 1 2 >in
	topk 1 in >got
	[ "$(ids got)" = 1 ]
	topk 2 in >got
	[ "$(ids got)" = '1 3' ]
	topk 4 in >got
	[ "$(ids got)" = '0 1 3 5' ]
}

@test "topk: 0 and -0 are equal" {
	record L -0 0 -0 0 -1 >in
	topk 2 in >got
	[ "$(ids got)" = '0 1' ]
}

@test "topk: more than there are, and what cannot be drawn is not kept" {
	record L 1 -inf 3 >in
	topk 3 in >got
	[ "$(ids got)" = '0 2' ]
	topk 100 in >got
	[ "$(ids got)" = '0 2' ]
	record P 0.25 0 0.75 -0 >in
	topk 3 in >got
	[ "$(ids got)" = '0 2' ]
}

@test "topk: the order of all floats" {
	record L 1e-45 -1e-45 3.4e38 -3.4e38 1.17549435e-38 -2 0 1.0000001 1 >in
	for k in 1:2 2:2,7 3:2,7,8 4:2,4,7,8 5:0,2,4,7,8 6:0,2,4,6,7,8 \
		7:0,1,2,4,6,7,8 8:0,1,2,4,5,6,7,8; do
		topk ${k%:*} in >got
		[ "$(ids got)" = "$(echo ${k#*:} | tr , ' ')" ]
	done
}

# against sort(1), on sizes on both sides of where the selection changes
@test "topk: the same as a full sort" {
	for n in 300 20000; do
		awk -v n=$n 'BEGIN {
			srand(5)
			print "#dist kind=L vocab=" n
			for (i = 0; i < n; i++)
				printf "%d\t%.4f\n", i, 6 * (rand() + rand() - 1)
			print ""
		}' >in
		grep -v '[#]' in | grep . | sort -k 2,2gr -k 1,1n >sorted
		for k in 1 2 40 299; do
			topk $k in >out
			distcat out | sed 's/	.*//; 1d; $d' >got
			head -n $k sorted | cut -f 1 | sort -n | diff - got
		done
	done
}

@test "topk: wrong operands" {
	fails 2 "usage: topk [[]-bt] K [[]file]" topk
	fails 2 "usage: *" topk 1 a b
	fails 2 "topk: K: 0 is not between 1 and 2147483647" topk 0
	fails 2 "topk: K: 'x' is not a whole number" topk x
	fails 2 "topk: -5: unknown option" topk -5
}

@test "topk: nothing to keep" {
	record L -inf -inf >in
	fails 1 "topk: in: record 1: nothing can be drawn at position 0" topk 1 in
	record P 0 0 >in
	fails 1 "topk: in: record 1: nothing can be drawn at position 0" topk 1 in
	echo '#dist kind=L vocab=2 pos=7
' >in
	fails 1 "topk: in: record 1: nothing can be drawn at position 7" topk 1 in
}
