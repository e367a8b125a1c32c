# generate: what it writes.
load helper

# Its temporary folders stand in $TMPDIR, which must be empty at the end.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir tmp
	export TMPDIR=$PWD/tmp
}

tidy() {
	[ -z "$(ls "$TMPDIR")" ] || { ls -R "$TMPDIR"; return 1; }
}

@test "generate: a prompt and its continuation" {
	generate -s 1 -n 20 'Once upon a time' >got
	[ "$(wc -l <got)" -eq 1 ]
	[ "$(head -c 16 got)" = 'Once upon a time' ]
	# what the pipe says, stage by stage
	ids=$(tokenize 'Once upon a time')
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		ids="$ids $(echo "$ids" | forward |
			logits-to-probs -f 0.02 -p 0.02 | topp 0.9 | draw -s 1)"
	done
	echo "$ids" | detokenize | cmp - got
	generate -s 1 -n 20 'Once upon' a time | cmp - got
	echo 'Once upon a time' | generate -s 1 -n 20 | cmp - got
	{ printf 'Once upon a time'; generate -qs 1 -n 20 'Once upon a time'; } |
		cmp - got
	generate -s 2 -n 20 'Once upon a time' >other
	if cmp -s other got; then
		return 1
	fi
	tidy
}

@test "generate: -i takes token lines for the prompt" {
	generate -s 1 -n 9 'Once upon a time' >want
	tokenize 'Once upon a time' | generate -i -s 1 -n 9 | cmp - want
	# however many lines: it is one step
	tokenize 'Once upon a time' | tr ' ' '\n' | generate -is 1 -n 9 |
		cmp - want
	generate -s 1 -n 9 -N 2 'Once upon a time' | sort >want
	tokenize 'Once upon a time' | generate -is 1 -n 9 -N 2 | sort |
		cmp - want
	# what text cannot say: a control token
	tokenize -s 'Once<|endoftext|>' >ids
	generate -iqs 1 -n 9 -c cache <ids >got
	kvcache tokens cache | head -c "$(($(wc -c <ids) - 1))" |
		diff - <(tr -d '\n' <ids)
	generate -s 1 -n 9 </dev/null >want
	generate -is 1 -n 9 </dev/null | cmp - want
	echo 1 x | fails 1 'detokenize: stdin: line 1, column 3: not a token id' \
		generate -i
	fails 2 'generate: -i: the prompt is standard input' generate -i Once
	tidy
}

@test "generate: the shells that may run it" {
	generate -s 1 -n 9 -u , Once >want
	generate -s 1 -n 9 -N 3 -u , Once | sort >many
	for shell in dash 'bash --posix' 'busybox sh' ksh; do
		command -v "${shell%% *}" >shell || continue
		$shell "$(command -v generate)" -s 1 -n 9 -u , Once >got
		cmp want got
		$shell "$(command -v generate)" -s 1 -n 9 -N 3 -u , Once >got
		sort got | cmp - many
	done
	tidy
}

@test "generate: it finds the programs beside it, also through links" {
	generate -s 1 -n 9 Once >want
	mkdir links
	ln -s "$(command -v generate)" links/absolute
	ln -s links/absolute relative
	PATH=/usr/bin:/bin ./relative -s 1 -n 9 Once >got
	cmp want got
	cd links
	PATH=/usr/bin:/bin ./absolute -s 1 -n 9 Once >got
	cmp ../want got
}

# told INPUT OPTION...: what -v tells gives the same text in a shell
told() {
	local input=$1
	shift
	generate -qvn 9 "$@" <"$input" >got 2>said
	[ "$(wc -l <said)" -eq 1 ]
	rm -rf told cache
	mkdir told
	(cd told && sh ../said <../"$input" >../again)
	sort got >want
	sort again | cmp - want
}

