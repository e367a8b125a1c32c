# Hugging Face directories: every family against Transformers, and directories
# that are broken. The models and their logits are data/families, which its
# make.py made.
load helper

PATH=${PIPELM_TOOLS:-$TOP/build/tests}:$PATH
FAMILIES=$DATA/families

# agrees NAME [OPTION ...]: the logits of every position are those of
# Transformers, to what float32 can give.
agrees() {
	local name=$1
	shift
	forward -xak f32 -m "$FAMILIES/$name" "$@" <"$FAMILIES/$name/ids.txt" |
		compare "$FAMILIES/$name/logits.f32" >"$name.out"
	awk -v name="$name" '{
		if ($1 != 18 || !($2 <= 3e-5)) {
			print name ": " $0
			exit 1
		}
	}' "$name.out"
}

# copy NAME: a model to break, in ./model
copy() {
	rm -rf model
	cp -R "$FAMILIES/$1" model
}

# refused MESSAGE: ./model is, MESSAGE being what follows its name, and a glob
refused() {
	echo 1 2 3 >line
	fails 1 "forward: model: $1" forward -m model <line
}

# config SCRIPT: config.json edited by sed
config() {
	sed "$1" model/config.json >edited
	if cmp -s edited model/config.json; then
		echo "nothing changed: $1"
		return 1
	fi
	mv edited model/config.json
}

# broken NAME SCRIPT MESSAGE: the model with this edit of config.json is refused
broken() {
	copy "$1"
	config "$2"
	refused "config.json: $3"
}

# same NAME SCRIPT [OPTION ...]: the edit changes nothing
same() {
	local name=$1 script=$2
	shift 2
	copy "$name"
	forward -m model "$@" <model/ids.txt >before
	config "$script"
	forward -m model "$@" <model/ids.txt | cmp - before
}

# u64 N: eight bytes, little-endian
u64() {
	local n=$1 i
	for i in 0 1 2 3 4 5 6 7; do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\x$(printf %02x $((n >> (8 * i) & 255)))"
	done
}

# header SCRIPT: the header of ./model/model.safetensors edited by sed
header() {
	local file=model/model.safetensors size text
	size=$(od -An -t u8 -N 8 "$file" | tr -d ' ')
	text=$(tail -c +9 "$file" | head -c "$size" | sed "$1")
	{
		u64 "${#text}"
		printf %s "$text"
		tail -c +$((9 + size)) "$file"
	} >edited
	if cmp -s edited "$file"; then
		echo "nothing changed: $1"
		return 1
	fi
	mv edited "$file"
}

@test "families: gpt2" {
	agrees gpt2
	agrees gpt2-untied
}

@test "families: llama, mistral" {
	agrees llama
	agrees llama-bias
	agrees llama-sharded
	agrees mistral
	agrees mistral-window
}

@test "families: rotary positions that are stretched" {
	agrees llama-linear
	agrees llama3
	agrees llama-yarn
	agrees qwen2-yarn
}

@test "families: smollm3" {
	agrees smollm3
}

@test "families: qwen2, qwen3" {
	agrees qwen2
	agrees qwen2-window
	agrees qwen3
}

@test "families: gemma, gemma2, gemma3" {
	agrees gemma
	agrees gemma2
	agrees gemma2-scale
	agrees gemma3
	agrees gemma3-scaled
}

@test "families: phi3" {
	agrees phi3
	agrees phi3-short
	# what the long factors are for is a longer context
	agrees phi3-long -C 32
}

@test "families: gptneox, olmo2, granite, stablelm" {
	agrees gptneox
	agrees gptneox-serial
	agrees olmo2
	agrees granite
	agrees stablelm
	agrees stablelm-parallel
}

