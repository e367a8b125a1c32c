# curvature: was this text drawn from the model? Which tokens are scored is in
# scored.bats.
load helper

want() {
	awk -v what="$1" '$1 == what { print $2 }' "$DATA/scored/sums.want"
}

@test "curvature: as Fast-DetectGPT's formula in PyTorch" {
	forward -axk f32 -m "$TOP/examples/tiny.gguf" <"$DATA/golden/held-out.tok" |
		curvature >got
	awk -F '\t' -v want="$(want curvature)" 'NR == 2 {
		d = $3 - want
		print
		exit !($2 == 99 && d < 2e-5 && -d < 2e-5)
	}' got
}

@test "curvature: by hand" {
	# p = 1/2, 1/4, 1/4: E = -1.5 ln 2, V = ln 2 ^ 2 / 4, so that token 0
	# has (-1 + 1.5) / 0.5 = 1, token 1 -1, and four of token 0 2
	rest='0 0.5
1 0.25
2 0.25
'
	{
		printf '%s\n' '#dist kind=P vocab=3 pos=1 start=1 ctx=2' "$rest"
		for i in 2 3 4 5; do
			printf '%s\n' "#dist kind=P vocab=3 pos=$i ctx=0" "$rest"
		done
		printf '%s\n' '#dist kind=P vocab=3 seq=1 pos=1 start=1 ctx=2' "$rest" \
			'#dist kind=P vocab=3 seq=1 pos=2 ctx=1' "$rest"
		printf '%s\n' '#dist kind=P vocab=3 seq=2 pos=1 start=1 ctx=2' "$rest"
		# sure of it: nothing to tell
		printf '%s\n' '#dist kind=P vocab=3 seq=3 pos=1 start=1 ctx=2' '1 1' '' \
			'#dist kind=P vocab=3 seq=3 pos=2 ctx=1' "$rest"
	} | curvature >got
	printf '%s\t%s\t%s\n' seq tokens curvature 0 4 2.000000 1 1 -1.000000 \
		2 0 - 3 1 - | diff - got
}

@test "curvature: wrong arguments" {
	fails 2 'usage: curvature [[]file]' curvature a b
	fails 2 'curvature: -x: unknown option' curvature -x
}
