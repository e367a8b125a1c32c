# The sessions in the README are real.
load helper

@test "README.md: its sessions print what they say" {
	ln -s "$TOP/examples" examples
	"$TOP/tests/replay" "$TOP/README.md"
}
