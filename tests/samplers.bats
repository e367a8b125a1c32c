# minp, pless, typical, eta, topnsigma: what they keep. And what references
# outside of pipelm say about these, bias, norepeat and mix.
load helper

ids() {
	sed -n 's/^\([0-9][0-9]*\)	.*/\1/p' "$1" | paste -s -d ' ' -
}

# record KIND VALUE...: a text record
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

# keeps IDS COMMAND...: of the file `in`
keeps() {
	local want=$1
	shift
	"$@" in >got
	[ "$(ids got)" = "$want" ] || {
		echo "$*: $(ids got), wanted $want"
		return 1
	}
}

# theirs NAME: the probabilities of standard input are those of data/NAME.want
theirs() {
	awk '/^#/ { r++ } /^[0-9]/ && $2 > 0 { print r, $1, $2 }' |
		paste -d ' ' - "$DATA/$1.want" | awk '
		{ d = $3 - $6 }
		$1 != $4 || $2 != $5 || !(d < 1e-6 && -d < 1e-6) {
			print; bad = 1
		}
		END { exit bad || NR == 0 }'
}

# as_theirs NAME COMMAND...: so are what it makes of the logits of $stream, and
# of the probabilities
stream=$DATA/warpers/logits.txt
as_theirs() {
	local name=$1
	shift
	"$@" <"$stream" | logits-to-probs | theirs "$name"
	logits-to-probs "$stream" | "$@" | theirs "$name"
}

@test "samplers: as Hugging Face does" {
	as_theirs warpers/minp-0.1 minp 0.1
	as_theirs warpers/minp-0.5 minp 0.5
	as_theirs warpers/typical-0.3 typical 0.3
	as_theirs warpers/typical-0.9 typical 0.9
	as_theirs warpers/eta-0.2 eta 0.2
	as_theirs warpers/eta-0.002 eta 0.002
	as_theirs warpers/epsilon-0.03 eta -e 0.03
	as_theirs warpers/pless pless
	as_theirs warpers/bias bias 3=1.5 7=-2.25 39=0.5
	as_theirs warpers/bad-words bias 0=-inf 12=-inf 31=-inf
	stream=$DATA/warpers/repeats.txt
	for n in 1 2 3 5; do
		as_theirs warpers/norepeat-$n norepeat -n $n
	done
}

@test "samplers: guidance as Hugging Face does" {
	# the other stream has no prompt, and so neither its context nor its
	# position
	sed 's/ pos=60 .*/ pos=10/' "$DATA/warpers/repeats.txt" >without
	# of scale 1 + weight
	mix -w 0.5 "$stream" without | logits-to-probs | theirs warpers/guidance-1.5
	mix -w 2 "$stream" without | logits-to-probs | theirs warpers/guidance-3
}

@test "samplers: as llama.cpp does" {
	as_theirs samplers/topnsigma-0.5 topnsigma 0.5
	as_theirs samplers/topnsigma-1.5 topnsigma 1.5
	stream=$DATA/warpers/repeats.txt
	as_theirs samplers/dry-0.8-1.75-2 norepeat -d 0.8 -B 1.75 -a 2
	as_theirs samplers/dry-0.3-1.1-4 norepeat -d 0.3 -B 1.1 -a 4
	# no match goes over token 3
	as_theirs samplers/dry-0.8-1.75-2-dollar norepeat -d 0.8 -s 3
}

@test "samplers: minp by hand" {
	record P 0.25 0.125 0.5 0.0625 0.0625 >in
	keeps '0 2' minp 0.5
	keeps '0 1 2' minp 0.25
	keeps '2' minp 1
	keeps '0 1 2 3 4' minp 0
	record P 0.5 0 0.5 >in
	keeps '0 2' minp 0
	keeps '0 2' minp 1
}

@test "samplers: pless by hand" {
	# squares: .25 + .0625 + 2 * .015625 = .34375
	record P 0.25 0.125 0.5 0.125 >in
	keeps '2' pless
	# .0625 * 4 = .25
	record P 0.25 0.25 0.25 0.25 >in
	keeps '0 1 2 3' pless
	# .16 + .09 + .04 + .01 = .3; on a record that sums to 2
	record P 0.8 0.6002 0.4 0.2 >in
	keeps '0 1' pless
}

