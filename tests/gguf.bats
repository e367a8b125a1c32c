# Model files that are broken: each is refused, by one line that says why.
# gguf-edit (tests/tool) breaks good ones; unit/gguf.c cuts one at every byte.
load helper

PATH=${PIPELM_TOOLS:-$TOP/build/tests}:$PATH
GPT2=$DATA/gpt2/tied.gguf
LLAMA=$DATA/llama/f32.gguf

# refused MESSAGE FILE: MESSAGE is what follows `forward: FILE: `, and a glob.
refused() {
	echo 1 2 3 >line
	fails 1 "forward: $2: $1" forward -m "$2" <line
}

# broken MESSAGE COMMAND ...: the GPT-2 model after this gguf-edit.
broken() {
	local message=$1
	shift
	gguf-edit "$@" <"$GPT2" >broken.gguf
	refused "$message" broken.gguf
}

# broken_llama MESSAGE COMMAND ...: the Llama model.
broken_llama() {
	local GPT2=$LLAMA
	broken "$@"
}

@test "gguf: the models that are broken below are good" {
	echo 1 2 3 >line
	for f in "$DATA"/gpt2/*.gguf "$DATA"/llama/*.gguf; do
		forward -m "$f" <line >out
		[ -s out ]
	done
	# and breaking is not all that gguf-edit does
	gguf-edit add general.alignment 32 <"$GPT2" >added.gguf
	forward -m "$GPT2" <line >out
	forward -m added.gguf <line | cmp - out
}

@test "gguf: cut short where each part begins" {
	gguf-edit list <"$GPT2" >parts
	[ "$(wc -l <parts)" -eq 78 ]
	while read -r at part _; do
		[ "$part" != end ] || continue
		head -c "$at" "$GPT2" >cut.gguf
		case $at:$part in
		0:*) message='empty file' ;;
		4:* | 8:* | 16:*) message='the header ends early' ;;
		*:key) message='*' ;;
		*:tensor) message='*tensors* *' ;;
		*:padding) message="the file ends before the tensors' data" ;;
		*:data) message='tensor *: its data lie outside the file' ;;
		esac
		refused "$message" cut.gguf
	done <parts
}

@test "gguf: cut short anywhere" {
	for ((at = 1; at < 97536; at += at < 8000 ? 257 : 9973)); do
		head -c "$at" "$GPT2" >cut.gguf
		refused '*' cut.gguf
	done
	head -c 3 "$GPT2" >cut.gguf
	refused 'not a GGUF file' cut.gguf
	head -c 97535 "$GPT2" >cut.gguf
	refused 'tensor *: its data lie outside the file' cut.gguf
}

@test "gguf: the header" {
	{ printf GGUG; tail -c +5 "$GPT2"; } >magic.gguf
	refused 'not a GGUF file' magic.gguf
	broken 'GGUF version 1 (2 and 3 are read)' version 1
	broken 'GGUF version 4 (2 and 3 are read)' version 4
	broken 'a big-endian GGUF file' version 0x3000000
	for n in 0x8000000000000000 0xffffffffffffffff 1000000; do
		broken '* keys cannot be in this file' keys $n
		broken '* tensors cannot be in this file' tensors $n
	done
	broken '*' keys 17
	broken '*' keys 15
	broken '*' keys 0
	broken '*' tensors 29
	broken 'tensor output_norm.bias: missing' tensors 27
	broken 'tensor token_embd.weight: missing' tensors 0
}

@test "gguf: lengths that cannot be" {
	for n in 0x8000000000000000 0xffffffffffffffff 1000000; do
		broken 'the metadata ends early' length general.architecture $n
		broken 'the metadata ends early' length tokenizer.ggml.tokens $n
		broken 'the metadata ends early' \
			length tokenizer.ggml.token_type $n
	done
	broken '*' length tokenizer.ggml.tokens 0
	broken '*' length general.architecture 0
}

@test "gguf: keys" {
	broken 'key gpt2.block_count: stands twice' duplicate gpt2.block_count
	broken 'key general.name: unknown type 13' type general.name 13
	broken 'key general.name: unknown type 4294967295' \
		type general.name 0xffffffff
	broken 'key general.architecture: not a string' \
		number general.architecture 5
	broken 'architecture mamba: *' string general.architecture mamba
	broken 'architecture : *' string general.architecture ''
	broken '*general.architecture: missing' delete general.architecture
	for key in block_count context_length embedding_length \
		feed_forward_length attention.head_count; do
		broken "key gpt2.$key: missing" delete gpt2.$key
		broken "key gpt2.$key: not a whole number" \
			string gpt2.$key 2
		broken "key gpt2.$key: 0 is not *" set gpt2.$key 0
		broken '*' set gpt2.$key 0xffffffff
	done
	key=gpt2.attention.layer_norm_epsilon
	broken "key $key: missing" delete $key
	broken "key $key: not a floating-point number" number $key 1
	broken "key $key: not a finite number" set $key nan
	broken "key $key: not a finite number" set $key inf
	broken "key $key: -1 is not positive" set $key -1
	broken_llama 'key llama.rope.freq_base: 0 is not positive' \
		set llama.rope.freq_base 0
	for n in 0 3 7 0xffffffff; do
		broken "general.alignment: $((n)) is not a power of two *" \
			add general.alignment $n
	done
}

@test "gguf: heads that do not fit" {
	broken '*' set gpt2.attention.head_count 5
	broken '*' set gpt2.attention.head_count 25
	broken_llama '4 heads are not a multiple of 3 key/value heads' \
		set llama.attention.head_count_kv 3
	broken_llama '*' set llama.attention.head_count_kv 8
	broken_llama '*' set llama.attention.head_count_kv 1
	broken_llama '*' set llama.rope.dimension_count 18
	broken_llama '*odd' set llama.rope.dimension_count 15
	broken_llama '*' add llama.attention.key_length 32
	broken_llama 'keys and values of different sizes' \
		add llama.attention.value_length 8
}

@test "gguf: tensors" {
	t=blk.1.ffn_up.weight
	broken "tensor $t: missing" tensor-name $t blk.1.ffn_upp.weight
	broken 'tensor blk.0.ffn_up.weight: stands twice' \
		tensor-name $t blk.0.ffn_up.weight
	broken "tensor $t: type 99 *" tensor-type $t 99
	broken "tensor $t: type 4294967295 *" tensor-type $t 0xffffffff
	broken "tensor $t: rows of 24 are not whole Q8_0 blocks" \
		tensor-type $t 8
	broken "tensor $t: misaligned offset 4" tensor-offset $t 4
	broken 'tensor *: its data overlap another*s' tensor-offset $t 0
	for n in 97536 0xffffffffffffffe0 0x8000000000000000; do
		broken "tensor $t: its data lie outside the file" \
			tensor-offset $t $n
	done
	broken "tensor $t: 0 dimensions" tensor-dims $t
	broken "tensor $t: 5 dimensions" tensor-dims $t 24 96 1 1 1
	broken "tensor $t: impossible shape" tensor-dims $t 24 0
	broken "tensor $t: impossible shape" \
		tensor-dims $t 0x100000000 0x100000000
	broken "tensor $t: impossible shape" tensor-dims $t 3 0xaaaaaaaaaaaaaaab
	broken "tensor $t: its shape is 96 x 24, not 24 x 96" \
		tensor-dims $t 96 24
	broken "tensor $t: its shape is 2304 x 1, not 24 x 96" \
		tensor-dims $t 2304
	broken "tensor $t: its shape is *" tensor-dims $t 24 48 2
	broken "tensor $t: its shape is *" tensor-dims $t 24 95
	broken 'tensor position_embd.weight: its shape is *' \
		tensor-dims position_embd.weight 24 39
	broken 'tensor output_norm.bias: missing' \
		tensor-name output_norm.bias rope_freqs.weight
	broken_llama 'tensor blk.0.attn_q.weight: missing' \
		tensor-name blk.0.attn_q.weight blk.2.attn_q.weight
}

@test "gguf: a tensor that no one asks for" {
	# a third layer would be left out without a word
	broken 'tensor blk.1.*: unknown *' set gpt2.block_count 1
}

@test "gguf: the vocabulary and the embedding disagree" {
	broken '300 tokens, but 299 rows in token_embd.weight' \
		tensor-dims token_embd.weight 24 299
	gguf-edit tensor-dims output.weight 64 299 <"$LLAMA" >output.gguf
	refused 'tensor output.weight: its shape is 64 x 299, not 64 x 300' \
		output.gguf
	broken 'key tokenizer.ggml.eos_token_id: id 300 is not in the vocabulary of 300' \
		set tokenizer.ggml.eos_token_id 300
	broken 'key tokenizer.ggml.tokens: not an array of string' \
		number tokenizer.ggml.tokens 1
}

@test "gguf: weights that are not numbers" {
	message='position 3: the logits are not finite numbers'
	for t in blk.0.attn_qkv.weight blk.1.ffn_norm.bias output_norm.weight; do
		broken "$message" nan $t
	done
	for type in f32 f16 bf16 q8_0; do
		for t in blk.0.attn_v.weight output.weight; do
			gguf-edit nan $t <"$DATA/llama/$type.gguf" >nan.gguf
			refused "$message" nan.gguf
		done
	done
}

@test "gguf: what is no model file" {
	: >empty
	refused 'empty file' empty
	mkdir folder
	refused 'config.json: No such file or directory' folder
	mkfifo fifo
	fails 1 'forward: fifo: not a regular file' \
		timeout 10 forward -m fifo </dev/null
	refused 'not a regular file' /dev/null
	refused 'No such file or directory' nothing
	refused 'Not a directory' empty/model
	echo 'version https://git-lfs.github.com/spec/v1' >pointer
	refused 'not a GGUF file' pointer
}

@test "gguf: a file that may not be read" {
	[ "$(id -u)" -ne 0 ] || skip "root may read everything"
	cp "$GPT2" secret
	chmod 0 secret
	refused 'Permission denied' secret
}

@test "gguf: names cannot write to the terminal" {
	esc=$(printf '\033[31m')
	gguf-edit rename general.name "$esc" <"$GPT2" >named.gguf
	gguf-edit type "$esc" 77 <named.gguf >broken.gguf
	refused 'key ?\[31m: unknown type 77' broken.gguf
	: >"$esc"
	fails 1 'forward: ?\[31m: empty file' forward -m "$esc" </dev/null
}

# split NAME N: model-0000I-of-0000N.gguf of the GPT-2 model, in N parts
split() {
	local i
	for ((i = 0; i < $2; i++)); do
		gguf-edit part "$i" "$2" <"$GPT2" \
			>"$(printf '%s-%05d-of-%05d.gguf' "$1" $((i + 1)) "$2")"
	done
}

@test "gguf: a model in several files" {
	echo 1 2 3 >line
	forward -m "$GPT2" <line >want
	for n in 2 3 7; do
		split whole "$n"
		forward -m "whole-00001-of-0000$n.gguf" <line | cmp - want
	done
	split whole 1
	forward -m whole-00001-of-00001.gguf <line | cmp - want
}

@test "gguf: several files that do not make a model" {
	split m 3
	refused 'part 2 of a model in 3 parts: name the first' \
		m-00002-of-00003.gguf
	mv m-00002-of-00003.gguf second
	refused 'part 2: No such file or directory' m-00001-of-00003.gguf
	cp m-00003-of-00003.gguf m-00002-of-00003.gguf
	refused 'part 2: says that it is another' m-00001-of-00003.gguf
	cp "$GPT2" m-00002-of-00003.gguf
	refused 'part 2: says that it is another' m-00001-of-00003.gguf
	head -c 999 second >m-00002-of-00003.gguf
	refused 'part 2: *' m-00001-of-00003.gguf
	gguf-edit tensors 8 <second >m-00002-of-00003.gguf
	refused '27 tensors in all parts, not 28' m-00001-of-00003.gguf
	cp second m-00002-of-00003.gguf
	gguf-edit set split.tensors.count 27 <m-00001-of-00003.gguf >first
	mv first m-00001-of-00003.gguf
	refused '28 tensors in all parts, not 27' m-00001-of-00003.gguf
	split m 3
	t=$(gguf-edit list <m-00001-of-00003.gguf |
		awk '$2 == "tensor" { print $3; exit }')
	u=$(gguf-edit list <second | awk '$2 == "tensor" { print $3; exit }')
	gguf-edit tensor-name "$u" "$t" <second >m-00002-of-00003.gguf
	refused "tensor $t: stands twice" m-00001-of-00003.gguf
	split m 3
	cp m-00001-of-00003.gguf other.gguf
	refused 'the first of 3 parts, but its name does not end in -00001-of-00003.gguf' \
		other.gguf
}
