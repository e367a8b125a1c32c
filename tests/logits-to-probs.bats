# logits-to-probs: penalties, temperature, softmax.
load helper

# near FILE: standard input has the lines of FILE, numbers to 2 in 10^7 (a
# float's own rounding is 0.6).
near() {
	awk -v want="$1" '
	function bad(what) {
		print what ": " $0 ", wanted: " line
		exit failed = 1
	}
	{
		if ((getline line <want) <= 0)
			bad("too many lines")
		if (split(line, w) != NF)
			bad("fields")
		for (i = 1; i <= NF; i++) {
			d = $i - w[i]
			if (d > 2e-7 * w[i] || -d > 2e-7 * w[i])
				bad("line " NR)
		}
	}
	END {
		if (!failed && (getline line <want) > 0)
			bad("too few lines")
		exit failed
	}'
}

# The entries of a text stream that can be drawn: record, id, value.
entries() {
	awk '/^#/ { r++ } /^[0-9]/ && $2 > 0 { print r, $1, $2 }' "$1"
}

# record CTX ENTRIES...: logits of ids 0, 1, ...
record() {
	local ctx=$1 pos i=0 x
	shift
	pos=$(echo "$ctx" | tr ',' '\n' | grep -c .) || true
	echo "#dist kind=L vocab=$# pos=$pos start=1 ctx=$ctx eog="
	for x; do
		echo "$i	$x"
		i=$((i + 1))
	done
	echo
}

# values FILE WANT...: the record's values are these
values() {
	local f=$1
	shift
	printf '%s\n' "$@" >values.want
	sed -n 's/^[0-9]*	//p' "$f" >values.got
	near values.want <values.got
}

@test "logits-to-probs: as Hugging Face does" {
	logits-to-probs "$DATA/warpers/logits.txt" >got
	entries got | near "$DATA/warpers/softmax.want"
	logits-to-probs -T 0.7 "$DATA/warpers/logits.txt" >got
	entries got | near "$DATA/warpers/temperature-0.7.want"
	logits-to-probs -r 1.3 "$DATA/warpers/logits.txt" >got
	entries got | near "$DATA/warpers/repetition-1.3.want"
}

@test "logits-to-probs: with topk and topp, as Hugging Face does" {
	logits-to-probs -r 1.3 -T 0.7 "$DATA/warpers/logits.txt" >1
	topk 12 1 >2
	topp 0.8 2 >got
	# topp saw probabilities that topk had rounded
	entries got | near "$DATA/warpers/all.want"
}

@test "logits-to-probs: softmax of 0, ln 2, ln 5" {
	record '' 0 0.69314718 1.6094379 >in
	logits-to-probs in >got
	values got 0.125 0.25 0.625
	grep -q '^#dist kind=P vocab=3 ' got
}

@test "logits-to-probs: -T 0.5 squares the odds" {
	record '' 0 0.69314718 1.6094379 >in
	logits-to-probs -T 0.5 in >got
	# 1 : 4 : 25
	values got 0.0333333333 0.1333333333 0.8333333333
}

@test "logits-to-probs: -T 0 takes the largest, of equals the lowest id" {
	record '' 1 3 -inf 3 2 >in
	logits-to-probs -T 0 in >got
	values got 0 1 0 0 0
	record '' -1e30 -1e30 >in
	logits-to-probs -T 0 in >got
	values got 1 0
}

@test "logits-to-probs: a temperature near 0 stays finite" {
	record '' 1 3 -inf 3 2 >in
	logits-to-probs -T 1e-300 in >got
	values got 0 0.5 0 0.5 0
}

@test "logits-to-probs: a temperature far above all makes all alike" {
	record '' 1 3 -inf 3 2 >in
	logits-to-probs -T 1e6 in >got
	sed -n 's/^2	//p' got >none
	echo 0 | diff none -
}

# llama.cpp has it in float32: to 1 in 10^5
@test "logits-to-probs: a dynamic temperature, as llama.cpp does" {
	for run in '1 0.5 1' '0.8 1.5 2.5'; do
		set -- $run
		logits-to-probs -T "$1" -d "$2" -e "$3" "$DATA/warpers/logits.txt" >got
		entries got | paste -d ' ' - "$DATA/samplers/dynatemp-$1-$2-$3.want" |
			awk '{ d = ($3 - $6) / $6 }
			$1 != $4 || $2 != $5 || !(d < 1e-5 && -d < 1e-5) {
				print; bad = 1
			}
			END { exit bad || NR != 240 }'
	done
}

# Of 2 entries and H: low where one has it all, high where they are equal.
@test "logits-to-probs: -d goes from temp - range to temp + range" {
	record '' 0 0 -inf >in
	logits-to-probs -d 0.5 in >got
	values got 0.5 0.5 0
	# so far apart that H is 1e-41: low, where exp(-100 / 0.5) is 0
	record '' 0 100 -inf >in
	logits-to-probs -T 1.5 -d 1 in >got
	values got 0 1 0
	# a low of 0 and less is T = 0
	record '' 1e6 0 1e6 -1e30 >in
	logits-to-probs -T 0.5 -d 2 -e 1e6 in >got
	values got 1 0 0 0
	# one entry, none
	record '' -inf 3 >in
	logits-to-probs -d 2 in >got
	values got 0 1
	record '' -inf -inf >in
	fails 1 "logits-to-probs: in: record 1: nothing can be drawn at position 0" \
		logits-to-probs -d 2 in
}

