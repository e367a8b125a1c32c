# The distribution stream: lib/dist, seen through distcat.
load helper

# A record made byte by byte after dist(5): sparse logits of sequence 2 at
# position 3, START, two ids of the end.
binary() {
	printf 'DIST\1L\3\0'              # version, kind, SPARSE and START
	printf '\12\0\0\0\3\0\0\0'        # vocab 10, n 3
	printf '\3\0\0\0\2\0\0\0'         # nctx 3, neog 2
	printf '\2\0\0\0\3\0\0\0'         # seq 2, pos 3
	printf '\7\0\0\0\0\0\0\0\11\0\0\0' # ctx 7 0 9
	printf '\4\0\0\0\10\0\0\0'        # eog 4 8
	printf '\1\0\0\0\5\0\0\0\11\0\0\0' # ids 1 5 9
	printf '\0\0\300\277\0\0\0\76\0\0\200\377' # -1.5 0.125 -inf
}

text() {
	cat <<-'END'
	#dist kind=L vocab=10 n=3 seq=2 pos=3 start=1 once=0 ctx=7,0,9 eog=4,8
	1	-1.5
	5	0.125
	9	-inf

	END
}

# refused MESSAGE <RECORD: distcat refuses it so
refused() {
	fails 1 "distcat: stdin: record 1: $1" distcat -b
}

# put OFFSET BYTES: the binary record, changed there
put() {
	binary | head -c "$1"
	printf "$2"
	binary | tail -c +$(($1 + $(printf "$2" | wc -c) + 1))
}

@test "dist: the binary form, byte for byte" {
	binary >b
	text >t
	distcat b >got
	diff t got
	distcat -b t >got
	cmp b got
}

@test "dist: a dense record" {
	{
		printf 'DIST\1P\4\0\2\0\0\0\2\0\0\0'
		printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
		printf '\0\0\100\77\0\0\200\76'
	} >b
	distcat b >got
	printf '%s\n' '#dist kind=P vocab=2 n=2 seq=0 pos=0 start=0 once=1 ctx= eog=' \
		'0	0.75' '1	0.25' '' | diff - got
	distcat -b got | cmp b -
}

@test "dist: text and back is exact, to the last bit of any float" {
	# denormals, -0, the ends of the range, -inf and 2000 bit patterns
	{
		printf 'DIST\1L\0\0\324\7\0\0\324\7\0\0'
		printf '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
		printf '\1\0\0\0\0\0\0\200\377\377\177\177\0\0\200\377'
		awk 'BEGIN {
			srand(3)
			for (i = 0; i < 2000; i++) {
				for (j = 0; j < 3; j++)
					printf "\\%03o", int(256 * rand())
				printf "\\%03o", int(127 * rand()) + 128 * (rand() < 0.5)
			}
		}' | xargs -0 printf
	} >b
	distcat b >t
	grep -q '^0	1.40129846e-45$' t
	grep -q '^1	-0$' t
	distcat -b t >got
	cmp b got
	distcat got | cmp t -
}

@test "dist: text in any order, in other words" {
	printf '%s\n' '#dist pos=3 seq=2 vocab=010 kind=L ctx=7,0,9 colour=red start=1 n=77 eog=4,8 x' \
		'9 -infinity  piece of text' '  1	-15e-1' '5	 0x.2 # more' '' >t
	binary >want
	distcat -b t | cmp want -
	sed 's/$/\r/' t >crlf
	distcat -b crlf | cmp want -
}

@test "dist: sort(1) is a filter" {
	text >t
	sort t >sorted
	head -n 1 sorted | grep -c . | grep -qx 0 # the empty line came first
	distcat sorted | cmp t -
	{ sed 1q t; sed '1d; $d' t | sort -k 2,2g; echo; cat t; } >sorted
	sed -n 2p sorted | grep -q inf
	distcat sorted >got
	cat t t | cmp - got
}

@test "dist: fields that are not there are 0 and empty" {
	printf '%s\n' '#dist kind=P vocab=4' '' >t
	distcat t >got
	printf '%s\n' '#dist kind=P vocab=4 n=0 seq=0 pos=0 start=0 once=0 ctx= eog=' '' |
		diff - got
	distcat -b t | distcat | cmp got -
}

@test "dist: the largest numbers" {
	printf '%s\n' '#dist kind=L vocab=2147483647 n=1 seq=4294967295 pos=2147483647 start=0 once=1 ctx=2147483646 eog=' \
		'2147483646	-1' '' >t
	distcat -b t >b
	distcat b | cmp t -
}

