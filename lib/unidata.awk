# unidata.awk - make lib/unidata.c from the Unicode Character Database:
#
#	awk -f lib/unidata.awk PropList.txt UnicodeData.txt >lib/unidata.c
#
# (in /usr/share/unicode with Debian's package unicode-data). The order of the
# categories is that of the bits in lib/unidata.h.

function hex(s,    i, v) {
	for (i = 1; i <= length(s); i++)
		v = v * 16 + index("123456789ABCDEF", substr(s, i, 1))
	return v + 0
}

# The table of one stage, in lines of at most 80 columns.
function table(type, name, a, n,    i, line) {
	printf "\n%s %s[] = {\n", type, name
	line = "\t"
	for (i = 0; i < n; i++) {
		if (length(line) + length(a[i]) + 1 > 72) {
			print line
			line = "\t"
		}
		line = line a[i] ","
	}
	print line "\n};"
}

BEGIN {
	BLOCK = 128
	SPACE = 32
	n = split("Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po " \
	    "Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co", name, " ")
	for (i = 1; i <= n; i++)
		gc[name[i]] = i - 1
}

FNR == 1 && /^# PropList-/ {
	version = $2
	gsub(/PropList-|\.txt/, "", version)
}

/; White_Space / {
	split($1, r, /\.\./)
	for (c = hex(r[1]); c <= hex(r[2] == "" ? r[1] : r[2]); c++)
		prop[c] += SPACE
}

FILENAME ~ /UnicodeData/ {
	split($0, f, ";")
	to = hex(f[1])
	from = f[2] ~ /, Last>$/ ? first : to
	first = to
	if (f[2] ~ /, First>$/)
		next
	for (c = from; c <= to; c++)
		prop[c] += gc[f[3]]
}

END {
	for (b = 0; b < 1114112 / BLOCK; b++) {
		key = ""
		for (c = b * BLOCK; c < (b + 1) * BLOCK; c++)
			key = key (prop[c] + 0) ","
		if (!(key in seen)) {
			seen[key] = blocks++
			split(key, v, ",")
			for (i = 1; i <= BLOCK; i++)
				cell[cells++] = v[i]
		}
		block[b] = seen[key]
	}
	print "/* Made by lib/unidata.awk from the Unicode Character " \
	    "Database " version ". */"
	print "#include \"unidata.h\""
	table("const uint16_t", "unidata_block", block, b)
	print "\n/* The category's number, and " SPACE " for White_Space. */"
	table("const unsigned char", "unidata_cell", cell, cells)
}
