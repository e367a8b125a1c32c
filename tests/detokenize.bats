# detokenize - token ids to text
load helper
load vocab

text() {
	detokenize "$@" >text
	cat text
}

# stream COMMAND...: it runs with its input at descriptor 5 and its output at 6.
stream() {
	mkfifo in out
	"$@" <in >out &
	exec 5>in 6<out
}

# next TEXT: these are the next bytes that come out, and no others are there.
next() {
	local got
	IFS= read -r -t 20 -N ${#1} got <&6 || true
	echo "next: $got"
	[ "$got" = "$1" ] && ! read -r -t 0 <&6
}

finish() {
	exec 5>&-
	cat <&6 >rest
	wait $!
}

@test "pieces, one after the other, and a newline" {
	echo 2624 813 258 517 >ids
	[ "$(text <ids)" = 'Once upon a time' ]
	[ "$(wc -l <text)" -eq 1 ]
	printf '2624\n813 258\n\n517\n' | detokenize -x >got
	printf 'Once upon a time' | cmp - got
	detokenize </dev/null >got
	[ ! -s got ]
	echo | detokenize >got
	echo | cmp - got
}

@test "every token of the vocabulary, by itself and joined" {
	awk 'BEGIN { for (i = 0; i < 4095; i++) print i }' >ids
	detokenize -l <ids >lines
	[ "$(wc -l <lines)" -eq 4095 ]
	detokenize -x <ids >joined
	# the escapes of -l undone by awk's printf
	tr -d '\n' <lines | sed 's/\\n/\
/g; s/\\t/	/g; s/\\\\/\\/g' | cmp - joined
}

@test "what is whole is written before the next line is read" {
	stream detokenize
	echo 2624 >&5
	next Once
	echo 813 >&5
	next ' upon'
	# U+1F999 is F0 9F A6 99
	echo 258 172 253 >&5
	next ' a'
	echo 99 >&5
	echo 247 64 >&5
	next $'\360\237\246\231a'
	finish
	echo | cmp - rest
}

@test "a broken character is shown byte for byte" {
	stream detokenize
	# F0 9F, then a letter
	printf '64 172 253\n' >&5
	next a
	echo 65 >&5
	next $'\360\237b'
	# E2 alone, then another beginning
	printf '158\n' >&5
	printf '127\n64\n' >&5
	next $'\342\303a'
	# a byte that begins nothing
	echo 187 >&5
	next $'\377'
	# the input ends within a character
	echo 172 253 99 >&5
	finish
	printf '\360\237\246\n' | cmp - rest
}

@test "control tokens are silent, with -s they are spelled" {
	echo 4095 2624 4095 813 >ids
	[ "$(text <ids)" = 'Once upon' ]
	[ "$(text -s <ids)" = '<|endoftext|>Once<|endoftext|> upon' ]
	tokens=(a b '<unk>' '<s>' '<user>' '<unused>' 'wholly é' é)
	types=(1 1 2 3 4 5 1 1)
	unset merges eos
	put_vocab >v.gguf
	echo 0 2 3 4 5 6 7 >ids
	text -m v.gguf <ids
	# in a normal token é is the byte 0xE9, unless not all of it is spelled so
	printf 'a<user>wholly \303\251\351\n' | cmp - text
	text -s -m v.gguf <ids
	printf 'a<unk><s><user><unused>wholly \303\251\351\n' | cmp - text
}

@test "merges are not read" {
	merges=(nonsense)
	pre=unknown
	put_vocab >v.gguf
	echo 5 0 >ids
	[ "$(text -m v.gguf <ids)" = abca ]
	model=bert
	put_vocab >v.gguf
	fails 1 "detokenize: v.gguf: tokenizer 'bert' is not known (gpt2, llama and gemma4 are)" \
		detokenize -m v.gguf <ids
}

@test "-u: the text ends before the string, which may span tokens" {
	echo 2624 813 258 517 439 >ids
	printf 'Once up' >want
	for stop in 'on' 'on a' 'on a time' 'on a time there'; do
		detokenize -x -u "$stop" <ids >got
		cmp want got
	done
	[ "$(text -u ' upon' <ids)" = Once ]
	[ "$(text -u Once <ids)" = '' ]
	[ "$(text -u nowhere <ids)" = 'Once upon a time there' ]
}

@test "-u: what may be the beginning is held back, then released" {
	stream detokenize -u 'aab'
	echo 65 64 >&5
	next b
	# aa: either a may be the first
	echo 64 >&5
	echo 64 >&5
	next a
	echo 66 >&5
	next aac
	echo 64 64 >&5
	finish
	printf 'aa\n' | cmp - rest
}

@test "-u: it exits at once, while the input is open" {
	stream detokenize -u 'aab'
	echo 66 64 >&5
	echo 64 >&5
	echo 65 67 >&5
	wait $!
	cat <&6 >got
	printf 'c\n' | cmp - got
	exec 5>&-
}

@test "-u: no character is cut" {
	# the string begins with the last byte of U+1F999
	printf '172 253 99\n247 64\n' >ids
	detokenize -x -u "$(printf '\231a')" <ids >got
	printf '\360\237\246' | cmp - got
	detokenize -x -u "$(printf '\231b')" <ids >got
	printf '\360\237\246\231a' | cmp - got
}

@test "other sequences come out one line each, when they end" {
	printf '@1 64\n@2 65\n@1 198 197 59\n@2 66 4095\n@3\n@1 67\n' >ids
	detokenize <ids >got
	printf '@2\tbc\n@1\ta\\n\\t\\\\d\n@3\t\n' | diff - got
	# after its end a sequence may begin again
	printf '@7 4095 64\n@7 4095\n@7 65\n' >ids
	detokenize <ids >got
	printf '@7\ta\n@7\tb\n' | diff - got
}

@test "sequence 0 is not broken up by the others" {
	printf '64\n@1 65\n@1 4095\n@2 66\n67\n' >ids
	detokenize <ids >got
	printf 'ad\n@1\tb\n@2\tc\n' | diff - got
}

@test "a line of another sequence is out when it has ended" {
	stream detokenize
	printf '@2 64\n@1 65\n@2 4095\n' >&5
	next $'@2\ta\n'
	printf '@1 4095\n' >&5
	finish
	printf '@1\tb\n' | cmp - rest
}

@test "-u: each sequence has its own text, all must have ended" {
	printf '@1 64\n@2 65\n@1 66 64\n@2 64\n@1 65\n@2 66 67\n@3 64\n' >ids
	detokenize -u ca <ids >got
	printf '@1\ta\n@2\tbacd\n@3\ta\n' | diff - got
	# what follows the string is not shown, nor the string again
	printf '@1 64 65\n@1 64 65\n@2 64 65\n@9 66\n' >ids
	detokenize -u b <ids >got
	printf '@1\ta\n@2\ta\n@9\tc\n' | diff - got
}

@test "-u: a sequence that ends with its text is not waited for" {
	stream detokenize -u ca
	printf '@1\n@2\n@1 64 4095\n' >&5
	next $'@1\ta\n'
	printf '@1 65\n@2 65 66\n@2 64\n' >&5
	wait $!
	cat <&6 >got
	printf '@2\tb\n' | cmp - got
	exec 5>&-
}

@test "-l: each line is a text" {
	printf '64 198 65\n\n@5 66 59\n4095 67 172\n' >ids
	detokenize -l <ids >got
	printf 'a\\nb\n\n@5\tc\\\\\nd\360\n' | diff -a - got
	printf '64 65 66\n64 66\n64 65\n' >ids
	detokenize -l -u b <ids >got
	printf 'a\nac\na\n' | diff - got
}

@test "an id that the vocabulary does not have" {
	printf '64\n64 5000\n' >ids
	detokenize -x <ids >got 2>err && return 1
	[ "$(cat err)" = 'detokenize: stdin: line 2: id 5000 is not in the vocabulary of 4096' ]
	printf a | cmp - got
	echo 4096 >ids
	fails 1 'detokenize: stdin: line 1: id 4096 is not in the vocabulary of 4096' \
		detokenize <ids
	echo 1 x >ids
	fails 1 'detokenize: stdin: line 1, column 3: not a token id' \
		detokenize <ids
}

@test "wrong usage" {
	fails 2 'detokenize: -u: the string is empty' detokenize -u ''
	fails 2 'detokenize: -u: needs a value' detokenize -u
	fails 2 'usage: detokenize *' detokenize file
}

@test "a full disk is an error" {
	[ -w /dev/full ] || skip "no /dev/full"
	echo 64 | detokenize >/dev/full 2>err && return 1
	[ "$(cat err)" = 'detokenize: stdout: No space left on device' ]
}