@test "dist: the two forms may alternate" {
	{ text; binary; text; printf '\n'; text; binary; } >in
	{ text; text; text; text; text; } >want
	distcat in | cmp want -
	topk 3 in >got
	{ text; binary; text; text; binary; } | topk 3 >want
	cmp want got
	head -c 4 got | grep -qx '#dis'
	tail -c +"$(($(text | topk 3 | wc -c) + 1))" got | head -c 4 | grep -qx DIST
}

# dense SEED: 301 logits, as text
dense() {
	awk -v seed="$1" 'BEGIN {
		srand(seed)
		print "#dist kind=L vocab=301 n=301 pos=1"
		for (i = 0; i < 301; i++)
			print i, 20 * rand() - 10
		print ""
	}'
}

# with themselves, so that there is something to cut off
cut_off() {
	mix -a 0.1 "$1" "$1"
}

@test "dist: a record that was cut leaves nothing in those behind it" {
	dense 1 >one
	dense 2 >two
	dense 3 | sed 4d >three # sparse
	for f in one two three; do
		distcat -b "$f" >"$f.b"
	done
	cat one.b two three.b one two.b three two.b >all
	for filter in 'topk 3' 'topp 0.5' 'topnsigma 1' 'xtc 0.01 1' cut_off; do
		for f in one.b two three.b one two.b three two.b; do
			$filter "$f"
		done >want
		$filter all >got
		cmp want got
		[ "$(distcat got | grep -c '^[0-9]')" -lt 2000 ] # of 2105
	done
}

@test "dist: no record at all" {
	: >empty
	distcat empty >got
	[ ! -s got ]
	printf '\n\r\n\n' | distcat >got
	[ ! -s got ]
}

@test "dist: a binary record cut short anywhere" {
	for n in $(seq $(($(binary | wc -c) - 1))); do
		binary | head -c "$n" | refused 'the record ends early'
	done
}

@test "dist: a text record cut short anywhere" {
	for n in $(seq $(($(text | wc -c) - 1))); do
		text | head -c "$n" | refused 'the record ends early'
	done
}

@test "dist: what comes before a bad record is written, whole" {
	for bad in 'DIST\2' 'DIST' 'x' '#dist' '\0'; do
		{ text; text; printf "$bad"; } >in
		status=0
		distcat in >got 2>err || status=$?
		[ "$status" -eq 1 ]
		grep -q '^distcat: in: record 3: ' err
		[ "$(wc -l <err)" -eq 1 ]
		{ text; text; } | cmp - got
	done
}

@test "dist: what is no distribution" {
	printf 'hello' | refused 'not a distribution'
	printf 'DIXT' | refused 'not a distribution'
	printf '\0' | refused 'not a distribution'
	printf '\n\nDIST' | refused 'not a distribution'
	printf '#distance kind=L vocab=1\n\n' | refused 'not a distribution'
	printf '# comment\n\n' | refused 'not a distribution'
}

@test "dist: binary fields that cannot be" {
	put 4 '\2' | refused 'unknown version 2'
	put 5 'Q' | refused 'the kind is neither L nor P'
	put 6 '\13' | refused 'unknown flags 0xb'
	put 7 '\1' | refused 'unknown flags 0x103'
	put 8 '\0' | refused 'the vocabulary is not of 1 to 2147483647 tokens'
	put 11 '\200' | refused 'the vocabulary is not of 1 to 2147483647 tokens'
	put 12 '\13' | refused '11 entries for a vocabulary of 10'
	put 6 '\2' | refused '3 entries for a vocabulary of 10'
	put 16 '\4' | refused 'more context (4 tokens) than position 3 can have'
	put 19 '\377' | refused 'more context (4278190083 tokens) than position 3 can have'
	put 28 '\4' | refused 'it starts a sequence, with 3 of 4 context tokens'
	put 31 '\200' | refused 'position 2147483651 is too large'
	put 20 '\13' | refused 'more end-of-generation ids than tokens'
	put 32 '\12' | refused 'context token 10 is not in the vocabulary'
	put 35 '\377' | refused 'context token -16777209 is not in the vocabulary'
	put 44 '\12' | refused 'end-of-generation id 10 is not in the vocabulary'
	put 60 '\12' | refused 'id 10 is not in the vocabulary'
	put 55 '\377' | refused 'id -16777215 is not in the vocabulary'
	put 56 '\1' | refused 'the ids are not in ascending order'
	put 56 '\11' | refused 'the ids are not in ascending order'
}

