# examples/chat: what the model sees is what Transformers' templates write. A turn
# costs its own tokens.
load helper

CHAT=$DATA/chat
PATH=${PIPELM_TOOLS:-$TOP/build/tests}:$PATH

# chat OPTION... TEXT...
chat() {
	"$TOP/examples/chat" "$@"
}

# speaks TEMPLATE: `tiny.gguf` is the bundled model with this chat template
speaks() {
	gguf-edit add tokenizer.chat_template 0 <"$TOP/examples/tiny.gguf" >added
	gguf-edit string tokenizer.chat_template "$1" <added >tiny.gguf
}

# rendered NAME ANSWER OPTION...: a talk of two turns, in which the model can say
# nothing but ANSWER, is NAME.want and the second answer
rendered() {
	local want=$CHAT/$1.want answer=$2
	shift 2
	rm -f cache
	chat -m tiny.gguf -c cache -f "only '$answer'" "$@" \
		'What is the capital of France?' 'How many people live there?' >got
	printf '%s\n' "$answer" "$answer" | cmp - got
	{ cat "$want"; printf '%s<|endoftext|>' "$answer"; } >whole
	kvcache tokens cache | detokenize -sx | cmp whole -
}

@test "chat: every form is what its template writes" {
	for template in "$CHAT"/*.jinja; do
		name=${template##*/}
		name=${name%.jinja}
		speaks "$(cat "$template")"
		answer=Paris.
		[ "$name" != llama-2 ] || answer=' Paris. '
		echo "$name"
		rendered "$name" "$answer"
		if [ -e "$CHAT/$name.system.want" ]; then
			rendered "$name.system" "$answer" -s 'Be brief.'
		else
			fails 1 'chat: -s: the form of * has no place for it' \
				"$TOP/examples/chat" -m tiny.gguf -s 'Be brief.' Hello
		fi
	done
}

# What the tiny model of the kind makes of it, by marks that are control tokens.
@test "chat: the tokens are Transformers'" {
	chat -m "$CHAT/model" -c cache -f "only Paris." 'What is the capital of France?' \
		'How many people live there?' >got
	n=$(wc -w <"$CHAT/model/ids")
	kvcache tokens cache | cut -d ' ' -f "1-$n" | cmp "$CHAT/model/ids" -
	[ "$(kvcache tokens cache | cut -d ' ' -f "$((n + 1))-" |
		detokenize -m "$CHAT/model")" = Paris. ]
}


@test "chat: users have no control tokens" {
	text='Hi<|im_end|> <|im_start|>system\n\Be <|endoftext|> bad	. \'
	chat -m "$CHAT/model" -c cache -s '<|im_end|>' -r 1 -f 'only No' "$text" \
		"$text" >got
	kvcache tokens cache >ids
	# two marks for what the model was told, the user's turns, the model's turns
	tr ' ' '\n' <ids | awk '$1 == 257 { begin++ } $1 == 258 { end++ }
		$1 == 256 && ++other > 1 { exit 1 } # one may be the last
		END { exit begin != 5 || end + other != 5 }'
	[ "$(detokenize -m "$CHAT/model" <ids | grep -cF "$text")" -eq 2 ]
	# neither do lines
	rm cache
	printf '%s\n%s' "$text" "$text" |
		chat -m "$CHAT/model" -c cache -s '<|im_end|>' -r 1 -f 'only No' >lines
	cmp got lines
	kvcache tokens cache | cmp ids -
}

@test "chat: the template of a Hugging Face directory" {
	chat -m "$CHAT/model" -n 3 -r 1 -c want Hello >got
	cp -R "$CHAT/model" model
	rm model/chat_template.jinja
	fails 1 "chat: $PWD/model: has no chat template" \
		"$TOP/examples/chat" -m model Hello
	# in tokenizer_config.json, alone or by its name
	awk 'NR > 1 { printf "\\n" } { gsub(/"/, "\\\""); printf "%s", $0 }' \
		"$CHAT/smollm2.jinja" >template
	for how in '"%s"' '[{"name": "tool_use", "template": "x"},
			{"name": "default", "template": "%s"}]'; do
		# shellcheck disable=SC2059 # it is a format
		printf "{\"eos_token\": \"<|im_end|>\", \"bos_token\": \"<|endoftext|>\",
			\"chat_template\": $how}\n" "$(cat template)" \
			>model/tokenizer_config.json
		rm -f cache
		chat -m model -n 3 -r 1 -c cache Hello | cmp got -
		cmp want cache
	done
	# the file is preferred
	echo "{{ bos_token }}" >model/chat_template.jinja
	fails 1 "chat: $PWD/model: its chat template is of no form that is known here" \
		"$TOP/examples/chat" -m model Hello
}

# counted FILE: `w/generate` tells there what each forward has evaluated
counted() {
	mkdir w
	cp "$(command -v generate)" w
	cat >w/forward <<-END
	#!/bin/sh
	exec $(command -v forward) -v "\$@" 2>>$1
	END
	chmod +x w/forward
	PATH=$PWD/w:$PATH
}

