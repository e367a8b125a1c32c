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
