# examples/fewshot: what it asks, and that its ring gives each input the answer that
# it has alone. The bundled model's answers are nonsense, but they are answers.
load helper

# Its temporary folders stand in $TMPDIR, which must be empty at the end.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir tmp
	export TMPDIR=$PWD/tmp PIPELM_MODEL=$TOP/examples/tiny.gguf
	printf '%s\t%s\n' cat animal oak tree 'red fox' animal >kinds
	printf '%s\n' dog elm 'a wolf' 'a tall birch' >things
}

tidy() {
	[ -z "$(ls "$TMPDIR")" ] || { ls -R "$TMPDIR"; return 1; }
}

fewshot() {
	"$TOP/examples/fewshot" "$@"
}

SHOWN='Input: cat
Output: animal

Input: oak
Output: tree

Input: red fox
Output: animal

'

# answer PROMPT MAX: the likeliest, up to the end of the line
answer() {
	printf %s "$1" | tokenize -x | generate -iqn "$2" -f 'topk 1' -u '
' | sed '1s/^ *//'
}

@test "fewshot: each input has the answer that it has alone" {
	fewshot -n 12 kinds things >got
	while IFS= read -r thing; do
		printf '%s\t%s\n' "$thing" "$(answer "${SHOWN}Input: $thing
Output:" 12)"
	done <things >want
	cmp want got
	fewshot -n 12 kinds <things | cmp want -
	fewshot -n 12 kinds - <things | cmp want -
	fewshot -n 12 kinds things <&- 2>&- | cmp want -
	# one of them, two of them, none
	for n in 1 2; do
		sed "${n}q" things | fewshot -n 12 kinds >some
		sed "${n}q" want | cmp - some
	done
	: >nothing
	fewshot kinds nothing >none
	[ ! -s none ]
	tidy
}

@test "fewshot: draws are those of its sequence" {
	fewshot -n 7 -f 'topp 0.8' -s 3 kinds things >got
	fewshot -n 7 -f 'topp 0.8' -s 3 kinds things | cmp got -
	for n in 2 4; do
		ids=$(printf '%sInput: %s\nOutput:' "$SHOWN" "$(sed -n ${n}p things)" |
			tokenize -x)
		drawn=''
		for _ in 1 2 3 4 5 6 7; do
			id=$(echo "@$n $ids $drawn" | forward |
				only -o "$(echo "$ids" | wc -w)" -r '[^\n]*(\n\n?)?' |
				topp 0.8 | draw -s 3 | cut -d ' ' -f 2)
			[ "$id" != 4095 ] || break
			drawn="$drawn $id"
		done
		[ "$(sed -n ${n}p got | cut -f 2)" = \
			"$(echo "$drawn" | detokenize -lu '
' | sed 's/^ *//')" ]
	done
	fewshot -n 7 -f 'topp 0.8' -s 4 kinds things >other
	if cmp -s got other; then
		return 1
	fi
	tidy
}

@test "fewshot: hundreds of inputs" {
	awk 'BEGIN { for (i = 1; i <= 300; i++)
		print i % 7 ? "thing " i : "a rather long and winding thing " i }' >many
	fewshot -n 3 kinds many >got
	cut -f 1 got | cmp many -
	[ "$(awk -F '\t' 'NF == 2' got | wc -l)" -eq 300 ]
	for n in 1 64 65 128 129 300; do
		sed -n ${n}p many | fewshot -n 3 kinds >one
		sed -n ${n}p got | cmp - one
	done
	tidy
}

@test "fewshot: labels, escapes, and what the cache keeps" {
	fewshot -n 2 -c cache kinds things >got
	kvcache tokens cache >before
	# the examples, as far as the prompts agree, and nothing else
	[ "$(detokenize <before)" = "${SHOWN}Input:" ]
	fewshot -n 2 -c cache kinds things | cmp got -
	kvcache tokens cache | cmp before -
	# of one prompt all is in common
	{ printf '#Thing\tKind\tignored\n'; cat kinds; } >labelled
	sed -i 's/\tignored//' labelled
	printf 'a\\tb \\\\n\\nc\tand no more\n' >escaped
	fewshot -n 2 -c cache labelled escaped >got
	[ "$(cut -f 1 got)" = 'a\tb \\n\nc' ]
	{ printf %s "$SHOWN" | sed 's/Input/Thing/; s/Output/Kind/'
	printf 'Thing: a\tb \\n\nc\nKind:\n'; } >want
	kvcache tokens cache | detokenize | cmp want -
	fewshot -n 2 -i Q -o A -c cache labelled escaped >got
	sed 's/^Thing:/Q:/; s/^Kind:/A:/' want >other
	kvcache tokens cache | detokenize | cmp other -
	# labels and no examples
	sed 1q labelled >none
	fewshot -n 2 -c cache none escaped >got
	tail -n 3 want >other
	kvcache tokens cache | detokenize | cmp other -
	tidy
}

