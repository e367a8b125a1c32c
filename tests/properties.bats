# What holds of filters whatever the distribution: on random ones, flat and
# steep, of 1 to 200 entries, with equals and with what cannot be drawn.
load helper

TRUNCATING='
topk 5
topp 0.8
minp 0.1
pless
typical 0.7
eta 0.02
eta -e 0.02
topnsigma 1
xtc -s 1 0.1 0.5
mirostat 2 0.5
'
OTHERS='
norepeat -n 2
norepeat -d 0.8
bias 0=-inf 3=2 7=-1.5
watermark -k 5
logits-to-probs -T 0.7
logits-to-probs -f 0.1 -P 0.5 -r 1.2
logits-to-probs -d 0.5
'

# random SEED: 60 records of one sequence, as `logits`, and as `probs`
random() {
	echo "seed $1"
	awk -v seed="$1" 'BEGIN {
		srand(seed)
		for (pos = 1; pos <= 60; pos++) {
			printf "#dist kind=L vocab=300 pos=%d start=%d ctx=%d\n", pos,
				pos == 1, int(8 * rand())
			n = pos % 10 ? 1 + int(200 * rand()) : 1
			steep = exp(4 * rand() - 2)
			coarse = rand() < 0.3
			for (i = 0; i < n; i++) {
				x = steep * (rand() + rand() + rand() + rand() - 2)
				if (coarse)
					x = int(2 * x) / 2
				id = int(300 / n) * i
				print id "\t" (i > 0 && rand() < 0.1 ? "-inf" : x)
			}
			# what no bias forbids
			print 299 "\t" (coarse ? 0 : steep * rand()) "\n"
		}
	}' >logits
	logits-to-probs logits >probs
}

# each CHECK LIST: every command line of the list, on both forms
each() {
	local cmd failed=0
	while read -r cmd; do
		[ "$cmd" ] || continue
		for seed in 1 2 3; do
			random $seed >seed
			for in in logits probs; do
				# shellcheck disable=SC2086 # words are meant
				$1 $cmd || { echo "^ $cmd, $in, $(cat seed)"; failed=1; }
			done
		done
	done <<<"$2"
	return $failed
}

# drawn FILE: lines of record and id of what can be drawn
drawn() {
	awk '/^#/ { r++; none = /kind=L/ ? "-inf" : "0" }
		/^[0-9]/ && $2 != none { print r, $1 }' "$1" | sort
}

@test "properties: a filter adds no entry, and its probabilities sum to 1" {
	check() {
		"$@" <$in >out || return
		drawn $in >before
		drawn out | comm -13 before - >new
		[ ! -s new ] || return 1
		awk '/^#/ { p = /kind=P/; sum = 0; r++ }
			/^[0-9]/ && p { sum += $2 }
			/^$/ && p && (sum > 1 + 1e-6 || sum < 1 - 1e-6) { bad = 1 }
			END { exit bad || r != 60 }' out
	}
	each check "$TRUNCATING$OTHERS"
}

@test "properties: a truncating filter keeps the likeliest, or one at least" {
	check() {
		"$@" <$in >out || return
		awk '/^#/ { n = 0 } /^[0-9]/ && $2 != "-inf" { n++ }
			/^$/ && n < 1 { bad = 1 } END { exit bad }' out || return 1
		case $1 in
		xtc | typical) return ;; # the point of which is to leave it out
		esac
		topk 1 $in >likeliest
		drawn likeliest >top
		drawn out | comm -13 - top >lost
		[ ! -s lost ]
	}
	each check "$TRUNCATING"
}

# same_ids FILE FILE: the same entries are left
same_ids() {
	drawn "$1" >1
	[ -s 1 ] && drawn "$2" | cmp -s 1 -
}

@test "properties: once is enough" {
	check() {
		"$@" <$in >once && "$@" <once >twice && same_ids once twice
	}
	each check '
	topk 5
	minp 0.1
	eta -e 0.02
	norepeat -n 2
	bias 0=-inf 7=-inf
	logits-to-probs'
	# of what has mass P, all is kept when all is asked for
	check() {
		"$@" <$in >once && "$1" 1 <once >twice && same_ids once twice
	}
	each check '
	topp 0.8
	topp 0.3
	typical 0.7'
}

# alike FILE FILE: the same ids, and values to 1e-6
alike() {
	paste "$1" "$2" | awk '
		/^[0-9]/ {
			d = $2 == $4 ? 0 : $2 - $4
			if ($1 != $3 || !(d < 1e-6 && -d < 1e-6)) { print; exit bad = 1 }
			n++
		}
		END { exit bad || n < 60 }'
}

# commute A B: one behind the other, either way round
commute() {
	local in
	for seed in 1 2 3; do
		random $seed
		for in in logits probs; do
			eval "$1 <$in | $2" | logits-to-probs >ab
			eval "$2 <$in | $1" | logits-to-probs >ba
			alike ab ba || { echo "$1, $2, $in"; return 1; }
		done
	done
}

@test "properties: what commutes" {
	# what looks at the order of entries, or at their ratio to the likeliest
	commute 'topk 5' 'topk 9'
	commute 'topk 5' 'minp 0.1'
	commute 'minp 0.1' 'minp 0.3'
	# an order is kept by temperature
	commute 'topk 5' 'logits-to-probs -T 0.7'
	commute 'topnsigma 1' 'logits-to-probs -T 0.7'
	# sums of logits, and what is forbidden
	commute 'bias 3=2 7=-1.5' 'watermark -k 5'
	commute 'bias 3=2' 'norepeat -n 2'
	commute 'bias 3=2 7=-inf' 'norepeat -d 0.8'
	# softmax at T = 1 is how filters judge logits
	while read -r filter; do
		[ -z "$filter" ] || commute "$filter" logits-to-probs
	done <<<"${TRUNCATING%mirostat*}"
}

@test "properties: what does not commute" {
	random 1
	for pair in 'topp 0.8:logits-to-probs -T 0.5' 'topp 0.8:minp 0.1' \
		'topk 5:topp 0.8' 'minp 0.1:logits-to-probs -T 0.5'; do
		${pair%:*} probs | ${pair#*:} >ab
		${pair#*:} probs | ${pair%:*} >ba
		! same_ids ab ba || { echo "$pair"; return 1; }
	done
}
