# modelinfo: what it tells is what others say.
load helper

PATH=${PIPELM_TOOLS:-$TOP/build/tests}:$PATH
FAMILIES=$DATA/families
TINY=$TOP/examples/tiny.gguf

# fact NAME [ARGUMENT ...]: its value
fact() {
	modelinfo "${@:2}" | awk -F '\t' -v name="$1" '$1 == name { print $2 }'
}

@test "modelinfo: the bundled model, however it is named" {
	modelinfo "$TINY" | sed 1d >want
	modelinfo | sed 1d | cmp - want
	PIPELM_MODEL=$TINY modelinfo | sed 1d | cmp - want
	[ "$(fact model "$TINY")" = "$TINY" ]
	[ "$(fact file-bytes)" -eq "$(wc -c <"$TINY")" ]
	[ "$(fact llama.block_count)" = 6 ]
	[ "$(fact layers)" = 6 ]
	# two columns everywhere but in lines of types
	modelinfo | awk -F '\t' '$1 != "type" && NF != 2 { print; exit 1 }'
}

@test "modelinfo: tensors" {
	modelinfo -t "$DATA/quants/mixed.gguf" >out
	modelinfo "$DATA/quants/mixed.gguf" | diff - <(grep -v '^tensor	' out)
	awk -F '\t' '
	$1 == "tensor" {
		n = split($4, shape, "x")
		many = 1
		for (i = 1; i <= n; i++) many *= shape[i]
		tensors[$3]++; weights[$3] += many; bytes[$3] += $5
		all++; elements += many; total += $5
	}
	$1 == "type" {
		if ($3 != tensors[$2] || $4 != weights[$2] || $5 != bytes[$2])
			exit bad = 1
		types++
	}
	$1 == "tensors" && $2 != all { exit bad = 1 }
	$1 == "weights" && $2 != elements { exit bad = 1 }
	$1 == "tensor-bytes" && $2 != total { exit bad = 1 }
	END { exit bad || types < 10 }' out
}

@test "modelinfo: a directory and its GGUF file" {
	for name in llama gemma3 gpt2 phi3; do
		d=$FAMILIES/$name
		quantize -t f16 "$d" new.gguf 2>said
		[ "$(fact format "$d")" = 'Hugging Face' ]
		[ "$(fact runs "$d")" = yes ]
		[ "$(fact tokenizes "$d")" = no ]
		grep='^(layers|width|heads|kv-heads|head-size|rows|weights|f16-)'
		modelinfo "$d" | grep -E "$grep" >want
		modelinfo new.gguf | grep -E "$grep" | diff - want
	done
	[ "$(fact files "$FAMILIES/llama-sharded")" -gt 1 ]
	[ "$(fact windowed-layers "$FAMILIES/gemma3")" = 6 ]
}

@test "modelinfo: a cache is as large as it says" {
	for k in f16 f32; do
		for n in 1 100; do
			rm -f cache
			awk -v n=$n 'BEGIN { for (i = 0; i < n; i++)
				printf "%d ", i + 1; print "" }' >line
			forward -k $k -c cache <line >out
			[ "$(fact $k-file-context-bytes -C $n)" -eq "$(wc -c <cache)" ]
		done
		kvcache info cache | grep -qx "record.$(fact $k-file-position-bytes) bytes"
	done
	[ "$(fact context -C 100)" = 100 ]
	[ "$(fact context -C 100000)" = "$(fact trained-context)" ]
	# pages of 64
	[ "$(fact f16-context-bytes -C 65)" -eq $((128 * $(fact f16-position-bytes))) ]
	# the windows of gemma3: 6 layers of 8 positions, one of all
	d=$FAMILIES/gemma3
	[ "$(fact f32-context-read-bytes -C 20 "$d")" -eq \
		$(((6 * 8 + 20) * $(fact f32-position-bytes "$d") / 7)) ]
}

