# the tokenizers of real models: splitting rules, SentencePiece, Gemma 4's
load helper
load vocab

D=$DATA/tokenizers

tok() {
	tokenize "$@" >tok
	cat tok
}

# hard COUNT [SEED] [bytes]: texts to split, in the file `texts`
hard() {
	"$PIPELM_TOOLS/strings" "${2:-1}" "$1" ${3:+"$3"} >texts
}

# rule NAME: v.gguf is the vocabulary of rules.gguf with this splitting rule
rule() {
	"$PIPELM_TOOLS/gguf-edit" string tokenizer.ggml.pre "$1" \
		<"$D/rules.gguf" >v.gguf
}

@test "splitting rules: ids are those of Hugging Face's tokenizers" {
	local name crc size
	hard 3000
	while read -r name crc size; do
		rule "$name"
		tokenize -cl -m v.gguf <texts >got
		echo "$name: $(cksum <got), want $crc $size"
		[ "$(cksum <got)" = "$crc $size" ]
	done <"$D/rules.sum"
	[ "$(wc -l <"$D/rules.sum")" -eq 16 ]
}

@test "splitting rules: other names for the same ones" {
	local base name
	hard 300
	while read -r base name; do
		rule "$base"
		tokenize -cl -m v.gguf <texts >want
		for name in $name; do
			rule "$name"
			tokenize -cl -m v.gguf <texts >got
			echo "$base $name"
			cmp want got
		done
	done <<-'END'
	gpt-2 phi-2 mpt olmo jais trillion granite-docling exaone4 gigachat a.x-4.0 mellum
	llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 dbrx smaug-bpe chatglm-bpe glm4 glm5
	qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2 bailingmoe bailingmoe2 llada-moe
	gpt-4o llama4 kanana2 talkie minimax-m2
	smollm starcoder refact command-r codeshell exaone minerva-7b mellum2
	deepseek-v3 hunyuan-dense joyai-llm hy_v4
	bloom poro-chat gpt3-finnish
	END
}

@test "splitting rules: any bytes come back as they were" {
	local name rest
	hard 500 7 bytes
	while read -r name rest; do
		rule "$name"
		tokenize -cl -m v.gguf <texts >ids
		detokenize -l -m v.gguf <ids >back
		echo "$name"
		cmp texts back
	done <"$D/rules.sum"
}

@test "splitting rules: long runs of one thing" {
	local name rest
	awk 'BEGIN {
		n = split("a|A|0| |\t|\n|\r\n|\303\211|\345\255\227|\360\237\230\200|!|\377", s, "|")
		for (i = 1; i <= n; i++)
			for (k = 0; k < 30000; k += length(s[i]))
				printf "%s", s[i]
	}' >text
	while read -r name rest; do
		rule "$name"
		tokenize -cx -m v.gguf <text >ids
		detokenize -x -m v.gguf <ids >back
		echo "$name"
		cmp text back
	done <"$D/rules.sum"
}

@test "llama-bpe takes a word that is a token as it is, and begins with BOS" {
	tokens=(a b c ab abc Ġ '<s>')
	types=(1 1 1 1 1 1 3)
	merges=('a b')
	unset eos
	pre=dbrx
	put_vocab >v.gguf
	[ "$(tok -m v.gguf 'abc ab')" = '3 2 5 3' ]
	pre=llama-bpe
	put_vocab >v.gguf
	[ "$(tok -m v.gguf 'abc ab')" = '4 5 3' ]
	bos=6
	put_vocab >v.gguf
	[ "$(tok -m v.gguf 'abc')" = '6 4' ]
	add_bos=0
	put_vocab >v.gguf
	[ "$(tok -m v.gguf 'abc')" = 4 ]
}

@test "SentencePiece: ids are those of sentencepiece" {
	local name crc size
	hard 3000
	read -r name crc size <"$D/spm.sum"
	tokenize -l -m "$D/spm.gguf" <texts >got
	[ "$(cksum <got)" = "$crc $size" ]
	detokenize -l -m "$D/spm.gguf" <got >back
	cmp texts back
}

