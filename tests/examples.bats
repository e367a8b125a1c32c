# The examples run, and show what they say.
load helper

@test "examples: kv-cache" {
	"$TOP/examples/kv-cache" 30 >got
	for way in anew cached ring; do
		grep -Eq "^$way +[0-9.]+ s$" got
	done
	[ "$(wc -l <got)" -ge 4 ]
	sed 1,3d got >text
	generate -s 1 -n 30 'Once upon a time' | cmp - text
}

@test "examples: every one has its test" {
	for f in "$TOP"/examples/*; do
		[ ! -x "$f" ] || grep -q "examples: ${f##*/}" "$BATS_TEST_FILENAME"
	done
}