# 0, ln 4: 1/5 and 4/5, H = .5004024 nats of ln 2, a part of .7219281, its
# square .5211802; T = .5 + .5211802
@test "logits-to-probs: -e is the power of the part of entropy" {
	record '' 0 1.3862944 >in
	logits-to-probs -d 0.5 -e 2 in >got
	awk 'BEGIN { T = 0.5 + 0.7219280949 ^ 2; x = exp(log(4) / T)
		printf "%.9g\n%.9g\n", 1 / (1 + x), x / (1 + x) }' >values
	values got $(cat values)
	logits-to-probs -d 0 -e 2 in >got
	logits-to-probs in | cmp got -
}

# The penalty makes 0 and 1 equal: T is high, and it does not matter
@test "logits-to-probs: -d sees penalties" {
	record 1 0 1 >in
	logits-to-probs -P 1 -d 0.5 in >got
	values got 0.5 0.5
	record 1 0 2 -inf >in
	record '' 0 1 -inf >moved
	logits-to-probs -P 1 -d 0.5 in | sed 1d >got
	logits-to-probs -d 0.5 moved | sed 1d | diff got -
}

# Tokens 1 (twice) and 2 (once) were seen. Moved to 0: 0 1 3. k of token 1 is
# 1 + 0.5 * 2 + 0.5 = 2.5, of token 2 1 + 0.5 + 0.5 = 2: 0, 0.4, 1.5.
# e^0.4 = 1.49182470, e^1.5 = 4.48168907, their sum with 1 is 6.97351377.
@test "logits-to-probs: -f and -p divide, from the smallest finite logit" {
	record 1,2,1 1 2 4 -inf >in
	logits-to-probs -f 0.5 -p 0.5 in >got
	values got 0.143399730 0.213927260 0.642673010 0
}

@test "logits-to-probs: -f and -p lower what is negative, too" {
	record 1,2,1 -9 -8 -6 -inf >in
	logits-to-probs -f 0.5 -p 0.5 in >got
	values got 0.143399730 0.213927260 0.642673010 0
}

# k and T divide together: 0, 0.4 / 2, 1.5 / 2; e^0.2 = 1.22140276,
# e^0.75 = 2.11700002, sum 4.33840278
@test "logits-to-probs: temperature comes after -f and -p" {
	record 1,2,1 1 2 4 -inf >in
	logits-to-probs -f 0.5 -p 0.5 -T 2 in >got
	values got 0.230499576 0.281532818 0.487967606 0
}

# 0, 2 - 0.5 * 2 - 0.25, 1 - 0.5 - 0.25: 0, 0.75, 0.25; e^0.75 = 2.11700002,
# e^0.25 = 1.28402542, sum 4.40102544
@test "logits-to-probs: -F and -P subtract" {
	record 1,2,1 0 2 1 -inf >in
	logits-to-probs -F 0.5 -P 0.25 in >got
	values got 0.227219772 0.481024263 0.291755964 0
}

# 2 / 2 = 1, -1 * 2 = -2: e^1 = 2.71828183, e^-2 = 0.135335283
@test "logits-to-probs: -r divides a positive logit, multiplies a negative" {
	record 1,2,1 0 2 -1 -inf >in
	logits-to-probs -r 2 in >got
	values got 0.259496460 0.705384514 0.0351190263 0
}

# -r first: 2 / 2 = 1, -1 * 2 = -2; then -P 1: 0, -3; then moved by 3 and
# divided by 1 + 1: 3 (not seen), 3 / 2, 0; e^1.5 / e^3 = 0.223130160,
# e^-3 = 0.0497870684
@test "logits-to-probs: -r, then -P, then -p" {
	record 1,2,1 0 2 -1 -inf >in
	logits-to-probs -r 2 -P 1 -p 1 in >got
	values got 0.785597034 0.175290392 0.0391125734 0
}

@test "logits-to-probs: -n 1 counts only the last token" {
	record 1,2,1 0 2 1 -inf >in
	record 1 0 2 1 -inf >one
	logits-to-probs -F 0.5 -P 0.25 -n 1 in >got
	logits-to-probs -F 0.5 -P 0.25 one >want
	sed 1d got >got.values
	sed 1d want | diff - got.values
	logits-to-probs -F 0.5 -n 0 in >got
	logits-to-probs in | cmp - got
}

@test "logits-to-probs: -o 1 leaves the first token out" {
	record 1,2,1 0 2 1 -inf >in
	record 2,1 0 2 1 -inf >two
	logits-to-probs -F 0.5 -P 0.25 -o 1 in >got
	logits-to-probs -F 0.5 -P 0.25 two >want
	sed 1d got >got.values
	sed 1d want | diff - got.values
	logits-to-probs -F 0.5 -o 3 in >got
	logits-to-probs in | cmp - got
}