@test "generate: -v tells the pipeline that runs" {
	generate -qvs 5 -n 3 Once >got 2>said
	[ "$(cat said)" = "mkfifo loop; { tokenize 'Once'; cat loop; } | forward | logits-to-probs -f 0.02 -p 0.02 | topp 0.9 | draw -s 5 -l 3 | tee loop | detokenize" ]
	echo "It's" >prompt
	told prompt
	told prompt -f 'topp 0.5' -f 'topk 9' -m "$TOP/examples/tiny.gguf" 1 2
	told prompt -c cache "It's" '-x'
	told prompt -u "r" -- "-'\\" 'Once upon'
	told prompt -N 3 -u e
	told prompt -N 3 -c cache ''
}

@test "generate: -s: the same text again" {
	generate -s 18446744073709551615 -n 30 Once >want
	generate -s 18446744073709551615 -n 30 Once >got
	cmp want got
	# without -s, the seed that -v tells
	generate -qvn 30 Once >want 2>said
	seed=$(sed 's/.*draw -s \([0-9]*\).*/\1/' said)
	generate -qs "$seed" -n 30 Once >got
	cmp want got
	generate -qvn 30 Once >got 2>other
	if cmp -s said other || cmp -s want got; then
		return 1
	fi
}

@test "generate: filters of one's own" {
	generate -n 12 -f 'topk 1' Once >want
	generate -n 12 -f 'logits-to-probs -T 0' -s 9 Once >got
	cmp want got
	generate -s 1 -n 12 -f "sh -c 'cat'" -f 'topp 0.9' Once >got
	generate -s 1 -n 12 -f 'topp 0.9' Once >want
	cmp want got
	# the words are the shell's
	P=0.9 generate -s 1 -n 12 -f 'topp "$P"' Once >got
	cmp want got
}

@test "generate: stops at a string, which is never shown" {
	generate -qs 1 -n 60 'Once upon a time' >whole
	text=$(cat whole)
	for stop in 'trunk' 'nk like a ta' ' a tall, long-sting' ','; do
		generate -qs 1 -n 60 -u "$stop" 'Once upon a time' >got
		[ "$text" != "${text#*"$stop"}" ]
		printf '%s\n' "${text%%"$stop"*}" | cmp - got
	done
	generate -qs 1 -n 60 -u 'never there' 'Once upon a time' | cmp - whole
	# a text that ends before
	generate -qs 1 -n 60 -u "$(tail -c 3 whole)x" 'Once upon a time' |
		cmp - whole
	tidy
}

@test "generate: ends at the end of a text" {
	# nothing but <|endoftext|> can be drawn, behind a context of five
	cat >eot <<-'END'
	#!/bin/sh
	while read -r line; do
		case $line in
		*pos=5*) echo "$line" && printf '4095\t1\n\n' ;;
		'#'*) echo "$line" && printf '11\t1\n\n' ;;
		esac
	done
	END
	chmod +x eot
	generate -n 60 -f 'distcat -t' -f ./eot 'Once upon a' >got
	[ "$(cat got)" = 'Once upon a,,' ]
	generate -n 60 -N 2 -u % -f 'distcat -t' -f ./eot 'Once upon a' >got
	printf '%s\n' 'Once upon a' "@1	,," "@2	,," | cmp - got
	tidy
}

@test "generate: a cache holds the prompt and all that was drawn" {
	generate -s 1 -n 20 -c cache 'Once upon a time' >got
	[ "$(kvcache tokens cache | wc -w)" -eq 24 ]
	kvcache tokens cache | detokenize | cmp - got
	# again, and with another beginning that shares some of it
	generate -s 1 -n 20 -c cache 'Once upon a time' | cmp - got
	kvcache tokens cache | detokenize | cmp - got
	generate -s 1 -n 5 -c cache 'Once upon a hill' >got
	generate -s 1 -n 5 'Once upon a hill' | cmp - got
	kvcache tokens cache | detokenize | cmp - got
	# what is not a cache is left alone
	echo 'My diary, which is no cache at all.' >diary
	cp diary before
	fails 1 'forward: diary: *' generate -q -c diary Once
	cmp diary before
	tidy
}

