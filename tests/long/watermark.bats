# The watermark's power and its false alarms, on 200 texts of 200 tokens that the
# bundled model draws.
load ../helper

KEY=15485863

# texts FILTER...: 200 texts of 200 tokens, drawn behind the filter
texts() {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		printf '%s\n' 'Once upon a time' 'The old king' 'In the garden' \
			'It was dark, and' 'Far away' 'There was a boy who' \
			'"No," said the bear' 'She had never seen' 'One day' \
			'The wind' 'A little girl' 'When the snow came' 'My mother' \
			'The youngest' '"What is that?"' 'Long ago' 'Down by the river' \
			'The farmer' 'Every morning' 'And so'
	done | tokenize -lN >prompts
	rm -f loop
	mkfifo loop
	cat prompts loop | forward | "$@" | draw -i -s 1 -l 200 -q 200 | tee loop
}

# The table of watermark.1: every way to draw, the mean of z and the least, and how
# many texts have more than 4.
@test "watermark: marks are found" {
	grep '^[a-z].*  [0-9][0-9.]*  *[-0-9.]*  *[0-9]*$' "$TOP/man/watermark.1" | cut -c 1-36 |
		sed 's/ *$//' >ways
	[ "$(wc -l <ways)" -eq 10 ]
	while IFS= read -r way <&4; do
		texts eval "${way/watermark/watermark -k $KEY}" >marked
		watermark-detect -k $KEY marked | awk -v way="$way" '
			NR > 1 {
				n++
				found += $4 > 4
				sum += $4
				if (n == 1 || $4 < least)
					least = $4
			}
			END {
				printf "%-36s%7.2f%6.2f%5d\n", way, sum / n, least, found
				exit n != 200
			}' >row
		cat row >&3
		grep -qxF "$(cat row)" "$TOP/man/watermark.1"
	done 4<ways
	# what is promised of it: nineteen of twenty
	awk '/^watermark  / { exit !($4 >= 190) }' "$TOP/man/watermark.1"
}

# Every text with ten keys of its own, so that what texts have in common does
# not count twice. The number of green pairs is binomial: how many texts are
# beyond a threshold is compared with the sum of its tails, 4 standard deviations
# either way.
@test "watermark: false alarms come as predicted" {
	texts distcat -b >plain
	for seq in $(seq 200); do
		sed -n "s/^@$seq //p" plain >text
		for i in 0 1 2 3 4 5 6 7 8 9; do
			watermark-detect -n 4096 -k $((KEY + 10 * seq + i)) text | sed 1d
		done
	done >got
	awk '
	function tail(n, from,  k, p, sum) {
		p = exp(n * log(0.75))
		for (k = 0; k <= n; k++) {
			if (k >= from)
				sum += p
			p *= (n - k) / (k + 1) / 3
		}
		return sum
	}
	{
		for (z = 1; z <= 4; z++) {
			alarms[z] += $4 > z
			# the first count that is beyond z
			from = int($2 / 4 + z * sqrt($2 * 3 / 16)) + 1
			p = ($2 SUBSEP from) in known ? known[$2, from] : tail($2, from)
			known[$2, from] = p
			expected[z] += p
			variance[z] += p * (1 - p)
		}
	}
	END {
		for (z = 1; z <= 4; z++) {
			printf "z > %d: %d of %d, predicted %.1f\n", z, alarms[z], NR,
				expected[z]
			d = alarms[z] - expected[z]
			if (d * d > 16 * variance[z] + 1)
				bad = 1
		}
		exit bad || NR != 2000
	}' got >alarms
	cat alarms >&3
	# as watermark-detect.1 tells
	while IFS= read -r line; do
		grep -qxF "$line" "$TOP/man/watermark-detect.1"
	done <alarms
}