# What Transformers gives after as many tokens of a rule; to 1e-3, since an angle
# of thousands of radians is a float32 in both.
@test "families: a context of 8192" {
	copy llama3
	config 's/"max_position_embeddings": 64/"max_position_embeddings": 32768/'
	awk 'BEGIN { for (i = 0; i < 8192; i++)
		printf "%d ", (31 * i + int(i / 7)) % 47; print "" }' >line
	head -c 188 "$FAMILIES/context.f32" >want
	forward -xk f32 -m model <line | compare want >got
	cat got
	awk '!($1 == 1 && $2 <= 1e-3 && $4 == 1) { exit 1 }' got
	# however it is cut, and with the types that are usual
	cut -d ' ' -f -5000 line >cut
	cut -d ' ' -f 5001- line >>cut
	forward -m model <line >whole
	forward -m model -c cache <cut >/dev/null
	echo | forward -m model -c cache | distcat | sed 1d >got
	distcat whole | sed 1d | cmp - got
	fails 1 'forward: stdin: line 1: the context is full: 8192 tokens, the limit is 8191' \
		forward -C 8191 -m model <line
}

@test "families: every folder of the data is tried above" {
	for d in "$FAMILIES"/*/; do
		d=${d%/}
		grep -qE "^	agrees ${d##*/}( |$)" "$BATS_TEST_FILENAME"
	done
}

@test "families: one step at a time is one prompt, with a cache too" {
	for name in gemma3 phi3 stablelm-parallel gpt2; do
		ids=$FAMILIES/$name/ids.txt
		forward -a -m "$FAMILIES/$name" <"$ids" >whole
		tr ' ' '\n' <"$ids" | forward -m "$FAMILIES/$name" |
			cmp - whole
		rm -f cache
		tr ' ' '\n' <"$ids" | head -n 7 |
			forward -c cache -m "$FAMILIES/$name" >part
		tr ' ' '\n' <"$ids" | tail -n 11 |
			forward -c cache -m "$FAMILIES/$name" | distcat -t |
			grep -v '^#' >last
		distcat -t whole | awk '/^#/ { n++; next } n > 7' |
			cmp - last
	done
}

@test "hf: the directory may be named in several ways" {
	copy llama
	forward -m model <model/ids.txt >want
	forward -m model/ <model/ids.txt | cmp - want
	forward -m ./model//config.json <model/ids.txt | cmp - want
	ids=$PWD/model/ids.txt
	cd model
	forward -m . <"$ids" | cmp - ../want
	forward -m config.json <"$ids" | cmp - ../want
	PIPELM_MODEL=$PWD forward <"$ids" | cmp - ../want
}

@test "hf: the ids that end a text are those of both files" {
	echo 1 2 3 >line
	forward -tm "$FAMILIES/llama3" <line | head -n 1 >out
	grep -q ' eog=2,7,9,11$' out
	forward -tm "$FAMILIES/llama" <line | head -n 1 >out
	grep -q ' eog=2$' out
	copy llama
	config 's/"eos_token_id": 2,/"eos_token_id": null,/'
	forward -tm model <line | head -n 1 >out
	grep -q ' eog=$' out
	broken llama 's/"eos_token_id": 2,/"eos_token_id": "2",/' \
		'eos_token_id: not an id'
	copy llama
	config 's/"eos_token_id": 2,/"eos_token_id": 47,/'
	refused 'key tokenizer.ggml.eos_token_id: id 47 is not in the vocabulary of 47'
	copy llama3
	echo '{"eos_token_id": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]}' >model/generation_config.json
	refused 'config.json: eos_token_id: more than 16 ids'
	echo '[]' >model/generation_config.json
	refused 'generation_config.json: not an object'
	echo '{' >model/generation_config.json
	refused 'generation_config.json: line 2, column 1: not a key'
}

@test "hf: settings written in another way" {
	same llama 's/"hidden_act": "silu"/"hidden_act": "swish"/'
	same llama 's/"head_dim": 10/"head_dim": 1e1/'
	same llama 's/"hidden_act": "silu",//'
	same llama 's/"tie_word_embeddings": false,//'
	same llama '1s/$/"max_length": 20, "some_new_thing": null,/'
	same llama '1s/$/"another_new_thing": false,/'
	same gemma 's/gelu_pytorch_tanh/gelu/'
	same gpt2 's/gelu_new/gelu_pytorch_tanh/'
	same gpt2 's/"n_inner": null/"n_inner": 72/'
	same phi3-long 's/longrope/su/' -C 32
	same phi3-long 's/longrope/yarn/' -C 32
	same llama-linear 's/"rope_type"/"type"/'
	# beyond the context of the training only
	same llama-linear 's/"linear"/"linear"/; s/"max_position_embeddings": 64/"max_position_embeddings": 60/'
	same qwen2 's/"use_sliding_window": false/"use_sliding_window": true/'
	same mistral-window 's/"sliding_window": 6/"sliding_window":6/'
}

