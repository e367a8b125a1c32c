# What every filter of distributions keeps to. A new one is a new line here.
load helper
load vocab

FILTERS='
logits-to-probs
logits-to-probs -T 0.7 -f 0.1 -P 0.5 -r 1.1
logits-to-probs -d 0.5 -e 2
topk 3
topp 0.8
minp 0.3
pless
typical 0.7
eta 0.1
topnsigma 1
xtc -s 1 0.2 0.5
mirostat 1.5 0.5
norepeat -n 3 -d 0.5
only -m v.gguf -r b?[a-d]*
watermark -k 5
'
# These read distributions too, and write something else or any form.
READERS='
draw -s 1 -n 1
show -n 3
distcat
'

# over LIST FUNCTION: call it with each command line of the list; all failures
# are told.
over() {
	local cmd failed=0
	while read -r cmd; do
		[ -z "$cmd" ] && continue
		# shellcheck disable=SC2086 # words are meant
		$2 $cmd || { echo "^ $cmd"; failed=1; }
	done <<<"$1"
	return $failed
}

# record HEADER: entries that every filter can do something with
record() {
	printf '%s\n' "#dist $1" '0	-3.5' '1	2' '2	-inf' '3	2' '4	0.25' \
		'5	1' '9	1.5' ''
}

stream() {
	record 'kind=L vocab=10 seq=0 pos=3 start=1 ctx=1,3,3 eog=2'
	record 'kind=L vocab=10 seq=4294967295 pos=2 start=1 once=1 ctx=9,0 eog=2,8'
	record 'kind=L vocab=10 seq=0 pos=4 ctx=1 eog=2'
}

# The inputs, in both forms, and a vocabulary of ten tokens.
inputs() {
	put_vocab >v.gguf
	stream >in.t
	distcat -b in.t >in.b
	stream | head -n 9 >one.t
	distcat -b one.t >one.b
	: >none.t
}

@test "contract: a file, standard input and - are the same" {
	check() {
		"$@" in.b >1 && "$@" <in.b >2 && "$@" - <in.b >3 &&
			cmp 1 2 && cmp 1 3
	}
	inputs
	over "$FILTERS$READERS" check
}

@test "contract: 0, 1, 3 records" {
	check() {
		"$@" none.t >0 && [ ! -s 0 ] && "$@" one.t >1 && "$@" in.t >3 &&
			head -c "$(wc -c <1)" 3 | cmp 1 - && [ "$(wc -c <3)" -gt "$(wc -c <1)" ]
	}
	inputs
	over "$FILTERS$READERS" check
}

@test "contract: streams one behind the other" {
	check() {
		"$@" in.b >b && "$@" in.t >t && cat b t b >want &&
			cat in.b in.t in.b | "$@" >got && cmp want got
	}
	inputs
	over "$FILTERS$READERS" check
}

@test "contract: the form that was read is written, -b and -t force one" {
	check() {
		"$1" -t "${@:2}" in.b >t1 && "$@" in.t >t2 && cmp t1 t2 &&
			"$1" -b "${@:2}" in.t >b1 && "$@" in.b >b2 && cmp b1 b2 &&
			[ "$(head -c 5 t1)" = '#dist' ] && [ "$(head -c 4 b1)" = DIST ] &&
			distcat b1 | cmp t1 - && distcat -b t1 | cmp b1 -
	}
	inputs
	over "$FILTERS" check
}

# The header, but for what a filter is there to change.
header() {
	grep '^#' "$1" | sed 's/ kind=.//; s/ n=[0-9]*//'
}

@test "contract: sequences and contexts pass through" {
	check() {
		"$@" in.t >out && header out | diff want -
	}
	inputs
	distcat in.t >all
	header all >want
	over "$FILTERS" check
}

@test "contract: logits stay what they are, probabilities sum to 1" {
	check() {
		"$@" in.t >out && awk '
			/^#/ { p = /kind=P/; sum = 0 }
			NF == 2 && p { sum += $2 }
			/^$/ && p && (sum < 1 - 1e-6 || sum > 1 + 1e-6) { bad = 1 }
			END { exit bad }' out || return 1
		if grep -q kind=L out; then
			# each entry is one that was read, but where it is
			# the point of a filter to change them
			case $1 in
			watermark) ;;
			*)
				grep '^[0-9]' out | sort -u |
					comm -23 - entries >new
				[ ! -s new ] || return 1
				;;
			esac
			"$@" probs >out || return 1
		fi
		[ "$(grep -c kind=P out)" -eq 3 ]
	}
	inputs
	logits-to-probs in.t >probs
	grep '^[0-9]' in.t | sort -u >entries
	over "$FILTERS" check
}

@test "contract: entries stay in order of id, what cannot be drawn stays so" {
	check() {
		"$@" in.b >out && distcat out >t && awk '
			/^#/ { last = -1; p = /kind=P/; next }
			NF && $1 <= last { exit bad = 1 }
			$1 == 2 && $2 != (p ? "0" : "-inf") { exit bad = 1 }
			{ last = $1 }
			END { exit bad }' t
	}
	inputs
	over "$FILTERS" check
}