@test "SentencePiece: ids of Llama's vocabulary are those of the published test" {
	need_shared
	awk '
	/^__ggml_vocab_test__$/ { print text; text = nl = ""; next }
	{
		gsub(/\\/, "\\\\")
		gsub(/\t/, "\\t")
		text = text nl $0
		nl = "\\n"
	}' "$SHARED/vocab/llama-spm.inp" >texts
	sed 's/^ //' "$SHARED/vocab/llama-spm.out" >want
	[ "$(wc -l <texts)" -eq 46 ]
	tokenize -l -m "$SHARED/vocab/llama-spm.gguf" <texts >got
	# the published ids have no BOS
	sed 's/^1 \{0,1\}//' got | diff want -
	detokenize -l -m "$SHARED/vocab/llama-spm.gguf" <got >back
	diff texts back
}

@test "SentencePiece: any bytes, a megabyte of one thing" {
	hard 1000 9 bytes
	tokenize -l -m "$D/spm.gguf" <texts >ids
	detokenize -l -m "$D/spm.gguf" <ids >back
	cmp texts back
	awk 'BEGIN { while (i++ < 1048576) printf "a" }' >text
	awk 'BEGIN { while (i++ < 300000) printf " " }' >>text
	awk 'BEGIN { while (i++ < 300000) printf "\360\237\230\200" }' >>text
	tokenize -x -m "$D/spm.gguf" <text >ids
	detokenize -x -m "$D/spm.gguf" <ids >back
	cmp text back
}

# hf NAME: tokenizer.json is that case of hf.cases; its checksum is in $sum
hf() {
	local tab=$'\t' name kind crc size rest
	while IFS=$tab read -r name kind crc size rest; do
		[ "$name" = "$1" ] || continue
		sum="$crc $size"
		printf '{%s, "model":' "$rest" >tokenizer.json
		cat "$D/$kind.json" >>tokenizer.json
		echo '}' >>tokenizer.json
		return
	done <"$D/hf.cases"
	return 1
}

@test "tokenizer.json: ids are those of Hugging Face's tokenizers" {
	local name rest sum
	hard 2000 2
	sed -i 's/<s>/<bos>/g; s/<|end|>/<|u|>/g' texts
	while read -r name rest; do
		hf "$name"
		tokenize -ls -m tokenizer.json <texts >got
		echo "$name: $(cksum <got), want $sum"
		[ "$(cksum <got)" = "$sum" ]
	done <"$D/hf.cases"
	[ "$(wc -l <"$D/hf.cases")" -eq 24 ]
}

# alone OPTION... : each of the texts as one alone, to `got`
alone() {
	local line
	while IFS= read -r line; do
		printf %b "$line" | tokenize -x "$@" || return
	done <texts >got
}

@test "a text alone, for which little of a vocabulary is read, and among others" {
	local name rest sum
	hard 40 3
	sed -i 's/<s>/<bos>/g; s/<|end|>/<|u|>/g' texts
	# no blank but the one that is put there
	printf 'a<bos>abc\n<bos>the<|u|>d\ne<bos>\314\201x\n' >>texts
	# what a form changes
	printf 'cafe\314\201\nU\314\210ber\n' >>texts
	while read -r name rest; do
		hf "$name"
		tokenize -ls -m tokenizer.json <texts >want
		alone -s -m tokenizer.json
		echo "$name"
		diff want got
	done <"$D/hf.cases"
	for name in "$D/spm.gguf" "$D/rules.gguf"; do
		tokenize -lc -m "$name" <texts >want
		alone -c -m "$name"
		diff want got
	done
}

