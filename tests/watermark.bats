# watermark: make green tokens likelier.
load helper

MARK=$DATA/watermark

# entries: lines of record, id, value of a text stream
entries() {
	awk '/^#/ { r++ } /^[0-9]/ { print r, $1, $2 }' "$1"
}

@test "watermark: as Hugging Face Transformers does" {
	watermark -k 9223372036854775819 -g 0.4 -d 1.5 "$MARK/logits.txt" >out
	entries "$MARK/logits.txt" >before
	entries out | comm -13 <(sort before) <(sort -) >changed
	sort "$MARK/green.want" | diff - changed
}

@test "watermark: probabilities become what the logits' softmax does" {
	watermark -k 77 "$MARK/logits.txt" | logits-to-probs >want
	logits-to-probs "$MARK/logits.txt" | watermark -k 77 >got
	[ "$(wc -l <want)" -eq "$(wc -l <got)" ]
	paste want got | awk '/^[0-9]/ {
		d = $2 - $4
		if ($1 != $3 || !(d < 1e-7 && -d < 1e-7))
			exit 1
	}'
}

@test "watermark: the list is of the vocabulary, whatever entries there are" {
	watermark -k 77 "$MARK/logits.txt" | topk 20 >want
	entries want | cut -d ' ' -f 1,2 >kept
	awk 'NR == FNR { keep[$1, $2] = 1; next }
		/^#/ { r++ } !/^[0-9]/ || (r, $1) in keep' kept "$MARK/logits.txt" |
		watermark -k 77 | cmp want -
}

@test "watermark: delta 0 changes nothing, a large one leaves the green alone" {
	watermark -k 77 -d 0 "$MARK/logits.txt" | cmp "$MARK/logits.txt" -
	watermark -k 77 -d 100 -g 0.1 "$MARK/logits.txt" | logits-to-probs |
		topp 0.999999 | grep -c '^[0-9]' >got
	[ "$(cat got)" -le 180 ]
}

@test "watermark: the last token of the context counts, also of an earlier record" {
	list() { watermark -k 5 | awk '/^#/ { r++ } /^[0-9]/ && $2 > 0 { print r, $1 }'; }
	entries() { for i in 0 1 2 3 4 5 6 7 8 9; do echo "$i 0"; done; echo; }
	{
		echo '#dist kind=L vocab=10 seq=1 pos=2 start=1 ctx=3,4'; entries
		echo '#dist kind=L vocab=10 seq=2 pos=1 start=1 ctx=9'; entries
		echo '#dist kind=L vocab=10 seq=1 pos=2'; entries
		echo '#dist kind=L vocab=10 seq=2 pos=3 ctx=3,4'; entries
	} | list >got
	[ "$(grep -c '^1' got)" -eq 2 ]
	for r in 3 4; do
		grep "^$r" got | cut -d ' ' -f 2 >this
		grep '^1' got | cut -d ' ' -f 2 | cmp - this
	done
	! grep '^2' got | cut -d ' ' -f 2 | cmp -s - this || return 1
}

@test "watermark: without a token before, nothing is marked" {
	printf '%s\n' '#dist kind=L vocab=2' '0 1' '1 2' '' >in
	distcat in >want
	watermark -g 0.999 -k 5 in | cmp want -
	printf '%s\n' '#dist kind=L vocab=2 pos=7' '0 1' '1 2' '' >in
	fails 1 'watermark: in: record 1: sequence 0: the token before is not known' \
		watermark -k 5 in
}

@test "watermark: a context that does not follow, a vocabulary too large" {
	printf '%s\n' '#dist kind=L vocab=9 pos=1 ctx=1' '0 1' '' \
		'#dist kind=L vocab=9 pos=3 ctx=1' '0 1' '' >in
	! watermark -k 5 in >out 2>err || return 1
	echo 'watermark: in: record 2: sequence 0: its context does not follow' |
		diff - err
	printf '%s\n' '#dist kind=L vocab=214748364 pos=1 ctx=1' '0 1' '' >in
	fails 1 'watermark: in: record 1: a vocabulary of 214748364 is too large' \
		watermark -k 5 in
}

@test "watermark: marked texts are the same bits everywhere" {
	printf '%s\n' 'Once upon a time' 'The old king' 'In the garden' \
		'It was dark, and' | tokenize -lN >prompts
	mkfifo loop
	cat prompts loop | forward | watermark -k 15485863 |
		draw -i -s 5 -l 120 -q 4 | tee loop >drawn
	# a line a text
	cat prompts drawn | awk '{
		seq = $1
		sub(/^@[0-9]+ /, "")
		if (!(seq in text))
			order[++n] = seq
		text[seq] = text[seq] " " $0
	}
	END { for (i = 1; i <= n; i++) print order[i] text[order[i]] }' |
		cmp "$MARK/ours.tok" -
}

@test "watermark: wrong arguments" {
	fails 2 'usage: watermark *' watermark
	fails 2 'usage: watermark *' watermark -k 1 a b
	fails 2 'watermark: -g: 1 is not between 0.001 and 0.999' watermark -k 1 -g 1
	fails 2 'watermark: -g: 0 is not between 0.001 and 0.999' watermark -k 1 -g 0
	fails 2 'watermark: -d: -1 is not between 0 and 100' watermark -k 1 -d -1
	fails 2 "watermark: -k: 'x' is not a whole number" watermark -k x
}