@test "hf: what is left out is what Transformers takes then" {
	same gemma3 '/"rope_parameters": {/,/^  },*$/d'
	same gemma3 '/"layer_types": \[/,/],*$/d'
	same smollm3 '/"no_rope_layers": \[/,/],*$/d'
	same smollm3 '/"rope_parameters": {/,/^  },*$/d'
	same gptneox-serial '/"rotary_pct"/d'
	same gptneox '/"use_parallel_residual"/d'
	same phi3 '/"original_max_position_embeddings"/d'
	same qwen2-window '/"sliding_window"/s/$/ "layer_types": null,/'
	copy gemma2
	forward -m model <model/ids.txt >other
	config 's/\(attn_logit_softcapping": \)[0-9.]*/\150/
		s/\(final_logit_softcapping": \)[0-9.]*/\130/'
	forward -m model <model/ids.txt >want
	config '/logit_softcapping/d'
	forward -m model <model/ids.txt | cmp - want
	run cmp -s want other
	[ "$status" -eq 1 ]
}

@test "hf: yarn's scale by mscale" {
	# (0.1 m ln 4 + 1) / (0.1 n ln 4 + 1) = 0.7 when m = 1
	n=$(awk 'BEGIN { l = log(4); printf "%.12f",
		((0.1 * l + 1) / 0.7 - 1) / (0.1 * l) }')
	copy llama-yarn
	config "s/\"attention_factor\": 0.7/\"mscale\": 1, \"mscale_all_dim\": $n/"
	forward -xak f32 -m model <model/ids.txt |
		compare model/logits.f32 >out
	awk '{ exit !($1 == 18 && $2 < 3e-5) }' out
}

@test "hf: a setting that is not supported is refused by its name" {
	broken llama 's/"silu"/"relu"/' 'hidden_act: relu: not supported'
	broken gpt2 's/gelu_new/gelu/' \
		'activation_function: gelu: not supported'
	broken gptneox 's/"gelu"/"gelu_new"/' \
		'hidden_act: gelu_new: not supported'
	broken gpt2 's/"scale_attn_weights": true/"scale_attn_weights": false/' \
		'scale_attn_weights: false: not supported'
	broken gpt2 's/\(inverse_layer_idx": \)false/\1true/' \
		'scale_attn_by_inverse_layer_idx: not supported'
	broken llama '1s/$/"some_new_thing": 3,/' 'some_new_thing: not supported'
	broken llama '1s/$/"quantization_config": {"bits": 4},/' \
		'quantization_config: not supported'
	broken llama '1s/$/"sliding_window": 6,/' \
		'sliding_window: not supported'
	broken gemma2 's/\(use_bidirectional_attention": \)null/\1true/' \
		'use_bidirectional_attention: not supported'
	broken gemma3-scaled 's/"full_attention"$/"chunked_attention"/' \
		'layer_types: chunked_attention: not supported'
	broken smollm3 '/no_rope_layers/,/]/s/0/1/; /no_rope_layers/,/]/{0,/1/s/1/0/}' \
		'no_rope_layers: not every so manyth: not supported'
	broken llama-linear 's/"linear"/"cubic"/' \
		'rope_type: cubic: not supported'
	broken llama-linear 's/"linear"/"longrope"/' \
		'rope_type: not supported for llama'
	broken llama-linear 's/"factor"/"faktor"/' 'factor: missing'
	broken llama-linear 's/"linear"/"default"/' \
		'rope_scaling: factor: not supported'
	broken llama-yarn 's/"factor": 4.0/"factor": 4.0, "truncate": false/' \
		'truncate: not supported'
	broken llama3 's/\(low_freq_factor": \)1.0/\14.0/' \
		'high_freq_factor: not above low_freq_factor'
	broken llama '1s/$/"rope_scaling": "none",/' \
		'rope_scaling: not an object'
	broken llama '1s/$/"rope_scaling": [1, 2],/' \
		'rope_scaling: not an object'
	broken phi3-long 's/11.0$/11.0, 12.0/' 'long_factor: not 4 numbers'
	broken phi3-long 's/11.0$/-1/' 'long_factor: not 4 numbers above 0'
	broken llama '1s/$/"partial_rotary_factor": 0.5,/' \
		'partial_rotary_factor: 0.5: not supported'
}

@test "hf: gemma3 within a model that sees pictures" {
	copy gemma3
	{
		echo '{"model_type": "gemma3", "image_token_index": 5,'
		echo '"vision_config": {"hidden_size": 7}, "text_config":'
		cat model/config.json
		echo ', "eos_token_id": [2, 5]}'
	} >edited
	mv edited model/config.json
	for prefix in language_model.model. model.language_model.; do
		cp "$FAMILIES/gemma3/model.safetensors" model
		header "s/\"model\./\"$prefix/g
			s/\"${prefix}embed/\"vision_tower.x\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]},&/"
		grep -q vision_tower model/model.safetensors
		forward -xak f32 -m model <model/ids.txt >out
		compare model/logits.f32 <out >how
		awk '{ exit !($1 == 18 && $2 < 3e-5) }' how
		distcat -t out | head -n 1 >first
		grep -q ' eog=2,5$' first
	done
}

@test "hf: config.json that is broken" {
	broken llama 's/"llama"/"mamba"/' 'model_type mamba: not one that can be run'
	broken llama '/model_type/d' 'model_type: missing'
	broken llama '$d' 'line *, column *: neither a comma nor a closing bracket'
	broken llama '1s/$/"model_type": "llama",/' \
		'line *, column *: a key that stands twice'
	for key in hidden_size num_attention_heads num_hidden_layers \
		intermediate_size max_position_embeddings vocab_size; do
		broken llama "s/\"$key\": [0-9]*/\"x\": null/" "$key: missing"
		broken llama "s/\(\"$key\": \)[0-9]*/\10/" \
			"$key: not a whole number from 1 to 2147483647"
		broken llama "s/\(\"$key\": \)[0-9]*/\1\"2\"/" \
			"$key: not a whole number from 1 to 2147483647"
	done
	broken llama 's/\(rms_norm_eps": \)[^,]*/\1-1/' \
		'rms_norm_eps: not a number above 0'
	broken llama 's/\(tie_word_embeddings": \)false/\10/' \
		'tie_word_embeddings: not true or false'
	broken llama 's/\(head_dim": \)10/\120000/' 'heads of 20000 dimensions'
	broken llama 's/\(num_hidden_layers": \)2/\120000/' '20000 layers'
	broken gpt2 's/\(activation_function": \)[^,]*/\17/' \
		'activation_function: 7: not supported'
	copy llama
	echo '"text"' >model/config.json
	refused 'config.json: not an object'
	rm model/config.json
	refused 'config.json: No such file or directory'
	mkdir model/config.json
	refused 'config.json: is a directory'
}

@test "hf: config.json and the tensors disagree" {
	copy llama
	config 's/\(vocab_size": \)47/\148/'
	refused '47 rows of embeddings for a vocabulary of 48'
	copy llama
	config 's/\(num_hidden_layers": \)2/\11/'
	refused 'tensor blk.1.*: unknown to the architecture llama'
	copy llama
	config 's/\(num_hidden_layers": \)2/\13/'
	refused 'tensor blk.2.attn_norm.weight: missing'
	copy llama
	config 's/\(hidden_size": \)24/\125/'
	refused 'tensor token_embd.weight: its shape is 24 x 47, not 25 x 47'
	copy llama-bias
	config 's/\(tie_word_embeddings": \)true/\1false/'
	refused 'tensor lm_head.weight: missing'
	copy stablelm
	config 's/\(use_parallel_residual": \)false/\1true/'
	refused 'config.json: use_parallel_residual: not what the tensors say'
	copy stablelm-parallel
	config 's/\(num_key_value_heads": \)2/\14/'
	refused 'tensor model.layers.0.self_attn.k_layernorm.norms.2.weight: missing, *'
	copy gptneox
	config 's/\(num_attention_heads": \)3/\15/'
	refused 'tensor *query_key_value*: 72 rows are not q, k and v of 5 heads'
	# an output matrix that is not used
	copy llama
	config 's/\(tie_word_embeddings": \)false/\1true/'
	forward -m model <model/ids.txt >out
	[ -s out ]
}

@test "hf: names of tensors" {
	copy gpt2
	forward -m model <model/ids.txt >want
	# of the bare model, and with a mask among the tensors
	header 's/"transformer\./"/g'
	forward -m model <model/ids.txt | cmp - want
	header 's/"h\.0/"h.0.attn.bias":{"dtype":"U8","shape":[1,1,0],"data_offsets":[0,0]},&/'
	forward -m model <model/ids.txt | cmp - want
	header 's/h\.0\.attn\.bias/h.0.attn.bios/'
	refused 'tensor h.0.attn.bios: type U8 is not one that can be read'
	copy gpt2
	header 's/ln_f\.weight/ln_g.weight/'
	refused 'tensor transformer.ln_g.weight: unknown'
	copy llama
	header 's/mlp\.up_proj\.weight/self_attn.q_norm.weight/g'
	refused 'tensor blk.0.attn_q_norm.weight: its shape is *'
	copy llama
	header 's/pre_feed/&/; s/mlp\.up_proj\.weight/pre_feedforward_layernorm.weight/g'
	refused 'tensor blk.*.ffn_norm.weight: stands twice'
	# its data are not aligned then
	copy llama
	forward -m model <model/ids.txt >want
	header 's/$/ /'
	forward -m model <model/ids.txt | cmp - want
}

@test "hf: safetensors that are broken" {
	copy llama
	size=$(wc -c <model/model.safetensors)
	for n in $((size - 1)) $((size / 2)) 2000 9; do
		head -c "$n" "$FAMILIES/llama/model.safetensors" \
			>model/model.safetensors
		refused 'model.safetensors: *'
	done
	: >model/model.safetensors
	refused 'model.safetensors: empty file'
	printf 1234567 >model/model.safetensors
	refused 'model.safetensors: not a safetensors file'
	{ u64 -1; echo '{}'; } >model/model.safetensors
	refused 'model.safetensors: its header ends outside the file'
	{ u64 2; printf 'xx'; } >model/model.safetensors
	refused 'model.safetensors: its header: line 1, column 1: not a value'
	{ u64 2; printf '{}'; } >model/model.safetensors
	refused 'tensor lm_head.weight: missing'
	copy llama
	header 's/F16/I16/g'
	refused 'tensor lm_head.weight: type I16 is not one that can be read'
	copy llama
	echo >>model/model.safetensors
	refused 'model.safetensors: 1 bytes behind the last tensor'
	rm model/model.safetensors
	refused 'no model.safetensors'
	echo x >model/pytorch_model.bin
	refused 'no model.safetensors (pytorch_model.bin is not read)'
}

@test "hf: shards" {
	index=model/model.safetensors.index.json
	copy llama-sharded
	shards=(model/model-*.safetensors)
	[ ${#shards[@]} -gt 2 ]
	rm "${shards[1]}"
	refused "${shards[1]#model/}: No such file or directory"
	copy llama-sharded
	head -c 100 "$FAMILIES/llama-sharded/${shards[0]#model/}" >"${shards[0]}"
	refused "${shards[0]#model/}: *"
	for name in ../model.safetensors /etc/passwd .hidden ''; do
		copy llama-sharded
		sed "s|\(lm_head.weight\": \"\)[^\"]*|\1$name|" $index >edited
		mv edited $index
		refused "model.safetensors.index.json: not a file's name: $name"
	done
	copy llama-sharded
	sed 's/"lm_head.weight"/"lm_head.bias"/' $index >edited
	mv edited $index
	refused 'model.safetensors.index.json: tensor lm_head.bias: in none of the files'
	echo '{}' >$index
	refused 'model.safetensors.index.json: no weight_map'
	copy llama-sharded
	cp "${shards[0]}" model/again.safetensors
	sed "s|\(lm_head.weight\": \"\)[^\"]*|\1again.safetensors|" $index >edited
	mv edited $index
	refused 'tensor *: stands twice'
}