@test "tokenizer.json: what comes back" {
	local name rest sum
	# not what NFC, the swallowing of spaces or a second blank changes
	hard 500 2
	for name in gpt2 llama3 gemma never deepseek-v3; do
		hf $name
		tokenize -l -m tokenizer.json <texts >ids
		detokenize -l -m tokenizer.json <ids >back
		echo "$name"
		cmp texts back
	done
	hf llama2
	grep -v '^$' texts >some
	tokenize -l -m tokenizer.json <some >ids
	detokenize -l -m tokenizer.json <ids >back
	cmp some back
}

@test "tokenizer.json: a whole model's, with its configuration" {
	local sum
	hf gpt2
	[ "$(tok -m tokenizer.json a)" = 64 ]
	cat >tokenizer_config.json <<-'END'
	{"add_bos_token": true, "bos_token": {"content": "<bos>"},
	 "eos_token": "<|u|>", "chat_template": "{{ x }}"}
	END
	[ "$(tok -m tokenizer.json a)" = '700 64' ]
	# an end of generation
	printf '@1 64 701\n@2 64\n' | detokenize -m tokenizer.json >got
	printf '@1\ta<|u|>\n@2\ta\n' | diff - got
	hf llama3
	[ "$(tok -m tokenizer.json a)" = '700 64' ]
	echo '{"add_bos_token": false}' >tokenizer_config.json
	[ "$(tok -m tokenizer.json a)" = 64 ]
	mkdir d
	mv tokenizer.json d
	[ "$(tok -m d/tokenizer.json a)" = '700 64' ]
	fails 1 'tokenize: nowhere/tokenizer.json: No such file or directory' \
		tokenize -m nowhere/tokenizer.json a
}

# refused REASON NAME SED: that case, edited, is refused
refused() {
	local sum
	hf "$2"
	sed "$3" tokenizer.json >edited
	cmp -s edited tokenizer.json && return 1
	mv edited tokenizer.json
	fails 1 "tokenize: tokenizer.json: tokenizer.json: $1" \
		tokenize -m tokenizer.json a
}

@test "tokenizer.json: what is not known is refused by name" {
	refused 'normalizer: NFKC is not known' neox 's/"NFC"/"NFKC"/'
	refused 'normalizer: Replace is not known' gemma 's/"String": " "}, "content": "\\u2581"/"String": "a"}, "content": "b"/'
	refused 'pre_tokenizer: Whitespace is not known' gpt2 's/"pre_tokenizer": {"type": "ByteLevel"/"pre_tokenizer": {"type": "Whitespace"/'
	refused 'pre_tokenizer: not known: split *' llama3 's/{1,3}/{1,4}/'
	refused 'pre_tokenizer: not known: prepend, words' neox 's/{"type": "NFC"}/{"type": "Prepend", "prepend": "\\u2581"}/'
	refused 'pre_tokenizer: Split *' llama3 's/"Isolated"/"MergedWithNext"/'
	refused 'decoder: WordPiece is not known' gpt2 's/"decoder": {"type": "ByteLevel"/"decoder": {"type": "WordPiece"/'
	refused 'post_processor: BertProcessing is not known' gpt2 's/"post_processor": {"type": "ByteLevel"/"post_processor": {"type": "BertProcessing"/'
	refused 'model: Unigram is not known (BPE is)' gpt2 's/"model":{"type":"BPE"/"model":{"type":"Unigram"/'
	refused 'model: dropout is not known' gpt2 's/"dropout":null/"dropout":0.1/'
	refused 'model: end_of_word_suffix is not known' gpt2 's/"end_of_word_suffix":null/"end_of_word_suffix":"@"/'
	refused "added token '<|u|>': single_word is not known" gpt2 's/"<|u|>", "single_word": false/"<|u|>", "single_word": true/'
	refused "token id 0: both '*' and '<bos>'" gpt2 's/"id": 700/"id": 0/'
	refused 'token id 99999999: out of range' gpt2 's/"id": 700/"id": 99999999/'
}