@test "contract: two runs give the same bytes" {
	check() {
		"$@" in.b >1 && "$@" in.b >2 && cmp 1 2
	}
	inputs
	over "$FILTERS$READERS" check
}

# The first record must come out while the input stays open and empty: a
# read gives up after 20 seconds, which is a failure.
@test "contract: registers of any width give the same bytes" {
	check() {
		local in=wide.b isa
		case $* in
		*v.gguf*) in=in.b ;;
		esac
		"$@" $in >want || return
		for isa in scalar avx2 avx512; do
			PIPELM_ISA=$isa "$@" $in >got && cmp want got || return
		done
	}
	inputs
	awk 'BEGIN {
		srand(3)
		for (r = 1; r < 3; r++) {
			print "#dist kind=L vocab=5003 pos=" r " ctx=" r
			for (i = 0; i < 5003; i++)
				printf "%d\t%.9g\n", i, 8 * log(rand() + 1e-9) * rand()
			print ""
		}
	}' | distcat -b >wide.b
	over "$FILTERS$READERS" check
}

@test "contract: the first record is out before the second is in" {
	check() {
		local got='' status=0
		"$@" <in >out 3>&- 8>&- 9>&- &
		exec 8>in 9<out
		cat one.b >&8
		IFS= read -r -t 20 -n 1 got <&9 || status=1
		exec 8>&-
		cat <&9 >rest
		exec 9<&-
		wait $! && [ "$status" -eq 0 ] && [ "$got" ]
	}
	inputs
	mkfifo in out
	over "$FILTERS$READERS" check
}

@test "contract: a record cut short is an error, those before it are written" {
	check() {
		local form n size status
		for form in b t; do
			"$@" in.$form >want
			size=$(wc -c <one.$form)
			for n in 1 5 31 32 40 $((size / 2)) $((size - 5)) $((size - 1)); do
				{ cat in.$form; head -c "$n" one.$form; } >cut
				status=0
				"$@" cut >got 2>err || status=$?
				[ "$status" -eq 1 ] && cmp want got &&
					echo "$1: cut: record 4: the record ends early" |
					diff - err || { echo "$form $n"; return 1; }
			done
		done
	}
	inputs
	over "$FILTERS$READERS" check
}

@test "contract: what is no distribution is refused" {
	check() {
		fails 1 "$1: stdin: record 1: not a distribution" "$@" <magic &&
			fails 1 "$1: stdin: record 1: unknown version 2" "$@" <version &&
			fails 1 "$1: nan: record 1: id 1: a logit cannot be NaN" "$@" nan &&
			fails 1 "$1: $PWD: Is a directory" "$@" "$PWD" &&
			fails 1 "$1: nowhere: No such file or directory" "$@" nowhere
	}
	inputs
	printf 'GGUF\3' >magic
	{ printf 'DIST\2'; tail -c +6 one.b; } >version
	sed 's/^1	.*/1	nan/' one.t >nan
	over "$FILTERS$READERS" check
}

@test "contract: a record that leaves nothing to draw is refused" {
	check() {
		fails 1 "$1: dead: record 1: nothing can be drawn at position 3" "$@" dead &&
			fails 1 "$1: zero: record 1: nothing can be drawn at position 3" "$@" zero &&
			fails 1 "$1: empty: record 1: nothing can be drawn at position 3" "$@" empty
	}
	inputs
	sed 's/^\([0-9]\)	.*/\1	-inf/' one.t >dead
	sed 's/^\([0-9]\)	.*/\1	0/; s/kind=L/kind=P/' one.t >zero
	sed '/^[0-9]/d' one.t >empty
	over "$FILTERS${READERS%distcat*}" check
}

@test "contract: wrong arguments are status 2" {
	check() {
		fails 2 "$1: -Z: unknown option" "$1" -Z "${@:2}" </dev/null &&
			fails 2 "usage: $1 *" "$@" a b </dev/null
	}
	inputs
	over "$FILTERS${READERS%distcat*}" check
}

@test "contract: -h and --help say how, on standard output" {
	check() {
		"$1" -h >1 && "$1" --help >2 && cmp 1 2 && grep -q "^usage: $1 " 1
	}
	over "$FILTERS$READERS" check
}

@test "contract: a full disk is an error" {
	[ -c /dev/full ] || skip "no /dev/full"
	check() {
		local status=0
		"$@" in.b >/dev/full 2>err || status=$?
		[ "$status" -eq 1 ] &&
			echo "$1: stdout: No space left on device" | diff - err
	}
	inputs
	over "$FILTERS$READERS" check
}

@test "contract: a reader that leaves ends it silently" {
	check() {
		local status
		# 141: by SIGPIPE
		{ "$@" many 2>err; echo $? >status; } | head -c 1 >first
		status=$(cat status)
		[ "$status" -eq 141 ] && [ ! -s err ] || {
			echo "status $status"
			cat err
			return 1
		}
	}
	inputs
	# more than a pipe holds, whatever a filter leaves of it
	for i in $(seq 400); do cat in.b; done >100
	for i in $(seq 20); do cat 100; done >many
	over "$FILTERS$READERS" check
}
