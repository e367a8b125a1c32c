# The build, the installation, and what the tree must keep to.
load helper

# a make above this one hands its flags down, which are not meant for us
unset MAKEFLAGS MFLAGS MAKELEVEL CC AR CPPFLAGS CFLAGS LDFLAGS LDLIBS DEV STATIC
unset PREFIX DESTDIR

# make in the tree, on the build that is tested
mk() {
	# shellcheck disable=SC2086 # two words: O=... B=...
	make -s -C "$TOP" $PIPELM_FLAVOUR "$@"
}

# what make would run for a fresh build
dry() {
	make -n -C "$TOP" O=/nowhere/o B=/nowhere/b "$@" >dry
}

names() {
	local f
	for f; do
		f=${f##*/}
		echo "${f%.c}"
	done | sort
}

# list NAME: the words of a variable of the Makefile
list() {
	awk -v name="$1" '
	$1 == name && $2 == "=" { on = 1; $1 = $2 = "" }
	on {
		n = split($0, word, " ")
		for (i = 1; i <= n; i++)
			if (word[i] != "\\")
				print word[i]
		if (!/\\$/)
			exit
	}' "$TOP/Makefile" | sort
}

@test "build: the Makefile lists every program and module" {
	{ list PROGS; list SCRIPTS; } | sort >listed
	names "$TOP"/cmd/* | diff listed -
	list MODULES >listed
	names "$TOP"/lib/*.c | diff listed -
}

@test "build: what is built is up to date" {
	mk -q all
}

@test "build: a changed header rebuilds what includes it" {
	mk -n -W lib/dist.h all >out
	grep -q -e '-o [^ ]*topk\.o' out
	! grep -q -e '-o [^ ]*lib/util\.o' out || return 1
}

@test "build: CC, AR, CFLAGS and LDFLAGS are used" {
	dry CC=mycc AR=myar CFLAGS=-mine LDFLAGS=-link
	! grep -wE 'cc|gcc|ar|-O3' dry || return 1
	grep -q '^mycc .*-mine .*-c -o /nowhere/o/cmd/topk.o cmd/topk.c' dry
	grep -q '^mycc .*-mine .*-link .*-o /nowhere/b/topk' dry
	grep -q '^myar rcs /nowhere/o/libpipelm.a' dry
}

@test "build: the C library is linked in where that works, and no sanitizer is" {
	local linked
	echo 'int main(int n, char **v) { return v[n] == 0 ? 0 : *v[0]; }' >a.c
	linked=0
	! cc -O3 -pthread -static-pie a.c -o a -lm || linked=1
	dry
	[ "$(grep -c '^cc .*-static-pie .*-o /nowhere/b/topk ' dry)" -eq $linked ]
	for sure in DEV=-fsanitize=address STATIC= CC=mycc LDFLAGS=-static \
		LDFLAGS=-no-pie CFLAGS=-fno-pie; do
		dry "$sure"
		grep -q -e '-o /nowhere/b/topk ' dry
		! grep -e -static-pie dry || return 1
	done
}

@test "build: CC and AR given empty fall back, CFLAGS= is no flags" {
	dry CC= AR= CFLAGS= LDFLAGS=
	! grep -e -O3 dry || return 1
	grep -q '^cc .* -o /nowhere/b/topk' dry
	grep -q '^ar rcs' dry
	CC='' AR='' dry
	grep -q '^cc .*-O3' dry
}

@test "build: a folder given empty is not the root" {
	make -n -C "$TOP" O= B= all >dry
	! grep -E ' /(lib|cmd|topk)' dry || return 1
}

@test "install: puts its files under DESTDIR and PREFIX, uninstall removes them" {
	mk install DESTDIR="$PWD/a root" PREFIX=/usr >log
	(cd "a root/usr" && find . -type f | sort) >got
	(
		cd "$TOP"
		for f in cmd/*; do
			f=${f##*/}
			echo "./bin/${f%.c}"
		done
		for f in man/*.[157]; do
			echo "./share/man/man${f##*.}/${f##*/}"
		done
		for f in examples/* examples/few-shot/*; do
			case $f in
			*.gguf | *.md | *.svg | *.png | */few-shot) ;;
			*) echo "./share/pipelm/$f" ;;
			esac
		done
		echo ./share/pipelm/tiny.gguf
		echo ./share/pipelm/tiny.md
	) | sort | diff - got
	[ -z "$(find 'a root' -type f -name '*.[157]' -perm -1)" ]
	[ -z "$(find 'a root' -path '*/few-shot/*' -perm -1)" ]
	: >"a root/usr/bin/other"
	mk uninstall DESTDIR="$PWD/a root" PREFIX=/usr >log
	(cd "a root/usr" && find . -type f) >got
	echo ./bin/other | diff - got
	[ ! -e "a root/usr/share/pipelm" ]
}

@test "install: what is installed runs and finds its model" {
	mk install DESTDIR="$PWD/root" PREFIX=/usr >log
	PATH=$PWD/root/usr/bin:$PATH
	[ "$(command -v tokenize)" = "$PWD/root/usr/bin/tokenize" ]
	cd /
	tokenize Once upon a time | forward | topk 1 | draw -g >"$OLDPWD/ids"
	cd "$OLDPWD"
	[ "$(wc -l <ids)" -eq 1 ]
	ln -s "$PWD/root/usr/bin/tokenize" t
	[ "$(./t Once)" = "$(tokenize Once)" ]
}

@test "demo: says what it runs and streams text, without standard input" {
	mk demo <&- >out
	grep -qF -- "generate -s 1 -n 120 'Once upon a time'" out
	grep -q '^Once upon a time.' out
	[ "$(wc -c <out)" -gt 300 ]
}