@test "fewshot: the answer can be restricted" {
	fewshot -f "only ' animal' ' tree'" kinds things >got
	[ "$(cut -f 2 got | grep -cxE 'animal|tree')" -eq 4 ]
}

# ends COMMAND...: it ends within 20 seconds
ends() {
	timeout 20 "$@"
}

@test "fewshot: errors" {
	f=$TOP/examples/fewshot
	fails 1 'fewshot: nowhere: cannot be read' "$f" nowhere things
	fails 1 'fewshot: nowhere: cannot be read' "$f" kinds nowhere
	: >nothing
	fails 1 'fewshot: nothing: no examples' "$f" nothing things
	{ cat kinds; echo x; } >bad
	fails 1 'fewshot: bad: line 4: not an input, a tab and an output' "$f" bad things
	{ cat kinds; printf 'x\ty\tz\n'; } >bad
	fails 1 'fewshot: bad: line 4: not an input, a tab and an output' "$f" bad things
	{ cat things; printf 'C:\\dir\n'; } >bad
	fails 1 'fewshot: bad: line 5: a backslash that begins none of *' \
		"$f" kinds bad
	fails 1 'fewshot: -: line 5: a backslash that begins none of *' \
		"$f" kinds <bad
	fails 1 'tokenize: *nothing: *' "$f" -m nothing kinds things
	awk 'BEGIN { while (i++ < 200) print "thing " i "\tkind" }' >long
	fails 1 'forward: stdin: line 1: the context is full: * tokens, the limit is 512' \
		"$f" long things
	fails 2 "fewshot: -n: 'x' is not a whole number" "$f" -n x kinds things
	fails 2 "fewshot: -s: '1 2' is not a whole number" "$f" -s '1 2' kinds things
	fails 2 'fewshot: -z: unknown option' "$f" -z kinds things
	fails 2 'fewshot: -n: needs a value' "$f" -n
	fails 2 'usage: fewshot *' "$f"
	unset PIPELM_MODEL
	XDG_CACHE_HOME=$PWD fails 1 'fewshot: no model that knows enough: run make model, or set PIPELM_MODEL' \
		"$f" kinds things
	tidy
}

@test "fewshot: a stage that fails ends the ring" {
	f=$TOP/examples/fewshot
	fails 1 'topp: *' ends "$f" -f 'topp 2' kinds things
	fails 1 '*no-such-filter*' ends "$f" -f no-such-filter kinds things
	fails 1 'fewshot: the ring has ended early' ends "$f" -f true kinds things
	fails 1 'draw: *' ends "$f" -s 99999999999999999999 kinds things
	# in the middle
	fails 1 'draw: stdin: record *: the record ends early' ends \
		"$f" -f 'head -c 100000' kinds things
	# while more is on its way to forward than a pipe holds
	awk 'BEGIN {
		while (i++ < 64) {
			for (k = 0; k < (i < 64 ? 470 : 600); k++)
				printf " %s", i % 2 ? "amaz" : "mend"
			print ""
		}
	}' >long
	fails 1 'forward: stdin: line *: the context is full: *' ends "$f" kinds long
	# what holds the stream back a while only takes longer
	fewshot -n 4 kinds things >want
	fewshot -n 4 -f "sh -c 'sleep 1; exec cat'" kinds things | cmp want -
	tidy
}

@test "fewshot: a signal ends it, and leaves nothing" {
	for signal in TERM HUP; do # (INT may be ignored in the background)
		"$TOP/examples/fewshot" -f "sh -c 'sleep 3; exec cat'" kinds things \
			>got 2>&1 3>&- &
		until [ -p "$(echo tmp/*/drawn | sed 's/drawn/loop/')" ]; do
			sleep 0.1
		done
		kill -s "$signal" $!
		status=0 began=$SECONDS
		wait $! || status=$?
		[ "$status" -gt 128 ]
		[ $((SECONDS - began)) -lt 3 ]
		[ ! -s got ]
		tidy
	done
}

@test "fewshot: a signal before a stage has begun" {
	mkdir slow && cat >slow/forward <<-END
	#!/bin/sh
	[ "\$1" = -wc ] || {
		: >"$PWD/began"
		until [ -e "$PWD/late" ]; do sleep 0.1; done
	}
	exec "$(command -v forward)" "\$@"
	END
	chmod +x slow/forward
	mkfifo said
	PATH=$PWD/slow:$PATH "$TOP/examples/fewshot" kinds things >said 2>&1 3>&- &
	cat said >got &
	until [ -e began ]; do
		sleep 0.1
	done
	kill %1
	status=0
	wait %1 || status=$?
	[ "$status" -eq 143 ]
	: >late
	wait %2 # until no process has it
	[ ! -s got ]
	tidy
}
