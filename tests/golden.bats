# The bundled model against PyTorch: data/golden, which data/README.md tells
# about; and the whole of the reference data where it is there.
load helper

PATH=${PIPELM_TOOLS:-$TOP/build/tests}:$PATH
GOLDEN=$DATA/golden
TINY=$TOP/examples/tiny.gguf

# differ OPTIONS...: the rows of data/golden that forward's are compared with,
# as `rows largest-difference mean-KL same-argmax` for each prompt.
differ() {
	forward -m "$TINY" -a "$@" <"$GOLDEN/1.tok" | compare "$GOLDEN/1.f32"
	for n in 2 3 4 5; do
		forward -m "$TINY" "$@" <"$GOLDEN/$n.tok" |
			compare "$GOLDEN/$n.f32"
	done
}

# logprobs OPTIONS...: the log-probability of every held-out token but the first.
logprobs() {
	forward -m "$TINY" -at "$@" <"$GOLDEN/held-out.tok" |
		awk -v ids="$(cat "$GOLDEN/held-out.tok")" '
		BEGIN { n = split(ids, id, " ") }
		/^#/ { at++; top = -1e30; k = 0; next }
		NF { x[k++] = $2; if ($2 > top) top = $2; next }
		at < n {
			s = 0
			for (i = 0; i < k; i++)
				s += exp(x[i] - top)
			printf "%.6f\n", x[id[at + 1]] - top - log(s)
		}'
}

@test "golden: exact mode gives the reference's logits" {
	differ -xk f32 >got
	cat got
	[ "$(awk '{ rows += $1; same += $4 } END { print rows, same }' got)" = "9 9" ]
	awk '!($2 <= 5e-4) { exit 1 }' got
}

@test "golden: int8 activations and an f16 cache stay near it" {
	differ >got
	cat got
	awk '{ rows += $1; kl += $1 * $3 }
		END { print kl / rows; exit !(rows == 9 && kl / rows < 3e-4) }' got
}

@test "golden: held-out text, exact" {
	logprobs -xk f32 >got
	[ "$(wc -l <got)" -eq 99 ]
	paste got "$GOLDEN/held-out.logprobs" | awk '
		{ d = $1 - $2; if (!(d < 2e-5 && -d < 2e-5)) exit 1 }'
}

@test "golden: held-out text as it runs by default" {
	# one passage of 99 tokens cannot tell much: rounding the activations
	# moves a token's log-probability by 0.018 (1 sd), their mean by 0.0018
	logprobs >got
	paste got "$GOLDEN/held-out.logprobs" | awk '
		{ d = $1 - $2; mean += d / 99; square += d * d / 99 }
		END {
			print exp(-mean), sqrt(square)
			exit !(mean < 0.003 && -mean < 0.003 && sqrt(square) < 0.025)
		}'
}

@test "golden: all positions of both models" {
	need_shared
	for kind in f32 q8_0; do
		model=$SHARED/models/tiny-$kind.gguf
		for n in 1 2 3 4 5; do
			g=$SHARED/models/golden/$kind-$n
			tr -d '\n' <"$g.json" | sed 's/.*"ids": \[//; s/\].*//
				s/,/ /g' | tr -s ' ' >ids
			echo >>ids
			forward -axk f32 -m "$model" <ids | compare "$g.f32"
			forward -a -m "$model" <ids | compare "$g.f32" >>"$kind"
		done >exact
		cat exact
		awk '!($2 <= 5e-4 && $1 == $4) { exit 1 }' exact
	done
	cat f32 q8_0
	awk '{ n += $1; kl += $1 * $3 }
		END { print n, kl / n; exit !(n == 164 && kl / n < 8e-4) }' q8_0
	awk '!($3 < 1e-6) { exit 1 }' f32
}
