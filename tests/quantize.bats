# quantize: models as GGUF files of other types. data/recode was made by others
# (data/README.md); the families' logits are Transformers'.
load helper

PATH=${PIPELM_TOOLS:-$TOP/build/tests}:$PATH
FAMILIES=$DATA/families
D=$DATA/recode
TINY=$TOP/examples/tiny.gguf

# data FILE N: the N bytes of the data of a file that has one tensor
data() {
	tail -c $((($2 + 31) / 32 * 32)) "$1" | head -c "$2"
}

# left: nothing unfinished lies about
left() {
	ls new.gguf.* >left 2>/dev/null || return 0
	cat left
	return 1
}

# refused MESSAGE ARGUMENT ...: and there is no new file
refused() {
	fails 1 "quantize: $1" quantize "${@:2}"
	left
	[ ! -e new.gguf ]
}

@test "quantize: every family's logits are the directory's" {
	for d in "$FAMILIES"/*/; do
		name=$(basename "$d")
		context=
		[ "$name" != phi3-long ] || context='-C 32'
		quantize -t f32 "$d" new.gguf 2>said
		# shellcheck disable=SC2086 # words are meant
		forward -xak f32 $context -m new.gguf <"$d/ids.txt" >got
		compare "$d/logits.f32" <got >how
		echo "$name $(cat how said)"
		[ ! -s said ]
		awk '!($1 == 18 && $2 <= 3e-5) { exit 1 }' how
		# where no row of q and k has moved, they are the same bits
		case $name in
		llama* | mistral* | smollm3 | granite) continue ;;
		esac
		# shellcheck disable=SC2086
		forward -xak f32 $context -m "$d" <"$d/ids.txt" | cmp - got
	done
	left
}

@test "quantize: F16, BF16, Q8_0, Q5_0, Q4_0, Q4_1 are the reference's bits" {
	for type in F16 BF16 Q8_0 Q5_0 Q4_0 Q4_1; do
		quantize -t "$type" "$D/values.gguf" new.gguf
		data new.gguf "$(wc -c <"$D/$type.blocks")" |
			cmp - "$D/$type.blocks"
		modelinfo -t new.gguf | grep -q "^tensor.blk.0.ffn_up.weight.$type.512x12"
	done
}

# rmse TYPE <BLOCKS: against the values
rmse() {
	quant "$1" | od -An -v -t f4 | tr -s ' ' '\n' | grep . >decoded
	data "$D/values.gguf" 24576 | od -An -v -t f4 | tr -s ' ' '\n' |
		grep . >values
	paste decoded values | awk '{ s += ($1 - $2) ^ 2; n++ }
		END { printf "%.9g\n", sqrt(s / n) }'
}

@test "quantize: Q4_K and Q6_K lose no more than the reference" {
	for type in Q4_K Q6_K; do
		size=$(wc -c <"$D/$type.blocks")
		quantize -t "$type" "$D/values.gguf" new.gguf
		ours=$(data new.gguf "$size" | rmse "$type")
		theirs=$(rmse "$type" <"$D/$type.blocks")
		echo "$type: $ours, the reference $theirs"
		awk -v a="$ours" -v b="$theirs" 'BEGIN { exit !(a > 0 && a <= b) }'
	done
}

@test "quantize: the bytes depend on no thread or instruction set" {
	for type in q8_0 q4_k Q6_K f16; do
		quantize -j 1 -t $type "$DATA/quants/mixed.gguf" want 2>said
		quantize -j 3 -t $type "$DATA/quants/mixed.gguf" got 2>said
		cmp want got
		PIPELM_ISA=scalar quantize -t $type "$DATA/quants/mixed.gguf" \
			got 2>said
		cmp want got
	done
}

@test "quantize: what has the type already is copied" {
	for type in F32 F16 BF16 Q8_0 Q6_K Q5_0 Q4_K Q4_1 Q4_0; do
		quantize -t $type "$TINY" once.gguf 2>said
		quantize -t "$(echo $type | tr "[:upper:]" "[:lower:]")" once.gguf twice.gguf 2>said
		cmp once.gguf twice.gguf
	done
	# and what is read of Q8_0 is what forward reads
	quantize -t f32 "$TINY" once.gguf
	tokenize 'Once upon a time' >ids
	forward -xm "$TINY" <ids >want
	forward -xm once.gguf <ids | cmp - want
	quantize "$TINY" once.gguf
	forward -m "$TINY" <ids >want
	forward -m once.gguf <ids | cmp - want
}

@test "quantize: parts become one file, and all keys stay" {
	for i in 0 1 2; do
		gguf-edit part $i 3 <"$TINY" >"model-0000$((i + 1))-of-00003.gguf"
	done
	quantize model-00001-of-00003.gguf parts.gguf
	quantize "$TINY" whole.gguf
	cmp parts.gguf whole.gguf
	modelinfo "$TINY" | grep '\.' | grep -v '^model' >want
	modelinfo whole.gguf | grep '\.' | grep -v '^model' | diff want -
}

@test "quantize: which tensors get which types" {
	types() {
		modelinfo -t new.gguf | awk -F '\t' '$1 == "tensor" {
			sub(/^blk\.[0-9]*/, "blk", $2); print $2, $3 }' | sort -u
	}
	quantize -t q4_0 "$DATA/llama/f32.gguf" new.gguf 2>said
	[ ! -s said ] || grep -q 'output\|Q8_0' said
	types >got
	grep -qx 'blk.attn_norm.weight F32' got
	grep -qx 'output_norm.weight F32' got
	grep -qx 'blk.attn_q.weight Q4_0' got
	grep -qx 'token_embd.weight Q4_0' got
	# 64 columns: no whole blocks of Q6_K
	grep -qx 'output.weight Q8_0' got
	quantize -t Q4_K "$DATA/llama/f32.gguf" new.gguf 2>said
	grep -qx 'quantize: new.gguf: matrices that are Q5_0 because their rows are no whole blocks of the type: 15' said
	types >got
	grep -qx 'blk.attn_q.weight Q5_0' got
	# 24 columns: no whole blocks of anything; positions, biases stay
	quantize -t q8_0 "$FAMILIES/gpt2-untied" new.gguf 2>said
	types >got
	grep -qx 'position_embd.weight F32' got
	grep -qx 'blk.attn_qkv.bias F32' got
	grep -qx 'blk.attn_qkv.weight F16' got
	# tied: the embedding is the output matrix
	quantize -t q4_k "$DATA/quants/mixed.gguf" new.gguf 2>said
	types >got
	grep -qx 'token_embd.weight Q6_K' got
	grep -qx 'blk.attn_q.weight Q4_K' got
	grep -qx 'blk.ffn_down.weight Q5_0' got
}

