# What the tests of models/ share: a model that get-model brings, and what
# Transformers makes of it, data/models, which its make.py made.
#
#	name=smollm2 file=SmolLM2-135M-Instruct.Q4_1.gguf
#
# `near` and `tie` bound what rounding to int8 and f16 may do, as measured there.

# shellcheck disable=SC2154 # they are of the file that loads this
PATH=${PIPELM_TOOLS:-$TOP/build/tests}:$PATH

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	want=$DATA/models/$name
	PIPELM_MODEL=${XDG_CACHE_HOME:-$HOME/.cache}/pipelm/$file
	export PIPELM_MODEL
	[ -e "$PIPELM_MODEL" ] || skip "no $file: examples/get-model $name"
}

# The passage: logits that are recorded to `rows`, the log of the probability of
# every token to `logprob`.
passage() {
	mkfifo copy
	surprisal <copy | awk -F '\t' 'NR > 1 { print $5 }' >logprob &
	forward -a "$@" <"$want/passage.tok" | tee copy |
		pick "$want/passage.rows" >rows
	wait $!
	[ "$(wc -l <logprob)" -eq 2047 ]
	[ "$(wc -l <rows)" -eq "$(wc -l <"$want/passage.rows")" ]
}

# The distance of perplexities, as a part of the reference's.
perplexity() {
	paste logprob "$want/passage.logprob" | awk '
		{ ours -= $1; theirs -= $2 }
		END {
			off = exp((ours - theirs) / NR) - 1
			print exp(ours / NR), exp(theirs / NR), off
			print (off < 0 ? -off : off) >"off"
		}'
}

# within VALUE BOUND: it is no more
within() {
	awk -v x="$1" -v bound="$2" 'BEGIN { exit !(x <= bound) }'
}

agrees_tokens() {
	tokenize <"$DATA/models/passage.txt" | cut -d ' ' -f -2048 |
		cmp - "$want/passage.tok"
	awk '{ NF -= 100; print }' "$want/greedy.tok" >prompts
	tokenize -ls <"$want/prompts.txt" | diff prompts -
}

# Every logit to 2e-3, and the likeliest token where it leads by 1e-3.
agrees_exactly() {
	passage -xk f32
	awk '
	function off(a, b) { return a > b ? a - b : b - a }
	!(off($3, $4) <= 2e-3) { print "off: " $0; bad = 1 }
	off($3, $4) > worst { worst = off($3, $4) }
	$2 == "sum" { n = 0; next }
	++n == 1 { first = $3; ours = $4; next }
	n == 2 { clear = first - $3 > 1e-3 }
	clear && !($4 < ours) { print "not the likeliest: " $0; bad = 1 }
	END { print NR, worst; exit bad }' rows
	perplexity
	within "$(cat off)" 1e-5
	forward -xaek f32 <"$want/greedy.tok" | pick "$want/greedy.rows" >greedy
	[ "$(wc -l <greedy)" -eq 1000 ]
	awk '$3 != $5 && $4 > 1e-3 { print; bad = 1 } END { exit bad }' greedy
}

# KL(reference || ours) over the tokens that are recorded and all others as one
# more, which can only make it less, in the mean below `near`; perplexity to 0.5 %;
# another likeliest token only where the reference's leads by less than `tie`.
agrees_nearly() {
	passage
	awk -v near="$near" '
	$2 == "sum" { z = $3; o = $4; rest[++n] = other[n] = 1; next }
	{
		p = exp($3 - z)
		q = exp($4 - o)
		kl += p * ($3 - z - ($4 - o))
		rest[n] -= p
		other[n] -= q
	}
	END {
		for (i = 1; i <= n; i++)
			if (rest[i] > 0 && other[i] > 0)
				kl += rest[i] * log(rest[i] / other[i])
		print n, kl / n
		exit !(n == 32 && kl / n > 0 && kl / n < near)
	}' rows
	perplexity
	within "$(cat off)" 0.005
	forward -ae <"$want/greedy.tok" | pick "$want/greedy.rows" >greedy
	[ "$(wc -l <greedy)" -eq 1000 ]
	awk -v tie="$tie" '
	$3 != $5 { n++; worst = $4 > worst ? $4 : worst }
	END { print n, worst; exit !(worst < tie) }' greedy
}