# four records of two sequences, the second with a delta
@test "logits-to-probs: contexts gather by sequence" {
	{
		record 1 0 2 1 -inf
		record 2 0 2 1 -inf | sed 's/vocab/seq=7 vocab/'
		record 2,2 0 2 1 -inf | sed 's/start=1/start=0/; s/pos=2/pos=3/'
		record 1 0 2 1 -inf | sed 's/start=1/seq=7 start=0/; s/pos=1/pos=2/'
	} >in
	logits-to-probs -F 0.5 in >got
	for ctx in 1 2 1,2,2 2,1; do
		record $ctx 0 2 1 -inf
	done >whole
	logits-to-probs -F 0.5 whole | grep -v '#' >want
	grep -v '#' got | diff want -
}

@test "logits-to-probs: START replaces the context" {
	{ record 1,2 0 2 1; record 2 0 2 1; } >in
	record 2 0 2 1 >one
	logits-to-probs -F 0.5 in | tail -n 5 >got
	logits-to-probs -F 0.5 one | diff - got
}

@test "logits-to-probs: a stream may begin in the middle of a sequence" {
	record 1,2 0 2 1 | sed 's/start=1/start=0/; s/pos=2/pos=9/' >in
	record 1,2 0 2 1 >whole
	logits-to-probs -F 0.5 in | sed 1d >got
	logits-to-probs -F 0.5 whole | sed 1d | diff - got
	# positions 7 and 8 are known: from 8 on, the last
	logits-to-probs -F 0.5 -o 8 in | sed 1d >got
	logits-to-probs -F 0.5 -n 1 whole | sed 1d | diff - got
}

@test "logits-to-probs: a context that does not follow is an error" {
	{ record 1,2 0 2 1; record 2 0 2 1 | sed 's/start=1/start=0/; s/pos=1/pos=4/'; } >in
	logits-to-probs in >got
	record 1,2 0 2 1 | logits-to-probs -F 1 >want
	logits-to-probs -F 1 in >got 2>err || status=$?
	[ "$status" -eq 1 ]
	echo 'logits-to-probs: in: record 2: sequence 0: its context does not follow' |
		diff - err
	cmp want got
}

@test "logits-to-probs: probabilities are read as their logarithms" {
	record '' 0 0.69314718 1.6094379 -inf >in
	logits-to-probs in >1
	logits-to-probs 1 >2
	values 2 0.125 0.25 0.625 0
	logits-to-probs -T 0.5 1 >got
	values got 0.0333333333 0.1333333333 0.8333333333 0
}

@test "logits-to-probs: -inf stays out" {
	record 0,1,2 -inf 1 -inf >in
	logits-to-probs -f 1 -p 1 -F 1 -P 1 -r 2 -T 2 in >got
	values got 0 1 0
}

@test "logits-to-probs: extremes of float" {
	record '' -3.4028235e38 3.4028235e38 -inf >in
	logits-to-probs in >got
	values got 0 1 0
	logits-to-probs -f 1 in >got
	values got 0 1 0
}

# many: four dense records of 40,000 logits, the largest in different places
many() {
	awk 'BEGIN {
		for (r = 0; r < 4; r++) {
			print "#dist kind=L vocab=40000 n=40000 seq=" r " pos=0"
			for (i = 0; i < 40000; i++) {
				x = i * 7919 % 10007 / 900
				print i, i == 13000 * r ? 15 : x
			}
			print ""
		}
	}' | distcat -b
}

@test "logits-to-probs: long records, in parts and to any reader" {
	many >in
	for o in '-T 0.8' '-T 0.8 -F 1' '-T 0'; do
		logits-to-probs $o in >want
		[ "$(wc -c <want)" -eq 640128 ]
		parts 30001 in | logits-to-probs $o | cmp want -
		# these say that they copy what they read, cat does not
		logits-to-probs $o in | distcat -b | cmp want -
		logits-to-probs $o in | cat | cmp want -
		logits-to-probs $o in | topk 20000 | topk 9 >got
		topk 20000 want | topk 9 | cmp got -
	done
}

@test "logits-to-probs: wrong options" {
	fails 2 "logits-to-probs: -T: -1 is not between 0 and 1e+06" logits-to-probs -T -1
	fails 2 "logits-to-probs: -T: 'nan' is not a number" logits-to-probs -T nan
	fails 2 "logits-to-probs: -d: -1 is not between 0 and 1e+06" logits-to-probs -d -1
	fails 2 "logits-to-probs: -e: 0 is not between *" logits-to-probs -e 0
	fails 2 "logits-to-probs: -r: 0 is not between *" logits-to-probs -r 0
	fails 2 "logits-to-probs: -f: -0.1 is not between *" logits-to-probs -f -0.1
	fails 2 "logits-to-probs: -n: '-1' is not a whole number" logits-to-probs -n -1
	fails 2 "logits-to-probs: -o: needs a value" logits-to-probs -o
}