# hf NAME FILE: ./model is a directory with this tokenizer of hf.cases, FILE being
# its model
hf() {
	local tab=$'\t' name kind crc size rest
	rm -rf model
	cp -R "$D/model" model
	chmod -R u+w model
	while IFS=$tab read -r name kind crc size rest; do
		[ "$name" = "$1" ] || continue
		# the ids of the two added tokens
		[ "$2" != "$D/spm.json" ] || rest=$(printf %s "$rest" |
			sed 's/: 856,/: 1200,/; s/: 857,/: 1201,/; s/\[856\]/[1200]/')
		{
			printf '{%s, "model":' "$rest"
			cat "$2"
			echo '}'
		} >model/tokenizer.json
		return
	done <"$DATA/tokenizers/hf.cases"
	return 1
}

# keeps: the texts have the same ids after
keeps() {
	quantize -t f16 model new.gguf
	tokenize -ls -m model <texts >want
	tokenize -ls -m new.gguf <texts >got
	cmp want got
	[ "$(wc -l <got)" -eq 500 ]
	detokenize -ls -m model <want >back
	detokenize -ls -m new.gguf <got | cmp - back
}

@test "quantize: a tokenizer.json gives the same ids after" {
	strings 2 500 | sed 's/<s>/<bos>/g; s/<|end|>/<|u|>/g' >texts
	while read -r name kind rest; do
		echo "$name"
		hf "$name" "$DATA/tokenizers/$kind.json"
		keeps
		last=$name
	done <"$DATA/tokenizers/hf.cases"
	[ "$last" = never ]
	# as many tokens as rows
	[ "$(modelinfo new.gguf | grep -c '^tokens.1216$')" -eq 1 ]
}

@test "quantize: SentencePiece's merges become scores again" {
	strings 2 500 | sed 's/<s>/<bos>/g; s/<|end|>/<|u|>/g' >texts
	for name in llama2 phi3 gemma always first never; do
		echo "$name"
		hf $name "$D/spm.json"
		keeps
		modelinfo new.gguf | grep -q 'tokenizer.ggml.model.llama$'
		modelinfo new.gguf | grep -q 'tokenizer.ggml.scores.\[1216\]$'
	done
	# one merge less, or two in another order: scores cannot say that
	hf llama2 "$D/spm.json"
	sed -i 's/"merges":\["[^"]*",/"merges":[/' model/tokenizer.json
	keeps
	modelinfo new.gguf | grep -q 'tokenizer.ggml.model.gemma4$'
}

@test "quantize: no tokenizer, and one that is not known" {
	quantize "$FAMILIES/llama" new.gguf 2>said
	modelinfo new.gguf | grep -q 'tokenizer.ggml.model.none$'
	fails 1 "tokenize: new.gguf: tokenizer 'none' is not known *" \
		tokenize -m new.gguf x
	hf gpt2 "$DATA/tokenizers/bytes.json"
	sed -i 's/"type": *"BPE"/"type":"Unigram"/' model/tokenizer.json
	quantize model new.gguf 2>said
	grep -qx 'quantize: model: tokenizer.json: model: Unigram is not known (BPE is): there will be no tokenizer' said
	echo 1 2 3 >line
	forward -m model <line >want
	forward -m new.gguf <line >got
	[ -s got ]
}

