# examples/few-shot.md, the scripts that it tells of, and what gallery.md has of the
# model that `make model' brings.
load ../helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	model=${XDG_CACHE_HOME:-$HOME/.cache}/pipelm/SmolLM2-135M-Instruct.Q4_1.gguf
	[ -e "$model" ] || skip 'no model: make model'
	ln -s "$TOP/examples" examples
}

@test "few-shot.md: its sessions print what they say" {
	"$TOP/tests/replay" "$TOP/examples/few-shot.md"
}

@test "gallery.md: the penalties where a leg press is known" {
	sed '/^With the larger model/,/^## /!d' "$TOP/examples/gallery.md" |
		sed '1,/^```$/d; /^```$/,$d' >want
	[ "$(wc -l <want)" -gt 20 ]
	PIPELM_MODEL=$model examples/penalties | sed '1d; /^-- k of each/,$d' |
		sed '$d' | diff want -
}

@test "fewshot: hundreds of inputs, each with the answer that it has alone" {
	few=examples/few-shot/vehicles
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		cut -f 1 $few.in
	done >many
	examples/fewshot -n 12 $few.tsv many >got
	cut -f 1 got | cmp many -
	for n in 3 8; do
		sed -n ${n}p many | examples/fewshot -n 12 $few.tsv >one
		grep -cxF "$(cat one)" got >count
		[ "$(cat count)" -eq 10 ]
	done
}

@test "chat: the tokens are those of the whole" {
	examples/chat -c cache -f "only Paris." -f "topk 1" \
		'What is the capital of France?' 'How many people live there?' >got
	tokenize -m "$model" -sx <"$DATA/chat/smollm2.want" >want
	n=$(wc -w <want)
	kvcache tokens cache | cut -d ' ' -f "1-$n" | cmp want -
	[ "$(kvcache tokens cache | wc -w)" -gt "$n" ]
}

@test "base-or-instruct: bare it is a text, in chat form it is answered" {
	examples/base-or-instruct >got
	grep -qx 'The capital of France is Paris.' got
	sed -n '/^-- bare:/,/^-- bare, and/p' got >bare
	grep -q '   1        2  "<|im_end|>"' bare
	if grep -q Paris bare; then
		return 1
	fi
}

@test "two-sources: what scale buys" {
	examples/two-sources >got
	# the likeliest continuation, and one that is there
	sed -n '/^-- SmolLM2.*capital/,/^-- SmolLM2.*Red/p' got |
		grep -q '^ *1 .*" Washington"'
	sed -n '/^-- the bundled model.*capital/,/^-- the bundled model.*Red/p' got >tiny
	if grep -q Washington tiny; then
		return 1
	fi
	sed -n '/^-- SmolLM2.*Raspberry/,$p' got | grep -q '" cranberry"'
}
