# generate: the ring ends when it should, and fails as its stages do.
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

# wrap STAGE COMMANDS: `w/generate` finds this script in the place of the
# program; $real is the true one.
wrap() {
	rm -rf w
	mkdir w
	for p in tokenize forward logits-to-probs topp draw until detokenize; do
		ln -s "$(type -P "$p")" "w/$p"
	done
	cp "$(command -v generate)" w/generate
	real=$(type -P "$1")
	rm -f "w/$1"
	printf '#!/bin/sh\nreal=%s\n%s\necho "%s: broken" >&2\nexit 3\n' \
		"$real" "$2" "$1" >"w/$1"
	chmod +x "w/$1"
}

# breaks STAGE: generate ends, with the stage's status and message alone.
breaks() {
	local got=0
	timeout 30 w/generate -q -n 20 -s 1 -u 'no such words' Once \
		>out 2>err </dev/null || got=$?
	if [ "$got" -ne 3 ] || [ "$(cat err)" != "$1: broken" ]; then
		echo "$1: status $got"
		cat err
		return 1
	fi
	tidy
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
	! generate -s 2 -n 20 'Once upon a time' | cmp -s - got
	tidy
}

@test "generate: the shells that may run it" {
	generate -s 1 -n 9 Once >want
	for shell in dash 'bash --posix' 'busybox sh' ksh; do
		command -v "${shell%% *}" >/dev/null || continue
		$shell "$(command -v generate)" -s 1 -n 9 Once | cmp - want
	done
	ln -s "$(command -v generate)" alias
	./alias -s 1 -n 9 Once | cmp - want
	tidy
}

@test "generate: -v tells the pipeline that runs" {
	generate -qvs 5 -n 3 Once >got 2>said
	[ "$(cat said)" = 'tokenize ... | forward | logits-to-probs -f 0.02 -p 0.02 | topp 0.9 | draw -s 5 -l 3 | tee loop | detokenize' ]
	# without -s, the seed that it tells gives the same text again
	generate -qvn 30 Once >got 2>said
	seed=$(sed 's/.*draw -s \([0-9]*\).*/\1/' said)
	generate -qs "$seed" -n 30 Once | cmp - got
}

@test "generate: filters of one's own" {
	generate -n 12 -f 'topk 1' Once >got
	generate -n 12 -f 'logits-to-probs -T 0' -s 9 Once | cmp - got
	generate -s 1 -n 12 -f "sh -c 'cat'" -f 'topp 0.9' Once >got
	generate -s 1 -n 12 -f 'topp 0.9' Once | cmp - got
}

@test "generate: stops at a string, which is never shown" {
	generate -qs 1 -n 60 'Once upon a time' >whole
	text=$(cat whole)
	for stop in 'man' 'ard lan' ' a tall, old' ','; do
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
	# nothing but <|endoftext|> can be drawn
	generate -s 1 -n 60 -f "sh -c 'forward=1; exec topk 4096'" \
		-f 'topk 4096' Once >many
	[ "$(wc -c <many)" -gt 100 ]
	cat >eog <<-'END'
	#!/bin/sh
	exec sed -u 's/^#dist .*/&\n4095	1\n/; /^[0-9]/d; /^$/d'
	END
	chmod +x eog
	generate -n 60 -f 'distcat -t' -f ./eog Once >got 2>err || {
		cat err
		skip "sed without -u"
	}
	[ "$(cat got)" = Once ]
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
	# a cache of another model is left alone
	cp cache before
	got=0
	generate -q -m "$DATA/llama/q8_0.gguf" -c cache x >out 2>err || got=$?
	[ "$got" -eq 1 ]
	cmp cache before
	tidy
}