@test "modelinfo: what a token reads" {
	# tied: everything; else, of the embedding, a row
	[ "$(fact token-bytes)" = "$(fact tensor-bytes)" ]
	m=$DATA/llama/f32.gguf
	[ "$(fact token-bytes "$m")" -eq \
		$(($(fact tensor-bytes "$m") - 299 * 64 * 4)) ]
	m=$FAMILIES/gpt2
	[ "$(fact token-bytes "$m")" -eq \
		$(($(fact tensor-bytes "$m") - 31 * 18 * 4)) ]
}

@test "modelinfo: what would not run is told, and the rest shown" {
	t=blk.1.ffn_up.weight
	gguf-edit tensor-type $t 16 <"$DATA/gpt2/tied.gguf" >other.gguf
	[ "$(fact runs other.gguf)" = no ]
	[ "$(fact runs-not other.gguf)" = \
		"tensor $t: type IQ2_XXS is not one that can be read" ]
	[ "$(fact tokenizes other.gguf)" = yes ]
	[ "$(fact layers other.gguf)" = 2 ]
	modelinfo -t other.gguf | grep -q "^tensor.$t.IQ2_XXS.24x96.0$"
	gguf-edit tensor-type $t 4294967295 <"$DATA/gpt2/tied.gguf" >other.gguf
	modelinfo -t other.gguf | grep -q "^tensor.$t.4294967295.24x96.0$"
	gguf-edit string general.architecture mamba <"$TINY" >other.gguf
	[ "$(fact runs-not other.gguf)" = \
		'architecture mamba: not one that can be run' ]
	[ "$(fact tensors other.gguf)" = 56 ]
	gguf-edit add llama.expert_count 8 <"$TINY" >other.gguf
	[ "$(fact runs-not other.gguf)" = \
		'key llama.expert_count: not supported' ]
	[ "$(fact f16-position-bytes other.gguf)" = 1536 ]
	gguf-edit string tokenizer.ggml.pre strange <"$TINY" >other.gguf
	[ "$(fact runs other.gguf)" = yes ]
	[ "$(fact tokenizes-not other.gguf)" = \
		"pre-tokenizer 'strange' is not known" ]
	modelinfo "$DATA/tokenizers/spm.gguf" | grep -qx 'tokenizes.yes'
}

@test "modelinfo: a directory of another family" {
	cp -R "$FAMILIES/llama" model
	sed -i 's/"llama"/"mamba"/' model/config.json
	[ "$(fact runs model)" = no ]
	[ "$(fact runs-not model)" = \
		'config.json: model_type mamba: not one that can be run' ]
	[ "$(fact config.hidden_size model)" = 24 ]
	[ "$(fact config.model_type model)" = mamba ]
	modelinfo -t model |
		grep -q '^tensor.model.layers.0.mlp.up_proj.weight.F16.24x20.960$'
}

@test "modelinfo: keys of every kind are on one line" {
	gguf-edit string general.name "$(printf 'a\tb\nc\\d')" <"$TINY" >other.gguf
	[ "$(fact general.name other.gguf)" = 'a\tb\nc\\d' ]
	[ "$(fact attention.none "$FAMILIES/gemma3")" = '' ]
	[ "$(fact gemma3.attention.sliding_window_pattern "$FAMILIES/gemma3")" = \
		'true true true true true false true' ]
}

@test "modelinfo: wrong usage, no model" {
	fails 2 'usage: *' modelinfo a b
	fails 2 'modelinfo: context: *' modelinfo -C 0
	fails 1 'modelinfo: nowhere: No such file or directory' modelinfo nowhere
	echo text >text
	fails 1 'modelinfo: text: not a GGUF file' modelinfo text
	mkdir folder
	fails 1 'modelinfo: folder: config.json: No such file or directory' \
		modelinfo folder
	fails 1 'modelinfo: stdout: No space left on device' \
		sh -c 'exec modelinfo >/dev/full'
}
