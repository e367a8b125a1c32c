# The numbers in examples/degeneration.md and detect.md are what the scripts
# print, but for the last digit: another way to add up may turn that.
load ../helper

# stands REPORT ROWS: so many rows of numbers are in rows.got, each of which, by
# its name, is in the report
stands() {
	awk -v rows="$2" '
	# the fields from the first number on; the name is before
	function numbers(x) {
		return split(substr($0, match($0, /  +[0-9]/)), x)
	}
	!match($0, /^ *[a-zA-Z].*  +[0-9]/) || /false alarms/ { next }
	{
		name = substr($0, 1, match($0, /  +[0-9]/))
		gsub(/^ +| +$/, "", name)
		n = numbers(x)
	}
	FILENAME == "rows.got" {
		had[++m] = name
		for (i = 1; i <= n; i++)
			want[m, i] = x[i]
		len[m] = n
		next
	}
	{
		for (k = 1; k <= m; k++) {
			same = had[k] == name && len[k] == n
			for (i = 1; i <= n && same; i++) {
				d = x[i] - want[k, i]
				if (d > 0.002 || -d > 0.002)
					same = 0
			}
			if (same)
				found[k] = 1
		}
	}
	END {
		for (k = 1; k <= m; k++)
			if (!(k in found)) {
				print "not there: " had[k]
				bad = 1
			}
		exit bad || m != rows
	}' rows.got "$1"
}

@test "degeneration.md: the table of every way to draw" {
	"$TOP/examples/degeneration" 13 120 | grep -v '  [0-9]\{120\}$' >rows.got
	stands "$TOP/examples/degeneration.md" 25
}

@test "detect.md: the areas under the curves, on the chapter that is here" {
	"$TOP/examples/detect" 28 48 | sed '/^false alarms/,$d' >rows.got
	stands "$TOP/examples/detect.md" 4
}

@test "detect.md: the areas and the curve, on what was kept from the model" {
	need_shared
	[ -e "$SHARED/text/held-out.txt" ] || skip 'no held-out.txt'
	"$TOP/examples/detect" 200 32 "$SHARED/text/held-out.txt" |
		sed '/^false alarms/,$d' >rows.got
	stands "$TOP/examples/detect.md" 4
	"$TOP/examples/detect" 200 64 "$SHARED/text/held-out.txt" >rows.got
	stands "$TOP/examples/detect.md" 8
}
