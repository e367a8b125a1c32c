# Small GGUF files that hold a vocabulary and nothing else.
#
#	tokens=(a b ab) types=(1 1 1) merges=('a b')
#	put_vocab >v.gguf
#
# writes what these variables hold: model, pre (strings), tokens, types, merges,
# scores (arrays), bos, eos, add_bos (numbers). A key is left out when its variable is
# unset. `more` is called, when there is such a function, to put further keys.

model=gpt2 pre=gpt-2
tokens=(a b c d ab abc Ġ Ġa '<s>' '<e>')
types=(1 1 1 1 1 1 1 1 3 3)
merges=('a b' 'ab c' 'Ġ a')
eos=9

# A key is a line: its type, its name, its values, separated by tabs.
put() {
	local IFS=$'\t'
	echo "$*"
}

put_keys() {
	local k=tokenizer.ggml
	[ -z "${model+x}" ] || put string $k.model "$model"
	[ -z "${pre+x}" ] || put string $k.pre "$pre"
	[ -z "${tokens+x}" ] || put strings $k.tokens "${tokens[@]}"
	[ -z "${types+x}" ] || put i32s $k.token_type "${types[@]}"
	[ -z "${merges+x}" ] || put strings $k.merges "${merges[@]}"
	[ -z "${scores+x}" ] || put f32s $k.scores "${scores[@]}"
	[ -z "${bos+x}" ] || put u32 $k.bos_token_id "$bos"
	[ -z "${eos+x}" ] || put u32 $k.eos_token_id "$eos"
	[ -z "${add_bos+x}" ] || put bool $k.add_bos_token "$add_bos"
	if declare -F more >more.defined; then more; fi
}

# awk need not be able to write a NUL: it writes octal for printf
put_vocab() {
	put_keys >vocab.keys
	printf %b "$(awk -F '\t' '
	function le(n, v,    s) {
		if (v < 0)
			v += 4294967296
		for (; n > 0; n--) {
			s = s sprintf("\\0%03o", v % 256)
			v = int(v / 256)
		}
		return s
	}
	function str(s) { return le(8, length(s)) s }
	# an integer, or nan, as the bits of a float
	function f32(v,    e, s) {
		if (v == "nan")
			return 2143289344
		s = v < 0 ? 2147483648 : 0
		v = v < 0 ? -v : v
		for (e = 150; v > 0 && v < 8388608; e--)
			v *= 2
		return v == 0 ? s : s + e * 8388608 + v - 8388608
	}
	function value(type, v) {
		return type == "string" ? str(v) : type == "bool" ? le(1, v) : \
		    le(4, type == "f32" ? f32(v) : v)
	}
	BEGIN {
		code["u32"] = 4; code["i32"] = 5; code["f32"] = 6
		code["bool"] = 7; code["string"] = 8
	}
	{
		type = $1
		all = all str($2)
		if (sub(/s$/, "", type))
			all = all le(4, 9) le(4, code[type]) le(8, NF - 2)
		else
			all = all le(4, code[type])
		for (i = 3; i <= NF; i++)
			all = all value(type, $i)
	}
	END { printf "%s", "GGUF" le(4, 3) le(8, 0) le(8, NR) all }' vocab.keys)"
}