@test "quantize: wrong usage" {
	fails 2 'usage: *' quantize
	fails 2 'usage: *' quantize "$TINY"
	fails 2 'usage: *' quantize "$TINY" a b
	for type in Q4 Q2_K '' Q8_0x; do
		fails 2 "quantize: -t: '$type' is not one of F32, *" \
			quantize -t "$type" "$TINY" new.gguf
	done
	fails 2 "quantize: threads: *" quantize -j 0 "$TINY" new.gguf
	[ ! -e new.gguf ]
}

@test "quantize: models that cannot be read" {
	refused 'nowhere: No such file or directory' nowhere new.gguf
	: >empty
	refused 'empty: empty file' empty new.gguf
	echo text >text
	refused 'text: not a GGUF file' text new.gguf
	t=blk.1.ffn_up.weight
	gguf-edit tensor-type $t 16 <"$DATA/gpt2/tied.gguf" >other.gguf
	refused "other.gguf: tensor $t: type IQ2_XXS is not one that can be read" \
		other.gguf new.gguf
	gguf-edit nan $t <"$DATA/llama/f32.gguf" >other.gguf
	refused "other.gguf: tensor $t: has a value that Q8_0 cannot hold (above 65504, or none)" \
		other.gguf new.gguf
	rm -rf model
	cp -R "$FAMILIES/llama" model
	sed -i 's/"llama"/"mamba"/' model/config.json
	refused 'model: config.json: model_type mamba: not one that can be run' \
		model new.gguf
}

@test "quantize: places that cannot be written" {
	refused 'no/new.gguf: No such file or directory' "$TINY" no/new.gguf
	mkdir folder
	refused 'folder: is a directory' "$TINY" folder
	refused '/dev/full: not a regular file' "$TINY" /dev/full
	# not over the model, by whatever name
	cp "$TINY" own.gguf
	ln -s own.gguf link.gguf
	ln own.gguf hard.gguf
	for name in own.gguf ./own.gguf link.gguf hard.gguf; do
		refused "$name: is the model itself" own.gguf $name
	done
	cmp own.gguf "$TINY"
	cp -R "$FAMILIES/llama" model
	refused 'model/model.safetensors: is the model itself' model \
		model/model.safetensors
	# another file is replaced, and only by a whole one
	echo precious >old
	quantize "$TINY" old
	modelinfo old | grep -qx 'runs.yes'
	echo precious >old
	fails 1 '*' quantize text old
	[ "$(cat old)" = precious ]
}

@test "quantize: no room: nothing is left, what was there stays" {
	echo precious >new.gguf
	for blocks in 1 100 3000; do
		(ulimit -f $blocks
		fails 1 'quantize: new.gguf: File too large' \
			quantize -t q8_0 "$TINY" new.gguf) || return 1
		left
		[ "$(cat new.gguf)" = precious ]
	done
	# a disk that is full, where we may make one
	unshare -rm true 2>/dev/null || skip 'no tmpfs of our own'
	mkdir small
	# shellcheck disable=SC2016 # $1 is the inner shell's
	unshare -rm sh -c 'mount -t tmpfs -o size=2m none small || exit 9
		quantize "$1" small/new.gguf; echo $?; ls small' sh "$TINY" \
		>out 2>err || skip 'no tmpfs of our own'
	[ "$(cat err)" = 'quantize: small/new.gguf: No space left on device' ]
	[ "$(cat out)" = 1 ]
}

@test "quantize: stopped in the middle" {
	quantize -t f32 "$TINY" big.gguf
	for signal in TERM HUP KILL; do
		hit=
		for ((try = 0; try < 50 && !hit; try++)); do
			rm -f new.gguf*
			quantize -j 1 -t q4_k big.gguf new.gguf 2>/dev/null &
			pid=$!
			for ((i = 0; i < 1000; i++)); do
				compgen -G 'new.gguf.*' >found && break
				[ ! -e new.gguf ] || break
			done
			kill -$signal $pid 2>/dev/null || true
			status=0
			wait $pid || status=$?
			[ $status -eq 0 ] || hit=1
		done
		echo "$signal: $status after $try"
		[ $status -gt 128 ]
		[ ! -e new.gguf ]
		[ $signal = KILL ] || left
	done
}

@test "quantize: the chat template, from either file" {
	template() {
		quantize -t f16 model new.gguf
		modelinfo new.gguf |
			awk -F '\t' '$1 == "tokenizer.chat_template" { print $2 }'
	}
	hf gpt2 "$DATA/tokenizers/bytes.json"
	[ "$(template)" = '' ]
	echo '{"chat_template": "{{ c }}"}' >model/tokenizer_config.json
	[ "$(template)" = '{{ c }}' ]
	# as in Transformers the file comes first
	printf '{{ a }}\n"b"\n' >model/chat_template.jinja
	[ "$(template)" = '{{ a }}\n"b"\n' ]
}
