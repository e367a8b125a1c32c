# only: nothing comes but given texts, or what matches.
load helper
load vocab

# A vocabulary in which a word can be spelled in many ways, and the bytes of
# U+00E9 apart. Control: <s>, <pad>; <e> and <f> end.
small() {
	tokens=(a b c ab abc bc ca aa Ġ Ġa Ã © Ã© '<s>' '<e>' '<f>' '<pad>')
	types=(1 1 1 1 1 1 1 1 1 1 1 1 1 3 3 4 5)
	eos=14
	# the second of those that end is of the users' kind
	more() { put u32 tokenizer.ggml.eot_token_id 15; }
	put_vocab >v.gguf
	vocab=17
}

# record FIELDS: all entries, logit id/100
record() {
	awk -v head="#dist kind=L vocab=$vocab $*" -v n="$vocab" 'BEGIN {
		print head
		for (i = 0; i < n; i++)
			print i "\t" i / 100
		print ""
	}'
}

# left ARGUMENT...: run only on `in`; a line of ids for each record
left() {
	only -t -m v.gguf "$@" <in >got || return
	awk '/^#/ { s = ""; next } NF { s = s " " $1; next }
		{ print substr(s, 2) }' got
}

# is WANT ARGUMENT...: what is left of the one record of `in`
is() {
	local want=$1
	shift
	left "$@" >ids
	[ "$(cat ids)" = "$want" ] || {
		echo "$*: wanted $want, got $(cat ids)"
		return 1
	}
}

@test "only: texts by hand" {
	small
	record pos=1 start=1 ctx=2 >in
	is '0 3 4' abc
	is '0 1 3 4 5' abc bc
	is '0 7' aaaa
	is '8 9' ' a' ' '
	is '10 12' é
	# the end of the text is allowed where it is complete
	is '14 15' ''
	is '0 14 15' '' a
	record pos=2 start=1 ctx=3,2 >in
	is '0 7' -o 2 aa
	is '14 15' -o 0 abc
	is '0 7 14 15' -o 0 abc abcaa
	record pos=1 start=1 ctx=0 >in
	is '1 5 14 15' -o 0 a ab abc
}

@test "only: regular expressions by hand" {
	small
	record pos=1 start=1 ctx=2 >in
	is '0 1 2 3 4 5 6 7 8 9 10 12 14 15' -r '.*'
	is '0 1 2 3 4 5 6 7 8 9 10 12' -r '.+'
	is '0 7' -r 'a+'
	is '0 7 14 15' -r 'a*'
	is '8 9 10 12' -r '[^a-z]+.*'
	is '10 12' -r '[^a-c ]'
	is '0 3 7' -r 'a{1,2}b'
	# of a character's bytes, those that can become one
	record pos=1 start=1 ctx=10 >in
	is '11' -o 0 -r 'é|è'
	is '14 15' -o 1 -r ''
	record pos=1 start=1 ctx=12 >in
	is '14 15' -o 0 -r 'é'
}

# Of the texts of a, b, c up to 8 letters grep finds those that match; a token
# survives behind a text of up to 3 if one of them begins with both.
@test "only: what survives is what a search through all texts finds" {
	small
	awk 'BEGIN {
		s[0] = ""
		print ""
		for (i = 0; i < 3280; i++)
			for (k = 1; k <= 3; k++)
				print s[++n] = s[i] substr("abc", k, 1)
	}' >all
	for regex in 'a*b' '(ab|c)*' 'a?b?c?' '(a|b)*c(a|b)' '[ab]{2,4}' \
		'(abc|ca+)+' 'b(a|aa|aaa)c?' '[bc]+a' 'a[a-c]c|[a-c]b' 'abcab|abcc|bb' \
		'(a|ab)(c|bca)*' 'a{3}|b{2,}|c{0,1}'; do
		grep -xE "$regex" all >match || :
		awk '
		{
			for (i = 0; i <= length($0); i++)
				begins[substr($0, 1, i)] = 1
			whole[$0] = 1
		}
		BEGIN { n = split("a b c ab abc bc ca aa", piece, " ") }
		# contexts: one token and two
		function look(ctx, text,    i, want) {
			if (length(text) > 3 || !(text in begins))
				return
			for (i = 1; i <= n; i++)
				if ((text piece[i]) in begins)
					want = want " " i - 1
			if (text in whole)
				want = want " 14 15"
			print ctx >"contexts"
			print substr(want, 2) >"want"
		}
		END {
			look("", "")
			for (a = 1; a <= n; a++) {
				look(a - 1, piece[a])
				for (b = 1; b <= n; b++)
					look(a - 1 "," b - 1, piece[a] piece[b])
			}
		}' match
		while IFS= read -r ctx; do
			commas=${ctx//[!,]/}
			record "pos=$((${#ctx} > 0 ? ${#commas} + 1 : 0))" \
				start=1 "ctx=$ctx"
		done <contexts >in
		left -o 0 -r "$regex" | diff want - || {
			echo "$regex"
			return 1
		}
	done
}

