# nfcdata.awk - make lib/nfcdata.c from the Unicode Character Database:
#
#	awk -f lib/nfcdata.awk CompositionExclusions.txt UnicodeData.txt \
#	    >lib/nfcdata.c
#
# (in /usr/share/unicode with Debian's package unicode-data).

function hex(s,    i, v) {
	for (i = 1; i <= length(s); i++)
		v = v * 16 + index("123456789ABCDEF", substr(s, i, 1))
	return v + 0
}

# Add to a line of at most 80 columns.
function put(s) {
	if (length(line) + length(s) > 72) {
		print "\t" line
		line = ""
	}
	line = line (line == "" ? "" : " ") s
}

# In order of the right part, then of the left one.
function after(p, q) {
	return right[p] > right[q] || \
	    (right[p] == right[q] && left[p] > left[q])
}

function end() {
	print "\t" line "\n};"
	line = ""
}

FNR == 1 && /^# CompositionExclusions-/ {
	version = $2
	gsub(/CompositionExclusions-|\.txt/, "", version)
}

FILENAME ~ /CompositionExclusions/ && /^[0-9A-F]/ {
	excluded[hex($1)] = 1
}

FILENAME ~ /UnicodeData/ {
	split($0, f, ";")
	c = hex(f[1])
	class[c] = f[4]
	if (f[4] != 0) {
		if (c == to + 1 && f[4] == of)
			last[runs] = c
		else {
			first[++runs] = last[runs] = c
			run[runs] = f[4]
		}
		to = c
		of = f[4]
	}
	if (f[6] != "" && f[6] !~ /</) {
		split(f[6], d, " ")
		whole[++n] = c
		left[n] = hex(d[1])
		right[n] = hex(d[2])
	}
}

END {
	print "/* Made by lib/nfcdata.awk from the Unicode Character " \
	    "Database " version ". */"
	print "#include \"nfcdata.h\""
	print "\nconst struct nfc_class nfc_class[] = {"
	for (i = 1; i <= runs; i++)
		put(sprintf("{%d,%d,%d},", first[i], last[i], run[i]))
	end()
	print "\nconst struct nfc_whole nfc_whole[] = {"
	for (i = 1; i <= n; i++) {
		c = whole[i]
		composed = !(c in excluded) && right[i] != 0 && \
		    class[c] == 0 && class[left[i]] == 0
		put(sprintf("{%d,%d,%d,%d},", c, left[i], right[i], composed))
		if (composed)
			pair[++pairs] = i
	}
	end()
	for (i = 2; i <= pairs; i++) {
		p = pair[i]
		for (k = i - 1; k > 0 && after(pair[k], p); k--)
			pair[k + 1] = pair[k]
		pair[k + 1] = p
	}
	print "\nconst struct nfc_pair nfc_pair[] = {"
	for (i = 1; i <= pairs; i++) {
		p = pair[i]
		put(sprintf("{%d,%d,%d},", right[p], left[p], whole[p]))
	}
	end()
	print "\nconst size_t nfc_nclass = " runs ", nfc_nwhole = " n \
	    ", nfc_npair = " pairs ";"
}
