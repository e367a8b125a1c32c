# The sessions in the README and in the gallery are real.
load helper

@test "README.md: its sessions print what they say" {
	ln -s "$TOP/examples" examples
	"$TOP/tests/replay" "$TOP/README.md"
}

# The examples as they are where there is no gnuplot, and no larger model.
@test "gallery.md: its transcripts are what the examples print" {
	mkdir examples
	for example in "$TOP"/examples/*; do
		[ -f "$example" ] && [ -x "$example" ] || continue
		cat >"examples/${example##*/}" <<-END
		#!/bin/sh
		"$example" "\$@" | grep -v '^[a-z-]*\.svg\$\|^[a-z-]*\.html\$'
		END
		chmod +x "examples/${example##*/}"
	done
	XDG_CACHE_HOME=$PWD "$TOP/tests/replay" "$TOP/examples/gallery.md"
}

@test "gallery.md: has every picture of the lecture" {
	for example in "$TOP"/examples/*; do
		[ -f "$example" ] && [ -x "$example" ] || continue
		case ${example##*/} in
		# kv-cache tells times; the others want a model that knows something
		kv-cache | chat | fewshot | base-or-instruct | two-sources | get-model)
			continue ;;
		esac
		grep -q "^\$ examples/${example##*/}\( \|\$\)" "$TOP/examples/gallery.md"
	done
}