@test "only: logits stay, probabilities are divided by their sum" {
	small
	record pos=0 start=1 ctx= >in
	only -m v.gguf a b c <in >got
	printf '%s\n' '#dist kind=L vocab=17 n=3 seq=0 pos=0 start=1 once=0 ctx= eog=' \
		'0	0' '1	0.00999999978' '2	0.0199999996' '' | diff - got
	printf '%s\n' '#dist kind=P vocab=17 pos=0' '0 0.25' '1 0.25' \
		'4 0.5' '' | only -m v.gguf a abc >got
	sed 1d got | diff <(printf '%s\n' '0	0.333333343' \
		'4	0.666666687' '') -
}

@test "only: the text begins behind the first record's context" {
	small
	{
		record seq=0 pos=2 start=1 ctx=1,1
		record seq=7 pos=1 ctx=0
		record seq=0 pos=3 ctx=0
		record seq=7 pos=2 ctx=3
		record seq=0 pos=3
		record seq=0 pos=5 ctx=1,2
		record seq=7 pos=3 ctx=2
		# begun anew
		record seq=0 pos=4 start=1 ctx=0,0,1,0
		# once: the next is another of that number
		record seq=7 pos=4 once=1 ctx=7
		record seq=7 pos=4 ctx=0
	} >in
	left abc abca abcaa >ids
	printf '%s\n' '0 3 4' '0 3 4' '1 5' '2 6' '1 5' '0 7 14 15' '0 7 14 15' \
		'0 3 4' '14 15' '0 3 4' | diff - ids
}

@test "only: with -o it begins at a position, whatever came with it" {
	small
	{
		record pos=1 start=1 ctx=1    # before it: as it is
		record pos=3 ctx=2,0          # the last of them is text
		record pos=2 start=1 ctx=2,2
		record pos=4 ctx=0,1
		record pos=3 start=1 ctx=2,2,4
	} >in
	seq -s ' ' 0 16 >want
	printf '%s\n' '1 5' '0 3 4' 2 '14 15' >>want
	left -o 2 abc | diff want -
	record pos=4 ctx=2,2 >in
	left -o 3 cc | diff <(echo 2) -
	fails 1 'only: stdin: record 1: the text from position 1 on is not known' \
		only -m v.gguf -o 1 cc <in
}

@test "only: behind the end of a text all may come, then the next one" {
	small
	{
		record pos=1 start=1 ctx=1
		record pos=2 ctx=0
		record pos=3 ctx=14        # ended
		record pos=3               # still
		record pos=5 ctx=2,2       # the next prompt
		record pos=6 ctx=0
		record pos=9 ctx=15,1,1    # ended, and the next prompt
		record pos=10 ctx=14       # at once, though nobody may
	} >in
	left a >ids
	all=$(seq -s ' ' 0 16)
	printf '%s\n' 0 '14 15' "$all" "$all" 0 '14 15' 0 "$all" | diff - ids
}

@test "only: padding behind the vocabulary does not survive" {
	small
	vocab=20
	record pos=0 start=1 ctx= >in
	is '0 1 2 3 4 5 6 7 8 9 10 12 14 15' -r '.*'
}

