# forward against PyTorch: the models and logits of data/gpt2 and data/llama,
# which data/README.md tells about.
load helper

PATH=${PIPELM_TOOLS:-$TOP/build/tests}:$PATH

# near TOLERANCE LOGITS ROWS IDS [MOST]: the records in `got` (text, one for each
# position) agree with the rows of LOGITS, which are those of the positions
# that the file ROWS lists. Beyond IDS there is padding, which must be -inf. With
# MOST, three in four values agree to within that.
near() {
	od -An -v -t f4 "$2" | tr -s ' ' '\n' | grep . >want
	awk -v tolerance="$1" -v ids="$4" -v most="${5:-$1}" '
	FILENAME == "want" { want[values++] = $1; next }
	FILENAME != "got" { row[$1] = rows++; next }
	/^#dist/ {
		split($0, part, /pos=/)
		at = part[2] - 1
		wanted = at in row
		records++
		next
	}
	!wanted || NF == 0 { next }
	$1 >= ids { if ($2 != "-inf") bad = "padding: " $0; next }
	{
		d = $2 - want[row[at] * 300 + $1]
		if (!(d <= tolerance && -d <= tolerance))
			bad = "position " at ", id " $1 ": off by " d
		if (d <= most + 0 && -d <= most + 0)
			nearer++
		compared++
	}
	END {
		if (compared != rows * ids || values != rows * 300)
			bad = compared " of " rows * ids " values compared"
		if (nearer < compared * 3 / 4)
			bad = "only " nearer " of " compared " are within " most
		if (bad != "")
			print bad
		exit bad != ""
	}' want "$3" got
}

# gpt2 MODEL SEQUENCE: every position is there, every value near.
gpt2() {
	forward -atk f32 -m "$DATA/gpt2/$1.gguf" <"$DATA/gpt2/$2.tok" >got
	tr ' ' '\n' <"$DATA/gpt2/$2.tok" | awk '{ print NR - 1 }' >rows
	near 5e-5 "$DATA/gpt2/$1-$2.f32" rows 300
}

# llama TOLERANCE LOGITS MODEL OPTION ...
llama() {
	local tolerance=$1 logits=$2 model=$3
	shift 3
	forward -at "$@" -m "$model" <"$DATA/llama/seq.tok" >got
	near "$tolerance" "$DATA/llama/$logits.f32" "$DATA/llama/rows" 290
}

@test "reference: gpt2" {
	gpt2 tied 1
	gpt2 tied 2
	gpt2 tied 3
}

@test "reference: gpt2 with an output matrix of its own" {
	gpt2 untied 2
}

@test "reference: llama in F32, F16, BF16" {
	for type in f32 f16 bf16; do
		llama 5e-5 $type "$DATA/llama/$type.gguf" -k f32
	done
}

@test "reference: llama in Q8_0, exact" {
	llama 5e-5 q8_0 "$DATA/llama/q8_0.gguf" -xk f32
}

@test "reference: llama in Q8_0, activations rounded to int8" {
	llama 5e-5 q8_0-int8 "$DATA/llama/q8_0.gguf"
}

@test "reference: llama with K and V in f16" {
	llama 1e-3 f32-kv16 "$DATA/llama/f32.gguf"
}

@test "reference: llama with another rope.freq_base" {
	gguf-edit set llama.rope.freq_base 500000 \
		<"$DATA/llama/f32.gguf" >theta.gguf
	llama 5e-5 f32-theta500000 theta.gguf -k f32
}

@test "reference: llama with heads that are wider than the model" {
	llama 5e-5 odd "$DATA/llama/odd.gguf" -k f32
}

@test "reference: another model's logits are not near" {
	forward -atk f32 -m "$DATA/llama/f32.gguf" <"$DATA/llama/seq.tok" >got
	near 5e-5 "$DATA/llama/f32.f32" "$DATA/llama/rows" 290
	for other in bf16 f32-theta500000 f32-kv16; do
		if near 5e-5 "$DATA/llama/$other.f32" "$DATA/llama/rows" 290; then
			false
		fi
	done
	sed 's/-inf$/0/' got >full
	mv full got
	if near 5e-5 "$DATA/llama/f32.f32" "$DATA/llama/rows" 290; then
		false
	fi
}

# The inputs have outliers. A rounding that falls the other way moves a whole row
# of logits, by up to 0.24; without the outliers' second terms three in four are
# off by more than 0.11.
@test "reference: llama with matrices of every quantised type" {
	mixed=$DATA/quants/mixed.gguf
	forward -atxk f32 -m "$mixed" <"$DATA/llama/seq.tok" >got
	near 1e-4 "$DATA/quants/mixed.f32" "$DATA/llama/rows" 290
	forward -at -m "$mixed" <"$DATA/llama/seq.tok" >got
	near 5e-2 "$DATA/quants/mixed-int8.f32" "$DATA/llama/rows" 290 5e-4
}
