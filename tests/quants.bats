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
