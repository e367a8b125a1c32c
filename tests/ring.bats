# generate: its ring of pipes ends when it should, and fails as its stages do.
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
# program; $real is the true one, which also evaluates the prompt.
wrap() {
	rm -rf w
	mkdir w
	for p in tokenize forward logits-to-probs topp draw until detokenize; do
		ln -s "$(type -P "$p")" "w/$p"
	done
	cp "$(command -v generate)" w/generate
	real=$(type -P "$1")
	rm -f "w/$1"
	cat >"w/$1" <<-END
	#!/bin/sh
	real=$real
	case \$1 in
	-w) exec "\$real" "\$@" ;;
	esac
	$2
	echo "$1: broken" >&2
	exit 3
	END
	chmod +x "w/$1"
}

# breaks STAGE: generate ends, with the stage's status and message alone.
breaks() {
	local got options
	for options in '-u %' '-u % -N 3' '-u % -c cache'; do
		case $1$options in
		until*-N*) continue ;; # it has no place there
		esac
		got=0
		# shellcheck disable=SC2086 # words are meant to be split
		timeout 30 w/generate -q -n 20 -s 1 $options Once \
			>out 2>err </dev/null || got=$?
		if [ "$got" -ne 3 ] || [ "$(cat err)" != "$1: broken" ]; then
			echo "$1, $options: status $got"
			cat err
			return 1
		fi
		rm -f cache
		tidy
	done
}

@test "ring: each stage fails at the start" {
	for stage in tokenize forward logits-to-probs topp draw until tee cat \
		detokenize; do
		wrap "$stage" ''
		breaks "$stage"
	done
}

@test "ring: each stage fails at step 5" {
	five='for i in 1 2 3 4 5; do read -r l || exit; echo "$l"; done'
	for stage in cat forward until tee detokenize; do
		wrap "$stage" "{ $five; } | \"\$real\" \"\$@\""
		breaks "$stage"
	done
	# so many records, which come sooner in a batch
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

@test "ring: a filter of one's own fails at step 5" {
	cat >fifth <<-'END'
	#!/bin/sh
	n=0
	while IFS= read -r line; do
		echo "$line"
		[ -n "$line" ] || n=$((n + 1))
		[ "$n" -lt 5 ] || exit 3
	done
	END
	chmod +x fifth
	generate -qs 1 -n 5 -f 'topk 1' Once >want
	got=0
	timeout 30 generate -qs 1 -n 20 -f 'topk 1' -f 'distcat -t' -f ./fifth \
		Once >out 2>err || got=$?
	[ "$got" -eq 3 ]
	[ ! -s err ]
	cmp want out
	tidy
}

@test "ring: what cannot run" {
	fails 1 'tokenize: nowhere: No such file or directory' \
		generate -m nowhere Once
	fails 2 'topp: P: 2 is not between 0 and 1' \
		generate -q -f 'topp 2' Once
	fails 127 '*nosuch*not found*' generate -q -f nosuch Once
	got=0
	generate -q -f 'topp 0.9' -f "sh -c 'kill -9 \$\$'" Once >out 2>err ||
		got=$?
	[ "$got" -eq 137 ]
	[ "$(cat err)" = "generate: sh -c 'kill -9 \$\$': was killed" ]
	got=0
	generate -qc . Once >out 2>err || got=$?
	[ "$got" -eq 1 ]
	[ "$(cat err)" = 'forward: .: Is a directory' ]
	got=0
	generate -s 1 -n 4 Once >/dev/full 2>err || got=$?
	[ "$got" -eq 1 ]
	[ "$(cat err)" = 'detokenize: stdout: No space left on device' ]
	tidy
	got=0
	TMPDIR=$PWD/none generate Once >out 2>err || got=$?
	[ "$got" -eq 1 ]
	[ ! -s out ]
	[ "$(wc -l <err)" -eq 1 ]
}

@test "ring: a prompt of 60,000 lines" {
	for _ in 1 2 3; do seq 20000; done >lines
	for options in '' '-N 2' '-c cache'; do
		got=0
		# shellcheck disable=SC2086 # words are meant to be split
		timeout 60 generate -q $options <lines >out 2>err || got=$?
		[ "$got" -eq 1 ]
		grep -q '^forward: stdin: line 1: the context is full: ' err
		[ "$(wc -l <err)" -eq 1 ]
		tidy
	done
}

@test "ring: the context is full" {
	got=0
	generate -qs 1 -n 1000 -f 'topk 1' Once >out 2>err || got=$?
	[ "$got" -eq 1 ]
	[[ $(cat err) == 'forward: stdin: line '*': the context is full: 513 tokens, the limit is 512' ]]
	[ "$(tokenize <out | wc -w)" -gt 400 ]
	tidy
}

# leaves OPTION...: nobody reads on
leaves() {
	timeout 30 generate -qs 1 -n 400 "$@" Once 2>err | head -c 30 >got
	[ "$(wc -c <got)" -eq 30 ]
	[ ! -s err ] || { cat err; return 1; }
	tidy
}

@test "ring: a reader that leaves" {
	for _ in 1 2 3; do
		leaves
	done
	leaves -f 'distcat -t' -f cat
}

@test "ring: a parent has SIGPIPE ignored" {
	generate -qs 1 -n 9 -f 'topp 0.9' Once >want
	reader='awk {print}'
	case $(awk -W version 2>&1 </dev/null) in
	mawk*) reader='awk -W interactive {print}' ;;
	esac
	trap '' PIPE
	leaves
	leaves -N 3
	# it does not go on without its reader
	leaves -c cache
	[ "$(kvcache tokens cache | wc -w)" -lt 390 ]
	# tools that complain of a closed pipe, as there is one at each end
	for filter in cat "$reader"; do
		leaves -f 'distcat -t' -f "$filter"
		generate -qs 1 -n 9 -f 'topp 0.9' -f 'distcat -t' -f "$filter" \
			Once >got 2>err
		cmp want got
		[ ! -s err ]
	done
	# what is a failure is told
	fails 3 broken generate -q -f "sh -c 'echo broken >&2; exit 3'" Once
	tidy
}

