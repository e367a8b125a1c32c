# The numbers in examples/degeneration.md and detect.md are what the scripts
# print: the same bits everywhere, so the same digits.
load ../helper

# stands OUTPUT REPORT ROWS: so many rows of numbers of the one, and all that there
# are, stand in the other
stands() {
	sed -n 's/^\([a-zA-Z].*  .*[0-9]%*\)$/    \1/p' "$1" >rows
	[ "$(wc -l <rows)" -eq "$3" ]
	while IFS= read -r row; do
		grep -qxF -- "$row" "$2" || {
			echo "not in $2: $row"
			return 1
		}
	done <rows
}

@test "degeneration.md: the table of every way to draw" {
	"$TOP/examples/degeneration" 13 120 | grep -v '  [0-9]\{120\}$' >got
	stands got "$TOP/examples/degeneration.md" 25
}

@test "detect.md: the areas under the curves, on the chapter that is here" {
	"$TOP/examples/detect" 28 48 | sed '/^false alarms/,$d' >got
	stands got "$TOP/examples/detect.md" 4
}

@test "detect.md: the areas and the curve, on what was kept from the model" {
	need_shared
	[ -e "$SHARED/text/held-out.txt" ] || skip 'no held-out.txt'
	"$TOP/examples/detect" 200 32 "$SHARED/text/held-out.txt" |
		sed '/^false alarms/,$d' >got
	stands got "$TOP/examples/detect.md" 4
	"$TOP/examples/detect" 200 64 "$SHARED/text/held-out.txt" >got
	stands got "$TOP/examples/detect.md" 9
}
