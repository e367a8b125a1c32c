# surprisal: how much each token of a text surprises. Which tokens are scored is
# in scored.bats.
load helper

TINY=$TOP/examples/tiny.gguf

held_out() {
	forward -axk f32 -m "$TINY" <"$DATA/golden/held-out.tok"
}

@test "surprisal: as PyTorch does" {
	held_out | surprisal | sed 1d | awk -F '\t' -v want="$DATA/scored/tokens.want" '
	function near(x, y) { return x - y < 4e-5 && y - x < 4e-5 }
	{
		getline line <want
		split(line, w, " ")
		if ($1 != 0 || $2 != w[1] || $3 != w[2] || $7 != w[4] || $9 != w[6] ||
		    !near($5, w[3]) || !near($8, w[5]) || !near($11, w[7]) ||
		    !near($6 * log(2), -w[3])) {
			print
			exit bad = 1
		}
	}
	END { exit bad || NR != 99 }'
}

@test "surprisal: -s as PyTorch does" {
	held_out | surprisal -s >got
	awk '$1 == "perplexity" || $1 == "rank" { print $2 }' \
		"$DATA/scored/sums.want" >want
	awk -F '\t' 'NR == 2 {
		getline p <"want"
		getline r <"want"
		d = $7 / p - 1
		print
		exit !($2 == 99 && d < 1e-6 && -d < 1e-6 && $8 == r)
	}' got
	# the same from the golden log-probabilities
	awk '{ s += $1 } END { printf "%.4f\n", exp(-s / NR) }' \
		"$DATA/golden/held-out.logprobs" >want
	awk -F '\t' 'NR == 2 { printf "%.4f\n", $7 }' got | diff want -
}

@test "surprisal: -s adds up what the table has" {
	printf '%s\n' '2624 813 258 517' '439' '439 813 11' >lines
	forward -ae <lines >in
	surprisal -s in >got
	cut -f 1,2,3 got >counts
	# " upon a time" is 12 bytes, " upon," 6
	printf '%s\t%s\t%s\n' seq tokens bytes 1 3 12 2 0 0 3 2 6 all 5 18 | diff - counts
	surprisal in | awk -F '\t' 'NR > 1 { n++; bits += $6; rank += $7 }
		END { printf "%.3f %.3f %.3f %.3f %.3f\n", bits, bits / n, bits / 18,
			2 ^ (bits / n), rank / n }' >want
	awk -F '\t' '/^all/ { printf "%.3f %.3f %.3f %.3f %.3f\n", $4, $5, $6, $7, $8 }' \
		got | diff want -
	grep -qx '2	0	0	0.000000	-	-	-	-' got
}

@test "surprisal: a piece is one field" {
	# newline, tab and backslash by their bytes; half a character
	printf 'a\n\t\\\303' | tokenize -x | tr ' ' '\n' >ids
	[ "$(wc -l <ids)" -eq 5 ]
	forward -m "$TINY" <ids | surprisal -m "$TINY" >got
	cut -f 4 got >pieces
	printf '%s\n' piece '\n' '\t' '\\' '\xc3' | diff - pieces
	awk -F '\t' 'NF != 11 { exit 1 }' got
}

@test "surprisal: a token that cannot be drawn" {
	printf '%s\n' '#dist kind=L vocab=4 pos=1 start=1 ctx=0' '1 0' '2 0' '' \
		'#dist kind=L vocab=4 pos=2 ctx=3' '0 0' '1 -inf' '' \
		'#dist kind=L vocab=4 pos=3 ctx=1' '1 0' '' >in
	surprisal in | cut -f 3,5-9 >got
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' id logprob bits rank entropy top \
		3 -inf inf 3 1.000000 1 1 -inf inf 2 0.000000 0 | diff - got
	surprisal -s in | sed -n 2p | cut -f 4-8 >got
	printf '%s\t%s\t%s\t%s\t%s\n' inf inf inf inf 2.500000 | diff - got
}

@test "surprisal: ids that the vocabulary does not have" {
	printf '%s\n' '#dist kind=P vocab=5000 pos=1 start=1 ctx=0' '4999 1' '' \
		'#dist kind=P vocab=5000 pos=2 ctx=4999' '4999 1' '' >in
	surprisal in | sed -n 2p >got
	printf '0\t1\t4999\t\t0.000000\t0.000000\t1\t0.000000\t4999\t\t1.000000\n' |
		diff - got
}

@test "surprisal: wrong arguments" {
	fails 2 'usage: surprisal [[]-s] [[]-m model] [[]file]' surprisal a b
	fails 2 'surprisal: -x: unknown option' surprisal -x
	fails 1 'surprisal: nowhere.gguf: No such file or directory' \
		surprisal -m nowhere.gguf
}