@test "generate -N: continuations together" {
	generate -s 3 -n 12 -N 3 'Once upon a time' >got
	[ "$(sed 1q got)" = 'Once upon a time' ]
	# each is what it is alone, in a process per token
	tokenize 'Once upon a time' | forward -c cache >first
	for n in 1 2 3; do
		ids=
		for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
			id=$(echo "@$n $ids" | forward -c cache |
				logits-to-probs -f 0.02 -p 0.02 | topp 0.9 |
				draw -s 3)
			ids="$ids ${id#* }"
		done
		echo "@$n $ids" | detokenize
	done >want
	sed 1d got | sort | cmp - want
	# whatever there is beside it, and in whichever ring
	generate -qs 3 -n 12 -N 70 'Once upon a time' >many
	[ "$(wc -l <many)" -eq 70 ]
	[ "$(cut -f 1 many | sort -u | wc -l)" -eq 70 ]
	grep '^@[123]	' many | sort | cmp - want
	# the cache holds the prompt
	generate -qs 3 -n 12 -N 3 -c kept 'Once upon a time' >got
	sort got | cmp - want
	cmp kept cache
	tidy
}

@test "generate -N: some stop at a string, some at MAX" {
	generate -qs 3 -n 12 -N 20 'Once upon a time' >whole
	for stop in , ' '; do
		generate -qs 3 -n 12 -N 20 -u "$stop" 'Once upon a time' >got
		while IFS= read -r line; do
			text=${line#*	}
			printf '%s\t%s\n' "${line%%	*}" "${text%%"$stop"*}"
		done <whole | sort >want
		sort got | diff want -
	done
	[ "$(grep -c , whole)" -gt 2 ]
	[ "$(grep -vc , whole)" -gt 2 ]
	tidy
}

@test "generate: an empty prompt is the beginning of a text" {
	generate -s 1 -n 10 '' >got
	[ "$(wc -c <got)" -gt 10 ]
	generate -s 1 -n 10 </dev/null | cmp - got
	{ echo 4095; } | forward | logits-to-probs -f 0.02 -p 0.02 | topp 0.9 |
		draw -s 1 | detokenize -x >first
	head -c "$(wc -c <first)" got | cmp - first
}

@test "generate: no colour but on a terminal" {
	escape=$(printf '\033')
	generate -s 1 -n 3 Once >got
	if grep "$escape" got; then
		return 1
	fi
	script -qc true /dev/null </dev/null >/dev/null 2>&1 || skip "no script"
	script -qc 'generate -s 1 -n 3 Once' /dev/null </dev/null >got
	# the prompt in colour, the continuation plain
	grep -q "$escape\[36mOnce$escape\[0m upon" got
	NO_COLOR=1 script -qc 'generate -s 1 -n 3 Once' /dev/null </dev/null >got
	grep -q 'Once upon' got
	if grep "$escape" got; then
		return 1
	fi
}

@test "generate: usage" {
	fails 2 "generate: -n: '0x' is not a whole number" generate -n 0x a
	fails 2 'generate: -n: 0 is not between 1 and 2147483647' generate -n 0 a
	fails 2 "generate: -N: '-1' is not a whole number" generate -N -1 a
	fails 2 "generate: -s: 'x' is not a whole number" generate -s x a
	fails 2 'generate: -u: the string is empty' generate -u '' a
	fails 2 'generate: -f: the filter is empty' generate -f '' a
	fails 2 'generate: -c: the name is empty' generate -c '' a
	fails 2 'generate: -z: unknown option' generate -z
	fails 2 'generate: -n: needs a value' generate -n
	generate -h | grep -q '^usage: generate \[-iqv\]'
	generate --help | grep -q '^usage: generate \[-iqv\]'
	[ "$(generate -V)" = "$(draw -V | sed s/draw/generate/)" ]
	[ "$(generate --version)" = "$(generate -V)" ]
}