# A vocabulary of scores: U+2581 is the blank.
spm() {
	model=llama
	unset pre merges eos
	tokens=('<unk>' '<s>' '<0x0A>' '<0xC3>' '<0xA9>' ▁ a b ▁a ab '<u>' '<c>' ▁ab)
	types=(2 3 6 6 6 1 1 1 1 1 4 3 1)
	scores=(0 0 0 0 0 -1 -2 -3 -4 -5 0 0 -9)
	bos=1
}

@test "SentencePiece: the highest score first, then the leftmost" {
	spm
	put_vocab >v.gguf
	[ "$(tok -m v.gguf ab)" = '1 12' ]
	# ▁a before ab; then nothing spells ▁ab b
	[ "$(tok -m v.gguf abb)" = '1 12 7' ]
	scores=(0 0 0 0 0 -1 -2 -3 -5 -4 0 0 -9)
	put_vocab >v.gguf
	[ "$(tok -m v.gguf aab)" = '1 8 9' ]
	tokens[12]=aa
	scores=(0 0 0 0 0 -1 -2 -3 -9 -4 0 0 -4)
	put_vocab >v.gguf
	# aa and ab have one score: aa stands first
	[ "$(tok -c -m v.gguf aab)" = '12 7' ]
	[ "$(tok -c -m v.gguf aaab)" = '12 9' ]
}

@test "SentencePiece: what is no token is its bytes" {
	spm
	put_vocab >v.gguf
	printf 'a\n\303\251' >text
	[ "$(tok -m v.gguf <text)" = '1 8 2 3 4' ]
	detokenize -x -m v.gguf <tok | cmp text -
	fails 1 'tokenize: v.gguf: the vocabulary has no token for byte 0x7A' \
		tokenize -m v.gguf z
	# the spelling of a byte is no way to write it
	fails 1 'tokenize: v.gguf: the vocabulary has no token for byte 0x3C' \
		tokenize -m v.gguf '<0x0A>'
	# of two tokens for a byte the last counts, also behind tokens for all
	for ((i = 0; i < 256; i++)); do
		tokens+=("$(printf '<0x%02X>' "$i")")
	done
	tokens+=('<0xC3>')
	while [ "${#types[@]}" -lt "${#tokens[@]}" ]; do
		types+=(6)
		scores+=(0)
	done
	put_vocab >v.gguf
	[ "$(tok -c -m v.gguf z)" = $((13 + 0x7A)) ]
	[ "$(tok -m v.gguf <text)" = "1 8 $((13 + 0x0A)) 269 $((13 + 0xA9))" ]
}

@test "a blank goes in front of a text, and of what follows a token" {
	spm
	put_vocab >v.gguf
	[ "$(tok -m v.gguf a)" = '1 8' ]
	[ "$(tok -m v.gguf '')" = 1 ]
	[ "$(tok -m v.gguf ' a')" = '1 5 8' ]
	[ "$(tok -c -m v.gguf a)" = 6 ]
	[ "$(tok -m v.gguf 'b<u>a')" = '1 5 7 10 8' ]
	[ "$(tok -c -m v.gguf 'b<u>a')" = '7 10 8' ]
	[ "$(tok -c -m v.gguf '<u>a')" = '10 8' ]
	[ "$(tok -s -m v.gguf '<c>a')" = '1 11 8' ]
	more() { put bool tokenizer.ggml.add_space_prefix 0; }
	put_vocab >v.gguf
	[ "$(tok -m v.gguf 'b<u>a')" = '1 7 10 6' ]
	add_bos=0
	put_vocab >v.gguf
	[ "$(tok -m v.gguf a)" = 6 ]
	more() { put u32 tokenizer.ggml.add_space_prefix 0; }
	put_vocab >v.gguf
	fails 1 'tokenize: v.gguf: key tokenizer.ggml.add_space_prefix: not true or false' \
		tokenize -m v.gguf a
}

