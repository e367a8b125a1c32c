# What every example begins with: the programs on PATH, and a temporary folder
# as the working directory, which is removed at the end.
command -v forward >/dev/null || {
	here=$(cd "$(dirname "$0")" && pwd)
	PATH=$here/../bin:$here/../../../bin:$PATH
}
LC_ALL=C
export PATH LC_ALL
d=$(mktemp -d) && cd "$d" || exit
trap 'rm -rf "$d"' EXIT

# say TEXT: a heading
say() {
	printf '\n-- %s\n' "$*"
}

# next PROMPT: the logits of the token after it
next() {
	tokenize "$@" | forward
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

# picture NAME COMMANDS: NAME.svg by gnuplot, where it is installed, in the folder
# from which the example was started
picture() {
	command -v gnuplot >/dev/null || return 0
	gnuplot -e "set terminal svg size 700,350 background 'white'; $2" >"$OLDPWD/$1.svg" &&
		echo "$1.svg"
}
