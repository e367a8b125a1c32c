# watermark-detect: are there too many green tokens?
load helper

MARK=$DATA/watermark

# as FILE ALL: `got` is what Transformers found in the file
as() {
	awk -v file="$1" -v all="$2" -v OFS='\t' '
		$1 == file && $3 == all { print $2, $4, $5, $6, $7 }' \
		"$MARK/detector.want" >want
	[ -s want ]
	sed 1d got | paste want - | awk '
	# p-values there are of float32 precision at times
	function near(x, y) { return x - y <= 1e-5 * y && y - x <= 1e-5 * y }
	$1 != $6 || $2 != $7 || $3 != $8 || $4 != $9 || !near($5, $10) {
		print
		bad = 1
	}
	END { exit bad || NR == 0 }'
}

@test "watermark-detect: finds what Transformers marked, as Transformers does" {
	watermark-detect -k 15485863 "$MARK/transformers.tok" >got
	as transformers.tok 0
	awk 'NR > 1 && ($1 <= 4) != ($4 > 4) { exit 1 }' got
	watermark-detect -a -k 15485863 "$MARK/transformers.tok" >got
	as transformers.tok 1
}

@test "watermark-detect: and Transformers what watermark marked" {
	watermark-detect -k 15485863 "$MARK/ours.tok" >got
	as ours.tok 0
	watermark-detect -a -k 15485863 "$MARK/ours.tok" >got
	as ours.tok 1
	awk -F ' ' '$1 == "ours.tok" && !($6 > 4) { exit 1 }' "$MARK/detector.want"
}

@test "watermark-detect: not with another key, another vocabulary" {
	watermark-detect -k 15485864 "$MARK/ours.tok" | sed 1d >got
	watermark-detect -n 4097 -k 15485863 "$MARK/ours.tok" | sed 1d >>got
	[ "$(wc -l <got)" -eq 8 ]
	awk '!($4 < 3) { exit 1 }' got
}

@test "watermark-detect: the vocabulary of the model is that of its records" {
	watermark-detect -k 15485863 "$MARK/ours.tok" >got
	watermark-detect -n 4096 -k 15485863 "$MARK/ours.tok" | cmp got -
	watermark-detect -m "$TOP/examples/tiny.gguf" -k 15485863 <"$MARK/ours.tok" |
		cmp got -
	# its tokenizer has 290 tokens, its matrices have 300 rows
	head -n 1 "$DATA/llama/seq.tok" >ids
	watermark-detect -m "$DATA/llama/f32.gguf" -k 1 ids >got
	watermark-detect -n 300 -k 1 ids | cmp got -
	! watermark-detect -n 290 -k 1 ids | cmp -s got - || return 1
}

@test "watermark-detect: lines and tags are sequences" {
	tr ' ' '\n' <"$MARK/ours.tok" | awk '/^@/ { tag = $0; next } { print tag, $0 }' |
		sort -s -k 1.2n -t ' ' >steps
	watermark-detect -k 15485863 "$MARK/ours.tok" >want
	watermark-detect -k 15485863 steps | cmp want -
	# taking turns
	awk '{ print ++n[$1], $0 }' steps | sort -s -n | cut -d ' ' -f 2- >mixed
	! cmp -s steps mixed || return 1
	watermark-detect -k 15485863 mixed | cmp want -
}

@test "watermark-detect: of equal pairs one counts, or with -a all" {
	echo 7 7 7 7 8 7 8 >ids
	watermark-detect -n 100 -k 1 ids | sed 1d | cut -f 2 >got
	watermark-detect -n 100 -a -k 1 ids | sed 1d | cut -f 2 >>got
	printf '%s\n' 3 6 | diff - got
}

@test "watermark-detect: nothing to score" {
	printf '%s\n' 5 '@3' '@4 6 7' >ids
	watermark-detect -n 100 -k 1 ids | cut -f 1,2,4 | head -n 3 >got
	printf '%s\t%s\t%s\n' seq tokens z 0 0 - 3 0 - | diff - got
	: >ids
	watermark-detect -n 100 -k 1 ids >got
	printf '%s\t%s\t%s\t%s\t%s\n' seq tokens green z p | diff - got
}

@test "watermark-detect: ids beyond the vocabulary, lines that are none" {
	echo 1 2 100 >ids
	fails 1 'watermark-detect: ids: line 1: id 100 is not in the vocabulary of 100' \
		watermark-detect -n 100 -k 1 ids
	echo 1 x >ids
	fails 1 'watermark-detect: ids: line 1, column 3: *' \
		watermark-detect -n 100 -k 1 ids
}

@test "watermark-detect: wrong arguments" {
	fails 2 'usage: watermark-detect *' watermark-detect
	fails 2 'usage: watermark-detect *' watermark-detect -k 1 a b
	fails 2 'watermark-detect: -m and -n exclude each other' \
		watermark-detect -k 1 -m x -n 3
	fails 2 'watermark-detect: -g: 1.5 is not between 0.001 and 0.999' \
		watermark-detect -k 1 -g 1.5
	fails 2 'watermark-detect: -n: 214748364 is not between 1 and 214748363' \
		watermark-detect -k 1 -n 214748364
	fails 1 'watermark-detect: nowhere.gguf: No such file or directory' \
		watermark-detect -k 1 -m nowhere.gguf
}