@test "only: what it refuses" {
	small
	record pos=1 start=1 ctx=1 >in
	fails 1 'only: stdin: record 1: nothing can be drawn at position 1' \
		only -m v.gguf xyz <in
	fails 1 'only: stdin: record 1: nothing can be drawn at position 1' \
		only -m v.gguf -o 0 a <in
	# control tokens are no text, nor is padding
	for id in 13 16 18; do
		vocab=20 record pos=1 start=1 ctx=$id >in
		fails 1 'only: stdin: record 1: nothing can be drawn at position 1' \
			only -m v.gguf -o 0 -r '.*' <in
	done
	vocab=16 record pos=0 start=1 ctx= >in
	fails 1 'only: stdin: record 1: its vocabulary of 16 is smaller than the model'\''s of 17' \
		only -m v.gguf a <in
	{ record pos=0 start=1 ctx= seq=3; record pos=2 ctx=0 seq=3; } >in
	only -m v.gguf -r 'a*' <in >got 2>err || status=$?
	[ "$status" -eq 1 ]
	echo 'only: stdin: record 2: sequence 3: its context does not follow' |
		diff - err
	[ "$(grep -c '^#' got)" -eq 1 ]
	fails 1 'only: nowhere: No such file or directory' \
		only -m nowhere a <in
	fails 1 'only: nofile: No such file or directory' \
		only -m v.gguf -r a nofile
	fails 2 'usage: only *' only <in
	fails 2 'usage: only *' only -r a b c <in
	fails 2 "only: '(a': the group is not closed" only -r '(a' <in
	fails 2 "only: '[[]^?-*]': nothing matches" \
		only -r "[^$(printf '\001-\364\217\277\277')\\x00]" <in
	fails 2 "only: '?': it is not UTF-8" only "$(printf '\377')" <in
	fails 2 'only: the expression is too large' only -r '(a{1000}){1000}' <in
	fails 2 "only: -o: 'x' is not a whole number" only -o x a <in
}

@test "only: a character whose bytes are apart" {
	# in the bundled vocabulary no token is U+1F999
	printf '%s\n' 2624 172 253 99 247 4095 | forward |
		only -t 🦙 | awk '/^#/ { n = 0; next } NF { n++; s = s " " $1; next }
		{ print n }
		END { print s }' >got
	printf '%s\n' 1 1 1 1 1 4096 | sed '$d' >want
	head -n 5 got | diff want -
	tail -n 1 got | cut -d ' ' -f 2-6 | diff <(echo 172 253 99 247 4095) -
}

# rings REGEX PROMPT: fifty continuations match
rings() {
	generate -qs 5 -N 50 -n 60 -f "only -r '$1'" "$2" >lines
	cut -f 2 lines >texts
	[ "$(wc -l <texts)" -eq 50 ]
	grep -vxE -- "$1" texts >bad || return 0
	echo "$1"
	cat bad
	return 1
}

@test "only: what is generated matches" {
	rings ' [a-z]{1,6}( [a-z]{1,4}){0,4}[.!?]' 'Once upon'
	rings ' (0?[1-9]|[12][0-9]|3[01]) (May|June) 1[89][0-9]{2}' 'London,'
	rings '[{]"name": "[A-Z][a-z]{2,8}", "age": [1-9][0-9]?}' ''
	rings '( [^[:space:]a-m.]{1,5}){3}' 'Once upon'
	[ "$(sort -u texts | wc -l)" -gt 40 ]
}

@test "only: a ring of one, and a process for each token" {
	regex=' (the|a) [a-z]{3,9} of [a-z]{3,9}[.]'
	for seed in 1 2 3; do
		generate -qs $seed -n 40 -f "only -r '$regex'" \
			'Once upon a time' >ring
		grep -qxE "$regex" ring
		ids=$(tokenize 'Once upon a time')
		from=$(echo "$ids" | wc -w)
		: >new
		id=''
		while [ "$id" != 4095 ]; do
			id=$(echo "$ids" | forward -c cache -w |
				only -o "$from" -r "$regex" |
				draw -s $seed)
			[ -n "$id" ]
			ids="$ids $id"
			echo "$id" >>new
		done
		detokenize <new | diff ring -
	done
}

@test "only: a choice" {
	for seed in 1 2 3 4 5; do
		generate -qs $seed -f "only ' good' ' bad'" 'The king was'
	done | sort -u >got
	printf '%s\n' ' bad' ' good' | diff - got
}