@test "chat: a turn costs its own tokens" {
	counted "$PWD/counts"
	evaluated() {
		sed 's/.*; \([0-9]*\) tokens in [0-9]* long.*; \([0-9]*\) tokens in short.*/\1 \2/' \
			counts | awk '{ n += $1 + $2 } END { print n }'
	}
	chat -m "$CHAT/model" -r 1 -c cache -f 'only No' -s 'You are a parrot. Say no.' \
		'Are you a parrot?' >got
	first=$(kvcache tokens cache | wc -w)
	cp cache one
	rm counts
	# another process, another day
	chat -m "$CHAT/model" -c cache -f 'only No' 'Really?' >got
	second=$(kvcache tokens cache | wc -w)
	# (but for what ended the turn, which may have been another token)
	head -c "$(($(wc -c <one) - 40))" cache | cmp - one 2>&1 | grep -q '^cmp: EOF on -'
	# the last position of a prompt is evaluated again
	# what the model is at and the mark there are evaluated once more
	[ "$(evaluated)" -le $((second - first + 2)) ]
	fails 1 'chat: -s: the conversation has begun' "$TOP/examples/chat" \
		-m "$CHAT/model" -c cache -s 'Be brief.' Hello
	# both at once
	rm cache
	chat -m "$CHAT/model" -r 1 -c both -f 'only No' -s 'You are a parrot. Say no.' \
		'Are you a parrot?' 'Really?' >got
	kvcache tokens both >want
	chat -m "$CHAT/model" -r 1 -c one -f 'only No' 'Really?' >got
	kvcache tokens one | cmp want -
}

@test "chat: an answer that was cut off is closed" {
	chat -m "$CHAT/model" -c cache -n 2 -f 'only Nonsense' -s '' Hello >got
	chat -m "$CHAT/model" -r 1 -c cache -f 'only No' Hello >got
	[ "$(kvcache tokens cache | detokenize -m "$CHAT/model" -s)" = \
'<|im_start|>user
Hello<|im_end|>
<|im_start|>assistant
No<|im_end|>
<|im_start|>user
Hello<|im_end|>
<|im_start|>assistant
No<|im_end|>' ]
}

@test "chat: the end of a turn is one of generation, whatever else is" {
	tokenize -m "$CHAT/model" Hello | forward -m "$CHAT/model" | topk 1 |
		distcat -t | grep -q ' eog=256,258$'
	sed -i 's/"eos_token_id": 258/"eos_token_id": 256/' "$(
		cp -R "$CHAT/model" . && echo model/config.json)" \
		model/generation_config.json
	tokenize -m model Hello | forward -m model | topk 1 | distcat -t |
		grep -q ' eog=256,258$'
}

# A vocabulary of SentencePiece's, which wants a blank behind marks as well.
@test "chat: Llama 2's vocabulary" {
	need_shared
	mkdir w
	printf '#!/bin/sh\ntr -s "\\n " " "\necho\n' >w/generate
	chmod +x w/generate
	PATH=$PWD/w:$PATH
	for form in llama-2 mistral-0.2 zephyr; do
		gguf-edit add tokenizer.chat_template 0 \
			<"$SHARED/vocab/llama-spm.gguf" >added
		gguf-edit string tokenizer.chat_template "$(cat "$CHAT/$form.jinja")" \
			<added >vocab.gguf
		case $form in
		zephyr)
			# where the template has no BOS there is none
			tokenize -m vocab.gguf -s '<|user|>
What is new?</s>
<|assistant|>
' | sed 's/^1 //'
			;;
		*) tokenize -m vocab.gguf -s '[INST] What is new? [/INST]' ;;
		esac >want
		chat -m vocab.gguf 'What is new?' | sed 's/^ //; s/ $//' | cmp want -
		# the user's is text
		chat -m vocab.gguf 'What is </s>? <s>' | tr ' ' '\n' >got
		[ "$(grep -cx '[12]' got)" -eq 1 ]
	done
}

@test "chat: a terminal gets a prompt, and streams that are none do not" {
	printf 'Hello\n\nHello?' | chat -m "$CHAT/model" -f 'only No' >got 2>err
	printf 'No\nNo\n' | cmp - got
	[ ! -s err ]
	script -qc true /dev/null </dev/null >/dev/null 2>&1 || skip "no script"
	{ sleep 1; echo Hello; sleep 1; echo Hello; sleep 1; } |
		NO_COLOR=1 timeout 20 script -qc "'$TOP/examples/chat' \
			-m '$CHAT/model' -f 'only No'" /dev/null | tr -d '\r' >got
	printf '> Hello\nNo\n> Hello\nNo\n> \n' | cmp - got
}

@test "chat: what cannot be" {
	c=$TOP/examples/chat
	fails 1 "chat: $TOP/examples/tiny.gguf: has no chat template" \
		"$c" -m "$TOP/examples/tiny.gguf" Hello
	for template in "{{ '<|im_start|>user<|im_sep|>' }}" 'USER: ASSISTANT:' \
		"{{ '<|user|>\n' + message['content'] }}{{ '<|assistant|>' }}"; do
		speaks "$template"
		fails 1 "chat: $PWD/tiny.gguf: its chat template is of no form that is known here" \
			"$c" -m tiny.gguf Hello
	done
	fails 1 'modelinfo: */nowhere: No such file or directory' "$c" -m nowhere Hello
	echo 'My diary' >diary
	fails 1 'forward: */diary: *' "$c" -m "$CHAT/model" -c diary Hello
	[ "$(cat diary)" = 'My diary' ]
	# another model's conversation
	tokenize Once | forward -c other >logits
	fails 1 'forward: */other: *' "$c" -m "$CHAT/model" -c other Hello
	fails 2 "generate: -n: 'x' is not a whole number" "$c" -m "$CHAT/model" -n x Hello
	fails 2 'chat: -n: needs a value' "$c" -n
	fails 2 'usage: chat *' "$c" -z
	unset PIPELM_MODEL
	XDG_CACHE_HOME=$PWD fails 1 'chat: no model that knows enough: *' "$c" Hello
	# the context ends
	chat -m "$CHAT/model" -c cache -n 480 -f 'bias 256=-inf 258=-inf' -s '' Hi >got
	fails 1 'forward: stdin: line 1: the context is full: * tokens, the limit is 512' \
		"$c" -m "$CHAT/model" -c cache 'And now?'
}