@test "dist: values that cannot be" {
	put 64 '\0\0\300\177' | refused 'id 1: a logit cannot be NaN'
	put 68 '\0\0\300\377' | refused 'id 5: a logit cannot be NaN'
	put 72 '\0\0\200\177' | refused 'id 9: a logit cannot be infinite'
	put 5 P | refused 'id 1: a probability cannot be negative'
	for v in nan:NaN -nan:NaN inf:infinite 1e99:infinite; do
		text | sed "s/0.125/${v%:*}/" | refused "id 5: a logit cannot be ${v#*:}"
	done
	text | sed "s/kind=L/kind=P/; s/-1.5/1/" |
		refused 'id 9: a probability cannot be negative'
	text | sed "s/kind=L/kind=P/; s/-//" |
		refused 'id 9: a probability cannot be infinite'
}

# long KIND: a dense record of 50,000 values
long() {
	awk -v kind="$1" 'BEGIN {
		print "#dist kind=" kind " vocab=50000"
		for (i = 0; i < 50000; i++)
			print i "\t0.25"
		print ""
	}' | distcat -b
}

# spoil ID BYTES: the file `good` with bytes of this value changed, as `bad`
spoil() {
	cp good bad
	printf "$2" | dd of=bad bs=4 seek=$((8 + $1)) conv=notrunc 2>dd
}

# spoilt MESSAGE COMMAND...: after a record the command ends with this
spoilt() {
	local message=$1 status=0
	shift
	"$@" >got 2>err || status=$?
	[ "$status" -eq 1 ]
	[ -s got ]
	[ "$(cat err)" = "$message" ] || {
		echo "expected: $message"
		echo "got: $(cat err)"
		return 1
	}
}

# A record is read and looked at in pieces, of a file, of a pipe, and where it
# stands behind one in text; 2485 comes to be in two pieces of 30001 bytes.
@test "dist: values that cannot be, anywhere in a long record" {
	long L >good
	[ "$(wc -c <good)" -eq 200032 ]
	for id in 0 2485 16375 16376 16377 32759 32760 40000 49151 49999; do
		spoil $id '\0\0\300\177'
		cat good bad >in
		what="record 2: id $id: a logit cannot be NaN"
		for command in 'distcat -b' 'topp 0.5' logits-to-probs; do
			prog=${command%% *}
			spoilt "$prog: in: $what" $command in
			parts 30001 in | spoilt "$prog: stdin: $what" $command
		done
		{ text; cat bad; } | spoilt "distcat: stdin: $what" distcat
		! distcat -b in 2>err >got
		cmp got good
	done
	long P >good
	spoil 30000 '\0\0\200\277'
	cat good bad >in
	spoilt "topp: in: record 2: id 30000: a probability cannot be negative" \
		topp 0.5 in
}

@test "dist: text fields that cannot be" {
	for f in kind=X kind=; do
		text | sed "s/kind=L/$f/" >in
		case $f in
		kind=) refused "'kind=' is wrong" <in ;;
		*) refused 'the kind is neither L nor P' <in ;;
		esac
	done
	text | sed 's/kind=L//' | refused 'the kind is neither L nor P'
	text | sed 's/vocab=10//' | refused 'the vocabulary is not of 1 to *'
	for f in kind=LL vocab=-1 vocab=1e3 vocab= vocab=2147483648 seq=4294967296 \
		seq=x pos=2147483648 start=2 start= once=yes ctx=1, ctx=,1 ctx=1,,2 \
		ctx=x ctx=-1 ctx=2147483648 eog=1.5; do
		text | sed "s/ ${f%%=*}=[^ ]*/ $f/" | refused "'$f' is wrong"
	done
	text | sed 's/ctx=7/ctx=10/' | refused 'context token 10 is not in the vocabulary'
	text | sed 's/eog=4/eog=10/' | refused 'end-of-generation id 10 is not in the vocabulary'
	text | sed 's/pos=3/pos=2/' | refused 'more context (3 tokens) than position 2 can have'
}

