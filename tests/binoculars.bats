# binoculars: a text as two models see it. Which tokens are scored is in
# scored.bats.
load helper

want() {
	awk -v what="$1" '$1 == what { print $2 }' "$DATA/scored/sums.want"
}

# near WANT: the score of `got` is that
near() {
	awk -F '\t' -v want="$1" 'NR == 2 {
		d = $3 - want
		print
		exit !($2 == 99 && d < 1e-5 && -d < 1e-5)
	}' got
}

@test "binoculars: as PyTorch does, by the observer and by the performer" {
	forward -axk f32 -m "$TOP/examples/tiny.gguf" <"$DATA/golden/held-out.tok" >o
	awk '/^#/ || !NF { print; next } { print $1, $2 / 2 }' CONVFMT=%.9g OFMT=%.9g \
		<(distcat o) >p
	binoculars o p >got
	near "$(want observer)"
	binoculars -p - p <o >got
	near "$(want performer)"
}

@test "binoculars: by hand" {
	rest() { printf '%s\n' "0 $1" "1 $2" ''; }
	{
		echo '#dist kind=P vocab=2 pos=1 start=1 ctx=0'; rest 0.5 0.5
		echo '#dist kind=P vocab=2 pos=2 ctx=1'; rest 1 0
	} >o
	{
		echo '#dist kind=P vocab=2 pos=1 start=1 ctx=0'; rest 0.25 0.75
		echo '#dist kind=P vocab=2 pos=2 ctx=1'; rest 0.5 0.5
	} >p
	# -ln 0.5 / (-ln 0.25 / 2 - ln 0.75 / 2), and -ln 0.75 / that
	binoculars o p | sed 1d >got
	printf '0\t1\t0.828144\n' | diff - got
	binoculars -p o p | sed 1d >got
	printf '0\t1\t0.343711\n' | diff - got
}

@test "binoculars: a token that the performer rules out" {
	printf '%s\n' '#dist kind=P vocab=3 pos=1 start=1 ctx=0' '0 0.5' '1 0.5' '' \
		'#dist kind=P vocab=3 pos=2 ctx=1' '0 1' '' >o
	sed 's/^0 0.5/2 0.5/' o >p
	binoculars o p | sed 1d >got
	printf '0\t1\t0.000000\n' | diff - got
}

@test "binoculars: streams of two texts" {
	echo '2624 813 258' | forward -a >o
	echo '2624 813 11' | forward -a >other
	echo '2624 813' | forward -a >short
	echo '@1 2624 813 258' | forward -a >tagged
	distcat o | sed 's/vocab=4096/vocab=4097/' >larger
	for p in other short tagged larger; do
		! binoculars o $p >got 2>err || return 1
		grep -qx "binoculars: $p: record [0-9]: its text is not that of the observer" err
	done
	! binoculars short o >got 2>err || return 1
	grep -q 'its text is not that of the observer' err
}

@test "binoculars: wrong arguments" {
	fails 2 'usage: binoculars [[]-p] observer performer' binoculars
	fails 2 'usage: binoculars *' binoculars a
	fails 2 'usage: binoculars *' binoculars a b c
	fails 1 'binoculars: nowhere: No such file or directory' \
		binoculars nowhere nowhere
}