@test "the blank is taken off behind BOS, and nowhere else" {
	spm
	put_vocab >v.gguf
	text() {
		echo "$1" | detokenize -m v.gguf
	}
	[ "$(text '1 8')" = a ]
	[ "$(text 8)" = ' a' ]
	[ "$(text '1 5 8')" = ' a' ]
	[ "$(text '1 6 8')" = 'a a' ]
	[ "$(text '11 8')" = ' a' ]
	[ "$(text '8 1 8')" = ' aa' ]
	printf '1\n8\n8\n' | detokenize -m v.gguf >got
	[ "$(cat got)" = 'a a' ]
	printf '1 8\n8\n1 8\n' | detokenize -l -m v.gguf >got
	printf 'a\n a\na\n' | diff - got
	printf '1 8\n' | detokenize -s -m v.gguf >got
	[ "$(cat got)" = '<s>a' ]
	more() { put bool tokenizer.ggml.add_space_prefix 0; }
	put_vocab >v.gguf
	[ "$(text '1 8')" = ' a' ]
}

@test "tokens that end a turn are known by their spelling" {
	spm
	tokens[10]='<|im_end|>'
	tokens[11]='<end_of_turn>'
	types[10]=3
	put_vocab >v.gguf
	# a sequence ends with them, and a new one begins
	printf '@1 6 10\n@1 7 11\n@1 6\n' | detokenize -m v.gguf >got
	printf '@1\ta\n@1\tb\n@1\ta\n' | diff - got
	# as text they end nothing
	types[10]=4
	types[11]=1
	put_vocab >v.gguf
	printf '@1 6 10\n@1 7 11\n' | detokenize -m v.gguf >got
	printf '@1\ta<|im_end|>b<end_of_turn>\n' | diff - got
}

@test "Gemma 4: pairs of characters, by the list" {
	model=gemma4
	unset pre eos
	tokens=('<unk>' '<s>' '<0xC3>' '<0xA9>' ▁ a b ▁a ab '<0x0A>' é▁ '<0xFF>')
	types=(2 3 6 6 1 1 1 1 1 6 1 6)
	merges=('a b' '▁ a')
	bos=1
	# this model's texts begin with BOS, and with no blank
	put_vocab >v.gguf
	[ "$(tok -m v.gguf 'ab a')" = '1 8 7' ]
	[ "$(tok -c -m v.gguf ' ab')" = '4 8' ]
	printf 'a\n\nb\303\251 \377' >text
	[ "$(tok -m v.gguf <text)" = '1 5 9 9 6 2 3 4 11' ]
	detokenize -x -m v.gguf <tok | cmp text -
}

# bad MESSAGE [NAME=VALUE ...]: the vocabulary so changed is refused
bad() {
	local message=$1
	shift
	local "$@"
	put_vocab >v.gguf
	fails 1 "tokenize: v.gguf: $message" tokenize -m v.gguf a
}

@test "Gemma 4: bytes that are merged" {
	model=gemma4
	unset pre
	tokens=('<0x61>' '<0x62>' '<0x61><0x62>' c '<0x62>c' '<s>' 'c<0x61>')
	types=(6 6 1 1 1 3 1)
	merges=('<0x61> <0x62>' '<0x62> c' 'c <0x61>')
	eos=5
	put_vocab >v.gguf
	printf '%s\n' ab bc bcab ca >texts
	tokenize -l -m v.gguf <texts >want
	printf '2\n4\n4 2\n6\n' | diff - want
	alone -m v.gguf
	diff want got
}

@test "a malformed vocabulary of scores is refused" {
	spm
	(unset scores && bad 'key tokenizer.ggml.scores: missing' x=)
	(unset bos && add_bos=1 && bad 'texts begin with a BOS token, but key tokenizer.ggml.bos_token_id is missing' x=)
	(tokens[2]='<0x0g>' && bad "token 2: '<0x0g>' is no byte" x=)
	(tokens[2]='byte' && bad "token 2: 'byte' is no byte" x=)
	(tokens[9]=▁a && bad "tokens 8 and 9 are both '▁a'" x=)
	(scores=(0 0) && bad '13 tokens, but 2 scores' x=)
	(scores[3]=nan && bad 'token 3: its score is not a number' x=)
}
