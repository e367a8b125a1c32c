# What every example begins with: the programs on PATH, and a temporary folder
# as the working directory, which is removed at the end.
# Closed streams are empty ones.
(exec 3<&0) 2>/dev/null || exec </dev/null
(exec 3>&2) || exec 2>/dev/null
command -v forward >/dev/null || {
	here=$(cd "$(dirname "$0")" && pwd -P)
	PATH=$here/../bin:$here/../../../bin:$PATH
}
LC_ALL=C
export PATH LC_ALL
case ${PIPELM_MODEL-} in
'' | /*) ;;
*) PIPELM_MODEL=$PWD/$PIPELM_MODEL ;;
esac
d=$(mktemp -d) && cd "$d" || exit
trap 'rm -rf "$d"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# die MESSAGE [STATUS]
die() {
	printf '%s: %s\n' "${0##*/}" "$1" >&2
	exit "${2:-1}"
}

# seen FILE: its path, named in the folder from which the example was started
seen() {
	case $1 in
	/*) printf %s "$1" ;;
	*) printf %s "$OLDPWD/$1" ;;
	esac
}

# learned: the model to run that knows something of the world is $PIPELM_MODEL,
# or else the one that \`make model' brings; false when there is none
learned() {
	[ -z "${PIPELM_MODEL-}" ] || return 0
	file=${XDG_CACHE_HOME:-${HOME-}/.cache}/pipelm/SmolLM2-135M-Instruct.Q4_1.gguf
	[ -e "$file" ] && PIPELM_MODEL=$file && export PIPELM_MODEL
}

# needed: no example without it
needed() {
	learned || die 'no model that knows enough: run make model, or set PIPELM_MODEL'
}

# say TEXT: a heading
say() {
	printf '\n-- %s\n' "$*"
}

# next PROMPT: the logits of the token after it
next() {
	tokenize "$@" | forward
}

# pieces N LENGTH: the text of standard input as token ids, a line for each of N
# pieces, spread evenly over it; none goes over an <|endoftext|>
pieces() {
	tokenize -s | tr ' ' '\n' | awk -v wanted="$1" -v len="$2" \
		-v end="$(tokenize -s '<|endoftext|>')" '
		$1 == end { n = 0; next }
		{ ids = n++ ? ids " " $1 : $1 }
		n == len { piece[++pieces] = ids; n = 0 }
		END {
			if (pieces < wanted) {
				print "too short for " wanted " pieces of " len " tokens" | "cat >&2"
				exit 1
			}
			for (i = 0; i < wanted; i++)
				print piece[1 + int(i * pieces / wanted)]
		}'
}

# continued FILE LENGTH FILTERS [SEED]: each line of ids of the file goes on by
# LENGTH tokens, drawn from what the filters leave, all of them in one ring (whose
# pipes hold some thousands of lines)
continued() {
	awk '{ print "@" NR, $0 }' "$1" >tagged
	rm -f loop && mkfifo loop
	# shellcheck disable=SC2094 # that is the ring
	eval "{ cat tagged; exec cat; } <loop | forward | $3 |
		draw -is ${4:-1} -l $2 -q $(wc -l <tagged) | tee loop" >lines
	awk 'FILENAME == "tagged" { n = NR }
		{ tag = $1; sub("^[^ ]*", ""); ids[tag] = ids[tag] $0 }
		END { for (i = 1; i <= n; i++) print substr(ids["@" i], 2) }' tagged lines
}

# ranked: of the one distribution of standard input lines of rank, probability,
# and the mass so far; of the high ranks only some
ranked() {
	logits-to-probs | distcat -ts | awk '/^[0-9]/ {
		sum += $2
		if (++n >= line) {
			print n, $2, sum
			line = n * 1.03
		}
	}'
}

# columns: a picture of the numbers of standard input, a column each
columns() {
	awk -v height=8 '
		{ x[NR] = $1; if ($1 > top) top = $1 }
		END {
			for (h = height; h > 0; h--) {
				line = sprintf("%9.6f |", top * h / height)
				for (i = 1; i <= NR; i++)
					line = line (x[i] * height / top > h - 0.5 ? "#" : " ")
				sub(" *$", "", line)
				print line
			}
		}'
}

# picture NAME COMMANDS: NAME.svg by gnuplot, where it is installed, in the folder
# from which the example was started
picture() {
	command -v gnuplot >/dev/null || return 0
	gnuplot -e "set terminal svg size 700,350 background 'white'; $2" >"$OLDPWD/$1.svg" &&
		echo "$1.svg"
}