@test "dist: text entries that cannot be" {
	for line in x 5 '5 ' '5	x' '5	1.5x' '-5	1' '+5	1' '5.0	1' '5,1' '5e0 1' \
		'2147483648	1' '5	.' '5	0x' '#dist kind=L vocab=10' ' '; do
		# messages show a tab as ?
		text | sed "s/^5.*/$line/" |
			refused "'$(echo "$line" | tr '\t' '?')' is not an entry"
	done
	# strtof would take white space, and then the next line
	text | sed "s/^5.*/5 $(printf '\v')1/" | refused "'5 ?1' is not an entry"
	text | sed "s/^5.*/5 $(printf '\f')/" | refused "'5 ?' is not an entry"
	text | sed 's/^5/9/' | refused 'id 9 comes twice'
	text | sed 's/^5/1/' | refused 'id 1 comes twice'
	text | sed 's/^5/10/' | refused 'id 10 is not in the vocabulary'
	text | sed 's/vocab=10/vocab=2/; s/=7,0,9/=0,0,0/; s/eog=4,8/eog=/' |
		refused "more entries than the vocabulary's 2"
}

# A length is no reason to allocate: these fit into 100 MB.
@test "dist: huge lengths and few bytes" {
	ulimit -v 100000 || skip "no limit on memory"
	distcat /dev/null 2>err || skip "this build does not run in 100 MB"
	{
		printf 'DIST\1L\1\0\377\377\377\177\377\377\377\177'
		printf '\0\0\0\0\0\0\0\0\0\0\0\0\377\377\377\177'
		head -c 1000 /dev/zero
	} | refused 'the record ends early'
	{
		printf 'DIST\1L\1\0\377\377\377\177\1\0\0\0'
		printf '\377\377\377\177\377\377\377\177\0\0\0\0\377\377\377\177'
		head -c 1000 /dev/zero
	} | refused 'the record ends early'
	{
		printf 'DIST\1L\0\0\377\377\377\177\377\377\377\177'
		head -c 1016 /dev/zero
	} >long
	fails 1 'logits-to-probs: stdin: record 1: the record ends early' \
		logits-to-probs <long
	{ head -c 1000 long; tail -c +1001 long; } |
		fails 1 'logits-to-probs: stdin: record 1: the record ends early' \
			logits-to-probs
	printf 'DIST\1L\1\0\377\377\377\177\1\0\0\0%20s\0\0\0\0\0\0\0\200\277' |
		tr ' ' '\0' >one
	distcat one | topk 1 >got
	draw -s 1 got >id
	[ "$(cat id)" = 0 ]
}

# The example filters of dist(5), taken from the page.
example() {
	awk -v lang="$1" '
	/^\.\\" example / { want = ($3 == lang) }
	/^\.Ed/ { show = want = 0 }
	show { gsub(/\\&/, ""); gsub(/\\e/, "\\"); print }
	want && /^\.Bd/ { show = 1 }' "$TOP/man/dist.5"
}

@test "dist: the example filter of dist(5) in C" {
	command -v "${CC:-cc}" >/dev/null || skip "no compiler"
	example C >within.c
	grep -q main within.c
	${CC:-cc} -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -o within within.c
	distcat -b "$DATA/warpers/logits.txt" >in
	./within 1.5 <in >got
	distcat got >got.txt
	awk '
	/^#/ { head = $0; n = 0; max = -1e30; next }
	/^$/ {
		for (i = 0; i < n; i++)
			keep += v[i] >= max - 1.5
		sub(/n=[0-9]+/, "n=" keep, head)
		print head
		for (i = 0; i < n; i++)
			if (v[i] >= max - 1.5)
				print line[i]
		print ""
		keep = 0
		next
	}
	{ line[n] = $0; v[n++] = $2; if ($2 > max) max = $2 }' "$DATA/warpers/logits.txt" >want
	diff want got.txt
	# in a pipe of ours, and with what it writes cut short
	topk 12 in | ./within 1.5 >2
	draw -s 1 -n 5 2 >ids
	[ "$(wc -l <ids)" -eq 30 ]
}

@test "dist: the example filter of dist(5) in awk" {
	example awk >within.awk
	grep -q within within.awk
	awk -v within=1.5 -f within.awk "$DATA/warpers/logits.txt" >got
	distcat got >1
	example C >within.c
	${CC:-cc} -std=c11 -D_POSIX_C_SOURCE=200809L -o within within.c
	distcat -b "$DATA/warpers/logits.txt" | ./within 1.5 | distcat >2
	cmp 1 2
}