@test "samplers: typical by hand" {
	# H = 1.2130 nats; |-ln p - H|: .5199 .1733 .8664 (twice) in order of id
	record P 0.5 0.25 0.125 0.125 >in
	keeps '1' typical 0.2
	keeps '1' typical 0.25
	keeps '0 1' typical 0.3
	keeps '0 1 2' typical 0.8
	keeps '0 1 2 3' typical 1
	keeps '1' typical 0
}

@test "samplers: eta by hand" {
	record P 0.5 0.25 0.125 0.125 >in
	# exp(-H) = .2973; sqrt(.25) * .2973 = .1487 < .25
	keeps '0 1' eta 0.25
	keeps '0 1' eta -e 0.25
	keeps '0 1 2 3' eta -e 0.125
	keeps '0 1 2 3' eta 0.125
	# sqrt(.5) * .2973 = .2102 < .5
	keeps '0 1' eta 0.5
	keeps '0' eta -e 0.5
	keeps '0' eta -e 1
}

@test "samplers: topnsigma by hand" {
	# mean 2, squares 4 + 4 + 0 + 0 + 4 + 4, sigma sqrt(16 / 6) = 1.633
	record L 0 4 2 2 4 0 -inf >in
	keeps '1 4' topnsigma 0
	keeps '1 4' topnsigma 1.2
	keeps '1 2 3 4' topnsigma 1.3
	keeps '0 1 2 3 4 5' topnsigma 3
	# temperature changes nothing
	for t in 0.25 1 4; do
		logits-to-probs -T $t in >probs
		topnsigma 1.3 probs >got
		[ "$(ids got)" = '1 2 3 4' ]
	done
}

@test "samplers: one entry, equal entries, nothing to draw" {
	for f in 'minp 0.1' pless 'typical 0.5' 'eta 0.1' 'topnsigma 1'; do
		record L -3 >in
		keeps 0 $f
		record L -inf -inf -5 >in
		keeps 2 $f
		record P 0 0 >in
		fails 1 "${f%% *}: in: record 1: nothing can be drawn at position 0" \
			$f in
	done
	record L 1 1 1 1 >in
	for f in 'minp 1' pless 'eta 1' 'topnsigma 0'; do
		case $f in
		eta*) keeps '0 1 2 3' $f ;; # sqrt(1) * exp(-H) = 1/4
		*) keeps '0 1 2 3' $f ;;
		esac
	done
	keeps '0 1' typical 0.5
	keeps '0' eta -e 1
}

@test "samplers: nothing is added, and what is left sums to 1" {
	logits-to-probs "$DATA/warpers/logits.txt" >probs
	for f in 'minp 0.2' pless 'typical 0.7' 'eta 0.05' 'topnsigma 1'; do
		$f probs >once
		awk '/^#/ { r++; s = 0 } NF == 2 && /^[0-9]/ { s += $2; n++ }
			/^$/ && (s - 1 > 1e-6 || 1 - s > 1e-6) { bad = 1 }
			END { exit bad || r != 6 || n < 6 || n >= 240 }' once
	done
	# what is left keeps all of itself
	for f in 'minp 0.2' 'eta -e 0.05'; do
		$f probs >once
		$f once | grep -v '^#' | cut -f 1 >twice
		grep -v '^#' once | cut -f 1 | cmp - twice
	done
}

@test "samplers: usage" {
	for f in minp typical eta; do
		fails 2 "usage: $f *" $f
		fails 2 "$f: [PE]: 2 is not between 0 and 1" $f 2
		fails 2 "$f: [PE]: 'x' is not a number" $f x
	done
	fails 2 'usage: topnsigma *' topnsigma
	fails 2 'topnsigma: N: -1 is not between 0 and 1e+06' topnsigma -- -1
	fails 2 'usage: pless *' pless a b
}
