# The manual agrees with the programs: what the pages show is run.
load helper

MAN=$TOP/man

programs() {
	local f
	for f in "$TOP"/cmd/*; do
		f=${f##*/}
		echo "${f%.c}"
	done
}

# each PAGES... -- COMMAND...: run the command on every page; tell all failures.
each() {
	local pages=() page failed=0
	while [ "$1" != -- ]; do
		pages+=("$1")
		shift
	done
	shift
	for page in "${pages[@]}"; do
		"$@" "$page" || failed=1
	done
	return $failed
}

lint() {
	mandoc -T lint -W warning "$1"
}

@test "pages: mandoc finds nothing to warn of" {
	command -v mandoc >mandoc || skip "no mandoc"
	each "$MAN"/*.[157] -- lint
}

@test "pages: every program has one" {
	local p failed=0
	for p in $(programs); do
		[ -e "$MAN/$p.1" ] || { echo "no $p.1"; failed=1; }
	done
	return $failed
}

has_program() {
	programs | grep -qx "$(basename "$1" .1)" || {
		echo "${1##*/}: no such program"
		return 1
	}
}

@test "pages: every .1 is of a program" {
	each "$MAN"/*.1 -- has_program
}

sections() {
	local got
	got=$(sed -n 's/^\.Sh //p' "$1" | grep -vxE 'ENVIRONMENT|FILES|CAVEATS')
	[ "$got" = "$(printf '%s\n' NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' \
		EXAMPLES 'SEE ALSO')" ] || {
		echo "${1##*/}: sections:" $got
		return 1
	}
}

@test "pages: every .1 has the same sections, in order" {
	each "$MAN"/*.1 -- sections
}

synopsis() {
	local prog
	prog=$(basename "$1" .1)
	"$TOP/tests/synopsis" "$1" | tr -d ' \n' >page.synopsis
	"$prog" -h >usage
	sed 's/^usage: //' usage | tr -d ' \n' >usage.synopsis
	cmp -s page.synopsis usage.synopsis || {
		cat usage
		echo "${1##*/}: $("$TOP/tests/synopsis" "$1")"
		return 1
	}
}

@test "pages: SYNOPSIS is the usage line" {
	each "$MAN"/*.1 -- synopsis
}

options() {
	local prog
	prog=$(basename "$1" .1)
	"$TOP/tests/synopsis" -o "$1" >page.options
	"$prog" -h | sed 's/^usage: //' | tr -s '[]|() ' '\n' |
		sed -n 's/^-\([[:alnum:]]\)/\1/p' | fold -w 1 | sort -u >usage.options
	diff page.options usage.options || {
		echo "${1##*/}: < the page's options, > the program's"
		return 1
	}
}

@test "pages: the options described are the options there are" {
	each "$MAN"/*.1 -- options
}

# every page but pipelm(7) itself stands in FILE as FORMAT makes of its name,
# section and one-line description
listed() {
	local p nd line failed=0
	for p in "$MAN"/*.[15]; do
		nd=$(sed -n 's/^\.Nd //p' "$p")
		p=${p##*/}
		# shellcheck disable=SC2059 # the format is the argument
		line=$(printf "$2" "${p%.*}" "${p##*.}" "$nd")
		grep -qF -- "$line" "$1" || {
			echo "${1##*/} does not say: $line"
			failed=1
		}
	done
	return $failed
}

@test "pages: pipelm(7) lists every page with its description" {
	sed '/^\.It/N; s/\n/ /' "$MAN/pipelm.7" >joined
	listed joined '.It Xr %s %s %s'
}

@test "pages: the README lists every page with its description" {
	listed "$TOP/README.md" '%s(%s) | %s'
}

# what is ours: not system calls and functions, not the tools that POSIX has
references() {
	local name section failed=0
	while read -r name section; do
		[ -e "$MAN/$name.$section" ] || {
			echo "${1##*/}: $name($section) is not here"
			failed=1
		}
	done < <(sed -n 's/^\.\(It \)*Xr \([^ ]*\) \([157]\).*/\2 \3/p' "$1" |
		grep -vxE '(awk|tee|mkfifo|sh|sort|cut|head|paste) 1')
	return $failed
}

@test "pages: what they refer to exists" {
	each "$MAN"/*.[157] -- references
}

replay() {
	mkdir "${1##*/}" && (cd "${1##*/}" && "$TOP/tests/replay" "$1")
}

@test "pages: EXAMPLES print what they say" {
	each "$MAN"/*.1 "$MAN"/*.7 -- replay
}

@test "pages: the examples of the formats print what they say" {
	local p
	for p in "$MAN"/*.5; do
		if grep -q '^\.Sh EXAMPLES' "$p"; then
			replay "$p"
		fi
	done
}