# begin OPTION...: generate in a process group of its own, $pid, its input the
# file `in`. What holds `alive` open is still there.
begin() {
	rm -f out alive
	mkfifo out alive
	set -m
	generate -q "$@" <in >out 2>err 9>alive &
	pid=$!
	set +m
	exec 5<out 7<alive
}

# ends SIGNAL TO: sent there, it ends generate and all that it began. Sets $us.
ends() {
	local got=0 before=${EPOCHREALTIME/./}
	kill -s "$1" -- "$2"
	wait "$pid" || got=$?
	us=$((${EPOCHREALTIME/./} - before))
	[ "$got" -eq $((128 + $(kill -l "$1"))) ]
	[ ! -s err ] || { cat err; return 1; }
	tidy
	got=0
	read -r -t 5 -u 7 || got=$?
	[ "$got" -eq 1 ] || { echo "somebody is left"; return 1; }
	exec 5<&- 7<&-
}

# can_trap SIGNAL: it was not ignored from the start (as by nohup or in a
# background list), when no shell can trap it
can_trap() {
	[ -z "$(sh -c "kill -$1 \$\$; echo ignored" 2>/dev/null)" ]
}

@test "ring: a signal ends it at once, and all of it" {
	: >in
	# one record comes through, then the ring stands still
	cat >still <<-'END'
	#!/bin/sh
	head -c 16424
	exec sleep 100
	END
	chmod +x still
	for sig in INT QUIT TERM HUP; do
		can_trap "$sig" || continue
		best=9999999
		for to in '' '' -; do # it alone, its group
			begin -f ./still Once
			read -r -N 1 -u 5
			ends "$sig" "$to$pid"
			[ "$us" -ge "$best" ] || best=$us
		done
		echo "$sig: $best us"
		[ "$best" -lt 200000 ]
	done
}

@test "ring: a signal while it is under way" {
	: >in
	# which holds it up, so that it cannot have come to its end
	cat >slow <<-'END'
	#!/bin/sh
	exec 3>&1
	while [ "$(dd bs=4096 count=1 2>/dev/null | tee /dev/fd/3 | wc -c)" -gt 0 ]
	do :; done
	END
	chmod +x slow
	for seed in 1 2 3 4 5; do # whose texts are longer than 100 characters
		begin -n 400 -s "$seed" -c cache -f ./slow Once
		read -r -N $((RANDOM % 100 + 1)) -u 5
		ends TERM "$pid"
		kvcache check cache >said
		rm cache
	done
}

@test "ring: a signal while it waits for its prompt" {
	mkfifo in
	for sig in INT TERM; do
		can_trap "$sig" || continue
		exec 6<>in
		begin
		until [ -s "$(echo "$TMPDIR"/*/pid.0)" ]; do :; done
		ends "$sig" "$pid"
		exec 6>&-
	done
}
