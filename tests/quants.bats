# Quantised tensors: data/quants was made by others (data/README.md).
load helper

PATH=${PIPELM_TOOLS:-$TOP/build/tests}:$PATH

@test "quants: every type decodes to the reference's bits" {
	for f in "$DATA"/quants/*.blocks; do
		type=${f##*/}
		type=${type%.blocks}
		quant "$type" <"$f" | cmp - "${f%.blocks}.f32"
	done
	[ "$type" = Q8_0 ]
}

@test "quants: a type that is not read is named" {
	t=blk.1.ffn_up.weight
	model=$DATA/gpt2/tied.gguf
	refused() {
		gguf-edit tensor-type $t "$1" <"$model" >other.gguf
		echo 1 >line
		fails 1 "forward: other.gguf: tensor $t: type $2" \
			forward -m other.gguf <line
	}
	refused 16 'IQ2_XXS is not one that can be read'
	refused 34 'TQ1_0 is not one that can be read'
	refused 41 'Q1_0 is not one that can be read'
	refused 4 '4 is not known'
	refused 42 '42 is not known'
	refused 4294967295 '4294967295 is not known'
}

@test "quants: the bits depend on no instruction set, thread, or split" {
	mixed=$DATA/quants/mixed.gguf
	cut -d ' ' -f 1-67 "$DATA/llama/seq.tok" >line
	PIPELM_ISA=scalar forward -aj 1 -m "$mixed" <line >want
	distcat -t want | grep -v '^#' >values
	[ "$(wc -l <values)" -eq $((67 * 301)) ]
	for isa in scalar avx2 avx512 neon dotprod; do
		export PIPELM_ISA=$isa
		echo 1 | forward -m "$mixed" >/dev/null 2>&1 || continue
		forward -aj 3 -m "$mixed" <line | cmp - want
		for n in 3 5 9; do # each piece a run of its own
			rm -f cache
			tr ' ' '\n' <line | xargs -n "$n" |
				while read -r piece; do
					echo "$piece" | forward -aj $((n % 4 + 1)) \
						-c cache -m "$mixed"
				done | distcat -t | grep -v '^#' >got
			cmp got values
		done
	done
	unset PIPELM_ISA
}
