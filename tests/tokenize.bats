# tokenize - text to token ids
load helper
load vocab

tok() {
	tokenize "$@" >tok
	cat tok
}

@test "ids are those of Hugging Face's tokenizers" {
	tokenize -l <"$DATA/tokenize.txt" >got
	diff "$DATA/tokenize.tok" got
	detokenize -l <got >back
	diff "$DATA/tokenize.txt" back
}

@test "ids of GPT-2's vocabulary are those of the published test" {
	need_shared
	awk '
	/^__ggml_vocab_test__$/ { print text; text = nl = ""; next }
	{
		gsub(/\\/, "\\\\")
		gsub(/\t/, "\\t")
		text = text nl $0
		nl = "\\n"
	}' "$SHARED/vocab/gpt-2.inp" >texts
	sed 's/^ //' "$SHARED/vocab/gpt-2.out" >want
	[ "$(wc -l <texts)" -eq 46 ]
	tokenize -l -m "$SHARED/vocab/gpt-2.gguf" <texts >got
	diff want got
	detokenize -l -m "$SHARED/vocab/gpt-2.gguf" <got >back
	diff texts back
}

@test "ids of the golden prompts" {
	local f
	need_shared
	for f in "$SHARED"/models/golden/f32-[1245].json; do
		# JSON's \" \n \t are to be this file's " \n \t
		sed -n 's/\\"/"/g; s/^ "prompt": "\(.*\)",$/\1/p' "$f" >prompt
		awk '/"ids"/ { on = 1; next } /\]/ { on = 0 }
		on { gsub(/[ ,]/, ""); printf sep $0; sep = " " }
		END { print "" }' "$f" >want
		tokenize -l <prompt >got
		diff want got
	done
}

@test "operands are joined by blanks; without any, or for -, stdin is read" {
	tokenize 'Once upon' 'a  time' >want
	[ "$(cat want)" = '2624 813 258 220 517' ]
	printf 'Once upon a  time\n' >text
	tokenize <text >got
	cmp want got
	tokenize - <text >got
	cmp want got
	[ "$(tok '')" = '' ]
	[ "$(wc -l <tok)" -eq 1 ]
	[ "$(tok -- -b)" = "$(tok -c -- -b)" ]
}

@test "one newline at the end of stdin is dropped, all are kept with -x" {
	printf 'a' | tokenize >none
	printf 'a\n' | tokenize >one
	printf 'a\n\n' | tokenize >two
	printf 'a\n' | tokenize -x >exact
	cmp none one
	cmp two exact
	[ "$(cat two)" = '64 198' ]
	tokenize </dev/null >empty
	[ "$(wc -c <empty)" -eq 1 ]
}

@test "random bytes come back as they were" {
	local seed=$RANDOM
	echo "seed $seed"
	awk -v seed=$seed 'BEGIN {
		srand(seed)
		for (i = 0; i < 20000; i++) {
			# whole characters, their pieces and any bytes
			r = int(rand() * 6)
			c = int(rand() * 256)
			if (r == 0)
				printf "\\0303\\0%03o", 128 + c % 64
			else if (r == 1)
				printf "\\0342\\0%03o", 128 + c % 64
			else if (r == 2)
				printf "\\0040"
			else if (r == 3)
				printf "\\0%03o", 97 + c % 26
			else
				printf "\\0%03o", c
		}
	}' >octal
	printf %b "$(cat octal)" >bytes
	[ "$(wc -c <bytes)" -gt 20000 ]
	tokenize -x <bytes >ids
	detokenize -x <ids >back
	cmp bytes back
	tr -d '\n' <bytes >line
	tokenize <line >ids
	tokenize -- "$(tr -d '\000' <line)" >operand
	tr -d '\000' <line | tokenize >piped
	cmp piped operand
}

