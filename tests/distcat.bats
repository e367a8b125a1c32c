# distcat: concatenate and convert. The forms themselves: dist.bats.
load helper

one() {
	printf '%s\n' '#dist kind=P vocab=5 n=3 seq=0 pos=1 start=1 once=0 ctx=2 eog=' \
		'0	0.25' '2	0.5' '4	0.25' ''
}

two() {
	printf '%s\n' '#dist kind=L vocab=2 n=2 seq=3 pos=0 start=0 once=1 ctx= eog=1' \
		'0	-0' '1	-inf' ''
}

@test "distcat: writes text, -b binary" {
	one >1
	distcat 1 >got
	cmp 1 got
	distcat -b 1 >b
	head -c 4 b | grep -qx DIST
	distcat b >got
	cmp 1 got
	distcat -bt b >got
	cmp 1 got
}

@test "distcat: several files, and standard input among them" {
	one >1
	two >2
	distcat -b 2 >b
	one | distcat 2 - b >got
	cat 2 1 2 | cmp - got
	one | distcat >got
	cmp 1 got
	one | distcat - >got
	cmp 1 got
}

@test "distcat: a file that is not there, after one that is" {
	one >1
	distcat 1 nowhere 1 >got 2>err || status=$?
	[ "$status" -eq 1 ]
	echo 'distcat: nowhere: No such file or directory' | diff - err
	cmp 1 got
}

@test "distcat: records are numbered in each file" {
	one >1
	{ one; echo x; } >2
	distcat 1 2 >got 2>err || status=$?
	[ "$status" -eq 1 ]
	echo 'distcat: 2: record 2: not a distribution' | diff - err
}

@test "distcat: -s sorts for people, by value, equals by id" {
	one >1
	distcat -s 1 >got
	printf '%s\n' '2	0.5' '0	0.25' '4	0.25' '' >want
	sed 1d got | diff want -
	# and programs read it
	distcat got >back
	cmp 1 back
	distcat -b 1 >b
	distcat -b got | cmp b -
	two | distcat -s >got
	two | cmp - got
}

@test "distcat: -m adds the tokens' text" {
	tokenize 'Once upon a time' | forward >next
	logits-to-probs next | topk 5 >five
	distcat -m "$TOP/examples/tiny.gguf" -s five >got
	[ "$(sed 1d got | cut -f 3 | head -n 5 | grep -c '^ there$')" -eq 1 ]
	# each text is what detokenize makes of the id
	distcat -m "$TOP/examples/tiny.gguf" five | sed '1d; $d' >entries
	cut -f 1 entries | detokenize -l >want
	cut -f 3 entries | diff want -
	# which readers ignore
	distcat five >plain
	distcat -m "$TOP/examples/tiny.gguf" next | distcat -b | cmp next -
}

@test "distcat: -m keeps an entry on its line" {
	printf '%s\n' '#dist kind=L vocab=4096' >all
	seq 0 4095 | sed 's/$/	1/' >>all
	echo >>all
	distcat -m "$TOP/examples/tiny.gguf" all >got
	[ "$(wc -l <got)" -eq 4098 ]
	distcat got | cut -f 1 | sed 1d | diff <(sed '1d; s/	.*//' all) -
}

@test "distcat: wrong usage" {
	fails 2 'distcat: -b: goes with neither -m nor -s' distcat -bs
	fails 2 'distcat: -b: goes with neither -m nor -s' distcat -b -m x
	fails 2 'distcat: -x: unknown option' distcat -x
	one >1
	fails 1 'distcat: nowhere: No such file or directory' distcat -m nowhere 1
	fails 1 'distcat: 1: *' distcat -m 1 1
}