@test "generate -N: continuations together" {
	generate -s 3 -n 12 -N 3 'Once upon a time' >got
	[ "$(wc -l <got)" -eq 4 ]
	[ "$(sed 1q got)" = 'Once upon a time' ]
	for n in 1 2 3; do
		[ "$(grep -c "^@$n	." got)" -eq 1 ]
	done
	# what there is beside them, and in which ring they are, changes nothing
	generate -qs 3 -n 12 -N 70 'Once upon a time' >many
	[ "$(wc -l <many)" -eq 70 ]
	grep '^@[123]	' many | sort >a
	tail -n 3 got | sort | cmp - a
	generate -qs 3 -n 12 -N 3 -u , 'Once upon a time' >got
	! grep , got
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

@test "generate: each stage fails at the start" {
	for stage in tokenize forward logits-to-probs topp draw until tee cat \
		detokenize; do
		wrap "$stage" ''
		breaks "$stage"
	done
}

@test "generate: each stage fails at step 5" {
	five='for i in 1 2 3 4 5; do read -r l || exit; echo "$l"; done'
	for stage in cat forward until tee detokenize; do
		wrap "$stage" "{ $five; } | \"\$real\" \"\$@\""
		breaks "$stage"
	done
	wrap draw '"$real" "$@" -l 5'
	breaks draw
	# the bytes of five dense records
	prompt=$(tokenize Once | wc -w)
	bytes=$((5 * (32 + 4 + 4 * 4096) + 4 * (prompt + 4)))
	for stage in logits-to-probs topp; do
		wrap "$stage" "dd bs=1 count=$bytes 2>/dev/null | \"\$real\" \"\$@\""
		breaks "$stage"
	done
}

@test "generate: what cannot run" {
	fails 1 'tokenize: nowhere: No such file or directory' \
		generate -m nowhere Once
	fails 2 'topp: P: 2 is not between 0 and 1' \
		generate -q -f 'topp 2' Once
	fails 127 '*nosuch*not found*' generate -q -f nosuch Once
	got=0
	generate -q -f 'sh -c "kill -9 \$\$"' Once >out 2>err || got=$?
	[ "$got" -eq 137 ]
	[ "$(cat err)" = 'generate: stage 3 of the pipe was killed' ]
	got=0
	generate -qc . Once >out 2>err || got=$?
	[ "$got" -eq 1 ]
	[ "$(cat err)" = 'forward: .: Is a directory' ]
	tidy
}

@test "generate: a prompt of 60,000 lines" {
	for _ in 1 2 3; do seq 20000; done >lines
	got=0
	timeout 60 generate -q <lines >out 2>err || got=$?
	[ "$got" -eq 1 ]
	grep -q '^forward: stdin: line 1: the context is full: ' err
	[ "$(wc -l <err)" -eq 1 ]
	tidy
}

@test "generate: a reader that leaves" {
	set +o pipefail
	for _ in 1 2 3; do
		timeout 30 generate -s 1 -n 400 Once 2>err | head -c 30 >got
		[ "$(wc -c <got)" -eq 30 ]
		[ ! -s err ]
		tidy
	done
	# the same where a parent has SIGPIPE ignored
	for _ in 1 2 3; do
		(
			trap '' PIPE
			timeout 30 generate -s 1 -n 400 Once 2>err | head -c 30 >got
		)
		[ ! -s err ]
		tidy
	done
	got=0
	generate -s 1 -n 4 Once >/dev/full 2>err || got=$?
	[ "$got" -eq 1 ]
	[ "$(cat err)" = 'detokenize: stdout: No space left on device' ]
}

@test "generate: a signal ends it at once, and all of it" {
	# one record comes through, then the ring stands still
	still='sh -c "head -c 16424; exec sleep 100"'
	for sig in INT TERM HUP; do
		# ignored from the start (nohup, a background list): a shell
		# cannot trap it then
		[ -z "$(sh -c "kill -$sig \$\$; echo ignored" 2>/dev/null)" ] ||
			continue
		best=9999999
		for _ in 1 2 3; do
			mkfifo out
			set -m
			generate -qf "$still" Once >out 2>err &
			pid=$!
			set +m
			exec 5<out
			until [ -e "$(echo "$TMPDIR"/*/pid.6)" ]; do :; done
			before=${EPOCHREALTIME/./}
			kill -s "$sig" "$pid"
			got=0
			wait "$pid" || got=$?
			after=${EPOCHREALTIME/./}
			exec 5<&-
			rm out
			[ "$got" -eq $((128 + $(kill -l "$sig"))) ]
			[ ! -s err ]
			tidy
			# nobody is left in its process group
			! kill -0 -- "-$pid" 2>/dev/null
			[ $((after - before)) -ge "$best" ] ||
				best=$((after - before))
		done
		echo "$sig: $best us"
		[ "$best" -lt 200000 ]
	done
}

@test "generate: no colour but on a terminal" {
	generate -s 1 -n 3 Once | od -c | grep 033 && false
	script -qc true /dev/null </dev/null >/dev/null 2>&1 || skip "no script"
	script -qc 'generate -s 1 -n 3 Once' /dev/null </dev/null >got
	grep -q "$(printf '\033')" got
	NO_COLOR=1 script -qc 'generate -s 1 -n 3 Once' /dev/null </dev/null >got
	! grep -q "$(printf '\033')" got
}

@test "generate: usage" {
	fails 2 "generate: -n: '0x' is not a whole number" generate -n 0x a
	fails 2 'generate: -n: 0 is not between 1 and 2147483647' generate -n 0 a
	fails 2 "generate: -N: '-1' is not a whole number" generate -N -1 a
	fails 2 "generate: -s: 'x' is not a whole number" generate -s x a
	fails 2 'generate: -u: the string is empty' generate -u '' a
	fails 2 'generate: -z: unknown option' generate -z
	fails 2 'generate: -n: needs a value' generate -n
	generate -h | grep -q '^usage: generate \[-qv\]'
	generate --help | grep -q '^usage: generate \[-qv\]'
	[ "$(generate -V)" = "$(draw -V | sed s/draw/generate/)" ]
	[ "$(generate --version)" = "$(generate -V)" ]
}