@test "a megabyte of text comes back as it was" {
	while cat "$TOP"/lib/*.[ch] "$TOP"/cmd/* "$TOP"/tests/*.bats; do
		:
	done 2>cat.err | head -c 1048576 >text
	[ "$(wc -c <text)" -eq 1048576 ]
	tokenize -x <text >ids
	detokenize -x <ids >back
	cmp text back
}

@test "a word of a megabyte" {
	awk 'BEGIN { while (i++ < 1048576 / 16) printf "abcdefghijklmnop" }' >word
	tokenize <word >ids
	detokenize -x <ids >back
	cmp word back
	awk 'BEGIN { while (i++ < 1048576) printf " " }' >blanks
	tokenize <blanks >ids
	detokenize -x <ids >back
	cmp blanks back
}

@test "-l: a line each, with escapes" {
	printf 'one\na\\nb\\tc\\\\d\n\nlast' >text
	tokenize -l <text >got
	{
		tokenize one
		printf 'a\nb\tc\\d' | tokenize
		tokenize ''
		tokenize last
	} >want
	diff want got
	tokenize -l </dev/null >got
	[ ! -s got ]
	printf 'a\nb\\x\n' >text
	tokenize -l <text >got 2>err && return 1
	[ "$(cat err)" = 'tokenize: stdin: line 2: \x is not an escape (\n, \t and \\ are)' ]
	[ "$(cat got)" = 64 ]
	printf 'a\\' >text
	fails 1 'tokenize: stdin: line 1: a backslash ends the line' tokenize -l <text
}

@test "-N tags the lines" {
	printf 'a\n\nb\n' | tokenize -N >got
	printf '@1 64\n@2\n@3 65\n' | diff - got
	printf 'a\n' | tokenize -lN >got
	[ "$(cat got)" = '@1 64' ]
}

@test "-l: a line is out before the next one is in" {
	mkfifo in out
	tokenize -l <in >out &
	exec 5>in 6<out
	echo Once >&5
	read -r -t 20 got <&6
	[ "$got" = 2624 ]
	echo ' upon' >&5
	read -r -t 20 got <&6
	[ "$got" = 813 ]
	exec 5>&- 6<&-
	wait $!
}

@test "-p: position, id and piece" {
	printf 'Once\tna\303\257ve \\ \000\n' >text
	tokenize -xp <text >got
	printf '%s\t%s\t%s\n' 0 2624 Once 1 197 '\t' 2 77 n 3 64 a 4 127 '\xc3' \
		5 107 '\xaf' 6 322 ve 7 220 ' ' 8 59 '\\' 9 220 ' ' \
		10 188 '\x00' 11 198 '\n' | diff - got
	printf 'a\nb\n' | tokenize -lp >got
	printf '0\t64\ta\n0\t65\tb\n' | diff - got
}

@test "BOS: as the model asks, always with -b, never with -c" {
	bos=8
	add_bos=1 put_vocab >asks.gguf
	put_vocab >silent.gguf
	[ "$(tok -m asks.gguf abc)" = '8 5' ]
	[ "$(tok -m asks.gguf -c abc)" = '5' ]
	[ "$(tok -m asks.gguf -b abc)" = '8 5' ]
	[ "$(tok -m silent.gguf abc)" = '5' ]
	[ "$(tok -m silent.gguf -b abc)" = '8 5' ]
	printf 'a\nb\n' | tokenize -m asks.gguf -l >got
	printf '8 0\n8 1\n' | diff - got
	unset bos
	put_vocab >none.gguf
	fails 1 'tokenize: none.gguf: the vocabulary has no BOS token' \
		tokenize -m none.gguf -b a
	# and before there is a text
	mkfifo never
	fails 1 'tokenize: none.gguf: the vocabulary has no BOS token' \
		timeout 10 tokenize -m none.gguf -b <>never
	add_bos=1 put_vocab >none.gguf
	fails 1 'tokenize: none.gguf: texts begin with a BOS token, but key tokenizer.ggml.bos_token_id is missing' \
		tokenize -m none.gguf a
}

@test "-s: spellings of control tokens are those tokens" {
	[ "$(tok -s 'a<|endoftext|>b')" = '64 4095 65' ]
	[ "$(tok 'a<|endoftext|>b' | wc -w)" -gt 3 ]
	[ "$(tok -s '<|endoftext|')" = "$(tok '<|endoftext|')" ]
	[ "$(tok -s '<|endoftext|><|endoftext|>')" = '4095 4095' ]
}

@test "the longest spelling counts, tokens of the user always" {
	tokens=(a b ab '<' '>' '<x>' '<x><y' 'aab' é)
	types=(1 1 1 1 1 3 3 4 4)
	merges=('a b')
	eos=5
	put_vocab >v.gguf
	[ "$(tok -m v.gguf -s '<x>')" = 5 ]
	[ "$(tok -m v.gguf -s '<x><y')" = 6 ]
	[ "$(tok -m v.gguf -s '<x><x><y<x>')" = '5 6 5' ]
	fails 1 'tokenize: v.gguf: the vocabulary has no token for byte 0x78' \
		tokenize -m v.gguf '<x>'
	[ "$(tok -m v.gguf aab)" = 7 ]
	[ "$(tok -m v.gguf abaab)" = '2 7' ]
	[ "$(tok -m v.gguf é)" = 8 ]
	detokenize -m v.gguf <tok >got
	[ "$(cat got)" = é ]
	# é is no way to spell byte 0xE9: that is only what a normal token means
	printf '\351' >text
	fails 1 'tokenize: stdin: the vocabulary has no token for byte 0xE9' \
		tokenize -m v.gguf <text
}

@test "merges: the first in the list, then the leftmost" {
	tokens=(a b c ab bc aa abc aab)
	unset types eos
	merges=('b c' 'a b' 'a a' 'ab c' 'aa b')
	put_vocab >v.gguf
	[ "$(tok -m v.gguf abc)" = '0 4' ]
	[ "$(tok -m v.gguf aab)" = '0 3' ]
	[ "$(tok -m v.gguf aaa)" = '5 0' ]
	[ "$(tok -m v.gguf aaaaa)" = '5 5 0' ]
	[ "$(tok -m v.gguf ab)" = '3' ]
}

@test "merges: of tokens with blanks, which no text needs" {
	tokens=(a b x aa xx 'aa b' 'xxaa b')
	types=(1 1 1 1 1 1 1)
	merges=('a a' 'x x' 'xx aa b')
	unset eos
	put_vocab >v.gguf
	[ "$(tok -l -m v.gguf <<<xxaab)" = '4 3 1' ]
	[ "$(tok -m v.gguf xxaab)" = '4 3 1' ]
}

@test "a byte that the vocabulary lacks is an error, and nothing is written" {
	put_vocab >v.gguf
	fails 1 'tokenize: v.gguf: the vocabulary has no token for byte 0x65' \
		tokenize -m v.gguf abcde
	printf 'a\nb\nz\n' >text
	tokenize -l -m v.gguf <text >got 2>err && return 1
	[ "$(cat err)" = 'tokenize: stdin: line 3: the vocabulary has no token for byte 0x7A' ]
	printf '0\n1\n' | diff - got
}

# bad MESSAGE [NAME=VALUE ...]: the vocabulary so changed is refused, before any
# text is seen, and for a text that needs what is wrong: $text
bad() {
	local message=$1
	shift
	local "$@"
	put_vocab >v.gguf
	fails 1 "tokenize: v.gguf: $message" tokenize -l -m v.gguf </dev/null
	[ -z "${text=a}" ] ||
		fails 1 "tokenize: v.gguf: $message" tokenize -m v.gguf "$text"
}

@test "a tokenizer that is not known is named" {
	bad "tokenizer 'bert' is not known (gpt2, llama and gemma4 are)" model=bert
	bad "tokenizer '' is not known (gpt2, llama and gemma4 are)" model=
	bad "pre-tokenizer 'gpt-9' is not known" pre=gpt-9
}

@test "a malformed vocabulary is refused" {
	bad "key tokenizer.ggml.bos_token_id: id 10 is not in the vocabulary of 10" bos=10
	bad "key tokenizer.ggml.eos_token_id: id 4294967295 is not in the vocabulary of 10" eos=4294967295
	bad "key tokenizer.ggml.add_bos_token: not true or false" add_bos=2
	types=(1 1 1 1 1 1 1 1 3)
	bad '10 tokens, but 9 token types'
	types=(1 1 1 1 1 1 1 1 3 7)
	bad 'token 9: unknown type 7'
	types=(1 1 1 1 1 1 1 1 3 -1)
	bad 'token 9: unknown type -1'
	types=(1 1 1 1 1 1 1 1 3 3)
	merges=('a b' 'ab')
	bad "merge 1: not two tokens: 'ab'"
	merges=('a b' 'ab ')
	text='' bad "merge 1: not two tokens: 'ab '"
	merges=('a b' '')
	bad "merge 1: not two tokens: ''"
	merges=('a b' 'x b')
	text=xb bad "merge 1: 'x b': the first is not in the vocabulary"
	merges=('a b' 'b x')
	text=bx bad "merge 1: 'b x': the second is not in the vocabulary"
	merges=('a b' 'b a')
	text=ba bad "merge 1: 'b a': the result is not in the vocabulary"
	merges=('a b' 'ab c' 'a b')
	text=ab bad "merges 0 and 2 are both 'a b'"
	merges=('a b')
	tokens=(a b c d ab ab Ġ Ġa '<s>' '<e>')
	text=ab bad "tokens 4 and 5 are both 'ab'"
}

@test "a vocabulary with a part missing is refused" {
	(unset model && bad 'key tokenizer.ggml.model: missing')
	(unset pre && bad 'key tokenizer.ggml.pre: missing')
	(unset merges && bad 'key tokenizer.ggml.merges: missing')
	(unset tokens && bad 'key tokenizer.ggml.tokens: missing')
	tokens=()
	put_keys() {
		put string tokenizer.ggml.model gpt2
		put strings tokenizer.ggml.tokens
	}
	bad 'key tokenizer.ggml.tokens: 0 tokens'
}

@test "keys of the wrong type are refused" {
	local k=tokenizer.ggml
	(unset tokens; more() { put u32 $k.tokens 5; }
		bad "key $k.tokens: not an array of string")
	(unset types; more() { put strings $k.token_type a; }
		bad "key $k.token_type: not an array of i32")
	(unset merges; more() { put string $k.merges 'a b'; }
		bad "key $k.merges: not an array of string")
	(unset eos; more() { put string $k.eot_token_id x; }
		bad "key $k.eot_token_id: not a whole number")
	(unset pre; more() { put u32 $k.pre 1; }
		bad "key $k.pre: not a string")
	(unset model; more() { put u32 $k.model 1; }
		bad "key $k.model: not a string")
}

@test "no types at all: every token is text" {
	unset types
	put_vocab >v.gguf
	[ "$(tok -m v.gguf abc)" = 5 ]
	echo '5 8' | detokenize -m v.gguf >got
	[ "$(cat got)" = 'abc<s>' ]
}

@test "the model: -m, the environment, what cannot be one" {
	put_vocab >v.gguf
	[ "$(PIPELM_MODEL=v.gguf tokenize abc)" = 5 ]
	fails 1 'tokenize: nowhere: No such file or directory' \
		tokenize -m nowhere a
	echo text >text
	fails 1 'tokenize: text: not a GGUF file' tokenize -m text a
}

@test "wrong usage" {
	fails 2 'tokenize: -b and -c exclude each other' tokenize -bc a
	fails 2 'tokenize: -N and -p exclude each other' tokenize -Np
	fails 2 'tokenize: -l and -N read standard input, not operands' \
		tokenize -l a
	fails 2 'tokenize: -m: needs a value' tokenize -m
	fails 2 'tokenize: -z: unknown option' tokenize -z
}

@test "a full disk is an error" {
	[ -w /dev/full ] || skip "no /dev/full"
	tokenize abc >/dev/full 2>err && return 1
	[ "$(cat err)" = 'tokenize: stdout: No space left on device' ]
}
